"""Synthetic climate models of the demo region: CMIP6 files of daily `tos` on curvilinear grids.

Each model is the ocean simulation with another seed, so that it has its own weather, made warmer or colder, with a
stronger or weaker season, in a calendar of its own, on a native grid of half the resolution whose rows and columns are
bent. No number of it is that of a climate model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from netCDF4 import Dataset
from scipy.ndimage import distance_transform_edt, map_coordinates

from esmlearn.datasets.demo_ocean import is_whole, values_sha256
from esmlearn.datasets.obs6 import FILL
from esmlearn.datasets.ocean_simulation import LAT, LON, STEP, simulate_ocean
from esmlearn.files import atomic_write
from esmlearn.grids.land import is_land

GENERATOR = "1"
"""Raise this with every change of the numbers: files of another version are written anew."""


@dataclass(frozen=True)
class DemoModel:
    """A synthetic climate model.

    Attributes
    ----------
    name, calendar
        Name of the dataset; `noleap` or `360_day`.
    seed
        Of its simulation.
    bias, season
        Added to all temperatures in degC, and factor of the departures from the mean of each cell.
    bend
        Largest shift of its rows and columns, in degrees.
    """

    name: str
    calendar: str
    seed: int
    bias: float
    season: float
    bend: float


MODELS = (
    DemoModel("DemoModelA", "noleap", 31, bias=0.8, season=1.1, bend=0.35),
    DemoModel("DemoModelB", "360_day", 32, bias=-0.5, season=0.9, bend=-0.25),
)


def write_demo_models(
    folder: Path, *, models: Sequence[DemoModel] = MODELS, first_year: int = 1985, years: int = 3
) -> list[Path]:
    """Write the files of all models, unless they are there and complete.

    Parameters
    ----------
    folder
        Where ESMValCore looks for the demo ocean; the files go to ``CMIP6/NAME`` below.
    models
        Which ones.
    first_year, years
        Period. All of it lies before the demo ocean, as in a recipe that learns from the past of models.

    Returns
    -------
    list of pathlib.Path
        One file for each model.
    """
    paths = []
    for model in models:
        last = f"{first_year + years - 1}12{30 if model.calendar == '360_day' else 31}"
        name = f"tos_Oday_{model.name}_historical_r1i1p1f1_gn_{first_year}0101-{last}.nc"
        path = Path(folder, "CMIP6", model.name, name)
        origin = {"generator": "esmlearn.datasets.demo_models", "generator_version": GENERATOR, "seed": str(model.seed)}
        if not is_whole(path, origin):
            _write(path, model, origin, first_year, years)
        paths.append(path)
    return paths


def _write(path: Path, model: DemoModel, origin: dict[str, str], first_year: int, years: int) -> None:
    """Simulate one model and write its file."""
    length = 360 if model.calendar == "360_day" else 365
    # Days of the simulation are those of a year of 365.25 days: the season of a model's year is spread over its days.
    first = np.datetime64(f"{first_year}-01-01")
    ocean = simulate_ocean(first + np.arange(round(365.25 * years)), seed=model.seed)
    chosen = np.floor(np.arange(length * years) * 365.25 / length).astype(int)
    lat, lon = _native_grid(model.bend)
    values = _sample(_filled(ocean)[chosen], lat, lon)
    mean = values.mean(axis=0)
    values = mean + model.bias + model.season * (values - mean)
    values = np.where(is_land(lat, lon), FILL, values).astype(np.float32)
    noon = np.arange(length * years) + 0.5
    with atomic_write(path) as aside, Dataset(aside, "w") as file:
        file.setncatts(
            {
                "Conventions": "CF-1.7 CMIP-6.2",
                "title": f"{model.name}: SYNTHETIC daily sea surface temperature of no climate model",
                "source": "SYNTHETIC: kinematic simulation of a meandering current and eddies off an idealised Japan",
                "institution": "esmlearn",
                "license": "CC0-1.0; coast from Natural Earth, public domain",
                "comment": "Made for demonstrations and tests; no statement about the ocean or a model can rest on it.",
                "frequency": "day",
                "mip_era": "CMIP6",
                "values_sha256": values_sha256(values),
                **origin,
            }
        )
        for name, size in {"time": len(noon), "j": lat.shape[0], "i": lat.shape[1], "bnds": 2}.items():
            file.createDimension(name, size)
        time = file.createVariable("time", "f8", ("time",))
        time.setncatts({"standard_name": "time", "axis": "T", "calendar": model.calendar, "bounds": "time_bnds"})
        time.units = f"days since {first_year}-01-01"
        time[:] = noon
        file.createVariable("time_bnds", "f8", ("time", "bnds"))[:] = np.stack([noon - 0.5, noon + 0.5], axis=1)
        for name, points, units in (("latitude", lat, "degrees_north"), ("longitude", lon, "degrees_east")):
            axis = file.createVariable(name, "f8", ("j", "i"))
            axis.setncatts({"standard_name": name, "long_name": name, "units": units})
            axis[:] = points
        tos = file.createVariable(
            "tos", "f4", ("time", "j", "i"), fill_value=FILL, zlib=True, complevel=1, chunksizes=(64, *lat.shape)
        )
        tos.setncatts(
            {
                "standard_name": "sea_surface_temperature",
                "long_name": "Sea Surface Temperature",
                "units": "degC",
                "coordinates": "latitude longitude",
                "cell_methods": "area: mean where sea time: mean",
                "missing_value": FILL,
            }
        )
        tos[:] = values


def _native_grid(bend: float) -> tuple[np.ndarray, np.ndarray]:
    """Make latitudes and longitudes of bent rows and columns, which are straight at the edges of the domain."""
    row, column = (np.arange(points[0] + STEP / 2, points[-1], 2 * STEP) for points in (LAT, LON))
    lat, lon = np.meshgrid(row, column, indexing="ij")
    north, east = ((part - part.min()) / np.ptp(part) for part in (lat, lon))
    swell = np.sin(np.pi * north) * np.sin(np.pi * east)
    return lat + bend * swell * np.sin(2 * np.pi * east), lon + bend * swell * np.cos(2 * np.pi * north)


def _filled(ocean: np.ma.MaskedArray) -> np.ndarray:
    """Give each cell on land the value of the nearest ocean cell, so that coasts can be interpolated."""
    nearest = distance_transform_edt(np.ma.getmaskarray(ocean)[0], return_distances=False, return_indices=True)
    return ocean.data[:, nearest[0], nearest[1]]


def _sample(days: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Interpolate linearly to places."""
    places = np.stack([(lat - LAT[0]) / STEP, (lon - LON[0]) / STEP])
    return np.stack([map_coordinates(day, places, order=1, mode="nearest") for day in days])
