"""Whether an ensemble is close, and its spread right: CRPS, spread against skill, ranks, coverage, energy score.

The members of a right ensemble and the truth are samples of one distribution. Scores that are called fair have, for
such members, the expectation that they would have with a very large ensemble: none is punished for being small.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int
from scores import probability

from esmlearn.errors import DataError
from esmlearn.metrics.calibration import COVERAGE_LEVELS
from esmlearn.metrics.errors import PointScores
from esmlearn.metrics.uncertainty import BlockBootstrap, ratio

# Points that are worked on at once, so that copies of the members stay small.
POINTS_AT_ONCE = 200_000


@dataclass(frozen=True)
class Ensemble:
    """Members beside the truth at the points that count.

    Attributes
    ----------
    members, truth
        Values in the units of the truth.
    areas, steps
        Relative area and time step of each point.
    n_steps
        Steps of the data, those without any point included.
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
        """Take the points that count: where `where` is true, with a known truth, and filled by every member.

        Raises
        ------
        DataError
            If there is no such point, or fewer than two members.
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
        """Area of the points of each step, as `BlockBootstrap.interval` needs it."""
        return np.bincount(self.steps, self.areas, minlength=self.n_steps)

    def mean(self, values: Float[np.ndarray, " point"], bootstrap: BlockBootstrap) -> Float[np.ndarray, " resample"]:
        """Area-weighted mean in each resample of the time steps; the first is the data as they are."""
        sums = np.bincount(self.steps, self.areas * values, minlength=self.n_steps)
        return bootstrap.mean(sums[:, None], self.weights[:, None])[:, 0]


def ensemble_at_points(
    members: Float[np.ndarray, "member point"], truth: Float[np.ndarray, " point"], *, seed: int = 0
) -> PointScores:
    """Scores of each point, whose means over points are those of the ensemble.

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

    with :math:`K = M^2` for the members as they are, and :math:`K = M (M - 1)` for the distribution that they
    sample (fair: Ferro 2014, doi:10.1002/qj.2270), which may be compared with a closed form or with an ensemble of
    another size.
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
    at_once: int = POINTS_AT_ONCE,
) -> Float[np.ndarray, " point"]:
    """Score each point by a function of `scores`, so many at once."""
    found = np.empty(truth.size)
    for start in range(0, truth.size, at_once):
        block = slice(start, start + at_once)
        parts = xr.DataArray(members[:, block], dims=("member", "point")), xr.DataArray(truth[block], dims="point")
        found[block] = score(*parts).values.squeeze()
    return found


def fair_variance(members: Float[np.ndarray, "member point"]) -> Float[np.ndarray, " point"]:
    r"""Variance that the squared error of the ensemble mean should have.

    .. math:: \frac{M + 1}{M} \, \frac{1}{M - 1} \sum_i (x_i - \bar x)^2

    The mean of a few members errs itself: hence the first factor (Fortin et al. 2014, doi:10.1175/JHM-D-14-0008.1).
    """
    return (len(members) + 1) / len(members) * members.var(axis=0, ddof=1, dtype=float)


def ranks_at_points(
    members: Float[np.ndarray, "member point"], truth: Float[np.ndarray, " point"], *, seed: int = 0
) -> Int[np.ndarray, " point"]:
    """Count the members below the truth, from 0 to M; those that equal it are below or above at random.

    Hamill 2001, doi:10.1175/1520-0493(2001)129<0550:IORHFV>2.0.CO;2.
    """
    below, equal = (members < truth).sum(axis=0), (members == truth).sum(axis=0)
    return below + np.random.default_rng(seed).integers(equal + 1)


def rank_histogram(
    ensemble: Ensemble, bootstrap: BlockBootstrap, *, seed: int = 0
) -> Float[np.ndarray, "resample rank"]:
    """Share of the points of each rank, in each resample of the steps; a right ensemble has 1 / (M + 1) everywhere.

    The ends are full if the spread is too small, the middle if it is too large, one side if there is a bias.
    """
    ranks = ranks_at_points(ensemble.members, ensemble.truth, seed=seed)
    shares = [ensemble.mean((ranks == rank).astype(float), bootstrap) for rank in range(len(ensemble.members) + 1)]
    return np.stack(shares, axis=-1)


def fair_coverage(ranks: Int[np.ndarray, " point"], n_members: int, level: float) -> Float[np.ndarray, " point"]:
    """Share of each point that lies within the central interval of a probability.

    The truth of a right ensemble falls into each of the M + 1 gaps between members with the same probability. A central
    interval of 90 % is thus the middle 90 % of the gaps; of a gap that it cuts, the truth there counts for the part
    within. So the mean is 0.9 for a right ensemble of any size, where quantiles of few members would hold too little.

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
    """Spread against skill, in bins of points with about the same spread.

    Attributes
    ----------
    spread, error
        Root mean of `fair_variance` and root mean squared error of the ensemble mean; equal if the spread is right.
    n
        Number of points.
    """

    spread: Float[np.ndarray, " bin"]
    error: Float[np.ndarray, " bin"]
    n: Int[np.ndarray, " bin"]


def spread_skill_bins(ensemble: Ensemble, *, n_bins: int = 15) -> SpreadBins:
    """Sort the points by their spread into bins of equally many, and compare spread and error in each."""
    variance = fair_variance(ensemble.members)
    squared_error = (ensemble.members.mean(axis=0, dtype=float) - ensemble.truth) ** 2
    order = np.argsort(variance, kind="stable")
    groups = np.array_split(order, min(n_bins, order.size))

    def root_mean(squares: Float[np.ndarray, " point"]) -> Float[np.ndarray, " bin"]:
        return np.sqrt([np.average(squares[group], weights=ensemble.areas[group]) for group in groups])

    return SpreadBins(root_mean(variance), root_mean(squared_error), np.array([group.size for group in groups]))


def energy_score(
    members: Float[np.ndarray, "member case feature"],
    truth: Float[np.ndarray, "case feature"],
    weights: Float[np.ndarray, "case feature"],
) -> Float[np.ndarray, " case"]:
    r"""Score the members of each case as wholes, how their features go together included; 0 is perfect.

    .. math:: \frac{1}{M} \sum_i \|x_i - y\| - \frac{1}{2 M (M - 1)} \sum_{i,j} \|x_i - x_j\|, \quad
              \|d\|^2 = \frac{\sum_f w_f d_f^2}{\sum_f w_f}

    Gneiting & Raftery (2007), doi:10.1198/016214506000001437, eq. 22 with the sign turned, fair as the CRPS, which it
    is for a single feature. The norm is a root mean square, so that cases with more features do not weigh more.
    No more than two members are held in double precision at once.

    Parameters
    ----------
    members, truth
        A case is what is scored as one: a profile whose features are levels, scaled to be of like size; or a day whose
        features are points of the map.
    weights
        Weight of each feature; zero where it does not count, and where its value does not matter.

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
