"""The demo ocean: synthetic sea-surface temperature, as OBS6 files that ESMValCore finds as any other data.

There are two datasets: ``DemoOcean`` is complete, ``DemoOceanCloudy`` has the same values where no simulated cloud
hides them. Both are written once, and again only if a file is missing, cut off or altered. What lies below is in
`esmlearn.datasets.demo_depth`.
"""

import hashlib
from pathlib import Path

import numpy as np
from netCDF4 import Dataset

from esmlearn.datasets.obs6 import FILL, Obs6
from esmlearn.datasets.ocean_simulation import LAT, LON, day_of_year, simulate_ocean
from esmlearn.gaps.simulate import travelling_clouds

# Raise this with every change that changes the numbers: files of another version are written anew.
GENERATOR = "1"
SEED = 2001
FIRST_DAY, LAST_DAY = "2001-01-01", "2004-12-31"
CLOUD_SHARE = 0.70
DATASETS = [Obs6(name, "synthetic", "1", "tos") for name in ("DemoOcean", "DemoOceanCloudy")]


def write_demo_ocean(
    folder: Path,
    *,
    seed: int = SEED,
    first_day: str = FIRST_DAY,
    last_day: str = LAST_DAY,
    share: float = CLOUD_SHARE,
) -> list[Path]:
    """Write the demo ocean, complete and under clouds, unless both files are there and whole.

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
    paths = [demo.path(folder, first_day, last_day) for demo in DATASETS]
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

    dates = np.arange(np.datetime64(first_day, "D"), np.datetime64(last_day, "D") + np.timedelta64(1, "D"))
    complete = simulate_ocean(dates, seed=seed)
    for path, demo in zip(paths, DATASETS, strict=True):
        if path in missing:
            cloudy = demo.dataset == "DemoOceanCloudy"
            ocean = hide_under_clouds(complete, dates, seed=seed, share=share) if cloudy else complete
            remark = " Values under simulated clouds are missing." if cloudy else ""
            about = {
                "title": f"{demo.dataset}: SYNTHETIC daily sea surface temperature, neither observed nor forecast",
                "source": "SYNTHETIC: kinematic simulation of a meandering current and eddies off an idealised Japan",
                "frequency": "day",
                **origin,
            }
            write_synthetic(demo, path, ocean.filled(FILL), dates, about=about, remark=remark)
    return paths


def hide_under_clouds(complete: np.ma.MaskedArray, dates: np.ndarray, *, seed: int, share: float) -> np.ma.MaskedArray:
    """Mask what simulated clouds hide; whatever is seen keeps its value to the last bit.

    Parameters
    ----------
    complete
        degC, ``(time, lat, lon)``, masked on land.
    dates
        datetime64[D], ``(time,)``: clouds have a season.
    seed
        Seed of the ocean; the clouds have random numbers of their own.
    share
        Share that is hidden in the mean of a year.

    Returns
    -------
    numpy.ma.MaskedArray
        As ``complete``.
    """
    clouds = travelling_clouds(*complete.shape, share=share, seed=seed + 1, day_of_year=day_of_year(dates))
    return np.ma.array(complete.data, mask=np.ma.getmaskarray(complete) | clouds, fill_value=FILL)


def is_whole(path: Path, origin: dict[str, str], variable: str = "tos") -> bool:
    """Tell whether a file opens, comes from this generator and settings, and holds the values that were written."""
    try:
        with Dataset(path) as file:
            file.set_auto_mask(False)
            same = all(getattr(file, key, None) == value for key, value in origin.items())
            return same and file.values_sha256 == _sha256(file[variable][:])
    except (OSError, RuntimeError, AttributeError, IndexError):  # what netCDF4 raises on missing and cut-off files
        return False


def _sha256(values: np.ndarray) -> str:
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
    """Write one file of the demo ocean, with a hash of its values.

    Parameters
    ----------
    demo, path
        The dataset and its file.
    values
        degC, ``(time, lat, lon)``, or ``(time, depth, lat, lon)`` with `depths`; `FILL` where missing.
    dates
        datetime64[D], ``(time,)``.
    about
        Attributes of the file.
    remark
        Ends the file's attribute `comment`.
    depths
        Depths of the levels, each with its bounds, m.
    """
    about = {
        "institution": "esmlearn",
        "license": "CC0-1.0; coast from Natural Earth, public domain",
        "comment": f"Made for demonstrations and tests; no statement about the real ocean can rest on it.{remark}",
        "values_sha256": _sha256(values),
        **about,
    }
    comment = f"SYNTHETIC, made by {about['generator']}"
    with demo.write(path, dates, LAT, LON, about=about, comment=comment, depths=depths, days_in_chunk=64) as variable:
        variable[:] = values
