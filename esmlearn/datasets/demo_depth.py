"""The demo ocean below its surface: synthetic temperature at five depths, as OBS6 files that ESMValCore finds.

``DemoOceanDepth`` is complete, ``DemoOceanProfiles`` has the same values only where a float rose through the water.
Both hold every fifth day of the demo ocean. They are made when first asked for, since the surface alone needs neither.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Bool
from netCDF4 import Dataset

from esmlearn.datasets.demo_ocean import FIRST_DAY, LAST_DAY, SEED, is_whole, write_demo_ocean, write_synthetic
from esmlearn.datasets.demo_ocean import GENERATOR as SURFACE_GENERATOR
from esmlearn.datasets.obs6 import FILL, Obs6
from esmlearn.datasets.ocean_depth import DEPTHS, simulate_depths

# Raise this with every change that changes the numbers: files of another version are written anew.
GENERATOR = "1"
EVERY = 5  # days
BOUNDS = ((0.0, 1.0), (1.0, 10.0), (10.0, 30.0), (30.0, 75.0), (75.0, 125.0))  # m, of DEPTHS
PROFILE_SHARE = 0.02
DRIFT = 0.8  # cells in five days, along lat and along lon: some 5 cm/s
DATASETS = [Obs6(name, "synthetic", "1", "thetao") for name in ("DemoOceanDepth", "DemoOceanProfiles")]


def write_demo_depth(
    folder: Path,
    *,
    seed: int = SEED,
    first_day: str = FIRST_DAY,
    last_day: str = LAST_DAY,
    share: float = PROFILE_SHARE,
) -> list[Path]:
    """Write the temperature at depth, complete and as profiles, unless both files are there and whole.

    Parameters
    ----------
    folder
        Where ESMValCore looks for OBS6 data. The surface that belongs to it is written there, too.
    seed
        The same seed gives the same ocean and the same floats.
    first_day, last_day
        Period, both days included, as ``YYYY-MM-DD``.
    share
        Share of the columns of sea that floats see on a day.

    Returns
    -------
    list of pathlib.Path
        The complete file and that of the profiles.
    """
    paths = [demo.path(folder, first_day, last_day) for demo in DATASETS]
    origin = {
        "generator": "esmlearn.datasets.demo_depth",
        "generator_version": f"{SURFACE_GENERATOR}.{GENERATOR}",
        "seed": str(seed),
        "period": f"{first_day}/{last_day}",
        "profile_share": str(share),
    }
    missing = [path for path in paths if not is_whole(path, origin, "thetao")]
    if not missing:
        return paths

    surface, _ = write_demo_ocean(folder, seed=seed, first_day=first_day, last_day=last_day)
    with Dataset(surface) as file:
        tos = file["tos"][:]
    dates = np.arange(np.datetime64(first_day, "D"), np.datetime64(last_day, "D") + np.timedelta64(1, "D"))
    complete, kept = simulate_depths(tos, dates, seed=seed, every=EVERY)
    land = np.ma.getmaskarray(complete)[0, 0]
    for path, demo in zip(paths, DATASETS, strict=True):
        if path in missing:
            values, remark = complete.filled(FILL), ""
            if demo.dataset == "DemoOceanProfiles":
                seen = drifting_floats(len(kept), land, share=share, seed=seed + 3)
                values = np.where(seen[:, None], values, FILL)
                remark = " Values between the profiles of simulated floats are missing."
            about = {
                "title": f"{demo.dataset}: SYNTHETIC temperature of sea water on every fifth day, neither observed nor"
                " forecast",
                "source": "SYNTHETIC: kinematic simulation of a current and eddies off an idealised Japan, with a mixed"
                " layer",
                "frequency": f"{24 * EVERY}hr",
                **origin,
            }
            depths = dict(zip(DEPTHS, BOUNDS, strict=True))
            write_synthetic(demo, path, values, kept, about=about, remark=remark, depths=depths)
    return paths


def drifting_floats(
    n_times: int, land: Bool[np.ndarray, "lat lon"], *, share: float, seed: int
) -> Bool[np.ndarray, "time lat lon"]:
    """Choose the columns that floats profile: each rises at every second time, and drifts in a random walk in between.

    A float that strands or leaves the region is given up, and a new one set out anywhere at sea.

    Parameters
    ----------
    n_times
        Number of times; between two of them a float drifts 0.8 cells along lat and along lon (standard deviation).
    land
        True on land.
    share
        Share of the columns of sea that is seen at a time; a little less where floats share a cell.
    seed
        The same seed gives the same floats.

    Returns
    -------
    numpy.ndarray
        True where a float rises.
    """
    rng = np.random.default_rng(seed)
    sea = np.argwhere(~land)
    n_floats = 2 * round(share * len(sea))
    places = rng.permutation(sea)[:n_floats] + rng.uniform(-0.5, 0.5, (n_floats, 2))
    seen = np.zeros((n_times, *land.shape), dtype=bool)
    for time in range(n_times):
        cells = np.rint(places).astype(int)
        inside = ((cells >= 0) & (cells < land.shape)).all(axis=1)
        lost = ~inside
        lost[inside] = land[tuple(cells[inside].T)]
        cells[lost] = rng.choice(sea, lost.sum())
        places[lost] = cells[lost]
        seen[time][tuple(cells[time % 2 :: 2].T)] = True
        places = places + DRIFT * rng.standard_normal(places.shape)
    return seen
