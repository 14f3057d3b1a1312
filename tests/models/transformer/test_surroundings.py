"""Each channel that describes a day and the days around it must be what its place says."""

import itertools

import pytest
import torch
from einops import rearrange

from esmlearn.models.transformer.corrections import SuccessiveCorrections
from esmlearn.models.transformer.surroundings import CONTEXT_CHANNELS, Nearby, Surroundings
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
    nearby = Nearby(values, observed, rearrange(index, "b (m d) -> b m d", m=MONTHS))
    x = torch.stack([values[k, index[k]] for k in range(BATCH)]).unflatten(1, (MONTHS, DAYS))
    mask = torch.stack([~observed[k, index[k]] for k in range(BATCH)]).unflatten(1, (MONTHS, DAYS))
    context = torch.randn(BATCH, MONTHS, DAYS, CONTEXT_CHANNELS, ROWS, COLUMNS, generator=generator)
    return x, mask, context, nearby


def test_days_are_taken_out_of_the_row():
    _, _, _, nearby = make_inputs()
    row = torch.arange(BATCH * TIME).view(BATCH, TIME, 1, 1).expand(BATCH, TIME, ROWS, COLUMNS).float()
    days = nearby.at_days(row)
    assert days.shape == (BATCH, MONTHS, DAYS, ROWS, COLUMNS)
    assert days[0, :, :, 0, 0].tolist() == [[4, 5, 6, 7, 8], [9, 10, 11, 12, 13]]
    assert days[1, :, :, 3, 5].tolist() == [[25, 26, 27, 28, 29], [30, 31, 32, 33, 34]]


def around_of(surroundings: Surroundings, context: torch.Tensor, series: torch.Tensor, index: torch.Tensor):
    """Channels of the days around, for every day of both windows."""
    window = torch.arange(BATCH)[:, None, None].expand_as(index)
    channels = surroundings.around(context[:, :, :, 0].flatten(0, 2), series, window.flatten(), index.flatten())
    return channels.unflatten(0, tuple(index.shape))


def test_the_analysis_takes_the_place_of_the_guess():
    x, mask, context, nearby = make_inputs()
    surroundings = make_surroundings()
    channels, series = surroundings(x, mask, context, nearby)
    analysis, density = SuccessiveCorrections()(nearby.values, nearby.observed)
    expected = torch.where(mask, nearby.at_days(analysis), x)
    assert channels.shape[3] == surroundings.n_context == 6
    torch.testing.assert_close(channels[:, :, :, 0], expected)
    torch.testing.assert_close(channels[:, :, :, 1], context[:, :, :, 0] - expected)
    torch.testing.assert_close(channels[:, :, :, 2], nearby.at_days(density))
    torch.testing.assert_close(channels[:, :, :, 3:6], context[:, :, :, 1:])
    torch.testing.assert_close(series, torch.stack([nearby.values, nearby.observed.float(), analysis]))


def test_the_days_around_are_departures_from_the_day_itself():
    """Three kinds of channels, each for three days before and three after, worked out day by day."""
    x, mask, context, nearby = make_inputs()
    surroundings = make_surroundings()
    context, series = surroundings(x, mask, context, nearby)
    around = around_of(surroundings, context, series, nearby.day_index)
    assert around.shape[3] == surroundings.n_around == 18
    analysis, _ = SuccessiveCorrections()(nearby.values, nearby.observed)
    value, seen, there = around.unflatten(3, (3, 6)).unbind(dim=3)
    for window, month, day in itertools.product(range(BATCH), range(MONTHS), range(DAYS)):
        here = context[window, month, day, 0]
        for number, days in enumerate((-3, -2, -1, 1, 2, 3)):
            place, other = (window, month, day, number), int(nearby.day_index[window, month, day]) + days
            observed = nearby.observed[window, other]
            departure = (nearby.values[window, other] - here).masked_fill(~observed, 0.0)
            torch.testing.assert_close(value[place], departure)
            assert torch.equal(seen[place], observed.float())
            torch.testing.assert_close(there[place], analysis[window, other] - here)


@pytest.mark.parametrize("kind", ["time_interpolation", "observed_mean", "climatology"])
def test_without_corrections_the_context_stays_and_no_analysis_is_shown(kind):
    x, mask, context, nearby = make_inputs()
    surroundings = make_surroundings(first_guess=kind)
    channels, series = surroundings(x, mask, context, nearby)
    assert not list(surroundings.parameters())
    assert surroundings.n_context == CONTEXT_CHANNELS
    assert torch.equal(channels, context)
    around = around_of(surroundings, channels, series, nearby.day_index)
    assert around.shape[3] == surroundings.n_around == 12
    next_day = nearby._replace(day_index=nearby.day_index + 1)
    assert torch.equal(around[:, :, :, 6 + 3], next_day.at_days(nearby.observed.float()))


@pytest.mark.parametrize("off", [{"neighbour_days": 0}, {"unet": ()}])
def test_without_reach_no_day_around_is_shown(off):
    assert make_surroundings(**off).n_around == 0
    assert make_surroundings(**off, first_guess="climatology").n_around == 0


def test_beyond_the_ends_of_the_row_stands_its_last_day():
    """Padded days, which come to nothing, may point anywhere: no index may be out of range."""
    x, mask, context, nearby = make_inputs()
    index = nearby.day_index.clone()
    index[0, 0, 0], index[1, 1, 4] = 0, TIME - 1
    surroundings = make_surroundings()
    context, series = surroundings(x, mask, context, nearby)
    seen = around_of(surroundings, context, series, index)[:, :, :, 6:12]
    for number in range(3):
        assert torch.equal(seen[0, 0, 0, number], nearby.observed[0, 0].float())
        assert torch.equal(seen[1, 1, 4, 3 + number], nearby.observed[1, -1].float())


def test_what_nobody_saw_does_not_matter():
    x, mask, context, nearby = make_inputs()
    surroundings = make_surroundings()
    blank = nearby._replace(values=nearby.values.masked_fill(~nearby.observed, -7.0))
    answers = []
    for values, row in ((x, nearby), (x.masked_fill(mask, 5.0), blank)):
        channels, series = surroundings(values, mask, context, row)
        answers.append((channels, around_of(surroundings, channels, series, row.day_index)))
    assert torch.equal(answers[0][0], answers[1][0])
    assert torch.equal(answers[0][1], answers[1][1])
