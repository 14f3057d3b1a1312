"""Complete days and months from cloudy days, by the spatio-temporal transformer."""
