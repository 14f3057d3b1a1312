"""Gaps: simulated, withheld and corrupted observations."""
