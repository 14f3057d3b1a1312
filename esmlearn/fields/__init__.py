"""Fields in time and space: read from cubes, given back as cubes, and what is normal for them."""
