"""Write OBS6 files: netCDF as the CMIP6 table Oday requires, under names by which ESMValCore finds observations."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from netCDF4 import Dataset, Variable

from esmlearn.files import atomic_write
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.readers.profiles_table import QUANTITIES

FILL = np.float32(1e20)
"""Value that means missing."""

EPOCH = np.datetime64("1850-01-01", "D")

VARIABLES = {
    "tos": {"standard_name": "sea_surface_temperature", "long_name": "Sea Surface Temperature", "units": "degC"},
    **QUANTITIES,
}


@dataclass(frozen=True)
class Obs6:
    """A dataset: `kind` is ESMValCore's facet `type`, such as sat, and `variable` one of `VARIABLES`."""

    dataset: str
    kind: str
    version: str
    variable: str

    def path(self, folder: Path, first: object, last: object) -> Path:
        """Return the file of a period, ``YYYY-MM-DD`` to ``YYYY-MM-DD``, below the folder where ESMValCore looks."""
        period = "-".join(str(day).replace("-", "") for day in (first, last))
        name = f"OBS6_{self.dataset}_{self.kind}_{self.version}_Oday_{self.variable}_{period}.nc"
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
    ) -> Iterator[Variable]:
        """Make a file, and give its variable to be filled with means of days; without an error, it stays.

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

        Yields
        ------
        netCDF4.Variable
            ``(time, lat, lon)``, or ``(time, lev, lat, lon)`` with `depths`; in the units of `VARIABLES`; `FILL` means
            missing.
        """
        grid = RectilinearGrid(lat, lon)
        half = step_days / 2
        middle = (dates - EPOCH).astype(float) + half
        axes = {
            "time": (middle, np.stack([middle - half, middle + half], axis=1), "time", "days since 1850-01-01", "T"),
            "lat": (lat, grid.lat_edges, "latitude", "degrees_north", "Y"),
            "lon": (lon, grid.lon_edges, "longitude", "degrees_east", "X"),
        }
        if depths is not None:
            lev = np.array(list(depths)), np.array(list(depths.values())), "depth", "m", "Z"
            axes = {"time": axes.pop("time"), "lev": lev} | axes
        facets = {"dataset_id": self.dataset, "tier": "2", "type": self.kind, "version": self.version, "mip": "Oday"}
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
            means = {"cell_methods": "area: mean where sea time: mean", "missing_value": FILL}
            variable.setncatts(VARIABLES[self.variable] | means | ({"comment": comment} if comment else {}))
            variable.set_auto_mask(False)
            yield variable
