"""All scores of one dataset."""

import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from esmlearn import metrics
from esmlearn.errors import DataError
from esmlearn.evaluation.breakdowns import daily_bins, monthly_bins
from esmlearn.evaluation.case import Case, cells_within
from esmlearn.evaluation.downscaling_scores import DownscalingScores, score_downscaling
from esmlearn.evaluation.ensemble_scores import EnsembleScores, score_days, score_ensembles
from esmlearn.evaluation.heatwave_scores import score_heatwaves
from esmlearn.metrics.uncertainty import FEWEST_BLOCKS

logger = logging.getLogger(__name__)

DAYS_OF_MONTH = 30


@dataclass(frozen=True)
class CaseScores:
    """Scores of all methods for one dataset.

    Attributes
    ----------
    rows
        Rows of `scores.json` and, with the key `bin`, of `breakdown.json`.
    spectra, reliability
        Records of the files of these names.
    ensembles
        Ranks, spread and spectra of ensembles, whose records `ensemble.json` holds.
    heatwaves
        Baseline of the threshold, and share of the points that are heatwave days in the truth; None if not scored.
    downscaling
        Scores that only super-resolution has; empty for other tasks.
    points
        Number of points in time and space that count.
    left_open
        Number of the points that a method has no value for, so that they count for none.
    left_out
        Why something was not scored: a sentence for each thing.
    """

    rows: list[metrics.Row] = field(default_factory=list)
    spectra: list[dict[str, Any]] = field(default_factory=list)
    reliability: list[dict[str, Any]] = field(default_factory=list)
    ensembles: list[EnsembleScores] = field(default_factory=list)
    heatwaves: dict[str, Any] | None = None
    downscaling: DownscalingScores = field(default_factory=DownscalingScores)
    points: int = 0
    left_open: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def score_case(case: Case) -> CaseScores:
    """Score all methods: days and months, as a whole, by region and broken down; spectra, heatwaves, reliability.

    Nothing is scored if no truth is known.
    """
    truth = case.truth
    if truth is None:
        return CaseScores()
    left_out: dict[str, str] = {}
    daily = hidden_points(case)
    n_days, block = round(case.field.dates.size * case.field.spacing_days), case.settings.block_days
    if n_days < FEWEST_BLOCKS * block:
        left_out["intervals"] = f"The {n_days} days are fewer than {FEWEST_BLOCKS} blocks of {block} days (block_days)."
    rows = metrics.score(daily) + score_days(case, daily) + _score_regions(case, daily, left_out)
    for bins in daily_bins(case, left_out):
        rows += metrics.break_down(daily, bins)
    reliability = metrics.reliability(daily)
    # The buffers are no matter for spectra: a segment counts by what was hidden of it.
    scales = None if case.withheld else _comparison(case, case.frequency, truth, case.hidden)
    ensembles = score_ensembles(daily, case.field.grid, None if case.downscaled else scales)
    downscaling = score_downscaling(case, daily) if case.downscaled else DownscalingScores()
    left_out |= downscaling.left_out
    monthly = None if case.frequency == "mon" else _hidden_months(case, truth, left_out)
    if monthly is not None:
        rows += metrics.score(monthly) + _score_regions(case, monthly, left_out)
        for bins in monthly_bins(case):
            rows += metrics.break_down(monthly, bins)
        reliability += metrics.reliability(monthly)
        ensembles += score_ensembles(monthly, case.field.grid)
    resolution, spectra = _score_scales(case, scales, left_out)
    extremes, heatwaves = score_heatwaves(case, daily, left_out)
    if not case.complete:
        left_out["images"] = (
            "Only withheld observations are known, and a map is compared as a whole."
            if case.withheld
            else "The truth has gaps, and a map is compared as a whole."
        )
    for what, why in left_out.items():
        logger.info("%s: %s left out. %s", case.dataset, what, why)
    rows += resolution + extremes + downscaling.rows
    if case.level is not None:
        rows = [row | {"level": case.level} for row in rows]
    return CaseScores(
        rows,
        spectra,
        reliability,
        ensembles,
        heatwaves,
        downscaling,
        int(daily.points.sum()),
        daily.left_open,
        left_out,
    )


def hidden_points(case: Case) -> metrics.Comparison:
    """Give the daily comparison on the points that count."""
    if case.truth is None:
        raise DataError(f"Nothing is known to be right about {case.dataset}; name a `truth`.")
    return _comparison(case, case.frequency, case.truth, case.counted)


def _hidden_months(
    case: Case, truth: Float[np.ndarray, "time lat lon"], left_out: dict[str, str]
) -> metrics.Comparison | None:
    """Give the monthly comparison; None if the truth of no month is known."""
    if case.withheld:
        left_out["months"] = "Only withheld observations are known, and no month is known on all of its days."
        return None
    months = list(case.field.months.values())
    known = metrics.monthly_truth(truth, months)
    hidden = metrics.hidden_share_of_month(case.counted, months) > 0
    if not np.isfinite(known[hidden]).any():
        left_out["months"] = "Where something was hidden, no month has a truth for all of its days."
        return None
    return _comparison(case, "mon", known, hidden)


def _score_regions(case: Case, comparison: metrics.Comparison, left_out: dict[str, str]) -> list[metrics.Row]:
    """Scores of the regions that the settings name."""
    rows = []
    for name, region in case.settings.regions.items():
        inside = cells_within(region, case.field.grid)
        if (comparison.points & inside).any():
            rows += metrics.score(comparison.within(name, inside))
        else:
            left_out[f"region {name}"] = f"None of the points that count ({comparison.frequency}) lies in it."
    return rows


def _score_scales(
    case: Case, comparison: metrics.Comparison | None, left_out: dict[str, str]
) -> tuple[list[metrics.Row], list[dict[str, Any]]]:
    """Effective resolution as rows, and the spectra."""
    if comparison is None:
        left_out["spectra"] = "Only withheld observations are known, and a spectrum needs rows without a gap."
        return [], []
    spectra = metrics.power_spectra(comparison, case.field.lat, case.field.lon)
    if spectra is None:
        left_out["spectra"] = "No row has enough ocean without a break on days on which most of it was hidden."
        return [], []
    return metrics.resolution_rows(comparison, spectra), metrics.spectra_records(comparison, spectra)


def _comparison(
    case: Case,
    frequency: str,
    truth: Float[np.ndarray, "time lat lon"],
    hidden: Bool[np.ndarray, "time lat lon"],
) -> metrics.Comparison:
    """Put all methods beside the truth."""
    daily = frequency != "mon"
    days = case.settings.block_days
    methods = []
    for result in case.results:
        made = result.reconstruction
        parts = (
            (made.daily, made.daily_std, made.members)
            if daily
            else (made.monthly, made.monthly_std, made.monthly_members)
        )
        methods.append(metrics.Method(result.name, result.role, *parts))
    return metrics.Comparison(
        dataset=case.dataset,
        frequency=frequency,
        units=case.field.units,
        truth=truth,
        hidden=hidden,
        weights=case.field.area_weights,
        methods=tuple(methods),
        split=case.split,
        block=max(1, round(days / (case.field.spacing_days if daily else DAYS_OF_MONTH))),
    )
