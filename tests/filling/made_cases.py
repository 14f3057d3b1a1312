"""Small cubes of any shape, order, units, calendar and gaps, of which the content is known."""

from dataclasses import dataclass, replace

import cftime
import iris.coords
import numpy as np
from cf_units import Unit
from hypothesis import strategies as st
from iris.cube import Cube

STEPS = {"3hr": 0.125, "day": 1.0, "5day": 5.0, "8day": 8.0, "mon": 0.0}
UNITS = {
    "degC": "degC",
    "K": "K",
    "degF": "degF",
    "degree Celsius": "degC",
    "degrees_C": "degC",
    "C": "degC",
}
"""Units as files write them, and as they are meant."""

ORDERS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


@dataclass(frozen=True)
class Case:
    """What a cube is made of; the defaults are the plainest daily one."""

    shape: tuple[int, int, int] = (8, 4, 5)
    step: str = "day"
    calendar: str = "standard"
    start: tuple[int, int, int] = (2001, 1, 1)
    lat: float = 30.0
    lon: float = 145.0
    spacing: float = 0.25
    values: str = "waves"
    gaps: float = 0.4
    empty_times: bool = False
    unseen_cells: bool = False
    seed: int = 0
    order: tuple[int, int, int] = ORDERS[0]
    southward: bool = False
    longitudes: str = "unrolled"
    units: str = "degC"
    dtype: str = "float64"
    nan: bool = False
    named: bool = True
    bounds: bool = True

    @property
    def latitudes(self) -> np.ndarray:
        """From south to north, degrees."""
        return self.lat + self.spacing * np.arange(self.shape[1])

    @property
    def longitudes_east(self) -> np.ndarray:
        """From west to east in one piece, degrees."""
        return self.lon + self.spacing * np.arange(self.shape[2])

    def plain(self) -> "Case":
        """The same field, written plainly."""
        names = ("order", "southward", "longitudes", "units", "dtype", "nan", "named", "bounds")
        return replace(self, **{name: getattr(Case(), name) for name in names})

    def truth(self) -> np.ndarray:
        """Values in degC, rows from south to north, NaN in gaps; whole numbers where the file holds integers."""
        rng = np.random.default_rng(self.seed)
        time, row, column = np.meshgrid(*map(np.arange, self.shape), indexing="ij")
        made = {
            "waves": 18 + 3 * np.sin(0.5 * row + 0.4 * column - 0.3 * time),
            "noise": 18 + 3 * rng.standard_normal(self.shape),
            "constant": np.full(self.shape, 18.0),
            "tiny": 18 + 1e-5 * rng.standard_normal(self.shape),
        }[self.values]
        hidden = rng.random(self.shape) < self.gaps
        if self.empty_times:
            hidden[rng.random(self.shape[0]) < 0.4] = True
        if self.unseen_cells:
            hidden[:, rng.random(self.shape[1:]) < 0.3] = True
        if self.dtype == "int16":
            written = np.round(Unit("degC").convert(made, UNITS[self.units]))
            made = Unit(UNITS[self.units]).convert(written, "degC")
        return np.where(hidden, np.nan, made)

    def cube(self) -> Cube:
        """The cube as a file could hold it."""
        truth = self.truth()
        values = np.ma.masked_invalid(Unit("degC").convert(truth, UNITS[self.units]))
        data = values.filled(0.0).round().astype("int16") if self.dtype == "int16" else values.filled(np.nan)
        data = data.astype(self.dtype)
        if not self.nan or self.dtype == "int16":
            data = np.ma.masked_array(data, mask=np.isnan(truth))
        lat, lon = self.latitudes, self.longitudes_east
        if self.southward:
            lat, data = lat[::-1], data[:, ::-1]
        if self.longitudes != "unrolled":
            lon = lon % 360 if self.longitudes == "0-360" else (lon + 180) % 360 - 180
            west_first = np.argsort(lon)
            lon, data = lon[west_first], data[:, :, west_first]
        axes = [self._time(), _axis("latitude", lat, self.named), _axis("longitude", lon, self.named)]
        return Cube(
            data.transpose(self.order),
            standard_name="sea_surface_temperature",
            var_name="tos",
            units=self.units,
            dim_coords_and_dims=[(axes[axis], place) for place, axis in enumerate(self.order)],
        )

    def _time(self) -> iris.coords.DimCoord:
        units = Unit("days since 2001-01-01", calendar=self.calendar)
        first = cftime.date2num(cftime.datetime(*self.start, calendar=self.calendar), str(units), self.calendar)
        if self.step == "mon":
            year, month = self.start[:2]
            dates = [
                cftime.datetime(year + (month - 1 + k) // 12, (month - 1 + k) % 12 + 1, 1, calendar=self.calendar)
                for k in range(self.shape[0] + 1)
            ]
            edges = np.array(cftime.date2num(dates, str(units), self.calendar), float)
        else:
            edges = first + STEPS[self.step] * np.arange(self.shape[0] + 1.0)
        bounds = np.stack([edges[:-1], edges[1:]], axis=1)
        return iris.coords.DimCoord(
            bounds.mean(axis=1),
            bounds=bounds if self.bounds else None,
            standard_name="time",
            var_name="time",
            units=units,
        )


def _axis(name: str, points: np.ndarray, named: bool) -> iris.coords.DimCoord:
    units = {"latitude": "degrees_north", "longitude": "degrees_east"}[name]
    names = {"standard_name": name} if named else {}
    return iris.coords.DimCoord(points, var_name=name[:3], units=units, **names)


YEAR = {"mon": 13, "8day": 47, "5day": 75, "day": 370}
"""Steps of which so many cover the seasons."""


def cases(*, times: int = 40, year: bool = False, steps: tuple[str, ...] = tuple(STEPS)) -> st.SearchStrategy[Case]:
    """Draw cases, most of which can be filled, as a test that is refused says little.

    Rows and columns are two or more, as what needs a grid refuses a single one. The first value of each list is the
    plainest, to which hypothesis shrinks.

    Parameters
    ----------
    times
        Most times of a case.
    year
        Whether the times cover the seasons, so that the case has a climatology of its own.
    steps
        Steps to draw from.
    """
    lengths = {
        step: (YEAR[step], YEAR[step] + 12) if year else (1, times) for step in steps if step in YEAR or not year
    }
    return st.sampled_from(list(lengths)).flatmap(lambda step: _cases(step, *lengths[step], seen=year))


def _cases(step: str, fewest: int, most: int, *, seen: bool) -> st.SearchStrategy[Case]:
    """Draw cases of one step and length; `seen` ones have no more gaps than a climatology can bear."""
    return st.builds(
        Case,
        shape=st.tuples(st.integers(fewest, most), st.integers(2, 8), st.integers(2, 10)),
        step=st.just(step),
        calendar=st.sampled_from(["standard", "noleap", "360_day"]),
        start=st.sampled_from([(2001, 1, 1), (2000, 2, 25), (1999, 12, 20)]),
        lat=st.sampled_from([30.0, -1.0, -60.0, 82.0]),
        lon=st.sampled_from([145.0, -0.6, 179.4, 359.4]),
        spacing=st.sampled_from([0.25, 0.04, 1.0]),
        values=st.sampled_from(["waves", "noise", "constant", "tiny"]),
        gaps=st.sampled_from([0.4, 0.0, 0.8] if seen else [0.4, 0.0, 0.9, 0.99]),
        empty_times=st.booleans(),
        unseen_cells=st.booleans(),
        seed=st.integers(0, 20),
        order=st.sampled_from(ORDERS),
        southward=st.booleans(),
        longitudes=st.sampled_from(["unrolled", "0-360", "180W-180E"]),
        units=st.sampled_from(list(UNITS)),
        dtype=st.sampled_from(["float64", "float32", "int16"]),
        nan=st.booleans(),
        named=st.booleans(),
        bounds=st.booleans(),
    )
