"""Reconstructions beside the truth: cases, their scores and their figures."""
