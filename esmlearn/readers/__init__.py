"""Files of known archives, read as cubes in order."""
