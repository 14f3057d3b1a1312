"""Any small cube is filled over the ocean, with honest deviations, or refused in plain sentences.

`make fuzz` (HYPOTHESIS_PROFILE=long) tries many more cubes than a run of the tests, and says how many were refused, and
why.
"""

import os
import re

import numpy as np
import pytest
from cf_units import Unit
from hypothesis import HealthCheck, Phase, currently_in_test_context, event, given, settings
from hypothesis import strategies as st

import esmlearn
from esmlearn import baselines
from esmlearn.cubes.units import convert_difference
from esmlearn.errors import EsmlearnError
from esmlearn.fields.reconstruction import observed_of, read_values
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.tasks.reconstruct.train import fit
from tests.filling.made_cases import Case, cases
from tests.small import small_ocean, small_settings

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]
COMMON = {"deadline": None, "suppress_health_check": SLOW, "phases": PHASES}
settings.register_profile("long", max_examples=300, **COMMON)
settings.register_profile("quick", max_examples=2, derandomize=True, **COMMON)
PROFILE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

CLIMATOLOGIES = ("climatology", "calendar_day_climatology", "observed_mean")
"""Methods that give back a climatology where something was observed, too."""

ROUNDED = Case(
    shape=(18, 5, 8), step="3hr", calendar="noleap", start=(2000, 2, 25), gaps=0.9, seed=12,
    order=(1, 0, 2), southward=True, longitudes="0-360", units="K", named=False, bounds=False,
)  # fmt: skip
"""A case that optimal interpolation fills by other neighbours in other units."""

FAR = 20.0
"""degC by which a filled value may lie outside of what was observed: the seasons of the climatology."""


def filled_or_refused(fill, case, *, keeps=True):
    """What `fill` makes of a case, as read back in degC: values and deviation, which are checked; None if refused."""
    try:
        result = fill(case.cube())
    except EsmlearnError as error:
        words = str(error)
        assert re.fullmatch(r"[^\n]{20,}[.]", words), words
        assert "Traceback" not in words and "object at" not in words
        count("refused", why=words)
        return None
    count("filled")
    check(result, case, keeps=keeps)
    values, deviation = read_values(result)
    if deviation is not None:
        deviation = convert_difference(deviation, "K", "degC")
    return Unit(str(result.units)).convert(values.astype(float), "degC"), deviation


def count(outcome, why=""):
    """Count filled and refused cases, and the reasons without their numbers, for `--hypothesis-show-statistics`."""
    if currently_in_test_context():
        event(outcome)
        if why:
            event(f"refused: {re.sub(r'[-+]?[0-9][0-9.e+-]*', '#', why)[:90]}")


def check(result, case, *, keeps):
    """Values are complete, kept where observed, and near what was observed; deviations are honest."""
    truth = case.truth()
    values, deviation = read_values(result)
    values = Unit(str(result.units)).convert(values.astype(float), "degC")
    assert values.shape == truth.shape
    lon = result.coord("longitude").points
    np.testing.assert_allclose(np.sort(result.coord("latitude").points), case.latitudes, atol=1e-4)
    np.testing.assert_allclose((lon - case.longitudes_east + 180) % 360, 180, atol=1e-3)
    seen, finite = np.isfinite(truth), np.isfinite(values)
    assert (finite == finite[0]).all(), "a cell is ocean at all times, or land"
    assert finite[:, seen.any(axis=0)].all(), "what was ever observed is ocean"
    if keeps:
        np.testing.assert_allclose(values[seen], truth[seen], atol=2e-4)
    assert (observed_of(result) == seen).all()
    assert values[finite].max() < truth[seen].max() + FAR
    assert values[finite].min() > truth[seen].min() - FAR
    if deviation is not None:
        assert np.isfinite(deviation[finite]).all()
        assert (deviation[finite] >= 0).all()


def close(one, other, atol=2e-3):
    """Whether two outcomes are the same: both refused, or the same values and deviations."""
    assert (one is None) == (other is None)
    if one is not None:
        np.testing.assert_allclose(one[0], other[0], atol=atol)
        if one[1] is not None:
            np.testing.assert_allclose(one[1], other[1], atol=atol)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A tiny model, trained for one step."""
    folder = tmp_path_factory.mktemp("model")
    return Reconstructor(fit(*small_ocean(), small_settings(steps=1, validate_every=1), folder))


@pytest.mark.parametrize("climatology", [None, "packaged"])
@pytest.mark.parametrize("name", sorted(baselines.BASELINES))
@given(data=st.data())
@settings(PROFILE)
def test_a_baseline_fills_or_refuses(name, climatology, data):
    a_baseline_fills_or_refuses(name, climatology, data.draw(cases(year=climatology is None)))


@pytest.mark.parametrize(
    "case",
    [
        Case(shape=(33, 1, 1), step="8day", named=False, bounds=False),  # a single cell has no neighbour
        Case(shape=(33, 1, 5)),
        Case(gaps=1.0),
    ],
)
@pytest.mark.parametrize("name", sorted(baselines.BASELINES))
def test_a_baseline_fills_or_refuses_what_is_hardly_a_grid(name, case):
    for climatology in (None, "packaged"):
        a_baseline_fills_or_refuses(name, climatology, case)


def a_baseline_fills_or_refuses(name, climatology, case):
    def fill(cube):
        return baselines.fit(name, cube, climatology=climatology).reconstruct(cube)

    filled_or_refused(fill, case, keeps=name not in CLIMATOLOGIES)


@pytest.mark.parametrize("name", sorted(baselines.BASELINES))
@given(case=cases())
@settings(PROFILE)
def test_one_call_fills_the_same_however_it_is_written_and_again(name, case):
    fills_the_same(name, case)


@pytest.mark.parametrize(
    "case",
    [
        ROUNDED,
        Case(
            shape=(4, 4, 4),
            units="K",
            values="noise",
            gaps=0.0,
            unseen_cells=True,
            seed=3,
            lat=-1.0,
            lon=-0.6,
            named=False,
            bounds=False,
        ),
    ],
)
def test_optimal_interpolation_may_take_other_neighbours_in_other_units(case):
    fills_the_same("optimal_interpolation", case)


def fills_the_same(name, case):
    """One call gives the same, however the cube is written, and when its result is fed again."""

    def fill(cube):
        return esmlearn.fill(cube, method=name, withhold=None, quiet=True)

    def again(cube):
        return fill(fill(cube))

    keeps = name not in CLIMATOLOGIES
    outcome = filled_or_refused(fill, case, keeps=keeps)
    if keeps:  # of a climatology the observed values can't be read again
        close(filled_or_refused(again, case), outcome)
    if case.dtype != "int16":  # whole degrees are other values in other units
        # Kelvins in single precision are rounded by 1.5e-5 K, by which other observations may be the nearest ones.
        atol = 1e-2 * max(1, np.nanstd(case.truth()))
        close(filled_or_refused(fill, case.plain(), keeps=keeps), outcome, atol=atol)


@given(case=cases(times=12))
@settings(PROFILE)
def test_the_best_method_fills_or_refuses(case):
    filled_or_refused(lambda cube: esmlearn.fill(cube, quiet=True), case, keeps=False)


@pytest.mark.parametrize("climatology", [None, "packaged"])
@given(data=st.data())
@settings(PROFILE)
def test_a_trained_model_fills_or_refuses(trained, climatology, data):
    case = data.draw(cases(year=climatology is None, steps=("day",)))
    filled_or_refused(lambda cube: trained.reconstruct(cube, climatology=climatology), case)


@pytest.mark.parametrize("climatology", [None, "packaged"])
@pytest.mark.parametrize(
    "case",
    [
        Case(shape=(6, 12, 16), lon=140.0, values="constant"),  # the grid of the training
        Case(shape=(6, 12, 16), lon=140.0, units="K", order=(2, 0, 1), southward=True),
        Case(shape=(20, 4, 5), step="mon"),
        Case(gaps=1.0),
    ],
)
def test_a_trained_model_fills_or_refuses_what_is_chosen(trained, climatology, case):
    filled_or_refused(lambda cube: trained.reconstruct(cube, climatology=climatology), case)
