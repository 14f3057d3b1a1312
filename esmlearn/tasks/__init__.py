"""What the tool does: one room for each task."""
