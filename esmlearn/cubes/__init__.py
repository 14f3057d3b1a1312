"""Cubes as they come, put in order."""
