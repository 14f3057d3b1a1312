"""Fields, their gaps, scaling and windows, and the demo ocean."""
