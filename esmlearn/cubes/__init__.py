"""Cubes as they come, put in order: their axes, times and values."""
