"""The traps of the predecessors: each test here fails for a model that steps into one."""

from dataclasses import replace

import pytest
import torch

from esmlearn.models.blocks import TokenGrid
from esmlearn.models.transformer.inputs import Context, WindowInputs
from esmlearn.models.transformer.parts import MonthlyConvDecoder
from esmlearn.models.transformer.spatiotemporal import SpatioTemporalModel, Video
from esmlearn.settings import ModelSettings

ROWS, COLUMNS, DAYS, REAL_DAYS, NEARBY = 16, 20, 31, 28, 10
SMALL_PATCHES = {"patch_size": (1, 4, 4)}


def absent_pixels(inputs):
    """Land, and days beyond the end of the month."""
    return inputs.land_mask_patch[:, None, None] | inputs.padded_days_mask[..., None, None]


def make_inputs(*, batch: int = 2, months: int = 1, rows: int = ROWS, columns: int = COLUMNS, seed: int = 0):
    """Random windows with clouds, land in a corner and a padded end of the month."""
    generator = torch.Generator().manual_seed(seed)
    land = torch.zeros(batch, rows, columns, dtype=torch.bool)
    land[:, :5, :6] = True
    padded = torch.zeros(batch, months, DAYS, dtype=torch.bool)
    padded[:, :, REAL_DAYS:] = True
    index = torch.zeros(months, DAYS, dtype=torch.int64)
    index[:, :REAL_DAYS] = NEARBY + torch.arange(months * REAL_DAYS).view(months, REAL_DAYS)
    row = (batch, months * DAYS + 2 * NEARBY, rows, columns)
    season = torch.linspace(0.1, 0.1 + months / 12, months * DAYS).view(months, DAYS)
    return in_row(
        WindowInputs(
            x=torch.randn(batch, months, DAYS, rows, columns, generator=generator),
            daily_mask=torch.rand(batch, months, DAYS, rows, columns, generator=generator) < 0.7,
            land_mask_patch=land,
            padded_days_mask=padded,
            context=torch.randn(batch, months, DAYS, len(Context), rows, columns, generator=generator),
            nearby=torch.randn(row, generator=generator),
            nearby_observed=(torch.rand(row, generator=generator) < 0.3) & ~land[:, None],
            day_index=index.repeat(batch, 1, 1),
            decoded=~padded,
            year_fraction=season.repeat(batch, 1, 1),
            position=torch.rand(batch, 2, rows, columns, generator=generator) * 40,
        )
    )


def in_row(inputs):
    """Put the days of a window into its row of days, as they now are."""
    seen = ~inputs.daily_mask & ~inputs.land_mask_patch[:, None, None]
    for window, real in enumerate(~inputs.padded_days_mask):
        days = inputs.day_index[window][real]
        inputs.nearby[window, days] = inputs.x[window][real]
        inputs.nearby_observed[window, days] = seen[window][real]
    return inputs


def guess_of(model, inputs) -> torch.Tensor:
    """What the model departs from."""
    context, _ = model.surroundings(inputs)
    return context[:, :, :, Context.GUESS].masked_fill(absent_pixels(inputs), 0.0)


def make_model(**options) -> SpatioTemporalModel:
    """Small model whose heads are not zero, so that it has an answer of its own."""
    torch.manual_seed(1)
    model = SpatioTemporalModel(
        ModelSettings(**{"window": (16, 16), "embed_dim": 16, "hidden": 8, "unet": (8, 16), **options})
    ).eval()
    for module in model.modules():
        if isinstance(module, MonthlyConvDecoder):
            for layer in (module.head, module.spread_head):
                torch.nn.init.normal_(layer.weight, std=0.3)
    return model


def numbers(output) -> torch.Tensor:
    """All outputs of the model, as one vector for each window."""
    return torch.cat([part.flatten(1) for estimate in output for part in estimate], dim=1)


AS_FIRST_PUBLISHED = {
    **SMALL_PATCHES,
    "encoder_depth": 0,
    "daily": False,
    "calendar": False,
    "norm": "batch",
    "unet": (),
    "first_guess": "climatology",
}
OPTIONS = [
    {},
    {"unet": ModelSettings.model_fields["unet"].default},
    AS_FIRST_PUBLISHED,
    {**SMALL_PATCHES, "unet": (), "first_guess": "time_interpolation"},
    {"patch_size": (2, 4, 5), "norm": "group", "location": True, "overlap": 0, "neighbour_days": 3},
    {"n_months": 3, "unet": (), "refinements": 0, "spatial_depth": 2, "daily_depth": 2},
    {"n_months": 2, "unet": (8,), "neighbour_days": 0, "first_guess": "observed_mean"},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("rows", "columns"), [(16, 20), (13, 17)])
def test_any_size_comes_back_in_its_size(options, rows, columns):
    months = options.get("n_months", 1)
    output = make_model(**options)(make_inputs(rows=rows, columns=columns, months=months))
    assert output.monthly.mean.shape == (2, months, rows, columns)
    assert output.daily.mean.shape == (2, months, DAYS, rows, columns)
    assert numbers(output).isfinite().all()


@pytest.mark.parametrize("options", OPTIONS)
def test_what_is_hidden_padded_or_land_does_not_change_the_answer(options):
    model = make_model(**options)
    inputs = make_inputs(months=options.get("n_months", 1))
    expected = numbers(model(inputs))
    nowhere = absent_pixels(inputs)
    changed = replace(
        inputs,
        x=inputs.x.masked_fill(inputs.daily_mask | nowhere, 1e3),
        context=inputs.context.masked_fill(nowhere[:, :, :, None], -1e3),
        daily_mask=inputs.daily_mask & ~nowhere,
        nearby=inputs.nearby.masked_fill(~inputs.nearby_observed, 1e3),
        day_index=inputs.day_index.masked_fill(inputs.padded_days_mask, 20),
    )
    torch.testing.assert_close(numbers(model(changed)), expected)


def test_what_is_seen_does_change_the_answer():
    model, inputs = make_model(), make_inputs()
    before = model(inputs)
    inputs.x[~inputs.daily_mask] += 1.0
    after = model(in_row(inputs))
    assert (after.monthly.mean - before.monthly.mean).abs().max() > 1e-3
    assert (after.daily.mean - before.daily.mean).abs().max() > 1e-3


@pytest.mark.parametrize("patch_size", [(1, 4, 4), (1, 2, 5)])
def test_an_impulse_stays_in_its_patch(patch_size):
    """Encode and pool one bright pixel: no token of another place may move."""
    model = make_model(patch_size=patch_size)
    rows, columns = ROWS // patch_size[1], COLUMNS // patch_size[2]
    everything = TokenGrid(torch.ones(1, DAYS, rows * columns, dtype=torch.bool))

    def pooled(video):
        tokens = everything.unpack(model.encoder(video, everything))
        return model.aggregate(tokens[:, None], everything.exists[:, None])[0, 0]

    video = torch.zeros(1, len(Video), DAYS, ROWS, COLUMNS)
    video[:, Video.VALID] = 1.0
    dark = pooled(video)
    for row, column in [(0, 0), (9, 13), (15, 19)]:
        bright = video.clone()
        bright[0, Video.VALUE, 7, row, column] = 5.0
        moved = (pooled(bright) - dark).abs().sum(dim=-1) > 1e-6
        place = (row // patch_size[1]) * columns + column // patch_size[2]
        assert moved.nonzero().flatten().tolist() == [place]


def test_decoded_patches_land_where_they_belong():
    """Without overlap and refinement, one token decodes to its own pixels only."""
    settings = ModelSettings(window=(16, 16), embed_dim=16, hidden=8, overlap=0, refinements=0, **SMALL_PATCHES)
    decoder = MonthlyConvDecoder(settings, context=1)
    torch.nn.init.normal_(decoder.head.weight)
    tokens = torch.zeros(1, 4, 5, 16)
    still = decoder(tokens, torch.zeros(1, 1, 16, 20)).mean
    tokens[0, 2, 3] = 1.0
    moved = (decoder(tokens, torch.zeros(1, 1, 16, 20)).mean - still).abs() > 1e-6
    expected = torch.zeros(1, 16, 20, dtype=torch.bool)
    expected[0, 8:12, 12:16] = True
    assert torch.equal(moved, expected)


def part(inputs, windows: list[int]) -> WindowInputs:
    """Some windows of a batch."""
    known = {name: tensor for name, tensor in vars(inputs).items() if tensor is not None}
    return WindowInputs(**{name: tensor[windows] for name, tensor in known.items()})


def test_order_and_size_of_the_batch_do_not_matter():
    model, inputs = make_model(), make_inputs(batch=3)
    together = numbers(model(inputs))
    backwards = numbers(model(part(inputs, [2, 1, 0])))
    torch.testing.assert_close(backwards.flip(0), together)
    alone = torch.cat([numbers(model(part(inputs, [k]))) for k in range(3)])
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)


def test_a_day_under_full_cloud_has_no_weight():
    """Day weights know what was observed, not only the calendar."""
    model = make_model(encoder_depth=0)
    tokens = torch.randn(1, 1, DAYS, 6, 16)
    seen = torch.ones(1, 1, DAYS, 6, dtype=torch.bool)
    seen[0, 0, 10, 2] = False
    before = model.aggregate(tokens, seen)
    tokens[0, 0, 10, 2] += 10
    torch.testing.assert_close(model.aggregate(tokens, seen), before)
    tokens[0, 0, 11, 2] += 10
    assert not torch.allclose(model.aggregate(tokens, seen)[0, 0, 2], before[0, 0, 2])


@pytest.mark.parametrize(
    "options",
    [
        {},
        # Nothing but attention among tokens can carry this from one patch to the next.
        {"unet": (), "refinements": 0, "overlap": 0, "first_guess": "time_interpolation"},
    ],
)
def test_a_place_that_no_day_saw_is_filled_from_its_neighbours(options):
    model, inputs = make_model(**SMALL_PATCHES, **options), make_inputs(batch=1)
    inputs.daily_mask[..., 8:12, 8:12] = True
    before = model(in_row(inputs))
    assert before.monthly.mean[..., 8:12, 8:12].isfinite().all()
    inputs.x[..., 8:12, 12:16] += 3.0
    after = model(in_row(inputs))
    for estimate, other in zip(before, after, strict=True):
        assert (estimate.mean - other.mean)[..., 8:12, 8:12].abs().max() > 1e-4


def test_months_inform_each_other():
    """Also where the days around, which may be those of another month, are not looked at."""
    model = make_model(n_months=2, neighbour_days=0, first_guess="time_interpolation")
    inputs = make_inputs(batch=1, months=2)
    before = model(inputs).monthly.mean[:, 0]
    inputs.x[:, 1] += 3.0
    assert (model(in_row(inputs)).monthly.mean[:, 0] - before).abs().max() > 1e-4


@pytest.mark.parametrize("kind", ["successive_corrections", "time_interpolation"])
def test_the_untrained_model_gives_the_first_guess_and_the_observations(kind):
    torch.manual_seed(0)
    model, inputs = SpatioTemporalModel(ModelSettings(window=(16, 16), first_guess=kind)).eval(), make_inputs()
    output = model(inputs)
    guess = guess_of(model, inputs)
    if kind == "time_interpolation":
        assert torch.equal(guess, inputs.context[:, :, :, Context.GUESS].masked_fill(absent_pixels(inputs), 0.0))
    torch.testing.assert_close(output.daily.mean, guess)
    torch.testing.assert_close(output.monthly.mean, guess.sum(dim=2) / 28)


@pytest.mark.parametrize("options", [{}, {"unet": ()}])
def test_observed_days_are_left_alone(options):
    model, inputs = make_model(**options), make_inputs()
    daily = model(inputs).daily.mean
    exists = ~absent_pixels(inputs)
    seen, hidden = exists & ~inputs.daily_mask, exists & inputs.daily_mask
    assert torch.equal(daily[seen], inputs.x[seen])
    assert (daily - guess_of(model, inputs))[hidden].abs().max() > 1e-3


def test_the_days_around_tell_the_unet_what_a_day_hides():
    """A day under full cloud, without analysis and with attention cut: what neighbours saw comes by the U-Net alone."""
    options = {"first_guess": "time_interpolation", "encoder_depth": 0, "daily_depth": 0}
    moved = {}
    for reach in (2, 7):
        model, inputs = make_model(neighbour_days=reach, **options), make_inputs(batch=1)
        for module in (model.aggregate, model.spatial):
            module.register_forward_hook(lambda _module, _inputs, output: torch.zeros_like(output))
        inputs.daily_mask[0, 0, 15] = True
        before = model(in_row(inputs)).daily.mean[0, 0, 15]
        inputs.x[0, 0, 10] += 3.0
        moved[reach] = (model(in_row(inputs)).daily.mean[0, 0, 15] - before).abs().max().item()
    assert moved[2] == 0.0
    assert moved[7] > 1e-3


@pytest.mark.parametrize("options", [{}, {"patch_size": (2, 4, 5)}, {"n_months": 2, "unet": ()}])
def test_days_that_are_not_decoded_stay_at_the_first_guess(options):
    """And the others do not feel it: what a training learns from some days holds for all."""
    model, inputs = make_model(**options), make_inputs(months=options.get("n_months", 1))
    whole = model(inputs).daily
    drawn = torch.zeros_like(inputs.decoded)
    drawn[0, 0, 6:8], drawn[1, -1, 20:22], drawn[1, -1, 30] = True, True, True
    some, monthly = reversed(model(replace(inputs, decoded=drawn)))
    decoded = drawn & ~inputs.padded_days_mask
    torch.testing.assert_close(model(replace(inputs, decoded=decoded)).monthly, monthly)
    torch.testing.assert_close(some.mean[decoded], whole.mean[decoded])
    torch.testing.assert_close(some.log_std[decoded], whole.log_std[decoded])
    torch.testing.assert_close(some.mean[~decoded], guess_of(model, inputs)[~decoded])


def test_each_day_of_a_patch_is_decoded_with_its_own_maps():
    """Without what tokens say, a day's answer must hang on the maps of that day alone."""
    model = make_model(patch_size=(2, 4, 4), neighbour_days=0)
    model.decode_day.upsample.register_forward_hook(lambda _module, _inputs, output: torch.zeros_like(output))
    inputs = make_inputs()
    before = model(inputs).daily.log_std
    inputs.context[1, 0, 7, Context.SURPRISE :] += 1.0
    moved = (model(inputs).daily.log_std - before).abs().amax(dim=(1, 3, 4)) > 1e-6
    assert moved.nonzero().tolist() == [[1, 7]]


def test_standard_deviations_do_not_shape_what_values_are_made_of():
    model, inputs = make_model(), make_inputs()
    output = model(inputs)
    (output.daily.log_std.square().mean() + output.monthly.log_std.square().mean()).backward()
    moved = {name for name, weight in model.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert moved
    assert all(name.startswith(("decode_day.spread", "decode_month.spread")) for name in moved)


def test_days_know_what_their_month_knows():
    """The error of days alone must reach the weights that mix the places of a month."""
    model = make_model()
    model(make_inputs()).daily.mean.square().mean().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in model.spatial.parameters())


@pytest.mark.parametrize("options", [{}, {"n_months": 2, "unet": ()}])
def test_every_weight_learns(options):
    model, inputs = make_model(**options), make_inputs(months=options.get("n_months", 1))
    inputs.daily_mask[..., 8:, 8:16] = True  # for the token of places that nobody saw
    output = model(in_row(inputs))
    sum((estimate.mean**2 + estimate.log_std).mean() for estimate in output).backward()
    idle = {name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()}
    # What is added to all scores alike drops out of their softmax: its gradient is zero, give or take rounding.
    assert idle <= {"aggregate.score.3.bias", "aggregate.rescore.3.bias"}


def count_patches(encoder) -> list[int]:
    """Note how many patches an encoder embeds in each call."""
    embedded = []
    encoder.project.register_forward_hook(lambda _module, _inputs, output: embedded.append(len(output)))
    return embedded


def test_no_work_is_done_for_tokens_without_observation():
    model, inputs = make_model(), make_inputs(batch=1)
    inputs.daily_mask[:] = True
    inputs.daily_mask[0, 0, 3, 8, 8] = False
    embedded = count_patches(model.encoder)
    model(in_row(inputs))
    assert embedded == [1]


def test_no_work_is_done_for_patches_without_ocean():
    model, inputs = make_model(**SMALL_PATCHES), make_inputs(batch=1)
    embedded = count_patches(model.embed_context)
    model(inputs)
    n_land_patches = 1  # rows 0-4, columns 0-5 cover one patch of 4 x 4 wholly
    assert embedded == [28 * (4 * 5 - n_land_patches)]


def test_scale_and_bias_reach_the_answer():
    plain, scaled = make_model(), make_model(scale=3.0, bias=0.5)
    inputs = make_inputs()
    guess = guess_of(plain, inputs)
    hidden = inputs.daily_mask & ~absent_pixels(inputs)
    departures = [(model(inputs).daily.mean - guess)[hidden] for model in (plain, scaled)]
    torch.testing.assert_close(departures[1], departures[0] * 3.0 + 0.5, rtol=1e-3, atol=1e-4)
