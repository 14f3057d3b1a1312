"""Write OBS6 files: netCDF as the CMIP6 tables require, under names by which ESMValCore finds observations."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from netCDF4 import Dataset, Variable

from esmlearn.cubes.columns import spatial_order
from esmlearn.files import atomic_write
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.readers.profiles_table import QUANTITIES

FILL = np.float32(1e20)
"""Value that means missing."""

EPOCH = np.datetime64("1850-01-01", "D")

CHLOROPHYLL = "mass_concentration_of_phytoplankton_expressed_as_chlorophyll_in_sea_water"

VARIABLES = {
    "tos": {"standard_name": "sea_surface_temperature", "long_name": "Sea Surface Temperature", "units": "degC"},
    "tosStderr": {"long_name": "Sea Surface Temperature Error", "units": "K"},
    **QUANTITIES,
    "sos": {"standard_name": "sea_surface_salinity", "long_name": "Sea Surface Salinity", "units": "0.001"},
    "chlos": {
        "standard_name": CHLOROPHYLL,
        "long_name": "Surface Mass Concentration of Chlorophyll",
        "units": "kg m-3",
    },
    "zos": {
        "standard_name": "sea_surface_height_above_geoid",
        "long_name": "Sea Surface Height Above Geoid",
        "units": "m",
    },
    "sla": {
        "standard_name": "sea_surface_height_above_sea_level",
        "long_name": "Sea Level Anomaly",
        "units": "m",
    },
    "tas": {"standard_name": "air_temperature", "long_name": "Near-Surface Air Temperature", "units": "K"},
}
"""Attributes of each variable in the CMIP6 tables of ESMValCore, tosStderr in its own."""

OWN = ("sla",)
"""Variables that no table of ESMValCore has, see `esmlearn.datasets.cmor_table`."""


@dataclass(frozen=True)
class Obs6:
    """A dataset: `kind` is ESMValCore's facet `type`, such as sat, `variable` one of `VARIABLES`, `mip` its table."""

    dataset: str
    kind: str
    version: str
    variable: str
    mip: str = "Oday"

    def path(self, folder: Path, first: object, last: object) -> Path:
        """Return the file of a period, ``YYYY-MM-DD`` to ``YYYY-MM-DD``, below the folder where ESMValCore looks."""
        period = "-".join(str(day).replace("-", "") for day in (first, last))
        name = f"OBS6_{self.dataset}_{self.kind}_{self.version}_{self.mip}_{self.variable}_{period}.nc"
        return Path(folder, "Tier2", self.dataset, name)

    @contextmanager
    def write(
        self,
        path: Path,
        dates: np.ndarray,
        lat: Float[np.ndarray, " lat"],
        lon: Float[np.ndarray, " lon"],
        *,
        about: dict[str, str],
        comment: str | None = None,
        depths: dict[float, tuple[float, float]] | None = None,
        days_in_chunk: int,
        step_days: int = 1,
        monthly: bool = False,
    ) -> Iterator[Variable]:
        """Make a file, and give its variable to be filled with means of days or months; without an error, it stays.

        Parameters
        ----------
        path
            The file; its folder is made.
        dates
            First day of each mean, datetime64[D], ``(time,)``.
        lat, lon
            Centres of the cells, in rising order.
        about
            Further attributes of the file.
        comment
            Attribute of the variable.
        depths
            Depths of the levels, each with its bounds, m; None for the surface.
        days_in_chunk
            Times that are compressed together.
        step_days
            Days in each mean.
        monthly
            Whether each value is the mean of the month that begins with its date, not of `step_days`.

        Yields
        ------
        netCDF4.Variable
            ``(time, lat, lon)``, or ``(time, lev, lat, lon)`` with `depths`, in the units of `VARIABLES`; `FILL`
            means missing.
        """
        order, turns = _eastward(lon)
        grid = RectilinearGrid(lat, lon[order] + 360 * turns)
        lon_edges = np.empty((lon.size, 2))
        lon_edges[order] = grid.lon_edges - 360 * turns[:, None]
        starts = (dates - EPOCH).astype(float)
        ends = (_next_months(dates) - EPOCH).astype(float) if monthly else starts + step_days
        bounds = np.stack([starts, ends], axis=1)
        axes = {
            "time": (bounds.mean(axis=1), bounds, "time", "days since 1850-01-01", "T"),
            "lat": (lat, grid.lat_edges, "latitude", "degrees_north", "Y"),
            "lon": (lon, lon_edges, "longitude", "degrees_east", "X"),
        }
        if depths is not None:
            lev = np.array(list(depths)), np.array(list(depths.values())), "depth", "m", "Z"
            axes = {"time": axes.pop("time"), "lev": lev} | axes
        facets = {"dataset_id": self.dataset, "tier": "2", "type": self.kind, "version": self.version, "mip": self.mip}
        with atomic_write(path) as aside, Dataset(aside, "w") as file:
            file.setncatts({"Conventions": "CF-1.7", "project_id": "OBS6", **facets, **about})
            file.createDimension("bnds", 2)
            for name, (points, bounds, word, units, letter) in axes.items():
                file.createDimension(name, len(points))
                axis = file.createVariable(name, "f8", (name,))
                axis.setncatts({"standard_name": word, "long_name": word, "units": units, "axis": letter})
                axis.bounds = f"{name}_bnds"
                axis[:] = points
                file.createVariable(axis.bounds, "f8", (name, "bnds"))[:] = bounds
            file["time"].calendar = "standard"
            if depths is not None:
                file["lev"].positive = "down"
            chunks = [1 if name == "lev" else len(points) for name, (points, *_) in axes.items()]
            chunks[0] = min(days_in_chunk, chunks[0])
            variable = file.createVariable(
                self.variable, "f4", tuple(axes), fill_value=FILL, zlib=True, complevel=1, chunksizes=chunks
            )
            where = "time: mean" if self.variable == "tas" else "area: mean where sea time: mean"
            means = {"cell_methods": where, "missing_value": FILL}
            variable.setncatts(VARIABLES[self.variable] | means | ({"comment": comment} if comment else {}))
            variable.set_auto_mask(False)
            yield variable


def _eastward(lon: Float[np.ndarray, " lon"]) -> tuple[np.ndarray, np.ndarray]:
    """Order of columns from west to east and the turns to add: a region across Greenwich has its parts at both ends."""
    if lon.size < 3 or np.diff(lon).max() < 180:
        return np.arange(lon.size), np.zeros(lon.size)
    return spatial_order(lon, "longitude")


def _next_months(dates: np.ndarray) -> np.ndarray:
    """First days of the months after some dates."""
    return (dates.astype("datetime64[M]") + np.timedelta64(1, "M")).astype("datetime64[D]")
