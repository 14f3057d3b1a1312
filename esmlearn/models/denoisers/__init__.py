"""Networks that denoise, and their parts."""
