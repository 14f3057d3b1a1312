"""Fine fields drawn from coarse ones."""
