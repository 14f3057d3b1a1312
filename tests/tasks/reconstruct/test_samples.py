"""Windows must hold the right days and cells, and nothing that should be hidden."""

import numpy as np
import pytest
import torch

from esmlearn.errors import DataError
from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.models.transformer.inputs import Context
from esmlearn.settings import ModelSettings
from esmlearn.tasks.reconstruct.samples import (
    DAYS,
    MARGIN,
    NEARBY,
    TrainingWindows,
    Window,
    cut_window,
    days_around,
)
from tests.made_fields import make_cube, wavy_ocean

SETTINGS = ModelSettings(window=(8, 8), embed_dim=16, hidden=8)


@pytest.fixture(scope="module")
def case():
    """A field whose every value tells its day and cell, as anomalies that are the values themselves."""
    field = Field.from_cube(make_cube(wavy_ocean(400)))
    flat = Climatology(np.zeros((5, 12, 16), np.float32), field.lat, field.lon)
    return field, Anomalies.of(field, flat, Scaling(np.array([0.0])))


def test_window_holds_its_month_and_cells(case):
    field, anomalies = case
    window = cut_window(anomalies, slice(1, 2), slice(4, 12), slice(5, 13), SETTINGS)
    february = np.nan_to_num(field.values[31:59, 0, 4:12, 5:13])
    np.testing.assert_array_equal(window.target[0, :28], february)
    np.testing.assert_array_equal(window.inputs.x[0, :28], february)
    assert window.inputs.padded_days_mask[0].tolist() == [False] * 28 + [True] * 3
    assert not window.target[0, 28:].any()
    np.testing.assert_allclose(window.inputs.position[0, :, 0], field.lat[4:12])
    np.testing.assert_allclose(window.inputs.position[1, 0], field.lon[5:13])


@pytest.mark.parametrize(("calendar", "lengths"), [("standard", {28, 30, 31}), ("360_day", {30})])
def test_months_of_any_length_are_padded(calendar, lengths):
    field = Field.from_cube(make_cube(wavy_ocean(360), calendar=calendar))
    climatology = Climatology.fit(field)
    anomalies = Anomalies.of(field, climatology, Scaling.fit(field, climatology))
    found = set()
    for month in range(len(anomalies.months) - 1):
        window = cut_window(anomalies, slice(month, month + 1), slice(0, 8), slice(0, 8), SETTINGS)
        assert window.inputs.x.shape == (1, DAYS, 8, 8)
        found.add(int((~window.inputs.padded_days_mask).sum()))
    assert found == lengths


def test_a_month_that_starts_late_keeps_its_days_in_their_places(case):
    field, _ = case
    late = field[slice(10, 59)]
    flat = Climatology(np.zeros((5, 12, 16), np.float32), field.lat, field.lon)
    anomalies = Anomalies.of(late, flat, Scaling(np.array([0.0])))
    window = cut_window(anomalies, slice(0, 1), slice(0, 8), slice(0, 8), SETTINGS)
    assert window.inputs.padded_days_mask[0].tolist() == [True] * 10 + [False] * 21
    np.testing.assert_array_equal(window.target[0, 10], np.nan_to_num(field.values[10, 0, :8, :8]))


@pytest.mark.parametrize("days", [slice(0, 365), slice(10, 376), slice(40, 130)])
@pytest.mark.parametrize("n_months", [1, 3])
def test_days_stand_in_their_row_among_those_around(case, days, n_months):
    """Months of 28, 30 and 31 days, first and last of the record, whole or begun in their midst."""
    field, whole = case
    flat = Climatology(np.zeros((5, 12, 16), np.float32), field.lat, field.lon)
    anomalies = Anomalies.of(field[days], flat, Scaling(np.array([0.0])))
    settings = SETTINGS.model_copy(update={"n_months": n_months})
    lat, lon = slice(0, 8), slice(2, 10)
    n_days = days.stop - days.start
    sees = np.random.default_rng(0).random((n_days, 12, 16)) < 0.4
    observed = np.pad(sees & anomalies.observed, [(NEARBY, 120), (0, 0), (0, 0)])[:, lat, lon]
    values = np.pad(whole.values[days], [(NEARBY, 120), (0, 0), (0, 0)])[:, lat, lon] * observed
    for first in range(len(anomalies.months) - n_months + 1):
        months = slice(first, first + n_months)
        around = days_around(anomalies, months)
        window = cut_window(anomalies, months, lat, lon, settings, observed=sees[around, lat, lon])
        start = anomalies.months[first].start
        assert window.inputs.nearby.shape == window.inputs.nearby_observed.shape == (n_months * DAYS + 2 * NEARBY, 8, 8)
        np.testing.assert_array_equal(
            window.inputs.nearby_observed, observed[start : start + len(window.inputs.nearby)]
        )
        np.testing.assert_array_equal(window.inputs.nearby, values[start : start + len(window.inputs.nearby)])
        real = ~window.inputs.padded_days_mask
        index = window.inputs.day_index[real]
        assert index.tolist() == list(range(NEARBY, NEARBY + int(real.sum())))
        assert torch.equal(window.inputs.nearby_observed[index], ~window.inputs.daily_mask[real])
        assert torch.equal(window.inputs.nearby[index], window.inputs.x[real])
        assert window.inputs.day_index.max() + NEARBY < len(window.inputs.nearby)


def test_days_around_reach_as_far_as_the_settings_allow():
    longest = next(rule.le for rule in ModelSettings.model_fields["neighbour_days"].metadata if hasattr(rule, "le"))
    longest_row, shortest_months = 12 * DAYS + 2 * NEARBY, 365
    assert longest <= NEARBY
    assert longest_row <= shortest_months + NEARBY + MARGIN


def assert_same(one, other):
    """All parts of the inputs are equal; those that there are none of, in both."""
    for name, tensor in vars(one).items():
        assert (tensor is None) == (getattr(other, name) is None)
        assert tensor is None or torch.equal(tensor, getattr(other, name)), name


def test_the_model_sees_nothing_of_what_is_hidden(case):
    """The first guess and the surprise must be made after hiding: change a hidden value, and nothing may move."""
    _, anomalies = case
    around = days_around(anomalies, slice(2, 3))
    observed = np.random.default_rng(0).random((around.stop - around.start, 8, 8)) < 0.4
    place = (slice(4, 12), slice(5, 13))
    before = cut_window(anomalies, slice(2, 3), *place, SETTINGS, observed=observed)
    changed = anomalies.values.copy()
    changed[around, place[0], place[1]][~observed] += 50.0
    other = type(anomalies)(**{**vars(anomalies), "values": changed})
    after = cut_window(other, slice(2, 3), *place, SETTINGS, observed=observed)
    assert_same(before.inputs, after.inputs)
    assert not torch.equal(before.target, after.target)


@pytest.mark.parametrize("kind", ["successive_corrections", "time_interpolation", "observed_mean", "climatology"])
def test_first_guess_keeps_observations(case, kind):
    _, anomalies = case
    settings = ModelSettings(window=(8, 8), embed_dim=16, hidden=8, first_guess=kind)
    around = days_around(anomalies, slice(2, 3))
    observed = np.random.default_rng(0).random((around.stop - around.start, 8, 8)) < 0.4
    window = cut_window(anomalies, slice(2, 3), slice(4, 12), slice(5, 13), settings, observed=observed)
    seen = ~window.inputs.daily_mask
    assert torch.equal(window.inputs.context[:, :, Context.GUESS][seen], window.inputs.x[seen])
    if kind == "climatology":
        assert not window.inputs.context[:, :, Context.GUESS][~seen].any()


def training_windows(case, **options) -> TrainingWindows:
    field, anomalies = case
    clouds = np.random.default_rng(1).random((400, 12, 16)) < 0.6
    masks = ~clouds & ~field.land
    settings = {"hide_days": 1.0, "seed": 3, "length": 20, **options}
    return TrainingWindows(anomalies, masks, SETTINGS, **settings)


def test_windows_are_the_same_in_every_run_and_differ_among_themselves(case):
    first, second = training_windows(case), training_windows(case)
    assert_same(first[7].inputs, second[7].inputs)
    assert not torch.equal(first[7].inputs.x, first[8].inputs.x)
    assert not torch.equal(first[7].inputs.x, training_windows(case, seed=4)[7].inputs.x)


def test_borrowed_clouds_hide_their_share_and_no_more_than_asked(case):
    def hidden(windows):
        batch = Window.stack([windows[k] for k in range(20)])
        ocean = batch.target_valid
        return (batch.inputs.daily_mask & ocean).sum().item() / ocean.sum().item()

    assert hidden(training_windows(case)) == pytest.approx(0.6, abs=0.05)
    assert hidden(training_windows(case, hide_days=0.5)) == pytest.approx(0.3, abs=0.05)
    assert hidden(training_windows(case, hide_days=0.0)) == 0.0


@pytest.mark.parametrize("n_months", [1, 2])
def test_as_many_days_are_decoded_as_asked(case, n_months):
    """No padded day is, and every day of a month as often as any other."""
    field, anomalies = case
    settings = SETTINGS.model_copy(update={"n_months": n_months})
    windows = TrainingWindows(anomalies, ~field.land[None], settings, hide_days=1.0, decode_days=8, seed=0, length=200)
    drawn = torch.stack([windows[k].inputs.decoded for k in range(200)])
    real = torch.stack([~windows[k].inputs.padded_days_mask for k in range(200)])
    assert not (drawn & ~real).any()
    assert (drawn.sum(dim=-1) <= 8).all()
    assert drawn[real.all(dim=-1)].sum(dim=-1).eq(8).all()
    assert drawn[..., :28].float().mean(dim=(0, 1)).sub(8 / 31).abs().max() < 0.12
    everything = training_windows(case)[3]
    assert torch.equal(everything.inputs.decoded, ~everything.inputs.padded_days_mask)


def test_too_few_months_are_refused(case):
    field, anomalies = case
    settings = ModelSettings(window=(8, 8), embed_dim=16, hidden=8, n_months=12)
    short = type(anomalies)(**{**vars(anomalies), "months": anomalies.months[:3]})
    with pytest.raises(DataError, match="3 months, fewer than a window of 12"):
        TrainingWindows(short, ~field.land[None], settings, hide_days=1.0, seed=0, length=1)
