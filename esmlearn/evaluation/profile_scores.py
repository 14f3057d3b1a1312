"""Scores of profiles as wholes: how errors go together from level to level."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from einops import rearrange

from esmlearn import metrics
from esmlearn.evaluation.case import Case
from esmlearn.evaluation.scoring import hidden_points
from esmlearn.metrics.comparison import row

PROFILES = "energy_score_profile"


def score_profiles(cases: Sequence[Case]) -> list[metrics.Row]:
    """Score ensembles of several levels by the energy score of whole profiles, one row for each dataset and ensemble.

    Each level is counted in the deviation of its truth from the climatology: with one unit for all, the levels that
    vary least would not matter. `n` is the number of profiles with any hidden value.
    """
    datasets: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        if case.level is not None and case.truth is not None:
            datasets.setdefault((case.dataset.removesuffix(f" at {case.level:g} m"), case.split), []).append(case)
    return [row for (name, _), levels in datasets.items() if len(levels) > 1 for row in _score(name, levels)]


def _score(dataset: str, levels: Sequence[Case]) -> Iterator[metrics.Row]:
    """Rows of one dataset."""
    comparisons = [hidden_points(case) for case in levels]
    whole = replace(comparisons[0], dataset=dataset)
    units = [_deviation(comparison) for comparison in comparisons]
    points = np.stack([comparison.points for comparison in comparisons], axis=-1)
    truth = np.stack([one.truth / unit for one, unit in zip(comparisons, units, strict=True)], axis=-1)
    areas = np.where(points.any(axis=-1), whole.weights, 0.0)
    for number, method in enumerate(whole.methods):
        ensembles = [members for one in comparisons if (members := one.methods[number].members) is not None]
        if len(ensembles) < len(comparisons):
            continue
        members = np.stack([part / unit for part, unit in zip(ensembles, units, strict=True)], axis=-1)
        found = metrics.energy_score(
            rearrange(members, "member time lat lon level -> member (time lat lon) level"),
            rearrange(truth, "time lat lon level -> (time lat lon) level"),
            rearrange(points.astype(float), "time lat lon level -> (time lat lon) level"),
        )
        by_day = rearrange(found, "(time lat lon) -> time lat lon", time=areas.shape[0], lat=areas.shape[1])
        sums = np.where(areas > 0, by_day, 0.0) * areas
        weights = areas.sum(axis=(1, 2))
        mean = whole.bootstrap.mean(sums.sum(axis=(1, 2))[:, None], weights[:, None])[:, 0]
        interval = whole.bootstrap.interval(mean, weights)
        yield row(whole, method, PROFILES, mean[0], int((areas > 0).sum()), interval, units="1")


def _deviation(comparison: metrics.Comparison) -> float:
    """Standard deviation of the truth from the climatology at the points that count."""
    departures = comparison.at_points(comparison.truth) - comparison.at_points(comparison.reference)
    return float(np.sqrt(np.average(departures**2, weights=comparison.areas)))
