"""Each channel that describes a day and the days around it must be what its place says."""

import itertools
from dataclasses import replace

import pytest
import torch
from einops import rearrange

from esmlearn.models.transformer.corrections import SuccessiveCorrections
from esmlearn.models.transformer.inputs import Context, WindowInputs
from esmlearn.models.transformer.surroundings import CorrectedContext, Surroundings
from esmlearn.settings import ModelSettings

BATCH, MONTHS, DAYS, ROWS, COLUMNS, TIME = 2, 2, 5, 4, 6, 20


def make_surroundings(**options) -> Surroundings:
    return Surroundings(ModelSettings(**{"neighbour_days": 3, **options}))


def make_inputs():
    """Two windows of two short months whose days lie anywhere in a row of 20; what nobody saw is far off."""
    generator = torch.Generator().manual_seed(0)
    observed = torch.rand(BATCH, TIME, ROWS, COLUMNS, generator=generator) < 0.4
    values = torch.randn(BATCH, TIME, ROWS, COLUMNS, generator=generator).masked_fill(~observed, 1e3)
    index = torch.stack([torch.arange(4, 14), torch.arange(5, 15)])
    window = [(values[k, days], observed[k, days]) for k, days in enumerate(index)]
    x, seen = (torch.stack(part).unflatten(1, (MONTHS, DAYS)) for part in zip(*window, strict=True))
    nothing = torch.zeros(BATCH, MONTHS, DAYS)
    return WindowInputs(
        x=x,
        daily_mask=~seen,
        land_mask_patch=torch.zeros(BATCH, ROWS, COLUMNS, dtype=torch.bool),
        padded_days_mask=nothing.bool(),
        context=torch.randn(BATCH, MONTHS, DAYS, len(Context), ROWS, COLUMNS, generator=generator),
        nearby=values,
        nearby_observed=observed,
        day_index=rearrange(index, "b (m d) -> b m d", m=MONTHS),
        decoded=~nothing.bool(),
        year_fraction=nothing,
        position=torch.zeros(BATCH, 2, ROWS, COLUMNS),
    )


def test_days_are_taken_out_of_the_row():
    row = torch.arange(BATCH * TIME).view(BATCH, TIME, 1, 1).expand(BATCH, TIME, ROWS, COLUMNS).float()
    days = make_inputs().at_days(row)
    assert days.shape == (BATCH, MONTHS, DAYS, ROWS, COLUMNS)
    assert days[0, :, :, 0, 0].tolist() == [[4, 5, 6, 7, 8], [9, 10, 11, 12, 13]]
    assert days[1, :, :, 3, 5].tolist() == [[25, 26, 27, 28, 29], [30, 31, 32, 33, 34]]


def around_of(surroundings: Surroundings, context: torch.Tensor, series: torch.Tensor, index: torch.Tensor):
    """Channels of the days around, for every day of both windows."""
    window = torch.arange(BATCH)[:, None, None].expand_as(index)
    channels = surroundings.around(
        context[:, :, :, Context.GUESS].flatten(0, 2), series, window.flatten(), index.flatten()
    )
    return channels.unflatten(0, tuple(index.shape))


def test_the_analysis_takes_the_place_of_the_guess():
    inputs = make_inputs()
    surroundings = make_surroundings()
    channels, series = surroundings(inputs)
    analysis, density = SuccessiveCorrections()(inputs.nearby, inputs.nearby_observed)
    expected = {
        "GUESS": torch.where(inputs.daily_mask, inputs.at_days(analysis), inputs.x),
        "DENSITY": inputs.at_days(density),
        **{name: inputs.context[:, :, :, Context[name]] for name in ("SURPRISE", "NEARNESS_BEFORE", "NEARNESS_AFTER")},
    }
    expected["SIMPLE_GUESS"] = inputs.context[:, :, :, Context.GUESS] - expected["GUESS"]
    assert surroundings.context is CorrectedContext
    assert channels.shape[3] == len(CorrectedContext) == len(expected)
    for name, channel in expected.items():
        torch.testing.assert_close(channels[:, :, :, CorrectedContext[name]], channel)
    torch.testing.assert_close(series, torch.stack([inputs.nearby, inputs.nearby_observed.float(), analysis]))


def test_the_days_around_are_departures_from_the_day_itself():
    """Three kinds of channels, each for three days before and three after, worked out day by day."""
    inputs = make_inputs()
    surroundings = make_surroundings()
    context, series = surroundings(inputs)
    around = around_of(surroundings, context, series, inputs.day_index)
    assert around.shape[3] == surroundings.n_around == 18
    analysis, _ = SuccessiveCorrections()(inputs.nearby, inputs.nearby_observed)
    value, seen, there = around.unflatten(3, (3, 6)).unbind(dim=3)
    for window, month, day in itertools.product(range(BATCH), range(MONTHS), range(DAYS)):
        here = context[window, month, day, Context.GUESS]
        for number, days in enumerate((-3, -2, -1, 1, 2, 3)):
            place, other = (window, month, day, number), int(inputs.day_index[window, month, day]) + days
            observed = inputs.nearby_observed[window, other]
            departure = (inputs.nearby[window, other] - here).masked_fill(~observed, 0.0)
            torch.testing.assert_close(value[place], departure)
            assert torch.equal(seen[place], observed.float())
            torch.testing.assert_close(there[place], analysis[window, other] - here)


@pytest.mark.parametrize("kind", ["time_interpolation", "observed_mean", "climatology"])
def test_without_corrections_the_context_stays_and_no_analysis_is_shown(kind):
    inputs = make_inputs()
    surroundings = make_surroundings(first_guess=kind)
    channels, series = surroundings(inputs)
    assert not list(surroundings.parameters())
    assert surroundings.context is Context
    assert torch.equal(channels, inputs.context)
    around = around_of(surroundings, channels, series, inputs.day_index)
    assert around.shape[3] == surroundings.n_around == 12
    next_day = replace(inputs, day_index=inputs.day_index + 1)
    assert torch.equal(around[:, :, :, 6 + 3], next_day.at_days(inputs.nearby_observed.float()))


@pytest.mark.parametrize("off", [{"neighbour_days": 0}, {"unet": ()}])
def test_without_reach_no_day_around_is_shown(off):
    assert make_surroundings(**off).n_around == 0
    assert make_surroundings(**off, first_guess="climatology").n_around == 0


def test_beyond_the_ends_of_the_row_stands_its_last_day():
    """Padded days, which come to nothing, may point anywhere: no index may be out of range."""
    inputs = make_inputs()
    index = inputs.day_index.clone()
    index[0, 0, 0], index[1, 1, 4] = 0, TIME - 1
    surroundings = make_surroundings()
    context, series = surroundings(inputs)
    seen = around_of(surroundings, context, series, index)[:, :, :, 6:12]
    for number in range(3):
        assert torch.equal(seen[0, 0, 0, number], inputs.nearby_observed[0, 0].float())
        assert torch.equal(seen[1, 1, 4, 3 + number], inputs.nearby_observed[1, -1].float())


def test_what_nobody_saw_does_not_matter():
    inputs = make_inputs()
    surroundings = make_surroundings()
    other = replace(
        inputs,
        x=inputs.x.masked_fill(inputs.daily_mask, 5.0),
        nearby=inputs.nearby.masked_fill(~inputs.nearby_observed, -7.0),
    )
    answers = []
    for given in (inputs, other):
        channels, series = surroundings(given)
        answers.append((channels, around_of(surroundings, channels, series, given.day_index)))
    assert torch.equal(answers[0][0], answers[1][0])
    assert torch.equal(answers[0][1], answers[1][1])


def with_errors(inputs: WindowInputs) -> WindowInputs:
    """Random errors where something was observed."""
    error = torch.rand(inputs.nearby.shape, generator=torch.Generator().manual_seed(1)) + 0.1
    return replace(inputs, nearby_error=error.masked_fill(~inputs.nearby_observed, 0.0))


@pytest.mark.parametrize("kind", ["successive_corrections", "time_interpolation"])
def test_errors_are_the_last_channels_of_the_day_and_of_the_days_around(kind):
    inputs = with_errors(make_inputs())
    surroundings = make_surroundings(first_guess=kind, observation_errors=True)
    channels, series = surroundings(inputs)
    before, _ = make_surroundings(first_guess=kind)(replace(inputs, nearby_error=None))
    assert channels.shape[3] == surroundings.n_context == before.shape[3] + 1
    if kind == "time_interpolation":  # successive corrections take the errors into account
        assert torch.equal(channels[:, :, :, :-1], before)
    assert torch.equal(channels[:, :, :, -1], inputs.at_days(inputs.nearby_error))
    around = around_of(surroundings, channels, series, inputs.day_index)
    assert around.shape[3] == surroundings.n_around
    next_day = replace(inputs, day_index=inputs.day_index + 1)
    assert torch.equal(around[:, :, :, -3], next_day.at_days(inputs.nearby_error))


def test_one_observation_corrects_by_the_gain_of_optimal_interpolation():
    """At its own place, in one pass with the relaxation r: 1 / (1 + r + e²)."""
    corrections = SuccessiveCorrections(scales=[(1.0, 1.0)], relaxation=0.05)
    values, observed = torch.zeros(1, 3, 3, 3), torch.zeros(1, 3, 3, 3, dtype=torch.bool)
    values[0, 1, 1, 1], observed[0, 1, 1, 1] = 2.0, True
    for error in (0.0, 0.5, 1.0):
        analysis, _ = corrections(values, observed, torch.full_like(values, error))
        assert analysis[0, 1, 1, 1].item() == pytest.approx(2.0 / (1.05 + error**2), rel=1e-5)
    assert torch.equal(corrections(values, observed)[0], corrections(values, observed, torch.zeros_like(values))[0])
