"""Hold climate models against a reconstruction of the observations."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from iris.cube import Cube
from jaxtyping import Float

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import read_values
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.metrics import Row
from esmlearn.metrics.climate_models import AnnualCycles, ModelComparison
from esmlearn.plots.captioned import CaptionedFigure
from esmlearn.plots.climate_models import maps_model_bias, seasonal_cycles
from esmlearn.plots.geographic import Grid
from esmlearn.words import pretty_units

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelEvaluation:
    """Climate models beside the reconstruction that they are held against.

    Attributes
    ----------
    comparisons
        By the names of the models.
    field
        Monthly reconstruction: grid, units, names.
    quantity
        Name of what is compared.
    """

    comparisons: Mapping[str, ModelComparison]
    field: Field
    quantity: str

    @classmethod
    def of(cls, monthly: Cube, models: Mapping[str, Cube]) -> "ModelEvaluation":
        """Compare models with a reconstruction.

        Parameters
        ----------
        monthly
            Monthly reconstruction, with the standard deviation of its error where the method knows it.
        models
            Monthly values of each model on the same grid, of any period and calendar.

        Raises
        ------
        DataError
            If grids or units do not fit, or one has no whole year.
        """
        field = Field.from_cube(monthly)
        values, std = read_values(monthly)
        if std is None:
            logger.warning(
                "The reconstruction does not know the errors of its months, so that only the variability from year to "
                "year counts as uncertainty."
            )
        reference = _cycles(values, std, field, "The reconstruction")
        comparisons = {}
        for name, cube in models.items():
            if not RectilinearGrid.of(cube).same_as(field.grid):
                raise DataError(
                    f"{name} is not on the grid of the reconstruction; regrid both alike in the preprocessor."
                )
            model = Field.from_cube(cube, units=field.units)
            cycles = _cycles(model.values[:, 0], None, model, name)
            comparisons[name] = ModelComparison(cycles, reference, field.grid.area)
            if not comparisons[name].known.any():
                raise DataError(f"{name} and the reconstruction have no cell in common; check land masks and region.")
        return cls(comparisons, field, str(monthly.long_name or monthly.name()).replace("_", " "))

    @cached_property
    def rows(self) -> list[Row]:
        """Scores of all models."""
        units = self.field.units
        return [row for name, comparison in self.comparisons.items() for row in comparison.rows(name, units)]

    def figures(self) -> Iterator[CaptionedFigure]:
        """Draw maps of the biases and the seasonal cycles."""
        field, units = self.field, self.field.units
        grid = Grid(field.lat, field.lon, field.land)
        biases = {name: (each.bias, each.significant) for name, each in self.comparisons.items()}
        yield CaptionedFigure(
            "maps_model_bias",
            maps_model_bias(biases, grid, units=units),
            f"Annual mean of each climate model less that of the reconstruction ({pretty_units(units)}). Dots: within "
            "the 95 % interval of the comparison, from the error of the reconstruction and the variability of either "
            "from year to year.",
            ("map",),
            ("mean", "diff"),
        )
        known = np.all([each.known for each in self.comparisons.values()], axis=0)
        weights = np.where(known, field.grid.area, 0) / field.grid.area[known].sum()
        reference = next(iter(self.comparisons.values())).reference
        yield CaptionedFigure(
            "seasonal_cycles",
            seasonal_cycles(
                {name: _mean(each.model.mean, weights) for name, each in self.comparisons.items()},
                _mean(reference.mean, weights),
                1.96 * _mean(reference.std.mean(axis=0) / np.sqrt(len(reference.std)), weights),
                quantity=self.quantity,
                units=units,
            ),
            "Mean seasonal cycle over the area that all know, and its difference from that of the reconstruction. "
            "Grey: 95 % interval of the reconstruction, with errors that are the same in all cells.",
            ("line",),
            ("mean", "clim"),
        )


def _cycles(values: np.ndarray, std: np.ndarray | None, field: Field, name: str) -> AnnualCycles:
    """Sort monthly values into whole years; a DataError if there is none."""
    dates = field.dates
    if len({(date.year, date.month) for date in dates}) < len(dates):
        raise DataError(f"{name} is not monthly; use `monthly_statistics` in the preprocessor.")
    years, months = (np.array([getattr(date, part) for date in dates]) for part in ("year", "month"))
    cycles = AnnualCycles.of(values, std, years, months)
    if cycles is None:
        raise DataError(
            f"{name} has no whole year between {dates[0]:%Y-%m-%d} and {dates[-1]:%Y-%m-%d}; lengthen its timerange."
        )
    if len(cycles.values) == 1:
        logger.warning(
            "%s has one whole year only: its variability from year to year is not known, and does not count.", name
        )
    return cycles


def _mean(cycle: Float[np.ndarray, "12 lat lon"], weights: Float[np.ndarray, "lat lon"]) -> Float[np.ndarray, " 12"]:
    """Mean over the area of each calendar month."""
    return np.nansum(cycle * weights, axis=(1, 2))
