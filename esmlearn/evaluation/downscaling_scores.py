"""What the script `evaluate` finds out about super-resolution beside the scores that all tasks have."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from esmlearn import metrics
from esmlearn.evaluation.case import Case
from esmlearn.grids.consistency import consistency_error
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import averager
from esmlearn.metrics.radial import FEWEST_CELLS


@dataclass(frozen=True)
class Refined:
    """Whether fine fields have the scales, the extremes and the averages that they should have.

    Attributes
    ----------
    rows
        Rows of `scores.json`.
    radial, quantiles
        Records of `radial_spectra.json` and `quantiles.json`.
    facts
        What the report needs to know: `interpolation`, and the wavelength `lost_km` from which on it has lost half of
        the truth's power; `truth_consistency`, by how much the averages of the truth differ from the coarse field.
    left_out
        Why something was not scored: a sentence for each thing.
    """

    rows: list[metrics.Row] = field(default_factory=list)
    radial: list[dict[str, Any]] = field(default_factory=list)
    quantiles: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def score_refinement(case: Case, comparison: metrics.Comparison) -> Refined:
    """Score spectra, quantiles, extremes and consistency of all methods."""
    found = Refined(quantiles=metrics.quantile_records(comparison))
    found.rows.extend(metrics.quantile_rows(comparison) + metrics.exceedance_rows(comparison))
    _score_power(case, comparison, found)
    _score_consistency(case, comparison, found)
    return found


def coarse_facts(case: Case) -> dict[str, Any]:
    """Tell which grid was refined, and to which, for the report."""
    fine = RectilinearGrid.of(case.grid.like[0])
    coarse = case.coarse
    return {
        "fine_step": _step(fine),
        "coarse": None
        if coarse is None
        else {"name": coarse.name, "cells": list(coarse.grid.shape), "step": _step(coarse.grid)},
    }


def _score_power(case: Case, comparison: metrics.Comparison, found: Refined) -> None:
    """Add radial spectra, and the power at the scales that interpolation loses."""
    spectra = metrics.radial_spectra(comparison, case.grid.lat, case.grid.lon)
    if spectra is None:
        found.left_out["radial spectra"] = (
            f"No rectangle of {FEWEST_CELLS} by {FEWEST_CELLS} cells or more is known at all times."
        )
        return
    found.radial.extend(metrics.radial_records(comparison, spectra))
    lost = metrics.lost_scales(comparison, spectra)
    if lost is None:
        found.left_out["power of lost scales"] = "No interpolation is compared that loses half of the truth's power."
        return
    name, bins = lost
    found.rows.extend(metrics.power_rows(comparison, spectra, bins))
    found.facts.update(interpolation=name, lost_km=float(1 / spectra.frequency[bins.start]))


def _score_consistency(case: Case, comparison: metrics.Comparison, found: Refined) -> None:
    """Add what the averages over coarse cells miss of the coarse field."""
    if case.coarse is None:
        found.left_out["coarse consistency"] = (
            "The coarse field is not among the ancestors of the script that evaluates; add it there."
        )
        return
    average = averager(RectilinearGrid.of(case.grid.like[0]), case.coarse.grid)
    found.rows.extend(metrics.consistency_rows(comparison, case.coarse.values, average))
    own = consistency_error(comparison.truth, case.coarse.values, average)
    found.facts["truth_consistency"] = own if np.isfinite(own) else None


def _step(grid: RectilinearGrid) -> list[float]:
    """Width of the cells in latitude and longitude, in degrees."""
    return [float(np.abs(np.median(np.diff(points)))) for points in (grid.lat, grid.unrolled)]
