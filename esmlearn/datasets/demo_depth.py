"""The demo ocean below its surface: synthetic temperature at five depths, as OBS6 files that ESMValCore finds.

``DemoOceanDepth`` is complete, ``DemoOceanProfiles`` has the same values only where a float measured a profile. Both
have every fifth day of the demo ocean. They are written on request only, since most recipes need the surface alone.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Bool
from netCDF4 import Dataset

from esmlearn.datasets.demo_ocean import FIRST_DAY, LAST_DAY, SEED, is_whole, write_demo_ocean, write_synthetic
from esmlearn.datasets.demo_ocean import GENERATOR as SURFACE_GENERATOR
from esmlearn.datasets.obs6 import FILL, Obs6
from esmlearn.datasets.ocean_depth import DEPTHS, simulate_depths

# Raise this with every change of the numbers: files of another version are written anew.
GENERATOR = "1"
EVERY = 5  # days
BOUNDS = ((0.0, 1.0), (1.0, 10.0), (10.0, 30.0), (30.0, 75.0), (75.0, 125.0))  # m, of DEPTHS
PROFILE_SHARE = 0.02
DRIFT = 0.8  # cells in five days, along lat and along lon (standard deviation): some 5 cm/s
COMPLETE, PROFILES = (Obs6(name, "synthetic", "1", "thetao") for name in ("DemoOceanDepth", "DemoOceanProfiles"))


def write_demo_depth(
    folder: Path,
    *,
    seed: int = SEED,
    first_day: str = FIRST_DAY,
    last_day: str = LAST_DAY,
    share: float = PROFILE_SHARE,
) -> list[Path]:
    """Write the temperature at depth, complete and as profiles, unless both files exist and are complete.

    The arguments are those of `write_demo_ocean`, which writes the surface into the same folder first; `share` is the
    share of the columns of sea that floats measure on a day. Returns the complete file and that of the profiles.
    """
    paths = [demo.path(folder, first_day, last_day) for demo in (COMPLETE, PROFILES)]
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
    dates = np.arange(np.datetime64(first_day), np.datetime64(last_day) + 1)
    complete, kept = simulate_depths(tos, dates, seed=seed, every=EVERY)
    land = np.ma.getmaskarray(complete)[0, 0]
    for path, demo in zip(paths, (COMPLETE, PROFILES), strict=True):
        if path not in missing:
            continue
        values, remark = complete.filled(FILL), ""
        if demo is PROFILES:
            measured = drifting_floats(len(kept), land, share=share, seed=seed + 3)
            values = np.where(measured[:, None], values, FILL)
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
    """Mark the columns that floats measure: each float rises at every second time, and drifts as a random walk.

    A float that strands or leaves the region is replaced by a new one anywhere at sea. `share` is the share of the
    columns of sea that is measured at a time; it is a little less where floats meet in one cell.
    """
    rng = np.random.default_rng(seed)
    sea = np.argwhere(~land)
    n_floats = 2 * round(share * len(sea))
    places = rng.permutation(sea)[:n_floats] + rng.uniform(-0.5, 0.5, (n_floats, 2))
    measured = np.zeros((n_times, *land.shape), dtype=bool)
    for time in range(n_times):
        cells = np.rint(places).astype(int)
        inside = ((cells >= 0) & (cells < land.shape)).all(axis=1)
        lost = ~inside
        lost[inside] = land[tuple(cells[inside].T)]
        cells[lost] = rng.choice(sea, lost.sum())
        places[lost] = cells[lost]
        measured[time][tuple(cells[time % 2 :: 2].T)] = True
        places = places + DRIFT * rng.standard_normal(places.shape)
    return measured
