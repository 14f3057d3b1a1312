"""Where cells lie, and how values get from one grid to another."""
