"""Scores of ensembles whose distribution is known."""

import numpy as np
import pytest
import xarray as xr
from scipy import special, stats
from scores import probability

from esmlearn import metrics
from esmlearn.errors import DataError
from esmlearn.metrics import ensemble as scoring
from esmlearn.metrics.comparison import Method
from esmlearn.metrics.uncertainty import BlockBootstrap

AS_THEY_ARE = 0  # the first of all resamples


def gaussian(n_members, *, spread=1.0, bias=0.0, shape=(100, 20, 20), seed=0):
    """Make members N(m + bias, spread) beside a truth N(m, 1), where m varies more than both."""
    rng = np.random.default_rng(seed)
    middle = 5 * rng.standard_normal(shape)
    truth = (middle + rng.standard_normal(shape)).astype(np.float32)
    members = (middle + bias + spread * rng.standard_normal((n_members, *shape))).astype(np.float32)
    return members, truth


def points_of(members, truth, *, where=None, weights=None):
    where = np.ones(truth.shape, bool) if where is None else where
    weights = np.ones(truth.shape[1:]) if weights is None else weights
    return scoring.Ensemble.of(members, truth, where, weights)


def rows_of(members, truth, *, weights=None, block=None):
    """Rows of a comparison with an ensemble in it, as `evaluate` writes them."""
    weights = np.ones(truth.shape[1:]) if weights is None else weights
    estimate = Method("ensemble", "model", members.mean(axis=0), members.std(axis=0, ddof=1), members)
    hidden = np.ones(truth.shape, bool)
    return metrics.score(metrics.Comparison("D", "day", "degC", truth, hidden, weights, (estimate,), block=block))


def score(members, truth, **options):
    return {row["metric"]: row["value"] for row in rows_of(members, truth, **options)}


@pytest.mark.parametrize("n_members", [2, 5, 30])
def test_a_right_ensemble_of_any_size_is_found_right(n_members):
    found = score(*gaussian(n_members))
    assert found["crps"] == pytest.approx(1 / np.sqrt(np.pi), abs=0.015)
    # What the finite sample adds (Ferro et al. 2008): E|X - X'| / 2M.
    assert found["crps_plain"] - found["crps"] == pytest.approx(1 / np.sqrt(np.pi) / n_members, rel=0.02)
    assert found["spread_skill_ratio"] == pytest.approx(1.0, abs=0.01)
    assert found["coverage_50"] == pytest.approx(0.5, abs=0.01)
    assert found["coverage_90"] == pytest.approx(0.9, abs=0.01)
    assert found["rmse"] == pytest.approx(np.sqrt(1 + 1 / n_members), rel=0.01)
    assert found["bias"] == pytest.approx(0, abs=0.02)


def test_a_narrow_ensemble_is_found_overconfident():
    found = score(*gaussian(400, spread=0.5, shape=(100, 10, 10)))
    assert found["spread_skill_ratio"] == pytest.approx(0.5, abs=0.01)
    assert found["coverage_90"] == pytest.approx(2 * stats.norm.cdf(0.5 * 1.6449) - 1, abs=0.015)
    assert found["sharpness"] == pytest.approx(0.5, rel=0.01)


def test_crps_by_hand():
    """Members 0 and 1, truth 3: mean distance 2.5; half of the mean difference is 0.25, of distinct members 0.5."""
    members, truth = np.array([[0.0], [1.0]]), np.array([3.0])
    assert scoring.ensemble_crps(members, truth) == pytest.approx([2.0])
    assert scoring.ensemble_crps(members, truth, fair=False) == pytest.approx([2.25])


def test_each_point_is_scored_by_itself_in_blocks_of_any_length():
    members, truth = np.random.default_rng(0).standard_normal((4, 50)), np.zeros(50)
    found = scoring.in_blocks(lambda members, truth: (members - truth).max("member"), members, truth, at_once=7)
    np.testing.assert_array_equal(found, members.max(axis=0))


def histogram(members, truth, **options):
    ensemble = points_of(members, truth)
    return scoring.rank_histogram(ensemble, BlockBootstrap.of(len(truth), None), **options)[AS_THEY_ARE]


def test_the_rank_histogram_of_a_right_ensemble_is_flat():
    assert histogram(*gaussian(9)) == pytest.approx(np.full(10, 0.1), abs=0.006)


def test_a_cold_ensemble_has_the_truth_at_its_warm_end():
    shares = histogram(*gaussian(9, bias=-2.0))
    assert shares.argmax() == 9
    assert (np.diff(shares) > 0).all()


def test_the_rank_histogram_agrees_with_that_of_scores():
    members, truth = gaussian(5, spread=0.7)
    theirs = probability.rank_histogram(
        xr.DataArray(members, dims=("member", *"tyx")), xr.DataArray(truth, dims=list("tyx")), "member"
    )
    assert histogram(members, truth) == pytest.approx(theirs.values)


def test_ties_are_broken_at_random_by_the_seed():
    """Members and truth that are all zero: any rank is as likely as any other."""
    zeros = np.zeros((4, 50, 20, 20), np.float32)
    first, again, other = (histogram(zeros, zeros[0], seed=seed) for seed in (0, 0, 1))
    assert first == pytest.approx(np.full(5, 0.2), abs=0.01)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("n_members", [1, 4, 9, 20])
@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_coverage_of_uniform_ranks_is_exactly_nominal(n_members, level):
    every = np.arange(n_members + 1)
    assert scoring.fair_coverage(every, n_members, level).mean() == pytest.approx(level)


def test_coverage_counts_from_the_middle():
    """Nine members make ten gaps: 50 % are the five in the middle, the outer two of them by half."""
    assert scoring.fair_coverage(np.arange(10), 9, 0.5).tolist() == [0, 0, 0.5, 1, 1, 1, 1, 0.5, 0, 0]


def test_bins_show_that_spread_is_only_right_on_average():
    """The error is the same everywhere, and the spread is not."""
    rng = np.random.default_rng(3)
    truth = rng.standard_normal((100, 20, 20))
    claimed = np.where(np.arange(20) < 10, 0.5, 1.5)
    members = claimed * rng.standard_normal((40, *truth.shape))
    found = scoring.spread_skill_bins(points_of(members, truth), n_bins=2)
    assert found.spread == pytest.approx([0.5, 1.5], rel=0.03)
    assert found.error == pytest.approx([1.0, 1.0], rel=0.03)
    assert found.n.tolist() == [20_000, 20_000]


def test_bins_of_a_right_ensemble_lie_on_the_diagonal():
    rng = np.random.default_rng(4)
    size = rng.uniform(0.2, 2.0, (100, 20, 20))
    found = scoring.spread_skill_bins(
        points_of(size * rng.standard_normal((100, *size.shape)), size * rng.standard_normal(size.shape)), n_bins=8
    )
    assert found.error == pytest.approx(found.spread, rel=0.05)
    assert found.spread[-1] > 4 * found.spread[0]


@pytest.mark.parametrize("n_features", [1, 3, 10])
@pytest.mark.parametrize("n_members", [2, 8])
def test_the_energy_score_of_a_gaussian(n_features, n_members):
    r"""Half of E|X - X'|, which is 2 Gamma((d + 1) / 2) / Gamma(d / 2), over the root of d."""
    rng = np.random.default_rng(5)
    members, truth = rng.standard_normal((n_members, 20_000, n_features)), rng.standard_normal((20_000, n_features))
    found = scoring.energy_score(members, truth, np.ones_like(truth))
    expected = special.gamma((n_features + 1) / 2) / special.gamma(n_features / 2) / np.sqrt(n_features)
    assert found.mean() == pytest.approx(expected, rel=0.02)


def test_the_energy_score_of_one_feature_is_the_crps():
    members, truth = np.random.default_rng(6).standard_normal((5, 30, 1)), np.full((30, 1), 0.5)
    found = scoring.energy_score(members, truth, np.full((30, 1), 2.0))
    assert found == pytest.approx(scoring.ensemble_crps(members[..., 0], truth[:, 0]))


def test_the_energy_score_sees_how_levels_go_together():
    """Members with the right distribution at each level, but levels that do not rise and fall together."""
    rng = np.random.default_rng(7)
    shape = (6, 5000, 1)
    right = np.broadcast_to(rng.standard_normal(shape), (6, 5000, 4))
    apart = rng.standard_normal((6, 5000, 4))
    truth = np.broadcast_to(rng.standard_normal((5000, 1)), (5000, 4))
    weights = np.ones_like(truth)
    assert (
        scoring.energy_score(right, truth, weights).mean() < scoring.energy_score(apart, truth, weights).mean() - 0.02
    )


def test_features_without_weight_do_not_matter():
    members, truth = np.random.default_rng(8).standard_normal((3, 4, 5)), np.zeros((4, 5))
    weights = np.ones((4, 5))
    weights[:, 3:] = 0
    weights[0] = 0
    members[:, :, 4], truth[:, 3] = np.nan, np.nan
    found = scoring.energy_score(members, truth, weights)
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx(scoring.energy_score(members[..., :3], truth[:, :3], np.ones((4, 3)))[1:])


def test_only_points_that_count_count():
    members, truth = gaussian(4, shape=(6, 3, 5))
    where = np.ones(truth.shape, bool)
    where[:, 0], where[2] = False, False
    members[:, :, 0] = 1e6
    members[1, 3, 1, 1] = np.nan
    truth[4, 2, 2] = np.nan
    ensemble = points_of(members, truth, where=where)
    assert ensemble.truth.size == 5 * 2 * 5 - 2
    assert np.abs(ensemble.members).max() < 1e3
    assert ensemble.weights.tolist() == [10, 10, 0, 9, 9, 10]


def test_large_cells_count_more():
    truth = np.zeros((1, 1, 2))
    members = np.array([1.0, 3.0]) * np.ones((2, 1, 1, 2))
    assert score(members, truth, weights=np.array([[0.75, 0.25]]))["mae"] == pytest.approx(1.5)


def test_resampled_scores_give_intervals():
    members, truth = gaussian(10, shape=(200, 4, 4))
    for row in rows_of(members, truth, block=10):
        assert row["low"] < row["value"] < row["high"], row["metric"]
    ensemble = points_of(members, truth)
    bootstrap = BlockBootstrap.of(200, 10, n_resamples=200)
    low, high = np.quantile(scoring.rank_histogram(ensemble, bootstrap)[1:], [0.001, 0.999], axis=0)
    assert ((low < 1 / 11) & (high > 1 / 11)).all()


def test_an_ensemble_needs_members_and_points():
    members, truth = gaussian(2, shape=(2, 2, 2))
    with pytest.raises(DataError, match="at least two members"):
        points_of(members[:1], truth)
    with pytest.raises(DataError, match="no point that counts"):
        points_of(members, truth, where=np.zeros(truth.shape, bool))
