"""From files of archives to cubes: well-kept libraries read, and one entry for each source says what is in its files."""
