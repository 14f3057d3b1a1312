"""Climate models beside a reconstruction: their mean seasonal cycles, with the uncertainty of the comparison.

A free-running model has its own weather and its own El Niños, so that single months can't be compared, but their
means over years can. Two things make the difference of two such means uncertain: errors of the reconstruction, and
that either mean is one of a few years only.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats

from esmlearn.metrics.comparison import Row

LEVEL = 0.95
"""Level of confidence at which a difference is called significant."""


@dataclass(frozen=True)
class AnnualCycles:
    """Monthly means by year, shape (year, month, lat, lon); only whole years, from January to December.

    Attributes
    ----------
    values
        NaN where there is no value.
    std
        Standard deviation of the error of each value; zero where none is known.
    """

    values: Float[np.ndarray, "year 12 lat lon"]
    std: Float[np.ndarray, "year 12 lat lon"]

    @classmethod
    def of(
        cls,
        values: Float[np.ndarray, "time lat lon"],
        std: Float[np.ndarray, "time lat lon"] | None,
        years: Int[np.ndarray, " time"],
        months: Int[np.ndarray, " time"],
    ) -> "AnnualCycles | None":
        """Sort monthly values into whole years; None if no year is whole."""
        std = np.zeros_like(values) if std is None else std
        place = {(int(year), int(month)): index for index, (year, month) in enumerate(zip(years, months, strict=True))}
        whole = [
            [place[year, month] for month in range(1, 13)]
            for year in sorted(set(map(int, years)))
            if all((year, month) in place for month in range(1, 13))
        ]
        return cls(values[np.array(whole)], std[np.array(whole)]) if whole else None

    def over(self, weights: Float[np.ndarray, "lat lon"]) -> "AnnualCycles":
        """Mean over an area, as a single cell, with errors that are the same everywhere; zero weights leave out."""
        parts = (np.nansum(part * weights, axis=(2, 3), keepdims=True) for part in (self.values, self.std))
        return AnnualCycles(*parts)

    @property
    def mean(self) -> Float[np.ndarray, "12 lat lon"]:
        """Mean seasonal cycle."""
        return self.values.mean(axis=0)

    @property
    def annual(self) -> Float[np.ndarray, "lat lon"]:
        """Mean of all months and years."""
        return self.values.mean(axis=(0, 1))

    @property
    def error(self) -> Float[np.ndarray, "lat lon"]:
        r"""Standard error of the annual mean from the errors of its values.

        .. math:: \epsilon^2 = \frac{1}{n^2} \sum_{y=1}^{n} \left( \frac{1}{12} \sum_m \sigma_{ym} \right)^2

        Errors of the months of one year are taken as fully dependent, those of different years as independent: a
        careful assumption, as what is hidden for a season stays wrong for a season.
        """
        n = len(self.values)
        return np.sqrt((self.std.mean(axis=1) ** 2).sum(axis=0)) / n

    @property
    def sampling(self) -> Float[np.ndarray, "lat lon"]:
        """Variance of the annual mean because it is one of few years; NaN for a single year."""
        n = len(self.values)
        if n < 2:
            return np.full(self.values.shape[2:], np.nan, self.values.dtype)
        return self.values.mean(axis=1).var(axis=0, ddof=1) / n


@dataclass(frozen=True)
class ModelComparison:
    """A climate model beside the reference, in the mean over years.

    Attributes
    ----------
    model, reference
        Their annual cycles.
    area
        Area of the cells, shape (lat, lon).
    """

    model: AnnualCycles
    reference: AnnualCycles
    area: Float[np.ndarray, "lat lon"]

    @property
    def bias(self) -> Float[np.ndarray, "lat lon"]:
        """Annual mean of the model less that of the reference."""
        return self.model.annual - self.reference.annual

    @property
    def bias_of_months(self) -> Float[np.ndarray, "12 lat lon"]:
        """Mean of each calendar month less that of the reference."""
        return self.model.mean - self.reference.mean

    @property
    def uncertainty(self) -> Float[np.ndarray, "lat lon"]:
        r"""Half-width of the 95 % interval of the bias.

        .. math:: t_{\nu} \sqrt{\epsilon^2 + s_m^2 / n_m + s_r^2 / n_r}

        with the error :math:`\epsilon` of the reference, the variances :math:`s^2` of annual means over :math:`n`
        years, and the degrees of freedom :math:`\nu` of Welch (1947, https://doi.org/10.1093/biomet/34.1-2.28). With a
        single year of either, its variability is not known and not counted.
        """
        parts = [
            (np.nan_to_num(cycles.sampling), len(cycles.values) - 1)
            for cycles in (self.model, self.reference)
            if len(cycles.values) > 1
        ]
        sampling = sum((variance for variance, _ in parts), np.zeros_like(self.area))
        weight = sum((variance**2 / freedom for variance, freedom in parts), np.zeros_like(self.area))
        total = self.reference.error**2 + sampling
        # The error of the reference is known, and has no degrees of freedom to lose.
        freedom = np.divide(total**2, weight, out=np.full_like(total, np.inf), where=weight > 0)
        return stats.t.ppf(0.5 + LEVEL / 2, np.maximum(freedom, 1)) * np.sqrt(total)

    @property
    def significant(self) -> Bool[np.ndarray, "lat lon"]:
        """Where the bias is larger than its uncertainty."""
        return np.abs(self.bias) > self.uncertainty

    @property
    def known(self) -> Bool[np.ndarray, "lat lon"]:
        """Where both have values in all months."""
        return np.isfinite(self.bias_of_months).all(axis=0)

    def rows(self, dataset: str, units: str) -> list[Row]:
        r"""Scores over all cells that both know, weighted by area.

        `bias`, with the 95 % interval (`low`, `high`) of the mean over the area; `rmse` of the mean seasonal cycle;
        `rmse_beyond_error`, the same without what the uncertainty of the comparison alone would give,
        :math:`\sqrt{\max(0, \mathrm{MSE} - \overline{u^2})}` with the variance :math:`u^2` of the bias;
        `correlation` of the maps of all months, each less the mean of its map;
        `significant_share` of the area; `reference_error`, the root-mean-square standard error of the reference. What
        is not known is left out: the latter where no errors are known, the correlation of maps without a pattern.
        """
        known = self.known
        weights = self.area[known] / self.area[known].sum()
        months = self.bias_of_months[:, known]
        mse = float((months**2).mean(axis=0) @ weights)
        variance = self.reference.error**2 + np.nan_to_num(self.model.sampling) + np.nan_to_num(self.reference.sampling)
        maps = [cycles.mean[:, known] for cycles in (self.model, self.reference)]
        a, b = (part - (part @ weights)[:, None] for part in maps)
        covariance, one, other = (float((x * y).mean(axis=0) @ weights) for x, y in ((a, b), (a, a), (b, b)))
        bias = float(self.bias[known] @ weights)
        values = {
            "bias": (bias, units),
            "rmse": (float(np.sqrt(mse)), units),
            "rmse_beyond_error": (float(np.sqrt(max(0.0, mse - float(variance[known] @ weights)))), units),
            "correlation": (covariance / float(np.sqrt(one * other)) if one * other > 0 else None, "1"),
            "significant_share": (float(self.significant[known] @ weights), "1"),
            "reference_error": (float(np.sqrt(self.reference.error[known] ** 2 @ weights)) or None, units),
        }
        shares = np.where(known, self.area, 0) / self.area[known].sum()
        whole = ModelComparison(self.model.over(shares), self.reference.over(shares), np.ones((1, 1)))
        half = float(whole.uncertainty[0, 0])
        interval = {"low": bias - half, "high": bias + half}
        years = {"years": len(self.model.values), "reference_years": len(self.reference.values)}
        return [
            {"dataset": dataset, "metric": name, "value": value, "units": unit, "n": int(known.sum()), **years}
            | (interval if name == "bias" else {})
            for name, (value, unit) in values.items()
            if value is not None
        ]
