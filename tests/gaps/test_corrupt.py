"""A sample loses what it was to lose, all of its maps alike, and the same again from the same generator."""

import numpy as np
import pytest

from esmlearn.errors import SettingsError
from esmlearn.gaps.corrupt import Turn, degrade, drop_channels, hide_levels
from esmlearn.gaps.simulate import KINDS

SHAPE = (3, 32, 40)


def generator(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", KINDS)
def test_levels_lose_their_own_cells_but_profiles_whole_columns(kind):
    hidden = hide_levels(kind, SHAPE, share=(0.6, 0.6), rng=generator())
    assert hidden.shape == SHAPE and hidden.mean() == pytest.approx(0.6, abs=0.025)
    columns = (hidden == hidden[:1]).all()
    assert columns == (kind == "profiles")
    alike = hide_levels(kind, SHAPE, share=(0.6, 0.6), rng=generator(), alike=True)
    assert (alike == alike[:1]).all()


def test_share_varies_from_sample_to_sample():
    rng = generator()
    share = [hide_levels("profiles", SHAPE, share=(0.5, 0.995), rng=rng).mean() for _ in range(200)]
    assert 0.5 <= min(share) < 0.52 and 0.97 < max(share) < 0.996
    assert np.mean(share) == pytest.approx(0.7475, abs=0.03)


def test_rectangles_take_their_sizes():
    """A single rectangle of 4 x 4 cells is the least that a share of next to nothing hides."""
    hidden = hide_levels("rectangles", SHAPE, share=(0.02, 0.02), rng=generator(), min_size=4, max_size=4)
    assert set(np.unique(hidden.sum(axis=(1, 2)))) <= set(range(16, 49))


@pytest.mark.parametrize("share", [(0.9, 0.5), (-0.1, 0.5), (0.5, 1.1)])
def test_impossible_shares_are_refused(share):
    with pytest.raises(SettingsError, match="range between 0 and 1"):
        hide_levels("profiles", SHAPE, share=share, rng=generator())


def test_channels_are_dropped_whole():
    observed = generator().random((4000, 4, 5)) < 0.8
    observed[:, 0, 0] = True
    kept = drop_channels(observed, probability=0.3, rng=generator(2))
    whole = (kept == observed).all(axis=(1, 2))
    assert (whole | ~kept.any(axis=(1, 2))).all()
    assert whole.mean() == pytest.approx(0.7, abs=0.03)
    assert not drop_channels(observed, probability=1.0, rng=generator()).any()
    np.testing.assert_array_equal(drop_channels(observed, probability=0.0, rng=generator()), observed)
    with pytest.raises(SettingsError, match="between 0 and 1"):
        drop_channels(observed, probability=2.0, rng=generator())


def test_each_error_has_its_size():
    """Over many maps: the mean moves by the offset, the contrast by the factor, single cells by the speckle."""
    values = np.tile(np.linspace(10, 20, 64, dtype=np.float32).reshape(8, 8), (3000, 1, 1))
    values[:, 0, 0] = np.nan
    mean, std = np.nanmean(values[0]), np.nanstd(values[0])
    errors = {"factor": 0.0, "offset": 0.0, "speckle": 0.0}

    moved = degrade(values, **(errors | {"offset": 0.5}), rng=generator())
    assert np.nanstd(moved, axis=(1, 2)) == pytest.approx(std, rel=1e-5)
    assert np.nanmean(moved, axis=(1, 2)).std() == pytest.approx(0.5, rel=0.05)
    stretched = degrade(values, **(errors | {"factor": 0.1}), rng=generator())
    assert np.nanmean(stretched, axis=(1, 2)) == pytest.approx(mean, rel=1e-5)
    assert (np.nanstd(stretched, axis=(1, 2)) / std).std() == pytest.approx(0.1, rel=0.05)
    speckled = degrade(values, **(errors | {"speckle": 0.3}), rng=generator())
    assert np.nanstd(speckled - values) == pytest.approx(0.3, rel=0.02)
    same = degrade(values, **errors, rng=generator())
    np.testing.assert_allclose(same, values, rtol=1e-6)
    assert all(np.isnan(array[:, 0, 0]).all() and array.dtype == np.float32 for array in (moved, speckled, same))


def test_units_do_not_matter():
    """A map in kelvin suffers as the same map in degC."""
    celsius = generator().random((2, 6, 6)).astype(np.float64)
    errors = {"factor": 0.2, "offset": 0.4, "speckle": 0.1}
    warm = degrade(celsius + 273.15, **errors, rng=generator(3)) - 273.15
    np.testing.assert_allclose(warm, degrade(celsius, **errors, rng=generator(3)), atol=1e-9)


def test_missing_maps_stay_missing():
    assert np.isnan(degrade(np.full((1, 3, 3), np.nan), factor=1.0, offset=1.0, speckle=1.0, rng=generator())).all()
    with pytest.raises(SettingsError, match="negative"):
        degrade(np.zeros((1, 3, 3)), factor=0.0, offset=-1.0, speckle=0.0, rng=generator())


def test_turns_are_known():
    """Of [[1, 2], [3, 4]]: flipped along lat, and turned left once."""
    square = np.array([[1, 2], [3, 4]])
    np.testing.assert_array_equal(Turn(True, 0).apply(square), [[3, 4], [1, 2]])
    np.testing.assert_array_equal(Turn(False, 1).apply(square), [[2, 4], [1, 3]])


def test_maps_of_a_sample_turn_together():
    """The mask stays on its values, and the eight ways all come up."""
    values = generator().random((3, 6, 6)).astype(np.float32)
    mask, rng = values > 0.5, generator()
    turns = {Turn.draw(6, 6, rng) for _ in range(200)}
    assert len(turns) == 8
    laid = [turn.apply(values) for turn in turns]
    assert len({array.tobytes() for array in laid}) == 8
    assert all((turn.apply(mask) == (array > 0.5)).all() for turn, array in zip(turns, laid, strict=True))


def test_shape_is_kept():
    rng = generator()
    maps = np.zeros((2, 4, 6))
    turns = {Turn.draw(4, 6, rng) for _ in range(100)}
    assert len(turns) == 4 and all(turn.apply(maps).shape == maps.shape for turn in turns)
