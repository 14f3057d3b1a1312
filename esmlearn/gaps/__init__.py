"""What hides the ocean: simulated gaps, withheld observations, corrupted samples."""
