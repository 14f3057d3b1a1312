"""Members that complete levels at depth from sparse profiles."""
