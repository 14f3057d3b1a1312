"""The container between iris cubes and tensors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cftime
import numpy as np
from einops import rearrange
from iris.cube import Cube
from iris.exceptions import CoordinateNotFoundError
from jaxtyping import Bool, Float, Int

from esmlearn.cubes.convert import as_cube
from esmlearn.cubes.steps import Steps, find_steps, interval_days
from esmlearn.cubes.units import convert, read_units
from esmlearn.errors import DataError
from esmlearn.fields.ancillaries import check_error, convert_deviation, fill_error, flagged_observed, read_error
from esmlearn.fields.levels import join_levels, split_levels
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.words import is_logarithm, without_logarithm

DIMENSIONS = ("time", "latitude", "longitude")


@dataclass(frozen=True)
class Field:
    """Gridded values in time, with masks of observations and land.

    Rows run from south to north, whatever their order in the cube; columns from west to east, so that a region across
    Greenwich or the date line is in one piece.

    Attributes
    ----------
    values
        Values of shape (time, var, lat, lon), float32, in `units`; NaN where nothing was observed.
    observed
        True where there is a value; never on land.
    land
        True on land, shape (lat, lon).
    units
        CF units of the values.
    like
        One cube for each variable, whose metadata are used to make cubes of the field; their data stay unread.
    levels
        Depth of each variable in metres, positive down, where the variables are the levels of one quantity; else None.
        Land is the same at all levels: a cell below the bottom is one without observations.
    error
        Standard deviation of the error of each observation, shape (time, var, lat, lon), as a difference in `units`;
        NaN where nothing was observed. None where errors are not known.
    """

    values: Float[np.ndarray, "time var lat lon"]
    observed: Bool[np.ndarray, "time var lat lon"]
    land: Bool[np.ndarray, "lat lon"]
    units: str
    like: tuple[Cube, ...]
    levels: Float[np.ndarray, " var"] | None = None
    error: Float[np.ndarray, "time var lat lon"] | None = None

    @classmethod
    def from_cube(
        cls,
        cubes: Cube | Sequence[Cube],
        *,
        units: str | None = None,
        land: Bool[np.ndarray, "lat lon"] | None = None,
        complete: bool = False,
    ) -> "Field":
        """Read cubes with the dimensions time, latitude and longitude on one grid, whatever their order and names.

        The errors of the observations are read where a cube has them as an ancillary variable (its standard name with
        `standard_error`). A missing one is the median of the others.

        Parameters
        ----------
        cubes
            One cube, which may have depth as a dimension: then each level is a variable. Or one cube for each variable.
        units
            Units to convert to, which may be those of a logarithm (`esmlearn.words.logarithm_of`); those of the first
            cube if not given.
        land
            Land of shape (lat, lon), rows from south to north. Without it, land is where no variable ever has a value:
            right for a complete field, too much for a gappy one with places that are never observed.
        complete
            For a reconstruction of ours: take all its values. By default only those that its flag `observed` calls so,
            so that a result can be filled again.

        Raises
        ------
        DataError
            If dimensions are missing, grids differ, units do not convert, errors are negative, there is no ocean at
            all, or a value without a logarithm.
        """
        like, levels = split_levels(as_cube(cubes)) if isinstance(cubes, Cube) else (tuple(map(as_cube, cubes)), None)
        units = str(like[0].units if units is None else read_units(units))
        arrays = [_values(cube, units) for cube in like]
        if len({array.shape for array in arrays}) > 1:
            shapes = ", ".join(f"{cube.name()} {cube.shape}" for cube in like)
            raise DataError(
                f"The variables of one field must share one grid and one time axis, but these differ: {shapes}."
            )
        values = np.stack(arrays, axis=1)
        observed = np.isfinite(values)
        if land is None:
            land = ~observed.any(axis=(0, 1))
        observed &= ~land
        if not complete:
            observed &= np.stack([_flags(cube) for cube in like], axis=1)
        if not observed.any():
            raise DataError(
                f"{like[0].name()} has no ocean cell with a value;"
                " check the region and the land mask of the preprocessor."
            )
        error = None if complete else _errors(like, units, observed)
        return cls(np.where(observed, values, np.float32(np.nan)), observed, land, units, like, levels, error)

    def to_cubes(self) -> tuple[Cube, ...]:
        """Make one cube for each variable, in the units and the row order of the cubes that were read.

        Several levels give one cube with an axis of depth; a single one has its depth as a scalar coordinate.
        """
        if self.levels is not None and len(self.levels) > 1:
            return (self.as_cube(self.values, self.observed),)
        return tuple(
            self.as_cube(self.values[:, i], self.observed[:, i], like=cube) for i, cube in enumerate(self.like)
        )

    def as_cube(
        self,
        values: Float[np.ndarray, "time *var lat lon"],
        valid: Bool[np.ndarray, "time *var lat lon"] | None = None,
        *,
        like: Cube | None = None,
    ) -> Cube:
        """Make a cube of values on this field's grid and time axis.

        Parameters
        ----------
        values
            Values in `units`; those of all levels, ``(time, var, lat, lon)``, give a cube with an axis of depth.
        valid
            Mask of the values that are not missing; if not given, all numbers except on land.
        like
            The cube whose metadata, units and row order to use; that of the first variable if not given. Each level
            uses its own.
        """
        valid = ~self.land & np.isfinite(values) if valid is None else valid
        if values.ndim == 4:
            by_level = (rearrange(array, "time var lat lon -> var time lat lon") for array in (values, valid))
            return join_levels(
                [self.as_cube(level, here, like=cube) for level, here, cube in zip(*by_level, self.like, strict=True)]
            )
        like = self.like[0] if like is None else like
        data = np.ma.masked_array(rows_northward(np.where(valid, values, 0.0), like), mask=rows_northward(~valid, like))
        # Integers and half precision can't hold what is calculated.
        kept = like.dtype.kind == "f" and like.dtype.itemsize >= 4
        cube = like.copy(data=data.astype(like.dtype if kept else np.float32))
        for variable in cube.ancillary_variables():  # it belongs to the values that were read
            cube.remove_ancillary_variable(variable)
        cube.units = self.units
        cube.convert_units(like.units)
        return cube

    def __getitem__(self, time: slice | np.ndarray) -> "Field":
        """Select along time."""
        like = tuple(cube[time] for cube in self.like)
        return replace(
            self,
            values=self.values[time],
            observed=self.observed[time],
            like=like,
            error=None if self.error is None else self.error[time],
        )

    def without_logarithm(self) -> "Field":
        """The field in units of its quantity; as it is where its units are no logarithm."""
        if not is_logarithm(self.units):
            return self
        values = np.exp(self.values)
        # The error of a logarithm is the relative one.
        error = None if self.error is None else self.error * values
        return replace(self, values=values, units=without_logarithm(self.units), error=error)

    def region(self, lat: slice, lon: slice) -> "Field":
        """Select a region by index, rows counted from the south."""
        n_lat = self.land.shape[0]
        first, last, _ = lat.indices(n_lat)
        like = tuple(
            cube[:, (slice(n_lat - last, n_lat - first) if _descends(cube) else lat), lon] for cube in self.like
        )
        return replace(
            self,
            values=self.values[..., lat, lon],
            observed=self.observed[..., lat, lon],
            land=self.land[lat, lon],
            like=like,
            error=None if self.error is None else self.error[..., lat, lon],
        )

    def level(self, index: int) -> "Field":
        """Select one variable or level."""
        one = slice(index, index + 1)
        levels = None if self.levels is None else self.levels[one]
        return replace(
            self,
            values=self.values[:, one],
            observed=self.observed[:, one],
            like=self.like[one],
            levels=levels,
            error=None if self.error is None else self.error[:, one],
        )

    def single(self) -> "Field":
        """The field itself, if it has one variable or level; a DataError if it has several."""
        count = len(self.like)
        if count > 1:
            what = "variables" if self.levels is None else "depths"
            raise DataError(
                f"{self.like[0].name()} has {count} {what}, but this method fills one map at a time: choose one (by "
                "extract_levels in the preprocessor), or train the task `densify`, which knows levels."
            )
        return self

    def hide(self, hidden: Bool[np.ndarray, "time *var lat lon"]) -> "Field":
        """Hide the values where a mask is True: the same for all variables, or ``(time, var, lat, lon)``."""
        observed = self.observed & ~(hidden if hidden.ndim == 4 else hidden[:, None])
        error = None if self.error is None else np.where(observed, self.error, np.float32(np.nan))
        return replace(self, values=np.where(observed, self.values, np.float32(np.nan)), observed=observed, error=error)

    def with_error(self, error: "float | Cube | None") -> "Field":
        """Give the observations errors.

        Parameters
        ----------
        error
            Standard deviation of each error: one number, as a difference in `units`, or a cube with the dimensions of
            the first variable. 0: what the cube carries is left out; None: it stays.

        Raises
        ------
        DataError
            If it is negative, or a cube on another grid, of other times, or in units that do not convert.
        """
        if error is None:
            return self
        given = _error_of(error, self) if isinstance(error, Cube) else np.full(self.values.shape, error, np.float32)
        return replace(self, error=fill_error(check_error(given, self.like[0].name()), self.observed))

    @cached_property
    def deviation(self) -> Float[np.ndarray, "time var lat lon"]:
        """Standard deviation of the error of what was observed; zero where it is not known."""
        return np.zeros(self.values.shape, np.float32) if self.error is None else np.nan_to_num(self.error)

    @cached_property
    def dates(self) -> np.ndarray:
        """Dates of the time axis as `cftime.datetime`, in the calendar of the cube."""
        return _dates(self.like[0])

    @cached_property
    def lat(self) -> np.ndarray:
        """Latitudes in degrees, from south to north."""
        return np.sort(self.like[0].coord("latitude").points.astype(float))

    @cached_property
    def lon(self) -> np.ndarray:
        """Longitudes in degrees, in the order of the cube."""
        return self.like[0].coord("longitude").points.astype(float)

    @cached_property
    def grid(self) -> RectilinearGrid:
        """Grid of the cells, with the edges of the cube."""
        return RectilinearGrid.of(self.like[0])

    @property
    def closes(self) -> bool:
        """Whether the longitudes cover the whole circle, so that the last cell touches the first."""
        if self.lon.size < 3:
            return False
        step = abs(self.lon[1] - self.lon[0])
        return bool(np.isclose(step * self.lon.size, 360.0, rtol=1e-3))

    @cached_property
    def year_fraction(self) -> Float[np.ndarray, " time"]:
        """Elapsed fraction of the year at each date, from 0 to 1, in any calendar."""
        lengths = np.array([_days_in_year(date) for date in self.dates])
        return (np.array([date.dayofyr - 1 for date in self.dates]) + self.hour / 24) / lengths

    @cached_property
    def calendar_day(self) -> Int[np.ndarray, " time"]:
        """Calendar day of each date, from 0 to 364 in any calendar, whatever the hour.

        A date has the same number in all years; 29 February has that of the 28th. Years of other lengths, such as 360
        days, are divided into 365.
        """
        lengths = np.array([_days_in_year(date) for date in self.dates])
        day = np.array([date.dayofyr - 1 for date in self.dates])
        other = ((day + 0.5) * 365 / lengths).astype(int)
        return np.select([lengths == 365, lengths == 366], [day, day - (day > 58)], other)

    @cached_property
    def hour(self) -> Float[np.ndarray, " time"]:
        """Hour of the day at each date, from 0 to 24."""
        return np.array([date.hour + date.minute / 60 for date in self.dates])

    @cached_property
    def _steps(self) -> Steps | None:
        """The regular step of the time axis; None if it has none."""
        return find_steps(self.like[0].coord("time"))

    @cached_property
    def step_days(self) -> float:
        """Regular time step in days, also where steps are missing; of calendar months the mean length.

        Where the axis has no regular step: the shortest one, a day at most.
        """
        if self._steps is not None:
            return self._steps.days
        return float(min(np.diff(self.days).min(initial=1.0), 1.0))

    @property
    def step_numbers(self) -> Int[np.ndarray, " time"] | None:
        """Number of the regular step that each time is in; None where the axis has no regular step."""
        return None if self._steps is None else self._steps.numbers

    @cached_property
    def spacing_days(self) -> float:
        """Usual time from one step to the next in days: the regular step, or else the median."""
        return self.step_days if self._steps is not None else float(np.median(np.diff(self.days)))

    @property
    def regular(self) -> bool:
        """Whether each time is one step after the one before."""
        return self._steps is not None and bool((np.diff(self._steps.numbers) == 1).all())

    @property
    def frequency(self) -> str:
        """Frequency by its name in CMIP or one like it: `3hr`, `day`, `8day`, `mon`.

        Data of single days, as their bounds say it, are `day` also where only every fifth one is given.
        """
        interval = interval_days(self.like[0].coord("time"))
        single_days = self.step_days > 1 and interval is not None and abs(interval - 1) < 0.05
        if self._steps is None or single_days:
            return "day" if self.step_days >= 1 else f"{24 * self.step_days:.2g}hr"
        return self._steps.frequency

    @cached_property
    def days(self) -> Float[np.ndarray, " time"]:
        """Days since the first date."""
        return np.array([(date - self.dates[0]).total_seconds() / 86_400 for date in self.dates])

    @cached_property
    def months(self) -> dict[tuple[int, int], slice]:
        """Time slices of the calendar months, by (year, month)."""
        keys = [(date.year, date.month) for date in self.dates]
        starts = [index for index, key in enumerate(keys) if index == 0 or key != keys[index - 1]]
        return {keys[a]: slice(a, b) for a, b in zip(starts, [*starts[1:], len(keys)], strict=True)}

    @cached_property
    def area_weights(self) -> Float[np.ndarray, "lat lon"]:
        """Relative area of each cell, as its edges have it; the largest is 1."""
        return (self.grid.area / self.grid.area.max()).astype(np.float32)


def _values(cube: Cube, units: str) -> Float[np.ndarray, "time lat lon"]:
    """Read a cube as float32, NaN where masked, rows from south to north."""
    try:
        dims = [cube.coord_dims(cube.coord(name, dim_coords=True)) for name in DIMENSIONS]
    except CoordinateNotFoundError:
        dims = []
    if dims != [(0,), (1,), (2,)]:
        found = ", ".join(coord.name() for coord in cube.coords(dim_coords=True))
        raise DataError(
            f"{cube.name()} needs the dimensions time, latitude, longitude on a rectilinear grid (and depth after "
            f"time, where it has levels), but has {found}; regrid it or extract levels in the preprocessor."
        )
    data = np.ma.filled(cube.data.astype(np.float32), np.nan)
    if is_logarithm(units) and not is_logarithm(str(cube.units)) and (count := int((data <= 0).sum())):
        raise DataError(
            f"{cube.name()} has {count:,} values that are zero or negative, of which there is no logarithm; mask "
            "them (input.values: out_of_range: mask), or leave out `transform: log`."
        )
    return rows_northward(convert(data, cube.units, units, name=cube.name()), cube)


def _dates(cube: Cube) -> np.ndarray:
    """Dates of the time axis of a cube, in its calendar."""
    coord = cube.coord("time")
    return np.asarray(cftime.num2date(coord.points, str(coord.units), calendar=coord.units.calendar))


def _flags(cube: Cube) -> Bool[np.ndarray, "time lat lon"]:
    """Where a value counts as observed, rows from south to north; everywhere, but in a reconstruction of ours."""
    flags = flagged_observed(cube)
    return np.ones(cube.shape, bool) if flags is None else rows_northward(flags, cube)


def _errors(
    like: Sequence[Cube], units: str, observed: Bool[np.ndarray, "time var lat lon"]
) -> Float[np.ndarray, "time var lat lon"] | None:
    """Errors of the observations of all variables; None where no cube has any."""
    found = [read_error(cube, units) for cube in like]
    if all(error is None for error in found):
        return None
    parts = [
        np.full(cube.shape, np.nan, np.float32) if error is None else rows_northward(error, cube)
        for cube, error in zip(like, found, strict=True)
    ]
    return fill_error(np.stack(parts, axis=1), observed)


def _error_of(cube: Cube, field: "Field") -> Float[np.ndarray, "time var lat lon"]:
    """Errors in a cube of their own, at the times and on the grid of a field."""
    parts, _ = split_levels(cube)
    errors = np.stack(
        [
            convert_deviation(_values(part, str(part.units)), part.units, field.units, name=part.name())
            for part in parts
        ],
        axis=1,
    )
    if errors.shape != field.values.shape or not RectilinearGrid.of(parts[0]).same_as(field.grid):
        raise DataError(
            f"{cube.name()}, the errors of {field.like[0].name()}, must have its grid and {len(field.values)} times:"
            " bring both to the same in the preprocessor."
        )
    if (_dates(parts[0]) != field.dates).any():
        raise DataError(
            f"{cube.name()}, the errors of {field.like[0].name()}, has other times; give both one timerange."
        )
    return errors


def rows_northward(values: np.ndarray, cube: Cube) -> np.ndarray:
    """Reverse the rows of a cube that run from north to south, or the rows of values to those of such a cube."""
    return values[..., ::-1, :] if _descends(cube) else values


def _descends(cube: Cube) -> bool:
    """Whether the rows of a cube run from north to south."""
    points = cube.coord("latitude").points
    return bool(points[0] > points[-1])


def _days_in_year(date: cftime.datetime) -> int:
    """Length of the date's year in its own calendar."""
    return (date.replace(year=date.year + 1, month=1, day=1) - date.replace(month=1, day=1)).days
