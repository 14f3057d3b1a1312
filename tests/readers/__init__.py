"""Tests of readers, with the files that they make."""
