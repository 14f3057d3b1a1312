"""Simulated gaps: clouds, rectangles, and the gaps between satellite swaths or profiles.

The same arguments always give the same mask, bit for bit. A mask is boolean with the shape ``(time, lat, lon)``, and
True means hidden. Lengths are in cells and times in days, so that the same gaps fit any grid.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtri

from esmlearn.errors import SettingsError
from esmlearn.gaps.random_fields import DAYS_IN_YEAR, autoregression, random_field

# Parts of the variance of the cloud field. The slow part hides some places for a month and longer; the weather part is
# the same over the whole region, and makes days that are nearly clear or completely hidden.
SLOW_VARIANCE, WEATHER_VARIANCE = 0.30, 0.20
SLOW_DAYS, SLOW_SCALE = 45.0, 1.5


def simulate_gaps(
    kind: str, n_days: int, n_lat: int, n_lon: int, *, share: float, seed: int, **options: Any
) -> np.ndarray:
    """Simulate gaps of one kind. The functions of all kinds have the arguments after `kind`, and others of their own.

    Parameters
    ----------
    kind
        One of ``clouds``, ``rectangles``, ``swaths``, ``profiles``.
    n_days, n_lat, n_lon
        Shape of the mask.
    share
        Share of all values that is hidden, between 0 and 1.
    seed
        The same seed gives the same mask.
    **options
        Further arguments of the function of that kind.

    Returns
    -------
    numpy.ndarray
        Boolean, ``(time, lat, lon)``, True where hidden.
    """
    if kind not in KINDS:
        raise SettingsError(f"Gaps of kind '{kind}' are unknown. Choose one of: {', '.join(KINDS)}.")
    return KINDS[kind](n_days, n_lat, n_lon, share=share, seed=seed, **options)


def travelling_clouds(
    n_days: int,
    n_lat: int,
    n_lon: int,
    *,
    share: float = 0.67,
    seed: int,
    day_of_year: np.ndarray | None = None,
    seasonal_amplitude: float = 0.07,
    cloudiest_day: float = 15.0,
    length_scale: float = 10.0,
    persistence_days: float = 2.0,
    drift: tuple[float, float] = (6.0, 1.0),
) -> np.ndarray:
    """Simulate clouds that are correlated in space and time and travel.

    Cells are hidden where a Gaussian random field is below a level that follows the seasons. The field is the sum of
    travelling systems, of slow cloudiness that stays in place for weeks, and of weather common to the whole region.
    Its spectrum is flat beyond the length scale and falls as k^(-5/3) below, as that of observed clouds
    (Cahalan & Joseph 1989, https://doi.org/10.1175/1520-0493(1989)117%3C0261:FSOCF%3E2.0.CO;2).

    Parameters
    ----------
    share
        Share of all values that is hidden in the mean of a year. Apart from the season, it holds exactly for any
        series: half a year of winter hides more.
    day_of_year
        Day of the year (1 to 366) of each day, ``(time,)``. Without it, the first day is 1 January.
    seasonal_amplitude
        Rise of the share at the cloudiest time of the year, and fall half a year later.
    cloudiest_day
        Day of the year with most clouds; mid-January as over the north-west Pacific.
    length_scale
        Size of the systems, in cells.
    persistence_days
        Decorrelation time of a system of that size (e-folding); smaller clouds change faster.
    drift
        Eastward (along lon) and northward (along lat) velocity in cells per day.
    """
    _check(n_days, n_lat, n_lon, share)
    day_of_year = 1.0 + np.arange(n_days) if day_of_year is None else np.asarray(day_of_year, dtype=float)
    if day_of_year.shape != (n_days,):
        raise SettingsError(
            f"day_of_year needs one value for each of the {n_days} days, but has shape {day_of_year.shape}."
        )
    season = np.cos(2 * np.pi * (day_of_year - cloudiest_day) / DAYS_IN_YEAR)
    share_of_day = np.clip(share + seasonal_amplitude * season, 0.0, 1.0)
    if share in (0.0, 1.0):
        return np.full((n_days, n_lat, n_lon), bool(share))

    rng = np.random.default_rng(seed)
    shape = (n_days, n_lat, n_lon)
    cover = random_field(shape, rng, length_scale=length_scale, persistence_days=persistence_days, drift=drift)
    cover *= np.sqrt(1 - SLOW_VARIANCE - WEATHER_VARIANCE)
    cover += np.sqrt(SLOW_VARIANCE) * random_field(
        shape, rng, length_scale=SLOW_SCALE * length_scale, persistence_days=SLOW_DAYS
    )
    weather = autoregression(rng.standard_normal((n_days, 1, 1)), np.exp(-1 / persistence_days))
    cover += np.sqrt(WEATHER_VARIANCE) * weather.astype(np.float32)
    # A level of the normal distribution gives each day its share; one quantile over the whole series corrects the mean.
    cover -= ndtri(np.clip(share_of_day, 1e-4, 1 - 1e-4)).astype(np.float32)[:, None, None]
    return cover < np.quantile(cover, share_of_day.mean())


def random_rectangles(
    n_days: int,
    n_lat: int,
    n_lon: int,
    *,
    share: float = 0.67,
    seed: int,
    min_size: int = 3,
    max_size: int | None = None,
) -> np.ndarray:
    """Simulate rectangles at random places, new ones each day.

    Rectangles are added until the share is hidden. They may cross the edge, so that cells near it are hidden as often
    as others. If a day hides too much or too little, the next day corrects it.

    Parameters
    ----------
    min_size, max_size
        Shortest and longest side in cells; without ``max_size``, half the shorter side of the region.
    """
    _check(n_days, n_lat, n_lon, share)
    max_size = max(min_size, min(n_lat, n_lon) // 2) if max_size is None else max_size
    if not 1 <= min_size <= max_size:
        raise SettingsError(f"Rectangles need 1 <= min_size <= max_size, but these are {min_size} and {max_size}.")
    rng = np.random.default_rng(seed)
    hidden = np.zeros((n_days, n_lat, n_lon), dtype=bool)
    if share == 0.0:
        return hidden
    remaining = 0.0
    for day in hidden:
        remaining += share * day.size
        wanted = min(remaining, day.size)
        count = 0
        while count < wanted:
            height, width = rng.integers(min_size, max_size, 2, endpoint=True)
            south, west = rng.integers(1 - height, n_lat), rng.integers(1 - width, n_lon)
            cells = day[max(south, 0) : south + height, max(west, 0) : west + width]
            more = int(cells.size - np.count_nonzero(cells))
            if count + more - wanted > wanted - count:
                break  # the day is nearer to its share without this last one
            cells[...] = True
            count += more
        remaining -= count
    return hidden


def swaths(
    n_days: int,
    n_lat: int,
    n_lon: int,
    *,
    share: float = 0.67,
    seed: int,
    spacing: float = 32.0,
    slope: float = 0.25,
    repeat_days: int = 16,
) -> np.ndarray:
    """Simulate the gaps between the swaths of a polar-orbiting satellite.

    The swaths of a day are parallel and slanted. From day to day they move by a little over a third of their distance,
    and after the repeat cycle they are at the same place again, as those of real orbits. The share is as close as whole
    cells allow. Only the place of the first swath is random.

    Parameters
    ----------
    spacing
        Distance between neighbouring swaths along lon, in cells.
    slope
        Cells along lon by which a swath moves west for each cell along lat.
    repeat_days
        Days after which the swaths repeat.
    """
    _check(n_days, n_lat, n_lon, share)
    if spacing <= 1 or repeat_days < 1:
        raise SettingsError(f"Swaths need spacing > 1 and repeat_days >= 1, but these are {spacing} and {repeat_days}.")
    start = np.random.default_rng(seed).uniform(0, spacing)
    stride = next(n for n in range(max(1, round(0.38 * repeat_days)), repeat_days + 2) if np.gcd(n, repeat_days) == 1)
    moved = spacing * (np.arange(n_days) * stride % repeat_days) / repeat_days
    track = np.arange(n_lon) + slope * np.arange(n_lat)[:, None]
    return (track - start - moved[:, None, None]) % spacing >= (1 - share) * spacing


def profiles(n_days: int, n_lat: int, n_lon: int, *, share: float = 0.95, seed: int) -> np.ndarray:
    """Hide all except single cells at random places, new ones each day, as between the profiles of Argo floats.

    If the number of cells of a day is not whole, the following days correct for the rounding.
    """
    _check(n_days, n_lat, n_lon, share)
    rng = np.random.default_rng(seed)
    cells = n_lat * n_lon
    observed = np.diff(np.rint((1 - share) * cells * np.arange(n_days + 1)).astype(int))
    hidden = np.ones((n_days, cells), dtype=bool)
    for day, count in zip(hidden, observed, strict=True):
        day[rng.choice(cells, count, replace=False)] = False
    return hidden.reshape(n_days, n_lat, n_lon)


def _check(n_days: int, n_lat: int, n_lon: int, share: float) -> None:
    """Refuse shapes without any cell, and shares outside 0 to 1."""
    if min(n_days, n_lat, n_lon) < 1:
        raise SettingsError(f"Gaps need at least one day, row and column, but got {n_days} x {n_lat} x {n_lon}.")
    if not 0.0 <= share <= 1.0:
        raise SettingsError(f"The share to hide must lie between 0 and 1, but is {share}.")


KINDS: dict[str, Callable[..., np.ndarray]] = {
    "clouds": travelling_clouds,
    "rectangles": random_rectangles,
    "swaths": swaths,
    "profiles": profiles,
}
