"""The demo ocean: synthetic sea-surface temperature, as OBS6 files that ESMValCore finds like any other data.

There are two datasets: ``DemoOcean`` is complete, ``DemoOceanCloudy`` has the same values where no simulated cloud
hides them. Files are written once, and again only if they are missing, cut off or altered. For the temperature below
the surface see `esmlearn.datasets.demo_depth`.
"""

import hashlib
from pathlib import Path

import numpy as np
from netCDF4 import Dataset

from esmlearn.datasets.obs6 import FILL, Obs6
from esmlearn.datasets.ocean_simulation import LAT, LON, day_of_year, simulate_ocean
from esmlearn.gaps.simulate import travelling_clouds

# Raise this with every change of the numbers: files of another version are written anew.
GENERATOR = "1"
SEED = 2001
FIRST_DAY, LAST_DAY = "2001-01-01", "2004-12-31"
CLOUD_SHARE = 0.70
COMPLETE, CLOUDY = (Obs6(name, "synthetic", "1", "tos") for name in ("DemoOcean", "DemoOceanCloudy"))


def write_demo_ocean(
    folder: Path,
    *,
    seed: int = SEED,
    first_day: str = FIRST_DAY,
    last_day: str = LAST_DAY,
    share: float = CLOUD_SHARE,
) -> list[Path]:
    """Write the demo ocean, complete and under clouds, unless both files exist and are complete.

    Parameters
    ----------
    folder
        Where ESMValCore looks for OBS6 data; the files go to ``Tier2/DemoOcean`` and ``Tier2/DemoOceanCloudy`` below.
    seed
        The same seed gives the same ocean under the same clouds.
    first_day, last_day
        Period, both days included, as ``YYYY-MM-DD``.
    share
        Share of all values that the clouds hide in the mean of a year.

    Returns
    -------
    list of pathlib.Path
        The complete and the cloudy file.
    """
    paths = [demo.path(folder, first_day, last_day) for demo in (COMPLETE, CLOUDY)]
    origin = {
        "generator": "esmlearn.datasets.demo_ocean",
        "generator_version": GENERATOR,
        "seed": str(seed),
        "period": f"{first_day}/{last_day}",
        "cloud_share": str(share),
    }
    missing = [path for path in paths if not is_whole(path, origin)]
    if not missing:
        return paths

    dates = np.arange(np.datetime64(first_day), np.datetime64(last_day) + np.timedelta64(1, "D"))
    complete = simulate_ocean(dates, seed=seed)
    for path, demo in zip(paths, (COMPLETE, CLOUDY), strict=True):
        if path not in missing:
            continue
        ocean, remark = complete, ""
        if demo is CLOUDY:
            ocean = hide_under_clouds(complete, dates, seed=seed, share=share)
            remark = " Values under simulated clouds are missing."
        about = {
            "title": f"{demo.dataset}: SYNTHETIC daily sea surface temperature, neither observed nor forecast",
            "source": "SYNTHETIC: kinematic simulation of a meandering current and eddies off an idealised Japan",
            "frequency": "day",
            **origin,
        }
        write_synthetic(demo, path, ocean.filled(FILL), dates, about=about, remark=remark)
    return paths


def hide_under_clouds(complete: np.ma.MaskedArray, dates: np.ndarray, *, seed: int, share: float) -> np.ma.MaskedArray:
    """Mask the values under simulated clouds, ``(time, lat, lon)``, and leave all other values as they are.

    Clouds have a season, which `dates` (datetime64[D]) give, and hide the given share in the mean of a year. `seed` is
    that of the ocean; the random numbers of the clouds are their own.
    """
    clouds = travelling_clouds(*complete.shape, share=share, seed=seed + 1, day_of_year=day_of_year(dates))
    return np.ma.array(complete.data, mask=np.ma.getmaskarray(complete) | clouds, fill_value=FILL)


def is_whole(path: Path, origin: dict[str, str], variable: str = "tos") -> bool:
    """Whether a file opens, was written with this generator and settings, and still has the values of that time."""
    try:
        with Dataset(path) as file:
            file.set_auto_mask(False)
            same = all(getattr(file, key, None) == value for key, value in origin.items())
            return same and file.values_sha256 == values_sha256(file[variable][:])
    except (OSError, RuntimeError, AttributeError, IndexError):  # what netCDF4 raises on missing and cut-off files
        return False


def values_sha256(values: np.ndarray) -> str:
    """Return the hash of the values of a file, which `is_whole` compares."""
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f4").tobytes()).hexdigest()


def write_synthetic(
    demo: Obs6,
    path: Path,
    values: np.ndarray,
    dates: np.ndarray,
    *,
    about: dict[str, str],
    remark: str,
    depths: dict[float, tuple[float, float]] | None = None,
) -> None:
    """Write a file of a demo ocean, with a hash of its values.

    `values` are in degC, ``(time, lat, lon)``, or ``(time, depth, lat, lon)`` with `depths`, and `FILL` where missing.
    `about` has attributes of the file, and `remark` is the end of its attribute `comment`. For `dates` and `depths` see
    `Obs6.write`.
    """
    about = {
        "institution": "esmlearn",
        "license": "CC0-1.0; coast from Natural Earth, public domain",
        "comment": f"Made for demonstrations and tests; no statement about the real ocean can rest on it.{remark}",
        "values_sha256": values_sha256(values),
        **about,
    }
    comment = f"SYNTHETIC, made by {about['generator']}"
    with demo.write(path, dates, LAT, LON, about=about, comment=comment, depths=depths, days_in_chunk=64) as variable:
        variable[:] = values
