"""All figures of one dataset, each with its caption."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from esmlearn import metrics, plots
from esmlearn.evaluation.case import Case
from esmlearn.evaluation.choices import best_first, best_model, chosen_days, chosen_place, foremost
from esmlearn.evaluation.downscaling_figures import plot_scales_and_quantiles, plot_showcases
from esmlearn.evaluation.ensemble_figures import plot_ensemble_spectra, plot_members, plot_ranks_and_spread
from esmlearn.evaluation.labels import points_of, rmse_label
from esmlearn.evaluation.map_figures import plot_days_and_months, plot_maps_bias, plot_maps_methods, plot_time_series
from esmlearn.evaluation.scoring import CaseScores, hidden_points
from esmlearn.metrics import Comparison, Row
from esmlearn.plots.captioned import CaptionedFigure
from esmlearn.words import frequency_words

# Breakdowns in the figure of each frequency. Seasons say by day what months would, with less noise.
DAILY_DIFFICULTIES = (
    "days_to_observation", "distance_to_observation", "share_hidden", "distance_to_coast", "surface", "height", "hour",
    "season",
)  # fmt: skip
MONTHLY_DIFFICULTIES = ("share_hidden", "month")
# Methods in figures that cannot show all: the models and the best baselines.
FOREMOST = {"bias": 4, "time_series": 3}


def plot_case(case: Case, scores: CaseScores) -> Iterator[CaptionedFigure]:
    """Plot all figures of one dataset, one after the other; without scores, those that need none."""
    note = f" {case.dataset} holds synthetic data." if case.synthetic else ""
    rows = scores.rows
    results = best_first(case, rows)
    comparison = hidden_points(case) if rows else None
    if comparison:
        yield _ranked_skill(case, rows, note)
        yield from plot_maps_methods(case, comparison, note)
    if case.downscaled:
        yield from plot_showcases(case, results, note)
    else:
        yield from plot_days_and_months(case, best_model(results), chosen_days(case), note)
        yield from plot_members(case, results, note)
    if comparison:
        yield from plot_maps_bias(case, comparison, foremost(results, FOREMOST["bias"]), note)
    yield plot_time_series(case, foremost(results, FOREMOST["time_series"]), chosen_place(case), note)
    for frequency, by in ((case.frequency, DAILY_DIFFICULTIES), ("mon", MONTHLY_DIFFICULTIES)):
        if any(row["frequency"] == frequency and row.get("bin", {}).get("by") in by for row in rows):
            yield _skill_by_difficulty(case, rows, frequency, by, note)
    yield from _spectra(case, rows, scores.spectra, note)
    yield from plot_ensemble_spectra(case, scores.ensembles, note)
    yield from plot_scales_and_quantiles(case, rows, scores.downscaling, note)
    if comparison:
        yield from _calibration(case, comparison, scores.reliability, note)
    yield from plot_ranks_and_spread(case, scores.ensembles, note)
    if any(row["metric"] == "heatwave_hit_rate" and row["region"] == "all" for row in rows):
        yield _heatwaves(case, rows, note)


def _ranked_skill(case: Case, rows: Sequence[Row], note: str) -> CaptionedFigure:
    """All methods at a glance."""
    blocks = any(row.get("low") is not None for row in rows)
    return CaptionedFigure(
        "skill_ranked",
        plots.ranked_skill(rows, label=rmse_label(case)),
        f"Root-mean-square error of each method on the {points_of(case)} of {case.dataset}, on a logarithmic scale;"
        " less is better. All methods are scored on the same points with the same area weights."
        + (" Bars: 95 % intervals from a bootstrap over blocks of days." if blocks else "")
        + note,
        ("errorbar",),
        ("rmsd",),
    )


def _skill_by_difficulty(
    case: Case, rows: Sequence[Row], frequency: str, by: Sequence[str], note: str
) -> CaptionedFigure:
    """Errors broken down."""
    return CaptionedFigure(
        f"skill_by_difficulty_{frequency}",
        plots.rmse_by(rows, frequency, by=by),
        f"Root-mean-square error of the {frequency_words(frequency)} fields of {case.dataset} on the"
        f" {points_of(case)}, by what makes a point difficult; all panels have the same logarithmic scale."
        f" Below, the number of points.{note}",
        ("line", "bar"),
        ("rmsd",),
    )


def _spectra(
    case: Case, rows: Sequence[Row], spectra: Sequence[Mapping[str, Any]], note: str
) -> Iterator[CaptionedFigure]:
    """Scales that the methods resolve."""
    if not spectra:
        return
    resolution = {row["method"]: row["value"] for row in rows if row["metric"] == "effective_resolution"}
    yield CaptionedFigure(
        "spectra",
        plots.spectra(spectra, resolution),
        f"Left: power spectra along latitude circles of the {frequency_words(case.frequency)} anomalies of"
        f" {case.dataset} from {'the mean of the truth' if case.downscaled else 'climatology'}, for the truth and all"
        " methods. Right: power of the error over that of the truth; where it is 0.5 is the effective resolution"
        f" (Ballarotta et al. 2019, doi:10.5194/os-15-1091-2019), written behind a method's name.{note}",
        ("line",),
        ("other",),
    )


def _calibration(
    case: Case, comparison: Comparison, reliability: Sequence[Mapping[str, Any]], note: str
) -> Iterator[CaptionedFigure]:
    """Spread and coverage of every method that has a standard deviation."""
    points = comparison.points
    spreads = [
        plots.Spread(
            method.name,
            method.role,
            method.std[points] if method.members is None else _std_of_members(method.members[:, points]),
            method.values[points] - comparison.truth[points],
        )
        for method in comparison.methods
        if method.std is not None
    ]
    if not spreads:
        return
    weights = np.broadcast_to(comparison.weights, points.shape)[points]
    yield CaptionedFigure(
        "calibration",
        plots.calibration(spreads, weights, reliability, units=comparison.units, label=rmse_label(case)),
        f"Predicted and actual error on the {points_of(case)} of {case.dataset}. Left: predicted standard deviation"
        " against the root-mean-square error, in bins of equally many points; below, how often each was predicted."
        " Then: share of the truth that lies within the central interval of each nominal probability, and by how many"
        f" percentage points it is off; within the grey band it is right to 3 points.{note}",
        ("scatter", "histogram"),
        ("stddev", "rmsd"),
    )


def _std_of_members(members: Float[np.ndarray, "member point"]) -> Float[np.ndarray, " point"]:
    """Standard deviation that the error of the mean of few members should have: a little more than theirs."""
    return np.sqrt(metrics.fair_variance(members))


def _heatwaves(case: Case, rows: Sequence[Row], note: str) -> CaptionedFigure:
    """Heatwave days that methods find."""
    return CaptionedFigure(
        "heatwaves",
        plots.heatwave_days(rows),
        f"Days of marine heatwave on the hidden points of {case.dataset} that each method finds or misses, and what"
        " it only believes to see. CSI: critical success index, the share of hits among hits, misses and false"
        f" alarms. Heatwaves as in Hobday et al. (2016, doi:10.1016/j.pocean.2015.12.014).{note}",
        ("bar",),
        ("other",),
    )
