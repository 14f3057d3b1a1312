"""What the script `evaluate` does with what it has read: score it, and tell what was scored."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from esmlearn import metrics
from esmlearn.errors import DataError
from esmlearn.evaluation.case import Case, cells_within
from esmlearn.evaluation.downscaling_scores import Refined, coarse_facts, score_refinement
from esmlearn.evaluation.ensemble_scores import EnsembleFindings, find_ensembles, image_range, score_days
from esmlearn.evaluation.reading import read_baseline
from esmlearn.metrics.comparison import STEPS_A_DAY
from esmlearn.metrics.uncertainty import FEWEST_BLOCKS

logger = logging.getLogger(__name__)

# A percentile of fewer years is none of the climate (Hobday et al. 2016 ask for 30, and take what there is).
FEWEST_BASELINE_YEARS = 5

DAYS_OF_MONTH = 30
DAYS_OF_YEAR = 365.25


@dataclass(frozen=True)
class Scored:
    """All that was found out about one dataset.

    Attributes
    ----------
    rows
        Rows of `scores.json` and, with the key `bin`, of `breakdown.json`.
    spectra, reliability
        Records of the files of these names.
    ensembles
        What was found out about ensembles, whose records `ensemble.json` holds.
    heatwaves
        Baseline of the threshold, and share of the points that are heatwave days in the truth; None if not scored.
    refined
        What was found out about super-resolution; empty for other tasks.
    points
        Number of points in time and space that count.
    left_out
        Why something was not scored: a sentence for each thing.
    """

    rows: list[metrics.Row] = field(default_factory=list)
    spectra: list[dict[str, Any]] = field(default_factory=list)
    reliability: list[dict[str, Any]] = field(default_factory=list)
    ensembles: list[EnsembleFindings] = field(default_factory=list)
    heatwaves: dict[str, Any] | None = None
    refined: Refined = field(default_factory=Refined)
    points: int = 0
    left_out: dict[str, str] = field(default_factory=dict)


def score_case(case: Case) -> Scored:
    """Score all methods: days and months, as a whole, by region and broken down; spectra, heatwaves, reliability.

    Nothing is scored if no truth is known.
    """
    truth = case.truth
    if truth is None:
        return Scored()
    left_out: dict[str, str] = {}
    daily = hidden_points(case)
    n_days, block = case.grid.dates.size // STEPS_A_DAY[case.frequency], case.settings.block_days
    if n_days < FEWEST_BLOCKS * block:
        left_out["intervals"] = f"The {n_days} days are fewer than {FEWEST_BLOCKS} blocks of {block} days (block_days)."
    rows = metrics.score(daily) + score_days(case, daily) + _score_regions(case, daily, left_out)
    for bins in _daily_bins(case, left_out):
        rows += metrics.break_down(daily, bins)
    reliability = metrics.reliability(daily)
    # The buffers are no matter for spectra: a segment counts by what was hidden of it.
    scales = None if case.withheld else _comparison(case, case.frequency, truth, case.hidden)
    ensembles = find_ensembles(daily, case.grid, None if case.downscaled else scales)
    refined = score_refinement(case, daily) if case.downscaled else Refined()
    left_out |= refined.left_out
    monthly = _hidden_months(case, truth, left_out)
    if monthly is not None:
        rows += metrics.score(monthly) + _score_regions(case, monthly, left_out)
        for bins in _monthly_bins(case):
            rows += metrics.break_down(monthly, bins)
        reliability += metrics.reliability(monthly)
        ensembles += find_ensembles(monthly, case.grid)
    resolution, spectra = _score_scales(case, scales, left_out)
    extremes, heatwaves = _score_heatwaves(case, daily, left_out)
    if not case.complete:
        left_out["images"] = (
            "Only withheld observations are known, and a map is compared as a whole."
            if case.withheld
            else "The truth has gaps, and a map is compared as a whole."
        )
    for what, why in left_out.items():
        logger.info("%s: %s left out. %s", case.dataset, what, why)
    rows += resolution + extremes + refined.rows
    if case.level is not None:
        rows = [row | {"level": case.level} for row in rows]
    return Scored(rows, spectra, reliability, ensembles, heatwaves, refined, int(daily.points.sum()), left_out)


def hidden_points(case: Case) -> metrics.Comparison:
    """Give the daily comparison on the points that count."""
    if case.truth is None:
        raise DataError(f"Nothing is known to be right about {case.dataset}; name a `truth`.")
    return _comparison(case, case.frequency, case.truth, case.counted)


def facts(case: Case, scored: Scored) -> dict[str, Any]:
    """Tell what was evaluated and what was hidden, for the report."""
    grid, settings = case.grid, case.settings
    return {
        "dataset": case.dataset,
        "quantity": case.quantity,
        "units": grid.units,
        "split": case.split,
        "truth": case.truth_name,
        "complete": case.complete,
        "withheld": case.withheld,
        "synthetic": case.synthetic,
        "start": grid.dates[0].strftime("%Y-%m-%d"),
        "end": grid.dates[-1].strftime("%Y-%m-%d"),
        "calendar": grid.dates[0].calendar,
        "days": int(grid.dates.size // STEPS_A_DAY[case.frequency]),
        "frequency": case.frequency,
        "cells": [int(size) for size in grid.land.shape],
        "ocean_cells": int(case.ocean.sum()),
        "region": [float(grid.lat[0]), float(grid.lat[-1]), float(grid.lon[0]), float(grid.lon[-1])],
        "share_hidden": float(case.hidden[:, case.ocean].mean()),
        "share_hidden_least": float(case.hidden[:, case.ocean].mean(axis=1).min()),
        "share_hidden_most": float(case.hidden[:, case.ocean].mean(axis=1).max()),
        "months_unseen": float(
            np.mean([~case.observed[days][:, case.ocean].any(axis=0) for days in grid.months.values()])
        ),
        "gaps": _attribute(case, "esmlearn_gaps"),
        "withhold": _attribute(case, "esmlearn_withheld"),
        "buffer_km": settings.buffer_km,
        "buffer_days": settings.buffer_days,
        "block_days": settings.block_days,
        "points": scored.points,
        "image_range": image_range(case),
        "regions": {
            name: [part.start_latitude, part.end_latitude, part.start_longitude, part.end_longitude]
            for name, part in settings.regions.items()
        },
        "heatwaves": scored.heatwaves,
        "downscaled": ({**coarse_facts(case), **scored.refined.facts} if case.downscaled else None),
        "left_out": scored.left_out,
    }


def scores_json(rows: list[metrics.Row]) -> str:
    """Write rows with one on each line, which reads and compares well."""
    if not rows:
        return "[]\n"
    return "[\n" + ",\n".join(json.dumps(row, allow_nan=False) for row in rows) + "\n]\n"


def _attribute(case: Case, name: str) -> Any:
    """Settings that the script that reconstructed has left in its files; None if there are none."""
    text = case.grid.like[0].attributes.get(name)
    return None if text is None else json.loads(str(text))


def _daily_bins(case: Case, left_out: dict[str, str]) -> Iterator[metrics.Bins]:
    """Give everything that daily scores are broken down by."""
    grid = case.grid
    yield metrics.by_month(grid.dates)
    yield metrics.by_season(grid.dates)
    if STEPS_A_DAY[case.frequency] > 1:
        yield metrics.by_hour(grid.dates)
    if not case.downscaled:
        yield metrics.by_share_hidden(metrics.share_hidden(case.hidden, case.ocean))
    if case.observed.any():
        yield metrics.by_distance(case.distance)
        yield metrics.by_days(case.days_away)
    else:
        left_out["distance to observations"] = "No method was given any."
    if grid.land.any():
        yield metrics.by_coast(metrics.distance_to_coast(grid.land, grid.lat, grid.lon))
    else:
        left_out["coast"] = "There is no land in the domain."
    if case.downscaled:
        yield from _surface_bins(case, left_out)


def _surface_bins(case: Case, left_out: dict[str, str]) -> Iterator[metrics.Bins]:
    """Give what fields on land and sea are broken down by."""
    if case.on_land is None:
        left_out["land and sea"] = "The quantity is known on one of them only, or there is but one in the domain."
    else:
        yield metrics.by_surface(case.on_land)
    if case.height is None:
        left_out["height"] = "The recipe names no field of it (height)."
    else:
        on_sea = False if case.on_land is None else ~case.on_land
        yield metrics.by_height(np.where(on_sea, np.nan, case.height))


def _monthly_bins(case: Case) -> Iterator[metrics.Bins]:
    """Give everything that monthly scores are broken down by."""
    months = list(case.grid.months.values())
    first_days = case.grid.dates[[days.start for days in months]]
    yield metrics.by_month(first_days)
    yield metrics.by_season(first_days)
    if not case.downscaled:
        yield metrics.by_share_hidden(metrics.hidden_share_of_month(case.hidden, months))


def _hidden_months(
    case: Case, truth: Float[np.ndarray, "time lat lon"], left_out: dict[str, str]
) -> metrics.Comparison | None:
    """Give the monthly comparison; None if the truth of no month is known."""
    if case.withheld:
        left_out["months"] = "Only withheld observations are known, and no month is known on all of its days."
        return None
    months = list(case.grid.months.values())
    known = metrics.monthly_truth(truth, months)
    hidden = metrics.hidden_share_of_month(case.counted, months) > 0
    if not np.isfinite(known[hidden]).any():
        left_out["months"] = "Where something was hidden, no month has a truth for all of its days."
        return None
    return _comparison(case, "mon", known, hidden)


def _score_regions(case: Case, comparison: metrics.Comparison, left_out: dict[str, str]) -> list[metrics.Row]:
    """Scores of the regions that the recipe names."""
    rows = []
    for name, region in case.settings.regions.items():
        inside = cells_within(region, case.grid)
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
    spectra = metrics.power_spectra(comparison, case.grid.lat, case.grid.lon)
    if spectra is None:
        left_out["spectra"] = "No row has enough ocean without a break on days on which most of it was hidden."
        return [], []
    return metrics.resolution_rows(comparison, spectra), metrics.spectra_records(comparison, spectra)


def _score_heatwaves(
    case: Case, daily: metrics.Comparison, left_out: dict[str, str]
) -> tuple[list[metrics.Row], dict[str, Any] | None]:
    """Scores of marine heatwave days as rows, and what the threshold is of."""
    if case.downscaled:
        left_out["heatwaves"] = (
            "Super-resolution fills no gap in time; when they begin and end is what the coarse field says."
        )
        return [], None
    if case.withheld:
        left_out["heatwaves"] = "Only withheld observations are known, and a heatwave needs days without a gap."
        return [], None
    baseline = read_baseline(case)
    years = 0.0 if baseline is None else len(baseline.dates) / DAYS_OF_YEAR
    if baseline is None or years < FEWEST_BASELINE_YEARS:
        left_out["heatwaves"] = (
            f"The truth has {years:.1f} years outside of the reconstruction, fewer than {FEWEST_BASELINE_YEARS} for the"
            " threshold."
        )
        return [], None
    calendar = metrics.heatwave_threshold(baseline.values[:, 0], metrics.calendar_day(baseline.year_fraction))
    threshold = calendar[metrics.calendar_day(case.grid.year_fraction)]
    # A day that is not known would end a heatwave that may have gone on.
    threshold = np.where(np.isfinite(daily.truth).all(axis=0), threshold, np.float32(np.nan))
    rows, share = metrics.score_heatwaves(daily, threshold)
    if not share:
        left_out["heatwaves"] = "No point that counts is a heatwave day in the truth."
        return [], None
    first, last = baseline.dates[[0, -1]]
    return rows, {"baseline": f"{first:%Y-%m-%d}/{last:%Y-%m-%d}", "share": share}


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
        said = result.reconstruction
        parts = (
            (said.daily, said.daily_std, said.members)
            if daily
            else (said.monthly, said.monthly_std, said.monthly_members)
        )
        methods.append(metrics.Method(result.name, result.role, *parts))
    return metrics.Comparison(
        dataset=case.dataset,
        frequency=frequency,
        units=case.grid.units,
        truth=truth,
        hidden=hidden,
        weights=case.grid.area_weights,
        methods=tuple(methods),
        split=case.split,
        block=days * STEPS_A_DAY[frequency] if daily else max(1, round(days / DAYS_OF_MONTH)),
    )
