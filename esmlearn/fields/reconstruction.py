"""What every method gives back, model or baseline, and its form as CF cubes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import cf_units
import numpy as np
from iris.coords import AncillaryVariable, AuxCoord, CellMethod, DimCoord
from iris.cube import Cube, CubeList
from jaxtyping import Bool, Float

from esmlearn.errors import DataError
from esmlearn.fields.field import Field


@dataclass(frozen=True)
class Reconstruction:
    """Complete fields day by day and month by month; NaN on land only.

    Attributes
    ----------
    daily, monthly
        Values of shape (time, lat, lon) and (month, lat, lon), in the units of the field they were made from.
    daily_std, monthly_std
        Standard deviation of their error; None for a method that does not know it.
    members, monthly_members
        Members of an ensemble, whose mean and standard deviation the others are; None for other methods.
    """

    daily: Float[np.ndarray, "time lat lon"]
    monthly: Float[np.ndarray, "month lat lon"]
    daily_std: Float[np.ndarray, "time lat lon"] | None = None
    monthly_std: Float[np.ndarray, "month lat lon"] | None = None
    members: Float[np.ndarray, "member time lat lon"] | None = None
    monthly_members: Float[np.ndarray, "member month lat lon"] | None = None

    @classmethod
    def of_members(cls, members: Float[np.ndarray, "member time lat lon"], field: Field) -> "Reconstruction":
        """Sum an ensemble up; the months are those of the field that the members were made from."""
        monthly = np.stack([monthly_means(field, member) for member in members])
        mean, monthly_mean = (part.mean(axis=0) for part in (members, monthly))
        std, monthly_std = (part.std(axis=0, ddof=1) for part in (members, monthly))
        return cls(mean, monthly_mean, std, monthly_std, members, monthly)

    @classmethod
    def of_days(
        cls,
        daily: Float[np.ndarray, "time lat lon"],
        field: Field,
        daily_std: Float[np.ndarray, "time lat lon"] | None = None,
    ) -> "Reconstruction":
        """Sum up a method that says nothing of months; how errors of days go together is not known."""
        return cls(daily, monthly_means(field, daily), daily_std)

    def to_cubes(self, field: Field) -> tuple[Cube, Cube]:
        """Dress the daily and the monthly reconstruction of a field as cubes.

        The standard deviation and the flag for what was observed are ancillary variables of the cube, as CF section 3.4
        wants it. The monthly flag tells where at least one day was observed.
        """
        observed = field.observed[:, 0]
        seen = np.stack([observed[days].any(axis=0) for days in field.months.values()])
        daily = field.as_cube(self.daily)
        monthly = _monthly_cube(field, self.monthly)
        _add_ancillaries(daily, field, self.daily_std, observed)
        _add_ancillaries(monthly, field, self.monthly_std, seen)
        return daily, monthly

    def member_cubes(self, field: Field) -> tuple[Cube, Cube]:
        """Dress the members of days and months as cubes, with the dimension `realization` in front.

        Raises
        ------
        DataError
            If the method has no members.
        """
        if self.members is None or self.monthly_members is None:
            raise DataError("The reconstruction is no ensemble, so that it has no members to save.")
        days = [field.as_cube(member) for member in self.members]
        months = [_monthly_cube(field, member) for member in self.monthly_members]
        return merge_members(days), merge_members(months)

    def quantile_cubes(self, field: Field, probabilities: Sequence[float]) -> tuple[Cube, Cube]:
        """Dress quantiles of the members of days and months as cubes, with the dimension `quantile` in front."""
        if self.members is None or self.monthly_members is None:
            raise DataError("The reconstruction is no ensemble, so that it has no quantiles to save.")
        ordered = sorted(probabilities)
        days, months = (
            np.quantile(members, ordered, axis=0).astype(np.float32) for members in (self.members, self.monthly_members)
        )
        return (
            _merge([field.as_cube(part) for part in days], ordered, long_name="quantile", var_name="quantile"),
            _merge([_monthly_cube(field, part) for part in months], ordered, long_name="quantile", var_name="quantile"),
        )

    @classmethod
    def from_cubes(cls, daily: Cube, monthly: Cube, *members: Cube) -> "Reconstruction":
        """Read back what `to_cubes` and `member_cubes` wrote; rows run from south to north as in a `Field`."""
        (daily_values, daily_std, _), (monthly_values, monthly_std, _) = read_cube(daily), read_cube(monthly)
        return cls(daily_values, monthly_values, daily_std, monthly_std, *(read_values(cube)[0] for cube in members))


class GapFiller(ABC):
    """Whatever completes fields, model or baseline."""

    units: str
    """Units that it works in."""

    @abstractmethod
    def land_of(self, cube: Cube) -> Bool[np.ndarray, "lat lon"] | None:
        """Land on the grid of a cube; None where the method knows of none."""

    @abstractmethod
    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Fill the gaps of a field."""

    def reconstruct(self, cube: Cube, *, frequency: str = "day") -> Cube:
        """Fill the gaps of a daily cube.

        Parameters
        ----------
        cube
            Daily values with dimensions time, latitude, longitude; missing values are masked.
        frequency
            `day` for complete days, `mon` for monthly means.

        Returns
        -------
        Cube
            The complete field in the units of the cube, with its standard deviation (where the method knows one) and a
            flag for what was observed as ancillary variables.

        Raises
        ------
        DataError
            If dimensions, units or period do not fit.
        """
        if frequency not in ("day", "mon"):
            raise DataError(f"frequency is '{frequency}', but a method gives 'day' or 'mon'.")
        field = Field.from_cube(cube, units=self.units, land=self.land_of(cube))
        daily, monthly = self.reconstruct_field(field).to_cubes(field)
        return daily if frequency == "day" else monthly


def read_cube(
    cube: Cube,
) -> tuple[
    Float[np.ndarray, "time lat lon"],
    Float[np.ndarray, "time lat lon"] | None,
    Bool[np.ndarray, "time lat lon"],
]:
    """Values, standard deviation (None where there is none) and observed flag of a reconstruction's cube.

    Raises
    ------
    DataError
        If the cube carries no flag for what was observed, so that it is no reconstruction of ours.
    """
    observed = observed_of(cube)
    if observed is None:
        raise DataError(f"{cube.name()} has no flag `observed`: it was not written by esmlearn's reconstruct script.")
    return *read_values(cube), observed


def read_values(
    cube: Cube,
) -> tuple[Float[np.ndarray, "*member time lat lon"], Float[np.ndarray, "*member time lat lon"] | None]:
    """Values and standard deviation (None where there is none) of a cube; rows run from south to north, land is NaN."""
    values = rows_northward(np.ma.filled(cube.data.astype(np.float32), np.nan), cube)
    deviation = _ancillary(cube, f"{cube.var_name}_standard_deviation")
    if deviation is None:
        return values, None
    return values, rows_northward(np.ma.filled(deviation.data.astype(np.float32), np.nan), cube)


def observed_of(cube: Cube) -> Bool[np.ndarray, "time lat lon"] | None:
    """Flag for what was observed; None for a cube that has none."""
    flag = _ancillary(cube, "observed")
    return None if flag is None else rows_northward(np.ma.filled(flag.data, 0), cube) == 1


def _ancillary(cube: Cube, name: str) -> AncillaryVariable | None:
    """The ancillary variable of a name; None if a cube has none."""
    return next((variable for variable in cube.ancillary_variables() if variable.var_name == name), None)


def rows_northward(values: np.ndarray, cube: Cube) -> np.ndarray:
    """Turn the rows of a cube so that they run from south to north, or back."""
    points = cube.coord("latitude").points
    return values[..., ::-1, :] if points[0] > points[-1] else values


def monthly_means(field: Field, daily: Float[np.ndarray, "time lat lon"]) -> Float[np.ndarray, "month lat lon"]:
    """Mean over the days of each calendar month, each day with the same weight."""
    return np.stack([daily[days].mean(axis=0) for days in field.months.values()])


def merge_members(cubes: Sequence[Cube]) -> Cube:
    """Number the members and put them into one cube."""
    return _merge(cubes, range(len(cubes)), standard_name="realization", var_name="realization")


def _merge(cubes: Sequence[Cube], points: Sequence[int | float], **names: str) -> Cube:
    """Put cubes into one with a dimension in front that has these points."""
    for point, cube in zip(points, cubes, strict=True):
        cube.add_aux_coord(AuxCoord(point, units="1", **names))
    return CubeList(cubes).merge_cube()


def _monthly_cube(field: Field, values: Float[np.ndarray, "month lat lon"]) -> Cube:
    """Dress monthly values as a cube whose time bounds are those of the days that went in."""
    first_days = np.array([days.start for days in field.months.values()])
    daily_time = field.like[0].coord("time").copy()
    if not daily_time.has_bounds():
        daily_time.guess_bounds()
    bounds = np.array(
        [(daily_time.bounds[days.start, 0], daily_time.bounds[days.stop - 1, 1]) for days in field.months.values()]
    )
    months = field[first_days]
    cube = months.as_cube(values)
    time_dim = cube.coord_dims("time")
    for coord in cube.coords(dimensions=time_dim):
        cube.remove_coord(coord)
    cube.add_dim_coord(
        DimCoord(
            bounds.mean(axis=1),
            bounds=bounds,
            standard_name="time",
            var_name="time",
            units=daily_time.units,
            attributes=daily_time.attributes,
        ),
        time_dim,
    )
    interval = "1 day" if field.step_days == 1 else f"{24 * field.step_days:g} hours"
    cube.add_cell_method(CellMethod("mean", coords="time", intervals=interval))
    return cube


def _add_ancillaries(
    cube: Cube,
    field: Field,
    std: Float[np.ndarray, "time lat lon"] | None,
    observed: Bool[np.ndarray, "time lat lon"],
) -> None:
    """Attach standard deviation and observed flag to a cube, in its units and row order."""
    mask = rows_northward(np.broadcast_to(field.land, observed.shape), cube)
    dims = range(cube.ndim)
    if std is not None:
        # A deviation is a difference: only the factor between the units counts, never their offset.
        units = cf_units.Unit("K") if cube.units.is_convertible("K") else cube.units
        zero, one = cf_units.Unit(field.units).convert(np.array([0.0, 1.0]), units)
        factor = one - zero
        spread = rows_northward(np.nan_to_num(std) * factor, cube)
        deviation = np.ma.masked_array(spread.astype(np.float32), mask=mask)
        cube.add_ancillary_variable(
            AncillaryVariable(
                deviation,
                standard_name=f"{cube.standard_name} standard_error" if cube.standard_name else None,
                long_name=f"Standard deviation of the error of {cube.long_name or cube.name()}",
                var_name=f"{cube.var_name}_standard_deviation",
                units=units,
            ),
            dims,
        )
    cube.add_ancillary_variable(observed_flag(cube, observed, mask), dims)


def observed_flag(
    cube: Cube, observed: Bool[np.ndarray, "*shape"], mask: Bool[np.ndarray, "*shape"]
) -> AncillaryVariable:
    """Make the flag for what was observed of the values of a cube; the mask has the row order of the cube."""
    return AncillaryVariable(
        np.ma.masked_array(rows_northward(observed, cube).astype(np.int8), mask=mask),
        standard_name=f"{cube.standard_name} status_flag" if cube.standard_name else None,
        long_name="Whether the value was observed",
        var_name="observed",
        units="1",
        attributes={"flag_values": np.array([0, 1], np.int8), "flag_meanings": "reconstructed observed"},
    )
