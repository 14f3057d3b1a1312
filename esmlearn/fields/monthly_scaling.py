"""Mean and standard deviation by calendar month of the training period; for precipitation, of its logarithm."""

import calendar
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.rounding import rounding

FEWEST = 10
"""Least number of values for a mean and a deviation of their own."""

FEWEST_DAYS = 3.0
"""Least number of days, of all years, that tell the mean of a month."""

FLOOR = 0.1
"""Least deviation of a cell over that of the domain, as under ice or in a desert values may hardly vary."""


@dataclass(frozen=True)
class MonthlyScaling:
    r"""Mean and standard deviation by calendar month, of each cell or of the whole domain.

    With a log scale :math:`\epsilon`, they are those of :math:`\ln(1 + x / \epsilon)`, and values below zero count as
    zero.

    Attributes
    ----------
    mean, std
        Of January to December, shape (12, var, lat, lon), or (12, var, 1, 1) for the domain; NaN for a month that was
        not seen.
    log_scale
        :math:`\epsilon` in the units of the field, below which differences of values hardly count; None for no
        logarithm.
    """

    mean: Float[np.ndarray, "12 var rows columns"]
    std: Float[np.ndarray, "12 var rows columns"]
    log_scale: float | None = None

    @classmethod
    def fit(
        cls, field: Field, *, by: Literal["pixel", "domain"] = "pixel", log_scale: float | None = None
    ) -> "MonthlyScaling":
        """Fit to the observed values of a field, which should be the training period only.

        A cell with few values in a month takes mean and deviation of the domain, weighted by area. A month with few
        values in the domain, or on few days, has none, see `check_months`: those of other months would be another
        season's. No deviation is zero: the least is that of `rounding`.

        Raises
        ------
        DataError
            If nothing was observed of a variable.
        """
        values = _transformed(np.where(field.observed, field.values, np.nan).astype(np.float64), log_scale)
        month = months_of(field)
        if not np.isfinite(values).any(axis=(0, 2, 3)).all():
            raise DataError("A variable has no value in the training period; check data.split.train and the dataset.")
        weights = np.broadcast_to(field.area_weights, values.shape)
        mean, std, _ = _moments(values, weights, axis=(0, 2, 3))
        roundings = [rounding(values[:, variable]) for variable in range(values.shape[1])]
        least = np.maximum(FLOOR * std, np.array(roundings)[:, None, None])
        unknown = np.full_like(mean, np.nan), np.full_like(std, np.nan)
        means, stds = [], []
        for number in range(1, 13):
            here = values[month == number], weights[month == number]
            seen = np.isfinite(here[0]).any(axis=(2, 3)).sum(axis=0) * field.step_days >= FEWEST_DAYS
            own = _moments(*here, axis=(0, 2, 3))
            chosen = _or_else((*own[:2], np.where(seen[:, None, None], own[2], 0)), unknown, least)
            if by == "pixel":
                mine = _moments(here[0], np.ones_like(here[1]), axis=(0,))
                chosen = _or_else((*mine[:2], np.where(np.isnan(chosen[0]), 0, mine[2])), chosen, FLOOR * chosen[1])
            means.append(chosen[0][0])
            stds.append(chosen[1][0])
        return cls(np.stack(means).astype(np.float32), np.stack(stds).astype(np.float32), log_scale)

    def check_months(self, month: Int[np.ndarray, " time"]) -> None:
        """Refuse months that the training period has not seen.

        Raises
        ------
        DataError
            If there is one among them.
        """
        unseen = [number for number in np.unique(month) if np.isnan(self.mean[number - 1, :, 0, 0]).any()]
        if unseen:
            names = ", ".join(calendar.month_name[number] for number in unseen)
            raise DataError(
                f"The training period has too few values in {names} to scale those of that season; lengthen "
                "data.split.train, or leave these months out of the data."
            )

    def within(self, lat: slice, lon: slice) -> "MonthlyScaling":
        """Scaling of a part of the cells."""
        if self.mean.shape[-2:] == (1, 1):
            return self
        return replace(self, mean=self.mean[..., lat, lon], std=self.std[..., lat, lon])

    def scale(
        self, values: Float[np.ndarray, "*member time var lat lon"], month: Int[np.ndarray, " time"]
    ) -> Float[np.ndarray, "*member time var lat lon"]:
        """Subtract the mean of the month of each time, from 1 to 12, and divide by its standard deviation."""
        self.check_months(month)
        return (_transformed(values, self.log_scale) - self.mean[month - 1]) / self.std[month - 1]

    def unscale(
        self, scaled: Float[np.ndarray, "*member time var lat lon"], month: Int[np.ndarray, " time"]
    ) -> Float[np.ndarray, "*member time var lat lon"]:
        """Inverse of `scale`; with a logarithm, no value is below zero."""
        self.check_months(month)
        found = scaled * self.std[month - 1] + self.mean[month - 1]
        return found if self.log_scale is None else self.log_scale * np.expm1(np.maximum(found, 0))


def months_of(field: Field) -> Int[np.ndarray, " time"]:
    """Calendar month of each time of a field, from 1 to 12, in any calendar."""
    return np.array([date.month for date in field.dates])


def _transformed(values: np.ndarray, log_scale: float | None) -> np.ndarray:
    """Logarithm of one plus the values over their scale, if there is a scale."""
    return values if log_scale is None else np.log1p(np.maximum(values, 0) / log_scale)


def _moments(values: np.ndarray, weights: np.ndarray, axis: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Mean, standard deviation and number of the values that are not missing, with the axes kept."""
    known = np.isfinite(values)
    weights = weights * known
    total = np.maximum(weights.sum(axis, keepdims=True), np.finfo(np.float64).tiny)
    filled = np.where(known, values, 0.0)
    mean = (filled * weights).sum(axis, keepdims=True) / total
    variance = ((filled - mean) ** 2 * weights).sum(axis, keepdims=True) / total
    return mean, np.sqrt(variance), known.sum(axis, keepdims=True)


def _or_else(
    own: tuple[np.ndarray, ...], others: tuple[np.ndarray, np.ndarray], least: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation, others where there are too few values; the deviation has a least value."""
    enough = own[2] >= FEWEST
    return np.where(enough, own[0], others[0]), np.maximum(np.where(enough, own[1], others[1]), least)
