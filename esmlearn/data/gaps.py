"""Simulated gaps: what clouds, rectangles or satellite swaths would hide.

Every function is pure and seeded: the same arguments give the same mask, bit for bit. A mask is boolean with the shape
``(time, lat, lon)``, and True means hidden. Lengths are in cells and times in days, so the same gaps fit any grid.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import fft
from scipy.special import ndtri

from esmlearn.errors import SettingsError

DAYS_IN_YEAR = 365.25

# How the variance of the cloud field is divided. The slow part keeps some places hidden for a month and more; the
# weather part is the same over the whole region, and makes days that are nearly clear, or wholly hidden.
SLOW_VARIANCE, WEATHER_VARIANCE = 0.30, 0.20
SLOW_DAYS, SLOW_SCALE = 45.0, 1.5

# Days that are transformed at once: bounds the memory, changes nothing in the result.
CHUNK = 256


def simulate_gaps(
    kind: str, n_days: int, n_lat: int, n_lon: int, *, share: float, seed: int, **options: Any
) -> np.ndarray:
    """Simulate gaps of one kind.

    Parameters
    ----------
    kind
        One of ``clouds``, ``rectangles``, ``swaths``.
    n_days, n_lat, n_lon
        Shape of the mask.
    share
        Share of all values that is hidden, between 0 and 1.
    seed
        The same seed gives the same mask.
    **options
        Passed on to the function of that kind.

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
    """Hide what correlated, travelling clouds would hide.

    A Gaussian random field, cut at a level that follows the seasons, hides what lies below. The field is the sum of
    travelling systems, of slow cloudiness that stays in place for weeks, and of weather common to the whole region.
    Its spectrum is flat beyond the length scale and falls as k^(-5/3) below, as that of observed clouds
    (Cahalan & Joseph 1989, https://doi.org/10.1175/1520-0493(1989)117%3C0261:FSOCF%3E2.0.CO;2).

    Parameters
    ----------
    n_days, n_lat, n_lon
        Shape of the mask.
    share
        Share of all values that is hidden in the mean of a year. A series is cut so that it holds exactly, but for its
        season: half a year of winter hides more.
    seed
        The same seed gives the same mask.
    day_of_year
        Day of the year (1 to 366) of each day, ``(time,)``. Without it, the first day is 1 January.
    seasonal_amplitude
        By how much the share rises at the cloudiest time of the year, and falls half a year later.
    cloudiest_day
        Day of the year with most clouds; mid-January as over the north-west Pacific.
    length_scale
        Size of the systems, in cells.
    persistence_days
        Days after which a system of that size is forgotten (e-folding); smaller clouds live shorter.
    drift
        Eastward (along lon) and northward (along lat) velocity in cells per day.

    Returns
    -------
    numpy.ndarray
        Boolean, ``(time, lat, lon)``, True where hidden.
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
    return _cut(cover, share_of_day)


def _cut(cover: np.ndarray, share_of_day: np.ndarray) -> np.ndarray:
    """Hide the lower part of a field of unit variance, ``(time, lat, lon)``: for each day its expected share.

    The level of the normal distribution sets the seasons; one quantile over the whole series sets the mean right.
    """
    cover -= ndtri(np.clip(share_of_day, 1e-4, 1 - 1e-4)).astype(np.float32)[:, None, None]
    return cover < np.quantile(cover, share_of_day.mean())


def random_field(
    shape: tuple[int, int, int],
    rng: np.random.Generator,
    *,
    length_scale: float,
    persistence_days: float,
    drift: tuple[float, float] = (0.0, 0.0),
    spectrum: Callable[[np.ndarray], np.ndarray] = lambda size: size ** (-4 / 3),
    smooth: bool = False,
    cell_width: float = 1.0,
) -> np.ndarray:
    """Draw a Gaussian field of zero mean and unit variance that travels and forgets.

    Each wave is a complex autoregression of first order, turned by the drift from day to day. The field lives on a
    larger periodic grid, so that nothing that leaves at one side comes back at the other.

    Parameters
    ----------
    shape
        ``(time, lat, lon)``.
    rng
        Source of the noise.
    length_scale
        Below this size in cells the memory falls, as k^(-2/3), and so does the spectrum.
    persistence_days
        Days after which the largest waves are forgotten (e-folding).
    drift
        Eastward and northward velocity in cells per day.
    spectrum
        Power in two dimensions as a function of ``1 + (k length_scale / 2)^2``. Without it, k^(-8/3) below the length
        scale, which is k^(-5/3) along a line.
    smooth
        Let waves grow and fade without jumps (an autoregression of second order with equal roots), as eddies do; they
        then live about twice as long.
    cell_width
        Width of a cell along lon over its height along lat: the length scale counts heights.

    Returns
    -------
    numpy.ndarray
        float32, ``(time, lat, lon)``.
    """
    n_days, n_lat, n_lon = shape
    margin = int(np.ceil(4 * length_scale))
    padded = tuple(fft.next_fast_len(n + margin, real=True) for n in (n_lat, n_lon))
    k_lat = 2 * np.pi * np.fft.fftfreq(padded[0])[:, None]
    k_lon = 2 * np.pi * np.fft.rfftfreq(padded[1])[None, :]
    size = 1 + (length_scale / 2) ** 2 * (k_lat**2 + (k_lon / cell_width) ** 2)

    power = spectrum(size)
    power[0, 0] = 0.0
    both_halves = np.where((k_lon == 0) | (k_lon == np.pi), 1.0, 2.0)
    # Unit variance in the sum of all waves. Those that stand alone keep only the real part of their noise, half its
    # variance.
    amplitude = np.sqrt(power * 2 / both_halves / (power * both_halves).sum()) * np.prod(padded)

    memory = np.exp(-(size ** (1 / 3)) / persistence_days)
    turn = (memory * np.exp(-1j * (k_lon * drift[0] + k_lat * drift[1]))).astype(np.complex64)
    fresh = np.sqrt(1 - memory**2).astype(np.float32)
    amplitude = amplitude.astype(np.float32)
    # The second stage of a cascade of two equal filters keeps unit variance with this factor.
    second = ((1 - memory**2) / np.sqrt(1 + memory**2)).astype(np.float32)

    field = np.empty(shape, dtype=np.float32)
    waves = _complex_normal(rng, turn.shape)
    smooth_waves = _complex_normal(rng, turn.shape)
    for start in range(0, n_days, CHUNK):
        days = min(CHUNK, n_days - start)
        drawn = _complex_normal(rng, (days, *turn.shape))
        for noise in drawn:
            waves = turn * waves + fresh * noise
            if smooth:
                smooth_waves = turn * smooth_waves + second * waves
            np.multiply(smooth_waves if smooth else waves, amplitude, out=noise)
        field[start : start + days] = fft.irfft2(drawn, s=padded, overwrite_x=True)[:, :n_lat, :n_lon]
    return field


def _complex_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Complex normal numbers of unit variance, complex64."""
    pairs = rng.standard_normal((*shape, 2), dtype=np.float32)
    pairs *= np.float32(np.sqrt(0.5))
    return pairs.view(np.complex64)[..., 0]


def autoregression(noise: np.ndarray, memory: float) -> np.ndarray:
    """Turn white noise along the first axis into an autoregression of first order with the same variance.

    Parameters
    ----------
    noise
        White noise, ``(time, ...)``; the first value is the start.
    memory
        Correlation from one step to the next, between 0 and 1.

    Returns
    -------
    numpy.ndarray
        As the noise.
    """
    series = noise.copy()
    for step in range(1, len(series)):
        series[step] = memory * series[step - 1] + np.sqrt(1 - memory**2) * noise[step]
    return series


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
    """Hide rectangles at random places, each day anew.

    Rectangles are laid until the share is hidden, and may hang over the edge, so that no cell is hidden less often
    than the others for where it lies. What a day hides too much or too little, the next day evens out.

    Parameters
    ----------
    n_days, n_lat, n_lon
        Shape of the mask.
    share
        Share of all values that is hidden.
    seed
        The same seed gives the same mask.
    min_size, max_size
        Shortest and longest side in cells; without ``max_size``, half the shorter side of the region.

    Returns
    -------
    numpy.ndarray
        Boolean, ``(time, lat, lon)``, True where hidden.
    """
    _check(n_days, n_lat, n_lon, share)
    max_size = max(min_size, min(n_lat, n_lon) // 2) if max_size is None else max_size
    if not 1 <= min_size <= max_size:
        raise SettingsError(f"Rectangles need 1 <= min_size <= max_size, but these are {min_size} and {max_size}.")
    rng = np.random.default_rng(seed)
    hidden = np.zeros((n_days, n_lat, n_lon), dtype=bool)
    if share == 0.0:
        return hidden
    owed = 0.0
    for day in hidden:
        owed += share * day.size
        wanted = min(owed, day.size)
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
        owed -= count
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
    """Hide what lies between the swaths of a polar-orbiting satellite.

    A day sees parallel, slanted swaths. From day to day they move on by a little over a third of their distance, and
    after the repeat cycle they lie where they were, as those of real orbits do.

    Parameters
    ----------
    n_days, n_lat, n_lon
        Shape of the mask.
    share
        Share that lies between the swaths, as near as whole cells allow.
    seed
        Draws where the first swath lies; the same seed gives the same mask.
    spacing
        Distance between neighbouring swaths along lon, in cells.
    slope
        Cells along lon by which a swath moves west for each cell along lat.
    repeat_days
        Days after which the swaths repeat.

    Returns
    -------
    numpy.ndarray
        Boolean, ``(time, lat, lon)``, True where hidden.
    """
    _check(n_days, n_lat, n_lon, share)
    if spacing <= 1 or repeat_days < 1:
        raise SettingsError(f"Swaths need spacing > 1 and repeat_days >= 1, but these are {spacing} and {repeat_days}.")
    start = np.random.default_rng(seed).uniform(0, spacing)
    stride = next(n for n in range(max(1, round(0.38 * repeat_days)), repeat_days + 2) if np.gcd(n, repeat_days) == 1)
    moved = spacing * (np.arange(n_days) * stride % repeat_days) / repeat_days
    track = np.arange(n_lon) + slope * np.arange(n_lat)[:, None]
    return (track - start - moved[:, None, None]) % spacing >= (1 - share) * spacing


def _check(n_days: int, n_lat: int, n_lon: int, share: float) -> None:
    """Refuse shapes without any cell, and shares that are none."""
    if min(n_days, n_lat, n_lon) < 1:
        raise SettingsError(f"Gaps need at least one day, row and column, but got {n_days} x {n_lat} x {n_lon}.")
    if not 0.0 <= share <= 1.0:
        raise SettingsError(f"The share to hide must lie between 0 and 1, but is {share}.")


KINDS: dict[str, Callable[..., np.ndarray]] = {
    "clouds": travelling_clouds,
    "rectangles": random_rectangles,
    "swaths": swaths,
}
