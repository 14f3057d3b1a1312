"""Fields in time and space, read from cubes and written to cubes, and their climatologies and scalings."""
