"""The spatio-temporal transformer and its parts."""
