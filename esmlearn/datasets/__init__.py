"""Sources of data: the synthetic demo oceans, and formatters of real data."""
