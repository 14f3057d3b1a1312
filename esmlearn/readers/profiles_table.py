"""A table of profiles: observed values one after the other, each with its depth, error and profile."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

QUANTITIES = {
    "thetao": {
        "standard_name": "sea_water_potential_temperature",
        "long_name": "Sea Water Potential Temperature",
        "units": "degC",
    },
    "so": {"standard_name": "sea_water_salinity", "long_name": "Sea Water Salinity", "units": "0.001"},
}
"""Names and units of what profiles are read as."""

PLAUSIBLE = {"thetao": (-2.5, 40.0), "so": (2.0, 41.0)}
"""Global range of real values, by the test of Argo (Wong et al. 2025, https://doi.org/10.13155/33951)."""


@dataclass(frozen=True)
class Profiles:
    """Observations of one quantity.

    Attributes
    ----------
    time
        UTC time of each profile, datetime64[s].
    lat, lon
        Position of each profile in degrees.
    platform
        Name of the float, ship or mooring of each profile.
    profile
        Index of the profile of each value.
    depth, value
        Depth in metres, positive down, and value, degC or practical salinity.
    error
        Standard deviation of the error of each value; NaN where the file does not say it.
    """

    time: np.ndarray
    lat: Float[np.ndarray, " profile"]
    lon: Float[np.ndarray, " profile"]
    platform: np.ndarray
    profile: Int[np.ndarray, " value"]
    depth: Float[np.ndarray, " value"]
    value: Float[np.ndarray, " value"]
    error: Float[np.ndarray, " value"]

    @classmethod
    def of(cls, variable: str, *parts: np.ndarray) -> "Profiles":
        """Make a table of arrays in the order of the attributes, without missing and implausible values."""
        time, lat, lon, platform, profile, depth, value, error = parts
        placed = ~np.isnat(time) & (np.abs(lat) <= 90) & (np.abs(lon) <= 360)
        low, high = PLAUSIBLE[variable]
        kept = placed[profile] & np.isfinite(depth) & (value >= low) & (value <= high)
        flat = (part[kept] for part in (profile, depth, value, error))
        return cls(time.astype("datetime64[s]"), lat, lon, platform, *flat)

    @classmethod
    def none(cls) -> "Profiles":
        """A table without profiles."""
        floats, words = np.empty(0), np.empty(0, "U1")
        return cls(np.empty(0, "M8[s]"), floats, floats, words, np.empty(0, int), floats, floats, floats)

    def select(self, profiles: np.ndarray) -> "Profiles":
        """Select profiles by a mask."""
        number = np.cumsum(profiles) - 1
        kept = profiles[self.profile]
        flat = (part[kept] for part in (self.depth, self.value, self.error))
        time, lat, lon, platform = (part[profiles] for part in (self.time, self.lat, self.lon, self.platform))
        return Profiles(time, lat, lon, platform, number[self.profile[kept]], *flat)

    def without_doubles(self) -> "Profiles":
        """Leave out profiles of the same platform, time and place as an earlier one, and those without a value."""
        filled = self.select(np.bincount(self.profile, minlength=len(self.time)) > 0)
        keys = np.rec.fromarrays([filled.platform, filled.time, filled.lat.round(3), filled.lon.round(3)])
        first = np.zeros(len(filled.time), bool)
        first[np.unique(keys, return_index=True)[1]] = True
        return filled.select(first)


def join(tables: Sequence[Profiles]) -> Profiles:
    """Put tables one below the other."""
    offsets = np.cumsum([0, *(len(table.time) for table in tables[:-1])])
    index = np.concatenate([table.profile + offset for table, offset in zip(tables, offsets, strict=True)])
    rest = {
        name: np.concatenate([getattr(table, name) for table in tables])
        for name in ("time", "lat", "lon", "platform", "depth", "value", "error")
    }
    return Profiles(profile=index, **rest)
