"""Salinity of the demo ocean: synthetic, of the temperature and with a variability of its own, as an OBS6 file."""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from netCDF4 import Dataset
from scipy.special import expit

from esmlearn.datasets.demo_depth import BOUNDS, COMPLETE, EVERY, write_demo_depth
from esmlearn.datasets.demo_depth import GENERATOR as DEPTH_GENERATOR
from esmlearn.datasets.demo_ocean import FIRST_DAY, LAST_DAY, SEED, is_whole, write_synthetic
from esmlearn.datasets.obs6 import FILL, Obs6
from esmlearn.datasets.ocean_depth import DEPTHS
from esmlearn.datasets.ocean_simulation import CELL_WIDTH, LAT, LON
from esmlearn.gaps.random_fields import random_field

# Raise this with every change of the numbers: files of another version are written anew.
GENERATOR = "1"
SALINITY = Obs6(COMPLETE.dataset, COMPLETE.kind, COMPLETE.version, "so")

FRESHEST, RANGE = 33.3, 1.5  # of the cold water, and by how much the warm water is saltier
FRONT, WIDTH = 11.0, 3.0  # degC: temperature between the two, and width of the change
OWN = 0.15  # standard deviation at the surface of what temperature does not tell
OWN_DEPTH = 150.0  # m: depth over which it falls by a factor of e


def write_demo_salinity(
    folder: Path, *, seed: int = SEED, first_day: str = FIRST_DAY, last_day: str = LAST_DAY
) -> list[Path]:
    """Write the salinity of the complete demo ocean, and the temperature before it, unless both are there and whole.

    The arguments are those of `write_demo_ocean`. Returns the files of temperature and salinity.
    """
    temperature, _ = write_demo_depth(folder, seed=seed, first_day=first_day, last_day=last_day)
    path = SALINITY.path(folder, first_day, last_day)
    origin = {
        "generator": "esmlearn.datasets.demo_salinity",
        "generator_version": f"{DEPTH_GENERATOR}.{GENERATOR}",
        "seed": str(seed),
        "period": f"{first_day}/{last_day}",
    }
    if is_whole(path, origin, SALINITY.variable):
        return [temperature, path]
    with Dataset(temperature) as file:
        thetao = file["thetao"][:]
    dates = np.arange(np.datetime64(first_day), np.datetime64(last_day) + np.timedelta64(1, "D"))[::EVERY]
    about = {
        "title": f"{SALINITY.dataset}: SYNTHETIC salinity of sea water on every fifth day, neither observed nor"
        " forecast",
        "source": "SYNTHETIC: a relation to the simulated temperature, and random fields",
        "frequency": f"{24 * EVERY}hr",
        **origin,
    }
    salinity = simulate_salinity(thetao, np.random.default_rng(seed + 4)).filled(FILL)
    depths = dict(zip(DEPTHS, BOUNDS, strict=True))
    write_synthetic(SALINITY, path, salinity, dates, about=about, remark="", depths=depths)
    return [temperature, path]


def simulate_salinity(temperature: np.ma.MaskedArray, rng: np.random.Generator) -> np.ma.MaskedArray:
    """Simulate practical salinity, ``(time, depth, lat, lon)``, masked as the temperature (degC).

    S = 33.3 + 1.5 / (1 + exp((11 - T) / 3)) + 0.15 exp(-z / 150 m) r: the cold water north of the current is fresh, the
    warm one salty, and r is a random field of unit variance with eddies that live for two months.
    """
    own: Float[np.ndarray, "time lat lon"] = random_field(
        (len(temperature), len(LAT), len(LON)),
        rng,
        length_scale=7.0,
        persistence_days=60.0 / EVERY,
        smooth=True,
        cell_width=CELL_WIDTH,
    )
    fading = np.exp(-np.array(DEPTHS) / OWN_DEPTH)[:, None, None]
    return (FRESHEST + RANGE * expit((temperature - FRONT) / WIDTH) + OWN * fading * own[:, None]).astype(np.float32)
