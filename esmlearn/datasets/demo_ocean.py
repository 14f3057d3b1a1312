"""The demo ocean: synthetic sea-surface temperature, as OBS6 files that ESMValCore finds as any other data.

There are two datasets: ``DemoOcean`` is complete, ``DemoOceanCloudy`` has the same values where no simulated cloud
hides them. Both are written once, and again only if a file is missing, cut off or altered. What lies below is in
`esmlearn.datasets.demo_depth`.
"""

import hashlib
import os
from pathlib import Path

import numpy as np
from netCDF4 import Dataset

from esmlearn.datasets.ocean_simulation import LAT, LON, STEP, day_of_year, simulate_ocean
from esmlearn.gaps.simulate import travelling_clouds

# Raise this with every change that changes the numbers: files of another version are written anew.
GENERATOR = "1"
SEED = 2001
FIRST_DAY, LAST_DAY = "2001-01-01", "2004-12-31"
CLOUD_SHARE = 0.70
DATASETS = ("DemoOcean", "DemoOceanCloudy")
FILL = np.float32(1e20)


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
    period = "-".join(day.replace("-", "") for day in (first_day, last_day))
    paths = [Path(folder) / "Tier2" / name / f"OBS6_{name}_synthetic_1_Oday_tos_{period}.nc" for name in DATASETS]
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
    for path, name in zip(paths, DATASETS, strict=True):
        if path in missing:
            ocean = complete if name == "DemoOcean" else hide_under_clouds(complete, dates, seed=seed, share=share)
            _write(path, name, ocean, dates, origin)
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
        Seed of the ocean; the clouds draw from their own stream.
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
    except (
        OSError,
        RuntimeError,
        AttributeError,
        IndexError,
    ):  # what netCDF4 raises on missing and cut-off files
        return False


def _sha256(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f4").tobytes()).hexdigest()


def _write(path: Path, name: str, ocean: np.ma.MaskedArray, dates: np.ndarray, origin: dict[str, str]) -> None:
    """Write one file of the surface, as the CMIP6 table Oday asks for `tos`."""
    clouds = " Values under simulated clouds are missing." if name == "DemoOceanCloudy" else ""
    about = {
        "title": f"{name}: SYNTHETIC daily sea surface temperature, neither observed nor forecast",
        "source": "SYNTHETIC: kinematic simulation of a meandering current and eddies off an idealised Japan",
        "comment": f"Made for demonstrations and tests; no statement about the real ocean can rest on it.{clouds}",
        "dataset_id": name,
        "mip": "Oday",
        "frequency": "day",
        **origin,
    }
    tos = {
        "standard_name": "sea_surface_temperature",
        "long_name": "Sea Surface Temperature",
        "units": "degC",
        "cell_methods": "area: mean where sea time: mean",
    }
    write_obs6(path, "tos", ocean.filled(FILL), dates, variable=tos, about=about)


def write_obs6(
    path: Path,
    name: str,
    values: np.ndarray,
    dates: np.ndarray,
    *,
    variable: dict[str, str],
    about: dict[str, str],
    depths: dict[float, tuple[float, float]] | None = None,
) -> None:
    """Write one file of the demo ocean aside, and rename it when it is complete.

    Parameters
    ----------
    path
        Of the file; its folder is made.
    name
        Of the variable.
    values
        ``(time, lat, lon)``, or ``(time, depth, lat, lon)`` with `depths`; `FILL` where missing.
    dates
        datetime64[D], ``(time,)``.
    variable, about
        Attributes of the variable and of the file.
    depths
        Depths of the levels, each with its bounds, m.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.parent / f".{os.getpid()}_{path.name}"  # ESMValCore's file name template does not match it
    try:
        with Dataset(aside, "w") as file:
            file.setncatts({**_COMMON, "values_sha256": _sha256(values), **about})
            _fill_file(file, name, values, _axes(dates, depths), variable)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


_COMMON = {
    "Conventions": "CF-1.7",
    "institution": "esmlearn",
    "project_id": "OBS6",
    "tier": "2",
    "type": "synthetic",
    "version": "1",
    "license": "CC0-1.0; coast from Natural Earth, public domain",
}


def _axes(
    dates: np.ndarray, depths: dict[float, tuple[float, float]] | None
) -> dict[str, tuple[np.ndarray, np.ndarray, dict[str, str]]]:
    """Describe the axes in the order of the dimensions: points, bounds and attributes."""
    days = (dates - np.datetime64("1850-01-01")).astype(float) + 0.5
    axes = {"time": (days, _around(days, 0.5), {"units": "days since 1850-01-01", "calendar": "standard", "axis": "T"})}
    if depths is not None:
        downward = {"units": "m", "positive": "down", "axis": "Z"}
        axes["lev"] = (np.array(list(depths)), np.array(list(depths.values())), downward)
    axes["lat"] = (LAT, _around(LAT, STEP / 2), {"units": "degrees_north", "axis": "Y"})
    axes["lon"] = (LON, _around(LON, STEP / 2), {"units": "degrees_east", "axis": "X"})
    return axes


def _around(points: np.ndarray, half: float) -> np.ndarray:
    """Bounds at the same distance on either side."""
    return np.stack([points - half, points + half], axis=1)


def _fill_file(
    file: Dataset,
    name: str,
    values: np.ndarray,
    axes: dict[str, tuple[np.ndarray, np.ndarray, dict[str, str]]],
    attributes: dict[str, str],
) -> None:
    """Put coordinates and values into an open file."""
    words = {"time": "time", "lev": "depth", "lat": "latitude", "lon": "longitude"}
    file.createDimension("bnds", 2)
    for axis, (points, bounds, about) in axes.items():
        file.createDimension(axis, len(points))
        coordinate = file.createVariable(axis, "f8", (axis,))
        coordinate.setncatts(about | {"standard_name": words[axis], "long_name": words[axis], "bounds": f"{axis}_bnds"})
        coordinate[:] = points
        file.createVariable(f"{axis}_bnds", "f8", (axis, "bnds"))[:] = bounds

    chunks = (min(64, len(values)), *(1 for _ in values.shape[1:-2]), *values.shape[-2:])
    data = file.createVariable(name, "f4", tuple(axes), fill_value=FILL, zlib=True, complevel=1, chunksizes=chunks)
    data.setncatts(attributes | {"missing_value": FILL, "comment": f"SYNTHETIC, made by {file.generator}"})
    data.set_auto_mask(False)
    data[:] = values
