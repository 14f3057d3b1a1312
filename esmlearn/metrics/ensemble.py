"""Scores of ensembles: CRPS, spread against error, ranks, coverage, energy score.

The members of a reliable ensemble and the truth are samples of one distribution. The expectation of a fair score does
not depend on the number of members: it is that of a very large ensemble.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int
from scores import probability

from esmlearn.errors import DataError
from esmlearn.metrics.calibration import COVERAGE_LEVELS, PointScores, roots_in_bins
from esmlearn.metrics.uncertainty import BlockBootstrap, ratio


@dataclass(frozen=True)
class Ensemble:
    """Members and truth at the points that count, with the relative area and the time step of each point.

    `n_steps` is the number of time steps of the data, including those without any point.
    """

    members: Float[np.ndarray, "member point"]
    truth: Float[np.ndarray, " point"]
    areas: Float[np.ndarray, " point"]
    steps: Int[np.ndarray, " point"]
    n_steps: int

    @classmethod
    def of(
        cls,
        members: Float[np.ndarray, "member time lat lon"],
        truth: Float[np.ndarray, "time lat lon"],
        where: Bool[np.ndarray, "time lat lon"],
        weights: Float[np.ndarray, "lat lon"],
    ) -> "Ensemble":
        """Take the points where `where` is true, the truth is known, and every member has a value.

        A DataError if there is no such point, or fewer than two members.
        """
        if len(members) < 2:
            raise DataError("An ensemble of one member can't be scored as an ensemble; draw at least two members.")
        points = where & np.isfinite(truth)
        for member in members:
            points &= np.isfinite(member)
        if not points.any():
            raise DataError(
                "The ensemble can't be scored: no point that counts has a known truth and is filled by every member; "
                "name a truth that is complete, or hide some of the observations."
            )
        areas = np.broadcast_to(weights, truth.shape)[points].astype(float)
        return cls(members[:, points], truth[points], areas, np.nonzero(points)[0], len(truth))

    @property
    def weights(self) -> Float[np.ndarray, " time"]:
        """Area of the points of each time step."""
        return np.bincount(self.steps, self.areas, minlength=self.n_steps)

    def mean(self, values: Float[np.ndarray, " point"], bootstrap: BlockBootstrap) -> Float[np.ndarray, " resample"]:
        """Give the area-weighted mean in each resample of the time steps; the first is the original data."""
        sums = np.bincount(self.steps, self.areas * values, minlength=self.n_steps)
        return bootstrap.mean(sums[:, None], self.weights[:, None])[:, 0]


def ensemble_at_points(
    members: Float[np.ndarray, "member point"], truth: Float[np.ndarray, " point"], *, seed: int = 0
) -> PointScores:
    """Score each point; the scores of the ensemble are the means over points.

    Returns
    -------
    dict
        `variance` (see `fair_variance`) and `sharpness`, its root; `crps`, which is fair, and `crps_plain`;
        `coverage_50` and `coverage_90` (see `fair_coverage`).
    """
    ranks = ranks_at_points(members, truth, seed=seed)
    variance = fair_variance(members)
    found = {f"coverage_{100 * p:.0f}": fair_coverage(ranks, len(members), p) for p in COVERAGE_LEVELS}
    found |= {"crps": ensemble_crps(members, truth), "crps_plain": ensemble_crps(members, truth, fair=False)}
    return found | {"variance": variance, "sharpness": np.sqrt(variance)}


def ensemble_crps(
    members: Float[np.ndarray, "member point"], truth: Float[np.ndarray, " point"], *, fair: bool = True
) -> Float[np.ndarray, " point"]:
    r"""Continuous ranked probability score of each point, in the units of the truth; 0 is perfect.

    .. math:: \frac{1}{M} \sum_i |x_i - y| - \frac{1}{2 K} \sum_{i,j} |x_i - x_j|

    with :math:`K = M^2` for the M members themselves, and :math:`K = M (M - 1)` for the distribution that they sample
    (fair: Ferro 2014, doi:10.1002/qj.2270). The fair score may be compared with the closed form of a normal
    distribution, or with an ensemble of another size.
    """
    method = "fair" if fair else "ecdf"

    def crps(members: xr.DataArray, truth: xr.DataArray) -> xr.DataArray:
        members, truth = members.astype(float), truth.astype(float)
        return probability.crps_for_ensemble(members, truth, "member", method=method, preserve_dims="all")

    return in_blocks(crps, members, truth)


def in_blocks(
    score: Callable[[xr.DataArray, xr.DataArray], xr.DataArray],
    members: Float[np.ndarray, "member point"],
    truth: Float[np.ndarray, " point"],
    *,
    at_once: int = 200_000,
) -> Float[np.ndarray, " point"]:
    """Score each point by a function of `scores`; `at_once` points at a time, to keep copies of the members small."""
    found = np.empty(truth.size)
    for start in range(0, truth.size, at_once):
        block = slice(start, start + at_once)
        parts = xr.DataArray(members[:, block], dims=("member", "point")), xr.DataArray(truth[block], dims="point")
        found[block] = score(*parts).values.squeeze()
    return found


def fair_variance(members: Float[np.ndarray, "member point"]) -> Float[np.ndarray, " point"]:
    r"""Give the expected squared error of the mean of a reliable ensemble.

    .. math:: \frac{M + 1}{M} \, \frac{1}{M - 1} \sum_i (x_i - \bar x)^2

    The first factor is there because the mean of a few members has a sampling error (Fortin et al. 2014,
    doi:10.1175/JHM-D-14-0008.1).
    """
    return (len(members) + 1) / len(members) * members.var(axis=0, ddof=1, dtype=float)


def ranks_at_points(
    members: Float[np.ndarray, "member point"], truth: Float[np.ndarray, " point"], *, seed: int = 0
) -> Int[np.ndarray, " point"]:
    """Count the members below the truth, from 0 to M; members equal to the truth count as below or above at random.

    Hamill 2001, doi:10.1175/1520-0493(2001)129<0550:IORHFV>2.0.CO;2.
    """
    below, equal = (members < truth).sum(axis=0), (members == truth).sum(axis=0)
    return below + np.random.default_rng(seed).integers(equal + 1)


def rank_histogram(
    ensemble: Ensemble, bootstrap: BlockBootstrap, *, seed: int = 0
) -> Float[np.ndarray, "resample rank"]:
    """Give the share of the points of each rank, in each resample of the time steps.

    A reliable ensemble has 1 / (M + 1) everywhere. The ends are higher if the spread is too small, the middle if it is
    too large, and one side if there is a bias.
    """
    ranks = ranks_at_points(ensemble.members, ensemble.truth, seed=seed)
    shares = [ensemble.mean((ranks == rank).astype(float), bootstrap) for rank in range(len(ensemble.members) + 1)]
    return np.stack(shares, axis=-1)


def fair_coverage(ranks: Int[np.ndarray, " point"], n_members: int, level: float) -> Float[np.ndarray, " point"]:
    """Give whether each truth lies within the central interval of a probability, as a number from 0 to 1.

    The truth of a reliable ensemble lies in each of the M + 1 gaps between members with the same probability. So a
    central interval of 90 % is the middle 90 % of the gaps; a truth in a gap that the interval cuts counts for the part
    of the gap within. The mean is then 0.9 for a reliable ensemble of any size; an interval between quantiles of few
    members would be too narrow.

    Parameters
    ----------
    ranks
        Number of members below the truth.
    n_members
        Number of members, M.
    level
        Probability of the interval.
    """
    low = (1 - level) / 2 * (n_members + 1)
    high = n_members + 1 - low
    return np.clip(np.minimum(ranks + 1, high) - np.maximum(ranks, low), 0.0, 1.0)


@dataclass(frozen=True)
class SpreadBins:
    """Spread against error, in bins of points with about the same spread.

    `spread` is the root mean of `fair_variance`, `error` the RMSE of the ensemble mean: equal in a reliable ensemble.
    `n` is the number of points.
    """

    spread: Float[np.ndarray, " bin"]
    error: Float[np.ndarray, " bin"]
    n: Int[np.ndarray, " bin"]


def spread_skill_bins(ensemble: Ensemble, *, n_bins: int = 15) -> SpreadBins:
    """Sort the points by their spread into bins of equal size, and compare spread and error in each."""
    variance = fair_variance(ensemble.members)
    squared_error = (ensemble.members.mean(axis=0, dtype=float) - ensemble.truth) ** 2
    (spread, error), n = roots_in_bins(variance, (variance, squared_error), ensemble.areas, n_bins=n_bins)
    return SpreadBins(spread, error, np.array(n))


def energy_score(
    members: Float[np.ndarray, "member case feature"],
    truth: Float[np.ndarray, "case feature"],
    weights: Float[np.ndarray, "case feature"],
) -> Float[np.ndarray, " case"]:
    r"""Score the members of each case as whole vectors, including the correlation between features; 0 is perfect.

    .. math:: \frac{1}{M} \sum_i \|x_i - y\| - \frac{1}{2 M (M - 1)} \sum_{i,j} \|x_i - x_j\|, \quad
              \|d\|^2 = \frac{\sum_f w_f d_f^2}{\sum_f w_f}

    Gneiting & Raftery (2007), doi:10.1198/016214506000001437, eq. 22 with the opposite sign, in its fair form; the fair
    CRPS is the case of a single feature. The norm is a root mean square, so that cases with more features do not weigh
    more. No more than two members are in double precision at once, to save memory.

    Parameters
    ----------
    members, truth
        A case is a profile, whose features are its levels, scaled to have similar variance; or a day, whose features
        are the points of the map.
    weights
        Weight of each feature; zero where it does not count.

    Returns
    -------
    numpy.ndarray
        Shape (case,); NaN where no feature counts.
    """
    total = weights.sum(axis=1)

    def distance(
        one: Float[np.ndarray, "case feature"], other: Float[np.ndarray, "case feature"]
    ) -> Float[np.ndarray, " case"]:
        difference = np.where(weights > 0, one.astype(float) - other, 0.0)
        return np.sqrt(ratio((weights * difference**2).sum(axis=1), total))

    n = len(members)
    far, apart = np.zeros((2, len(truth)))
    for member in members:
        far += distance(member, truth)
    for one, other in combinations(members, 2):
        apart += distance(one, other)
    return far / n - apart / (n * (n - 1))
