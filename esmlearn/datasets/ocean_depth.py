"""Simulate the demo ocean below its surface: a mixed layer, a seasonal thermocline, and eddies that fade with depth.

The surface is simulated first (`esmlearn.datasets.ocean_simulation`); each level follows from it, from the same flow
and from its own past. So a level is no function of the surface of the same day: the water below the mixed layer of
summer has the temperature of the last winter. Nothing here is observed or forecast. Temperatures are in degC, depths in
m, times in days.
"""

import numpy as np
from jaxtyping import Float
from scipy import ndimage
from scipy.special import expit

from esmlearn.datasets.ocean_simulation import (
    CELL_WIDTH,
    DAMPING_DAYS,
    LAT,
    LON,
    MARGIN,
    background,
    day_of_year,
    displacement,
    front,
    surface_flow,
    velocity,
)
from esmlearn.gaps.random_fields import DAYS_IN_YEAR, autoregression, random_field

DEPTHS = (0.5, 5.0, 16.0, 50.0, 100.0)  # m; the first is the surface itself

# Mixed layers of the subtropical north-west Pacific are deepest in February and shallow from June to August (Kara et
# al. 2003, https://doi.org/10.1029/2000JC000736); the numbers are rounded, and the same at all latitudes.
WINTER_LAYER, SUMMER_LAYER = 130.0, 12.0  # m
DEEPEST_DAY = 45.0  # of the year
STIRRING = 0.6  # part of the difference that disappears in a day within the mixed layer

DIFFUSION = 8.64  # m2 a day (1e-4 m2/s): warms the thermocline from above
FADING = 250.0  # m: depth over which the flow falls by a factor of e
TILT = 50.0  # m: depth over which eddies lie one cell further west
HEAVE = 1.6  # degC, at great depth: effect of vertical motion of the thermocline that the surface does not show


def simulate_depths(
    surface: np.ma.MaskedArray, dates: np.ndarray, *, seed: int, every: int = 1
) -> tuple[np.ma.MaskedArray, np.ndarray]:
    """Simulate the temperature below a surface.

    Each day the flow at its depth carries the temperature T of a level. Then T is relaxed to D, the climate of winter
    with the front; heat diffuses from the level above, A; heave H changes T; and within the mixed layer of the day, or
    where A is colder, stirring removes most of the difference:
    T <- T + (D - T) / tau + kappa (A - T) / dz^2 + (1 - m) dH, then T <- T + 0.6 m (A - T), m from 0 to 1.

    Parameters
    ----------
    surface
        Daily temperature of the surface that `simulate_ocean` gives for the same seed and dates, degC,
        ``(time, lat, lon)``, masked on land.
    dates
        Its days, datetime64[D], ``(time,)``. A start in winter needs no spin-up, since most levels then lie in the
        mixed layer.
    seed
        That of the surface, so that the flow is the same. All other random numbers are new.
    every
        Only each n-th day is returned, from the first on.

    Returns
    -------
    temperature
        degC, float32, ``(time, depth, lat, lon)`` at `DEPTHS`; at all levels masked as the surface.
    dates
        The days that are returned.
    """
    season = day_of_year(dates)
    flow = surface_flow(len(dates), np.random.default_rng(seed))[-len(dates) :]
    rng = np.random.default_rng(seed + 2)  # seed + 1 is that of the clouds
    layer = mixed_layer(season, rng)
    heave = thermocline_heave(len(dates), rng)
    winter = background(day_of_year(np.arange("2001-01-01", "2002-01-01", dtype="datetime64[D]")), LAT).min(axis=0)

    land = np.ma.getmaskarray(surface)[0]
    nearest = ndimage.distance_transform_edt(land, return_distances=False, return_indices=True)
    sea = np.ma.getdata(surface)[:, *nearest]  # cells at the coast need a neighbour on land

    kept = dates[::every]
    result = np.empty((len(kept), len(DEPTHS), *land.shape), dtype=np.float32)
    water: list[np.ndarray] = []
    for day, top in enumerate(sea):
        far = winter[:, None] + _inner(front(flow[day]))
        if not water:
            water = [np.where(layer[0] > depth, top, np.minimum(far, top)) for depth in DEPTHS]
        way = displacement(*(_inner(part) for part in velocity(flow[day])))
        water[0] = top
        for level in range(1, len(DEPTHS)):
            mixed = expit(np.log(layer[day] / DEPTHS[level]) / 0.12)
            lift = (1 - mixed) * (heave[day] - heave[max(day - 1, 0)])
            water[level] = _one_day(water[level], water[level - 1], far, way, lift, mixed, level)
        if day % every == 0:
            result[day // every] = water
    mask = np.broadcast_to(land, result.shape).copy()
    return np.ma.array(result, mask=mask, fill_value=1e20), kept


def mixed_layer(season: Float[np.ndarray, " time"], rng: np.random.Generator) -> Float[np.ndarray, "time lat lon"]:
    """Simulate the depth of the mixed layer, m: a slow descent in autumn, a fast ascent in spring, and weather.

    h = 12 (130 / 12)^((1 + cos q) / 2), q = p + (1 - cos p) / 2, p = 2 pi (day - 45) / 365.25; times the exponential of
    a travelling field of wind (0.25) and of an anomaly of the whole basin, by which winters differ (0.15).
    """
    phase = 2 * np.pi * (season - DEEPEST_DAY) / DAYS_IN_YEAR
    phase = phase + (1 - np.cos(phase)) / 2
    mean = SUMMER_LAYER * (WINTER_LAYER / SUMMER_LAYER) ** ((1 + np.cos(phase)) / 2)
    wind = random_field(
        (len(season), len(LAT), len(LON)), rng, length_scale=20.0, persistence_days=4.0, cell_width=CELL_WIDTH
    )
    year = autoregression(rng.standard_normal((len(season), 1, 1)), np.exp(-1 / 120.0))
    return (mean[:, None, None] * np.exp(0.25 * wind + 0.15 * year)).astype(np.float32)


def thermocline_heave(n_days: int, rng: np.random.Generator) -> Float[np.ndarray, "time lat lon"]:
    """Simulate eddies that move the thermocline up and down but do not reach the surface, of unit variance."""
    return random_field(
        (n_days, len(LAT), len(LON)),
        rng,
        length_scale=7.0,
        persistence_days=30.0,
        drift=(-0.1, 0.0),
        spectrum=lambda size: (size - 1) * size**-4.0,
        smooth=True,
        cell_width=CELL_WIDTH,
    )


def _one_day(
    water: Float[np.ndarray, "lat lon"],
    above: Float[np.ndarray, "lat lon"],
    far: Float[np.ndarray, "lat lon"],
    way: Float[np.ndarray, "2 lat lon"],
    lift: Float[np.ndarray, "lat lon"],
    mixed: Float[np.ndarray, "lat lon"],
    level: int,
) -> Float[np.ndarray, "lat lon"]:
    """Advance one level by a day; `above` is the level above on the new day."""
    depth, distance = DEPTHS[level], DEPTHS[level] - DEPTHS[level - 1]
    tilted = np.minimum(np.arange(water.shape[1]) + round(depth / TILT), water.shape[1] - 1)
    origin = np.indices(water.shape, dtype=np.float32) - np.exp(-depth / FADING) * way[:, :, tilted]
    water = ndimage.map_coordinates(water, origin, order=1, mode="nearest")
    water = water + (far[:, tilted] - water) / (DAMPING_DAYS + 1.4 * depth) + HEAVE * (1 - np.exp(-depth / 70.0)) * lift
    water = water + min(1.0, DIFFUSION / distance**2) * (above - water)
    return (water + STIRRING * np.maximum(mixed, above < water) * (above - water)).astype(np.float32)


def _inner(wide: Float[np.ndarray, "wide_lat wide_lon"]) -> Float[np.ndarray, "lat lon"]:
    """Remove the margin of the wide grid."""
    return wide[MARGIN:-MARGIN, MARGIN:-MARGIN]
