"""Simulate the surface of the demo ocean off Japan: temperature that a meandering current and eddies stir.

Nothing here is observed or forecast. The model is kinematic: a random streamfunction prescribes the flow, and
temperature is a tracer that the flow carries and the atmosphere relaxes to the climate of the season. So it has what
matters to the filling of gaps: sharp moving fronts, filaments, eddies that live for weeks, weather, and differences
between years. Temperatures are in degC, lengths in km, times in days; `lat lon` are cells of the wide grid, and `fine`
ones those of the fine grid.
"""

import numpy as np
from einops import reduce
from jaxtyping import Bool, Float
from scipy import ndimage

from esmlearn.gaps.random_fields import DAYS_IN_YEAR, autoregression, random_field
from esmlearn.grids.land import land_mask

STEP = 0.25  # degrees
LAT = np.arange(27.125, 43.0, STEP)
LON = np.arange(128.125, 152.0, STEP)

# The ocean is simulated on a wider grid, whose rim is relaxed to the climate, so that no edge is visible.
MARGIN = 12  # cells
WIDE_LAT = LAT[0] + STEP * np.arange(-MARGIN, len(LAT) + MARGIN)
WIDE_LON = LON[0] + STEP * np.arange(-MARGIN, len(LON) + MARGIN)
HEIGHT = 111.2 * STEP  # of a cell, km
WIDTH = HEIGHT * np.cos(np.deg2rad(WIDE_LAT))[:, None]  # of a cell, km, (lat, 1)
CELL_WIDTH = float(WIDTH.mean() / HEIGHT)

# Temperature is carried on cells of half the size, and averaged over four of them in the end: a front that is one
# cell wide would move in steps.
FINE = 2

SPIN_UP = 150  # days before the first one, in which the flow stirs the smooth initial state
SUBSTEPS = 3  # in a day: in each, the shear of the jet displaces water by less than the width of the jet
MIXING = 0.04  # fine cells^2 a day, some 80 m2/s: diffuses scales that the fine grid does not resolve
DAMPING_DAYS = 38.0  # time in which the atmosphere damps an anomaly
FREEZING = -1.8  # degC, of sea water

# The current follows the shelf of the East China Sea, passes the Tokara Strait and the capes of Japan, and leaves
# the coast at 35 N for two standing crests at 144 and 150 E (Mizuno & White 1983,
# https://doi.org/10.1175/1520-0485(1983)013%3C1847:AAIVIT%3E2.0.CO;2).
PATH_LON = (120, 124, 128, 130, 131.7, 133.5, 136, 138.3, 140, 141.5, 143.8, 146.8, 150, 153, 158)
PATH_LAT = (24, 26, 28.6, 29.7, 30.6, 31.9, 32.6, 33, 34.2, 35.3, 36, 34.7, 35.4, 34.5, 34.8)
JET_SPEED = 1.0 * 86.4  # km/day, at its axis
JET_WIDTH = 50.0  # km, half
JET = JET_SPEED * JET_WIDTH  # km2/day: half of the transport across the surface
EDDIES = 1500.0  # km2/day: standard deviation of their streamfunction; some 0.3 m/s in the extension

GRADIENT = 12.5 / 16  # degC per degree north, beside the front
WEATHER = 0.2  # degC per day: effect of wind and cloud on the surface
SLOW_DAYS = 270.0  # decorrelation time of the anomalies by which years differ


def simulate_ocean(dates: np.ndarray, *, seed: int) -> np.ma.MaskedArray:
    """Simulate the daily sea-surface temperature.

    Each day the flow carries the temperature T and mixing diffuses it; then come the change of the climate C, the
    weather, and relaxation: T <- T + C(day) - C(day - 1) + weather + (C + front - T) / 38.

    Parameters
    ----------
    dates
        Consecutive days, datetime64[D], ``(time,)``.
    seed
        The same seed and dates give the same ocean.

    Returns
    -------
    numpy.ma.MaskedArray
        degC, float32, ``(time, lat, lon)`` on `LAT` and `LON`, masked on land.
    """
    dates = np.asarray(dates, dtype="datetime64[D]")
    dates = np.concatenate([dates[0] - np.arange(SPIN_UP, 0, -1, dtype="timedelta64[D]"), dates])
    season = day_of_year(dates)
    rng = np.random.default_rng(seed)
    flow = surface_flow(len(dates) - SPIN_UP, rng)
    climate = (background(season, WIDE_LAT)[:, :, None] + slow_anomalies(len(dates), rng)).astype(np.float32)
    heating = weather(season, rng)
    pull = 1 / DAMPING_DAYS + rim()
    keep = 1 - refine(pull)

    temperature = refine(climate[0] + front(flow[0]))
    days = np.empty((len(dates), len(LAT), len(LON)), dtype=np.float32)
    for day in range(len(dates)):
        temperature = advect(temperature, displacement(*velocity(flow[day])))
        temperature += MIXING * ndimage.laplace(temperature, mode="nearest")
        forcing = climate[day] - climate[max(day - 1, 0)] + heating[day] + pull * (climate[day] + front(flow[day]))
        temperature = keep * temperature + refine(forcing)
        fine = temperature[FINE * MARGIN : -FINE * MARGIN, FINE * MARGIN : -FINE * MARGIN]
        days[day] = reduce(fine, "(lat fine_lat) (lon fine_lon) -> lat lon", "mean", fine_lat=FINE, fine_lon=FINE)

    days = np.maximum(days[SPIN_UP:], np.float32(FREEZING))
    land = land_mask(LAT, LON)
    return np.ma.array(days, mask=np.broadcast_to(land, days.shape).copy(), fill_value=1e20)


def day_of_year(dates: np.ndarray) -> np.ndarray:
    """Return the time of the year at noon, ``(time,)``, in days of a mean year, so that leap years have no offset."""
    year = dates.astype("datetime64[Y]")
    first, following = year.astype("datetime64[D]"), (year + np.timedelta64(1, "Y")).astype("datetime64[D]")
    return ((dates - first).astype(float) + 0.5) / (following - first).astype(float) * DAYS_IN_YEAR


def background(season: Float[np.ndarray, " time"], lat: Float[np.ndarray, " lat"]) -> Float[np.ndarray, "time lat"]:
    """Compute the climate without the front, degC: a gradient to the north, and seasons that lag and grow that way.

    T = 26.3 - g (lat - 27) + A [cos p + 0.1 cos 2p], p = 2 pi (day - peak) / 365.25, where A rises from 2.9 degC at
    27 N to 7 degC at 43 N, and the peak moves from 20 August to 10 September. The second harmonic makes the cold half
    of the year the longer one, as a deep winter mixed layer does. `season` is the time of the year in days.
    """
    north = (lat - 27.0) / 16.0
    phase = 2 * np.pi * (season[:, None] - (232.0 + 21.0 * north)) / DAYS_IN_YEAR
    amplitude = 2.9 + 4.1 * north
    return 26.3 - GRADIENT * (lat - 27.0) + amplitude * (np.cos(phase) + 0.1 * np.cos(2 * phase))


def front(flow: Float[np.ndarray, "lat lon"]) -> Float[np.ndarray, "lat lon"]:
    """Compute the drop of temperature across the current, degC: 0 south of it, and -1.8 to -4.5 north of it.

    The side of the jet follows from the streamfunction, so that rings that leave the jet are warm or cold inside, as
    real ones are. The drop is small where the current follows the coast, and large in the extension.
    """
    drop = 1.8 + 2.7 / (1 + np.exp(-(WIDE_LON - 141.0) / 1.5))
    return (drop * (0.5 * np.tanh(flow / JET) - 0.5)).astype(np.float32)


def slow_anomalies(n_days: int, rng: np.random.Generator) -> Float[np.ndarray, "time lat 1"]:
    """Simulate the anomalies by which years differ, degC: one of the whole basin, one with a gradient to the north."""
    series = autoregression(rng.standard_normal((n_days, 2, 1, 1)), np.exp(-1 / SLOW_DAYS))
    tip = ((WIDE_LAT - WIDE_LAT.mean()) / 8.0)[:, None]
    return 0.55 * series[:, 0] + 0.4 * series[:, 1] * tip


def weather(season: Float[np.ndarray, " time"], rng: np.random.Generator) -> Float[np.ndarray, "time lat lon"]:
    """Simulate the effect of weather, degC per day, which is strongest on the thin mixed layer of summer."""
    field = random_field(
        (len(season), len(WIDE_LAT), len(WIDE_LON)),
        rng,
        length_scale=20.0,
        persistence_days=2.0,
        drift=(10.0, 1.0),
        spectrum=lambda size: size**-1.5,
        cell_width=CELL_WIDTH,
    )
    summer = 1 + 0.35 * np.cos(2 * np.pi * (season - 200.0) / DAYS_IN_YEAR)
    return field * (WEATHER * summer).astype(np.float32)[:, None, None]


def rim() -> Float[np.ndarray, "lat lon"]:
    """Compute how fast the outermost cells are relaxed to the climate, per day; within the margin this falls to 0."""
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in (len(WIDE_LAT), len(WIDE_LON)))
    return (0.3 * np.exp(-np.minimum.outer(rows, columns) / 2.5)).astype(np.float32)


def current_path(n_days: int, rng: np.random.Generator) -> Float[np.ndarray, "time lon"]:
    """Simulate the path of the current, degrees north: its mean, and meanders.

    Meanders grow downstream, change within months, and travel east.
    """
    mean = ndimage.gaussian_filter1d(np.interp(WIDE_LON, PATH_LON, PATH_LAT), 2.0, mode="nearest")
    growth = 0.08 + 0.55 / (1 + np.exp(-(WIDE_LON - 143.0)))  # degrees
    meanders = random_field(
        (n_days, 1, len(WIDE_LON)),
        rng,
        length_scale=6.0,
        persistence_days=30.0,
        drift=(0.12, 0.0),
        spectrum=lambda size: size**-3.0,
        smooth=True,
    )
    return mean + growth * meanders[:, 0]


def surface_flow(n_days: int, rng: np.random.Generator) -> Float[np.ndarray, "time lat lon"]:
    """Simulate the streamfunction of the spin-up and of `n_days` after it, km2/day.

    It takes the first random numbers of `simulate_ocean`, so that the same seed gives it without the temperature.
    """
    return streamfunction(SPIN_UP + n_days, land_mask(WIDE_LAT, WIDE_LON), rng)


def streamfunction(
    n_days: int, land: Bool[np.ndarray, "lat lon"], rng: np.random.Generator
) -> Float[np.ndarray, "time lat lon"]:
    """Simulate the streamfunction, km2/day, positive south of the jet: a jet along its path, and eddies.

    The jet is -U w tanh(d / w), with d the distance north of the path. Eddies drift west at 4 cm/s and are strongest
    around the extension. Their streamfunction falls as k^-6 in two dimensions, and so their energy as k^-3 along a
    line, as in quasi-geostrophic turbulence (Charney 1971,
    https://doi.org/10.1175/1520-0469(1971)028%3C1087:GT%3E2.0.CO;2). Nothing flows through the coast.
    """
    path = current_path(n_days, rng)
    rise = np.gradient(path, axis=1) / STEP / CELL_WIDTH
    # Across the path, not along the meridian: a slanted jet is as narrow as a zonal one.
    distance = (WIDE_LAT[:, None] - path[:, None]) * HEIGHT / STEP / np.sqrt(1 + rise[:, None] ** 2)
    flow = -JET * np.tanh(distance / JET_WIDTH)

    extension = np.exp(-(((WIDE_LAT[:, None] - 36.0) / 4.0) ** 2)) / (1 + np.exp(-(WIDE_LON - 141.0) / 2.0))
    eddies = random_field(
        flow.shape,
        rng,
        length_scale=5.5,
        persistence_days=22.0,
        drift=(-0.15, 0.0),
        spectrum=lambda size: (size - 1) * size**-4.0,
        smooth=True,
        cell_width=CELL_WIDTH,
    )
    flow += EDDIES * (0.6 + 0.4 * extension) * eddies

    # Nothing flows through the coast where the streamfunction is constant on land. Japan and the continent lie north
    # of the jet; small islands are left out, since the jet passes on either side of them.
    mainland = ndimage.binary_opening(land, iterations=2).astype(float)
    open_ocean = np.clip(1 - 1.6 * ndimage.gaussian_filter(mainland, 1.2, mode="nearest"), 0, 1)
    return (open_ocean * (flow + JET) - JET).astype(np.float32)


def velocity(flow: Float[np.ndarray, "lat lon"]) -> tuple[Float[np.ndarray, "lat lon"], Float[np.ndarray, "lat lon"]]:
    """Compute eastward and northward velocity, cells per day, from a streamfunction, km2/day."""
    eastward = -np.gradient(flow, axis=0) / HEIGHT
    northward = np.gradient(flow, axis=1) / WIDTH
    return (eastward / WIDTH).astype(np.float32), (northward / HEIGHT).astype(np.float32)


def displacement(
    eastward: Float[np.ndarray, "lat lon"], northward: Float[np.ndarray, "lat lon"]
) -> Float[np.ndarray, "2 lat lon"]:
    """Compute how far the water in each cell has moved within a day, in cells along lat and lon.

    The path is followed back from the velocity, cells per day, by the midpoint rule in several substeps.
    """
    speed = np.stack([northward, eastward])
    here = np.indices(eastward.shape, dtype=np.float32)
    origin: np.ndarray = here
    for _ in range(SUBSTEPS):
        halfway = origin - _sample(speed, origin) / (2 * SUBSTEPS)
        origin = origin - _sample(speed, halfway) / SUBSTEPS
    return here - origin


def _sample(speed: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Interpolate both components of the velocity, ``(2, lat, lon)``, linearly at places of the same shape."""
    return np.stack([ndimage.map_coordinates(part, places, order=1, mode="nearest") for part in speed])


def advect(
    temperature: Float[np.ndarray, "fine_lat fine_lon"], way: Float[np.ndarray, "2 lat lon"]
) -> Float[np.ndarray, "fine_lat fine_lon"]:
    """Carry temperature with the flow: each fine cell takes the value from where its water was (semi-Lagrangian).

    `way` is how far the water has moved, in cells; interpolation by cubic splines, once a day, conserves filaments.
    """
    origin = np.indices(temperature.shape, dtype=np.float32) - FINE * np.stack([refine(part) for part in way])
    return ndimage.map_coordinates(temperature, origin, order=3, mode="nearest")


def refine(field: Float[np.ndarray, "lat lon"]) -> Float[np.ndarray, "fine_lat fine_lon"]:
    """Interpolate to the fine grid by cubic splines."""
    return ndimage.zoom(field, FINE, order=3, mode="nearest", grid_mode=True)
