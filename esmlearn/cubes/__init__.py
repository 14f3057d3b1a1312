"""Cubes as files and users give them, put in order: axes, units, times and values."""
