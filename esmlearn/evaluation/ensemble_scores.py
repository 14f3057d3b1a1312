"""Scores of ensembles beside those at points, and scores of days as wholes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from einops import rearrange
from jaxtyping import Float

from esmlearn import metrics
from esmlearn.evaluation.case import Case
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.metrics.comparison import row
from esmlearn.metrics.ensemble import Ensemble, SpreadBins
from esmlearn.metrics.ensemble_spectra import EnsembleSpectra

# Quantiles of the bootstrap that a share lies between, most of the time.
BAND = (0.025, 0.975)


@dataclass(frozen=True)
class EnsembleScores:
    """Ranks, spread and spectra of one ensemble at one frequency.

    Attributes
    ----------
    dataset, method, frequency, units
        As in the rows of `scores.json`.
    ranks
        Share of the points at which so many members are below the truth, in each sample of the bootstrap over time
        steps; the first one is the data as they are, and the only one if there are too few blocks.
    spread_skill
        Spread and error in bins of points.
    spectra
        Of the days; None for months, and where there are none.
    """

    dataset: str
    method: str
    frequency: str
    units: str
    ranks: Float[np.ndarray, "sample rank"]
    spread_skill: SpreadBins
    spectra: EnsembleSpectra | None

    def record(self) -> dict[str, Any]:
        """Give the record of `ensemble.json`, spectra from long to short waves; None where there is nothing to say."""
        resampled, spectra = self.ranks[1:], self.spectra
        low, high = np.quantile(resampled, BAND, axis=0).tolist() if len(resampled) else (None, None)
        bins = self.spread_skill
        return {
            "dataset": self.dataset,
            "method": self.method,
            "frequency": self.frequency,
            "members": self.ranks.shape[1] - 1,
            "ranks": {"share": self.ranks[0].tolist(), "low": low, "high": high},
            "spread_skill": {
                "spread": bins.spread.tolist(),
                "error": bins.error.tolist(),
                "n": bins.n.tolist(),
                "units": self.units,
            },
            "spectra": None
            if spectra is None
            else {
                "wavelength_km": (1 / spectra.frequency).tolist(),
                "truth": spectra.truth.tolist(),
                "members": spectra.members.tolist(),
                "mean": spectra.mean.tolist(),
                "members_coherence": _known(spectra.members_coherence),
                "mean_coherence": _known(spectra.mean_coherence),
                "units": f"{self.units}2 km",
            },
        }


def score_ensembles(
    comparison: metrics.Comparison, grid: RectilinearGrid, scales: metrics.Comparison | None = None
) -> list[EnsembleScores]:
    """Score every ensemble of a comparison.

    Parameters
    ----------
    comparison
        Methods and truth on the points that count.
    grid
        Where the cells lie.
    scales
        The same for spectra; None for no spectra.
    """
    found = []
    for method in comparison.methods:
        if method.members is None:
            continue
        ensemble = Ensemble.of(method.members, comparison.truth, comparison.points, comparison.weights)
        ranks = metrics.rank_histogram(ensemble, comparison.bootstrap)
        if comparison.bootstrap.interval(ranks[:, 0], ensemble.weights) is None:
            ranks = ranks[:1]
        spectra = None if scales is None else metrics.ensemble_spectra(scales, method.members, grid.lat, grid.lon)
        names = (comparison.dataset, method.name, comparison.frequency, comparison.units)
        found.append(EnsembleScores(*names, ranks, metrics.spread_skill_bins(ensemble), spectra))
    return found


def score_days(case: Case, daily: metrics.Comparison) -> list[metrics.Row]:
    """Score days as wholes: the energy score of ensembles; PSNR and SSIM of all methods where the truth is complete.

    Each is a mean over the days on which something counts, and `n` is their number.
    """
    return [
        _row_of_days(daily, method, metric, values, units)
        for method in daily.methods
        for metric, values, units in _scores_of_days(case, daily, method)
        if np.isfinite(values).any()
    ]


def image_range(case: Case) -> tuple[float, float] | None:
    """Range of values for PSNR and SSIM: lowest and highest truth of all days; None where these are not scored."""
    if case.truth is None or not case.complete:
        return None
    known = case.truth[:, case.ocean]
    return float(np.nanmin(known)), float(np.nanmax(known))


def _scores_of_days(
    case: Case, daily: metrics.Comparison, method: metrics.Method
) -> Iterator[tuple[str, Float[np.ndarray, " time"], str]]:
    """Name, value of each day and units of what a method is scored by."""
    points, areas = daily.points, daily.weights
    if method.members is not None:
        members = rearrange(method.members, "member time lat lon -> member time (lat lon)")
        truth, weights = (
            rearrange(field, "time lat lon -> time (lat lon)") for field in (daily.truth, np.where(points, areas, 0.0))
        )
        yield "energy_score", metrics.energy_score(members, truth, weights), daily.units
    span = image_range(case)
    if span:
        low, high = span
        yield "psnr", metrics.psnr(method.values, daily.truth, points, areas, width=high - low), "dB"
        yield "ssim", metrics.ssim(method.values, daily.truth, points, areas, low=low, high=high), "1"


def _row_of_days(
    comparison: metrics.Comparison, method: metrics.Method, metric: str, values: Float[np.ndarray, " time"], units: str
) -> metrics.Row:
    """Mean over days as a row; a day without points does not count, nor one without error, whose PSNR is infinite."""
    scored = np.isfinite(values)
    weights = scored.astype(float)
    means = comparison.bootstrap.mean(np.where(scored, values, 0.0)[:, None], weights[:, None])[:, 0]
    interval = comparison.bootstrap.interval(means, weights)
    return row(comparison, method, metric, means[0], int(scored.sum()), interval, units=units)


def _known(values: Float[np.ndarray, " frequency"]) -> list[float | None]:
    """Numbers as JSON has them, which knows no NaN."""
    return [float(value) if np.isfinite(value) else None for value in values]
