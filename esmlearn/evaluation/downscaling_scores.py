"""Scores of super-resolution beside those that all tasks have."""

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
class DownscalingScores:
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


def score_downscaling(case: Case, comparison: metrics.Comparison) -> DownscalingScores:
    """Score spectra, quantiles, extremes and consistency of all methods."""
    left_out: dict[str, str] = {}
    power, radial, power_facts = _score_power(case, comparison, left_out)
    consistency, consistency_facts = _score_consistency(case, comparison, left_out)
    rows = metrics.quantile_rows(comparison) + metrics.exceedance_rows(comparison) + power + consistency
    quantiles = metrics.quantile_records(comparison)
    return DownscalingScores(rows, radial, quantiles, power_facts | consistency_facts, left_out)


def coarse_facts(case: Case) -> dict[str, Any]:
    """Which grid was refined, and to which, for the report."""
    coarse = case.coarse
    return {
        "fine_step": _step(case.field.grid),
        "coarse": None
        if coarse is None
        else {"name": coarse.name, "cells": list(coarse.grid.shape), "step": _step(coarse.grid)},
    }


def _score_power(
    case: Case, comparison: metrics.Comparison, left_out: dict[str, str]
) -> tuple[list[metrics.Row], list[dict[str, Any]], dict[str, Any]]:
    """Power at the scales that interpolation loses as rows, radial spectra as records, and what is lost."""
    spectra = metrics.radial_spectra(comparison, case.field.lat, case.field.lon)
    if spectra is None:
        left_out["radial spectra"] = (
            f"No rectangle of {FEWEST_CELLS} by {FEWEST_CELLS} cells or more is known at all times."
        )
        return [], [], {}
    records = metrics.radial_records(comparison, spectra)
    lost = metrics.lost_scales(spectra)
    if lost is None:
        left_out["power of lost scales"] = "No interpolation is compared that loses half of the truth's power."
        return [], records, {}
    name, bins = lost
    facts = {"interpolation": name, "lost_km": float(1 / spectra.frequency[bins.start])}
    return metrics.power_rows(comparison, spectra, bins), records, facts


def _score_consistency(
    case: Case, comparison: metrics.Comparison, left_out: dict[str, str]
) -> tuple[list[metrics.Row], dict[str, Any]]:
    """What the averages over coarse cells miss of the coarse field, as rows, and what those of the truth miss."""
    if case.coarse is None:
        left_out["coarse consistency"] = (
            "The coarse field is not among the ancestors of the script that evaluates; add it there."
        )
        return [], {}
    average = averager(case.field.grid, case.coarse.grid)
    rows = metrics.consistency_rows(comparison, case.coarse.values, average)
    own = consistency_error(comparison.truth, case.coarse.values, average)
    return rows, {"truth_consistency": own if np.isfinite(own) else None}


def _step(grid: RectilinearGrid) -> list[float]:
    """Width of the cells in latitude and longitude, in degrees."""
    return [float(np.abs(np.median(np.diff(points)))) for points in (grid.lat, grid.unrolled)]
