"""Model folders: weights, settings, hashes, and a card for readers."""
