"""Reconstructions, the output of every model and baseline, and their CF cubes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import cf_units
import numpy as np
from iris.coords import AncillaryVariable, AuxCoord, CellMethod, DimCoord
from iris.cube import Cube, CubeList
from jaxtyping import Bool, Float

from esmlearn.cubes.convert import Gridded, like_input
from esmlearn.cubes.order import put_in_order
from esmlearn.cubes.units import difference_units
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.ancillaries import FLAG, FLAG_MEANINGS, ancillary, convert_deviation, flagged_observed
from esmlearn.fields.field import Field, rows_northward
from esmlearn.fields.land import settle_land
from esmlearn.fields.logarithm import lognormal
from esmlearn.fields.reference import Source
from esmlearn.words import frequency_words, is_logarithm

Values = Float[np.ndarray, "*shape lat lon"]
REALIZATION = {"standard_name": "realization", "var_name": "realization"}
SECOND = 1 / 86_400
"""In days: what the floor of a date may lose to rounding."""
QUANTILE = {"long_name": "quantile", "var_name": "quantile"}


@dataclass(frozen=True)
class Reconstruction:
    """Complete fields day by day and month by month; NaN on land only.

    Attributes
    ----------
    daily, monthly
        Values of shape (time, lat, lon) and (month, lat, lon), in the units of the field they were made from.
    daily_std, monthly_std
        Standard deviation of their error, at observed places that of the observation, or zero where it is not known;
        None for a method without it.
    members, monthly_members
        Members of an ensemble, of which the others are mean and standard deviation; None for other methods.
    """

    daily: Float[np.ndarray, "time lat lon"]
    monthly: Float[np.ndarray, "month lat lon"]
    daily_std: Float[np.ndarray, "time lat lon"] | None = None
    monthly_std: Float[np.ndarray, "month lat lon"] | None = None
    members: Float[np.ndarray, "member time lat lon"] | None = None
    monthly_members: Float[np.ndarray, "member month lat lon"] | None = None

    @classmethod
    def of_members(cls, members: Float[np.ndarray, "member time lat lon"], field: Field) -> "Reconstruction":
        """Mean and standard deviation of an ensemble, by days and by months of the field that it was made from."""
        monthly = np.stack([monthly_means(field, member) for member in members])
        mean, monthly_mean = (part.mean(axis=0) for part in (members, monthly))
        std = deviation_of_members(members[:, :, None], field)[:, 0]
        return cls(mean, monthly_mean, std, monthly.std(axis=0, ddof=1), members, monthly)

    @classmethod
    def of_days(
        cls,
        daily: Float[np.ndarray, "time lat lon"],
        field: Field,
        daily_std: Float[np.ndarray, "time lat lon"] | None = None,
    ) -> "Reconstruction":
        """Monthly means of a method without months, without a deviation: the correlation of daily errors is unknown."""
        return cls(daily, monthly_means(field, daily), daily_std)

    def without_logarithm(self, field: Field) -> "Reconstruction":
        """The reconstruction in units of the quantity; as it is where the units of its field are no logarithm.

        Members are converted each. A mean with its deviation becomes those of the lognormal distribution; without a
        deviation it becomes the median. Months are then the means of these days, and the error of a month keeps its
        ratio to the month.
        """
        if not is_logarithm(field.units):
            return self
        plain = field.without_logarithm()
        if self.members is not None:
            return Reconstruction.of_members(np.exp(self.members), plain)
        unknown = np.zeros_like
        daily, daily_std = lognormal(self.daily, unknown(self.daily) if self.daily_std is None else self.daily_std)
        monthly, monthly_std = lognormal(
            self.monthly, unknown(self.monthly) if self.monthly_std is None else self.monthly_std
        )
        ratio = monthly_std / monthly
        if self.daily_std is not None or self.monthly_std is None:
            monthly = monthly_means(plain, daily)
        return Reconstruction(
            daily,
            monthly,
            None if self.daily_std is None else daily_std,
            None if self.monthly_std is None else ratio * monthly,
        )

    def to_cubes(self, field: Field) -> tuple[Cube, Cube]:
        """Make cubes of the daily and the monthly reconstruction of a field.

        The standard deviation and the flag for observed values are ancillary variables of the cube (CF section 3.4).
        The monthly flag is 1 where at least one day was observed. Cubes of a logarithm are of the quantity itself.
        """
        if is_logarithm(field.units):
            return self.without_logarithm(field).to_cubes(field.without_logarithm())
        observed = field.observed[:, 0]
        in_month = np.stack([observed[days].any(axis=0) for days in field.months.values()])
        daily = field.as_cube(self.daily)
        monthly = _monthly_cube(field, self.monthly)
        add_ancillaries(daily, field, self.daily_std, observed)
        add_ancillaries(monthly, field, self.monthly_std, in_month)
        return daily, monthly

    def member_cubes(self, field: Field) -> tuple[Cube, Cube]:
        """Make cubes of the members of days and months, with the dimension `realization` in front.

        Raises
        ------
        DataError
            If the method has no members.
        """
        if is_logarithm(field.units):
            return self.without_logarithm(field).member_cubes(field.without_logarithm())
        days, months = self._members("members")
        return _merge_both(field, days, months, range(len(days)), **REALIZATION)

    def quantile_cubes(self, field: Field, probabilities: Sequence[float]) -> tuple[Cube, Cube]:
        """Make cubes of quantiles of the members of days and months, with the dimension `quantile` in front.

        The truth of a reliable ensemble lies in each of the M + 1 gaps between M members with the same probability, so
        that the k-th member is the quantile k / (M + 1): type 6 of Hyndman & Fan (1996, doi:10.2307/2684934). Beyond
        the outermost members nothing is known; a quantile there is the outermost member.
        """
        if is_logarithm(field.units):
            return self.without_logarithm(field).quantile_cubes(field.without_logarithm(), probabilities)
        ordered = sorted(probabilities)
        days, months = (
            np.quantile(part, ordered, axis=0, method="weibull").astype(np.float32)
            for part in self._members("quantiles")
        )
        return _merge_both(field, days, months, ordered, **QUANTILE)

    def _members(self, what: str) -> tuple[np.ndarray, np.ndarray]:
        """Members of days and months; an error for other methods."""
        if self.members is None or self.monthly_members is None:
            raise DataError(f"The reconstruction is no ensemble, so that it has no {what} to save.")
        return self.members, self.monthly_members

    @classmethod
    def from_cubes(cls, daily: Cube, monthly: Cube, *members: Cube) -> "Reconstruction":
        """Read the cubes of `to_cubes` and `member_cubes`; rows run from south to north as in a `Field`."""
        (daily_values, daily_std, _), (monthly_values, monthly_std, _) = read_cube(daily), read_cube(monthly)
        return cls(daily_values, monthly_values, daily_std, monthly_std, *(read_values(cube)[0] for cube in members))


class GapFiller(ABC):
    """A method that fills gaps of fields: a model or a baseline."""

    units: str
    """Units of its fields."""

    @abstractmethod
    def land_of(self, cube: Cube) -> Bool[np.ndarray, "lat lon"] | None:
        """Land on the grid of a cube; None for a method without a land mask for it."""

    @abstractmethod
    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Fill the gaps of a field."""

    def climatology_words(self, field: Field) -> str:
        """Say where the climatology comes from that a field is filled with."""
        del field
        return "that of its fit"

    def with_climatology(self, source: Source) -> "GapFiller":
        """The method with a climatology from elsewhere, or of a model with that of its training (`training`).

        Raises
        ------
        SettingsError
            If the method keeps the climatology of its fit.
        """
        del source
        raise SettingsError(
            f"{type(self).__name__} keeps the climatology of its fit; of a baseline, give `climatology` to "
            "`baselines.fit`."
        )

    def smooth_field(self, field: Field) -> Reconstruction:
        """Fill the gaps of a field, and give the analysis in place of what was observed.

        Raises
        ------
        SettingsError
            If the method has no analysis of what was observed.
        """
        del field
        raise SettingsError(
            f"{type(self).__name__} gives observations back as they are: leave out smooth_observed, or take "
            "optimal_interpolation, kriging or a trained SpatioTemporalModel."
        )

    def reconstruct(
        self,
        data: Gridded,
        *,
        frequency: str | None = None,
        climatology: Source | None = None,
        land: str | Cube | None = None,
        error: float | Cube | None = None,
        smooth_observed: bool = False,
    ) -> Gridded:
        """Fill the gaps of a cube, or of an array of xarray.

        Parameters
        ----------
        data
            Values with dimensions time, latitude, longitude; missing values are masked or NaN. Of a dataset, its only
            variable. Models take days, baselines any regular step. Axes and times are put in order first, see
            `esmlearn.cubes.order.put_in_order`.
        frequency
            By default that of the cube, such as `day` or `8day`; `mon` for monthly means.
        climatology
            By default a model takes that of the data where they cover the year, else that of its training, adapted to
            them. `training`: that of the training as it is; or from elsewhere, see
            `esmlearn.fields.reference.reference_climatology`. A baseline gets it when it is fitted.
        land
            `training`, `data`, `natural_earth`, or a cube with a mask or fraction of land or sea. Default: on the grid
            of the training its land, but for cells with a value.
        error
            Standard deviation of the errors of the observations, as of `Field.with_error`; a number is a difference in
            the `units` of the method. Default: what the cube carries.
        smooth_observed
            Whether observed values are replaced by the analysis, which trusts them as far as their errors allow. By
            default they keep their values.

        Returns
        -------
        Cube, xarray.DataArray or xarray.Dataset
            As was given: the complete field in the units of the data, with its standard deviation (where the method has
            one) and a flag for observed values as ancillary variables; of an array, as coordinates.

        Raises
        ------
        DataError
            If dimensions, units, land, errors or period do not fit, or there are several levels.
        SettingsError
            If observed values are to be smoothed by a method that can't.
        """
        cube = put_in_order(data)
        field = Field.from_cube(cube, units=self.units).single().with_error(error)
        field = settle_land(field, land, known=self.land_of(cube))
        if frequency not in (None, field.frequency, "mon"):
            raise DataError(
                f"frequency is '{frequency}', but {cube.name()} is {frequency_words(field.frequency)}: ask for"
                f" '{field.frequency}' or 'mon', or leave it out."
            )
        method = self if climatology is None else self.with_climatology(climatology)
        result = method.smooth_field(field) if smooth_observed else method.reconstruct_field(field)
        own, monthly = result.to_cubes(field)
        return like_input(monthly if frequency == "mon" != field.frequency else own, data)


def read_cube(cube: Cube) -> tuple[Values, Values | None, Bool[np.ndarray, "*flag_shape lat lon"]]:
    """Values, standard deviation (None where there is none) and observed flag of a reconstruction's cube.

    All members have one flag, which has no dimension for them.

    Raises a DataError if the cube has no observed flag, so that it is no reconstruction of esmlearn.
    """
    observed = observed_of(cube)
    if observed is None:
        raise DataError(f"{cube.name()} has no flag `observed`: it was not written by esmlearn's reconstruct script.")
    return *read_values(cube), observed


def read_values(cube: Cube) -> tuple[Values, Values | None]:
    """Values and standard deviation (None where there is none) of a cube; rows run from south to north, land is NaN.

    Both are in the units of the cube. Raises a DataError if the units of the standard deviation do not convert.
    """
    values = rows_northward(np.ma.filled(cube.data.astype(np.float32), np.nan), cube)
    deviation = ancillary(cube, f"{cube.var_name}_standard_deviation")
    if deviation is None:
        return values, None
    std = np.ma.filled(deviation.data.astype(np.float32), np.nan)
    if deviation.units != cube.units:
        std = convert_deviation(std, deviation.units, str(cube.units), name=cube.name())
    return values, rows_northward(std, cube)


def observed_of(cube: Cube) -> Bool[np.ndarray, "*shape lat lon"] | None:
    """Flag for observed values, rows from south to north; None for a cube without it."""
    flags = flagged_observed(cube)
    return None if flags is None else rows_northward(flags, cube)


def monthly_means(field: Field, daily: Float[np.ndarray, "time lat lon"]) -> Float[np.ndarray, "month lat lon"]:
    """Mean over the days of each calendar month, each day with the same weight."""
    return np.stack([daily[days].mean(axis=0) for days in field.months.values()])


def deviation_of_members(
    members: Float[np.ndarray, "member time var lat lon"], field: Field
) -> Float[np.ndarray, "time var lat lon"]:
    """Standard deviation of members; where all have what was observed, that of its error, which they don't know."""
    std = members.std(axis=0, ddof=1)
    if field.error is None:
        return std
    return np.where(field.observed & (np.ptp(members, axis=0) == 0), field.error, std)


def merge_members(cubes: Sequence[Cube]) -> Cube:
    """Number the members and merge them into one cube."""
    return _merge(cubes, range(len(cubes)), **REALIZATION)


def _merge_both(
    field: Field, days: np.ndarray, months: np.ndarray, points: Sequence[int | float], **names: str
) -> tuple[Cube, Cube]:
    """Merge parts of days and of months into one cube each, with a dimension in front that has these points."""
    made = [field.as_cube(part) for part in days], [_monthly_cube(field, part) for part in months]
    return _merge(made[0], points, **names), _merge(made[1], points, **names)


def _merge(cubes: Sequence[Cube], points: Sequence[int | float], **names: str) -> Cube:
    """Merge cubes into one with a dimension in front that has these points."""
    for point, cube in zip(points, cubes, strict=True):
        cube.add_aux_coord(AuxCoord(point, units="1", **names))
    return CubeList(cubes).merge_cube()


def _monthly_cube(field: Field, values: Float[np.ndarray, "month lat lon"]) -> Cube:
    """Make a cube of monthly values, with the time bounds of the days of each month."""
    daily_time = field.like[0].coord("time").copy()
    if not daily_time.has_bounds():
        _add_bounds(daily_time, field)
    days = [(month.start, month.stop - 1) for month in field.months.values()]
    bounds = np.array([(daily_time.bounds[first, 0], daily_time.bounds[last, 1]) for first, last in days])
    cube = field[np.array([first for first, _ in days])].as_cube(values)
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
    if field.frequency != "mon":
        step = field.step_days
        interval = "1 day" if step == 1 else f"{step:g} days" if step > 1 else f"{24 * step:g} hours"
        cube.add_cell_method(CellMethod("mean", coords="time", intervals=interval))
    return cube


def _add_bounds(time: DimCoord, field: Field) -> None:
    """Put bounds: the day or month of daily or monthly data, whatever hour they are stamped with.

    Other steps end half-way between the times; around a single time, half a step to both sides.
    """
    step_days = field.step_days
    if field.frequency == "mon":
        time.guess_bounds(monthly=True)
        return
    if step_days == 1:
        days = cf_units.Unit("days since 1850-01-01", calendar=time.units.calendar)
        first = np.floor(time.units.convert(time.points.astype(np.float64), days) + SECOND)
        time.bounds = days.convert(np.stack([first, first + 1], axis=-1), time.units)
        return
    if time.shape != (1,):
        time.guess_bounds()
        return
    half = cf_units.Unit("days").convert(step_days / 2, str(time.units).split(" since ")[0])
    time.bounds = np.array([[time.points[0] - half, time.points[0] + half]])


def add_ancillaries(
    cube: Cube,
    field: Field,
    std: Float[np.ndarray, "time *var lat lon"] | None,
    observed: Bool[np.ndarray, "time *var lat lon"],
) -> None:
    """Attach standard deviation and observed flag to a cube, in its units and row order."""
    mask = rows_northward(np.broadcast_to(field.land, observed.shape), cube)
    dims = range(cube.ndim)
    if std is not None:
        units = difference_units(cube.units)
        spread = convert_deviation(np.nan_to_num(std), field.units, str(units), name=cube.name())
        deviation = AncillaryVariable(
            np.ma.masked_array(rows_northward(spread, cube), mask=mask | rows_northward(np.isnan(std), cube)),
            standard_name=f"{cube.standard_name} standard_error" if cube.standard_name else None,
            long_name=f"Standard deviation of the error of {cube.long_name or cube.name()}",
            var_name=f"{cube.var_name}_standard_deviation",
            units=units,
        )
        cube.add_ancillary_variable(deviation, dims)
    cube.add_ancillary_variable(observed_flag(cube, observed, mask), dims)


def observed_flag(
    cube: Cube, observed: Bool[np.ndarray, "*shape"], mask: Bool[np.ndarray, "*shape"]
) -> AncillaryVariable:
    """Make the flag for observed values of a cube; the mask has the row order of the cube."""
    return AncillaryVariable(
        np.ma.masked_array(rows_northward(observed, cube).astype(np.int8), mask=mask),
        standard_name=f"{cube.standard_name} status_flag" if cube.standard_name else None,
        long_name="Whether the value was observed",
        var_name=FLAG,
        units="1",
        attributes={"flag_values": np.array([0, 1], np.int8), "flag_meanings": FLAG_MEANINGS},
    )
