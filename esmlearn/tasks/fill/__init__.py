"""Members that fill the gaps of days."""
