"""Where data come from: the synthetic demo oceans, and formatters of real data."""
