"""The eps-U-Net has the published size, uses its condition, and takes maps of any shape."""

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from esmlearn.errors import SettingsError
from esmlearn.models.denoisers.condition import Condition
from esmlearn.models.denoisers.parts import time_of_day
from esmlearn.models.denoisers.residual_unet import PixelAttention, ResidualBlock, ResidualUNet
from esmlearn.settings import ResidualUNetSettings

SMALL = {"n_channels": 8, "dropout": 0.0, "hour": True}


def made(*, trained=True, **options):
    """Make a small network; unless it is to be as initialised, no weight of it is zero."""
    torch.manual_seed(0)
    model = ResidualUNet(ResidualUNetSettings(**SMALL | options), 2, 3)
    if trained:
        for parameter in model.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, std=0.2)
    return model


def inputs(rows=16, columns=12):
    """Make a noisy state, its noise level, and a condition."""
    generator = torch.Generator().manual_seed(1)
    x, maps = (torch.randn(2, channels, rows, columns, generator=generator) for channels in (2, 3))
    place = torch.tensor([[-40.0, 150.0], [55.0, -20.0]])
    return x, torch.tensor([-1.0, 0.5]), Condition(maps, place, torch.tensor([0.1, 0.6]), torch.tensor([3.0, 21.0]))


def test_the_published_size_has_10_6_million_parameters():
    with torch.device("meta"):
        model = ResidualUNet(ResidualUNetSettings(size="published"), state_channels=1, condition_channels=1)
    assert sum(parameter.numel() for parameter in model.parameters()) == pytest.approx(10.6e6, rel=0.01)


def test_widths_multiply_from_level_to_level():
    with torch.device("meta"):
        model = ResidualUNet(ResidualUNetSettings(size="published"), 1, 1)
    last = [[part for part in level if hasattr(part, "residual")][-1].residual.out[-1] for level in model.down]
    assert [convolution.out_channels for convolution in last] == [16, 32, 64, 256]
    heads = [
        [isinstance(part.attention, PixelAttention) for part in level if hasattr(part, "attention")]
        for level in model.down
    ]
    assert heads == [[False] * 2, [False] * 2, [True] * 2, [True] * 2]


def test_the_untrained_network_gives_zeros():
    assert not made(trained=False)(*inputs()).any()


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (20, 32), (7, 50), (13, 31)])
@pytest.mark.parametrize("levels", [1, 3, 4])
def test_any_size_will_do(rows, columns, levels):
    x, level, condition = inputs(rows, columns)
    model = made(channel_multipliers=(1, 2, 1, 2)[:levels], is_attention=(False, False, True, False)[:levels])
    found = model(x, level, condition)
    assert found.shape == x.shape
    assert found.isfinite().all()


def test_padding_repeats_the_edge_and_is_cropped():
    model = made()
    x, level, condition = inputs(14, 12)
    padded, maps = (nn.functional.pad(given, (0, 0, 0, 2), mode="replicate") for given in (x, condition.maps))
    expected = model(padded, level, condition._replace(maps=maps))[:, :, :14]
    torch.testing.assert_close(model(x, level, condition), expected)


@pytest.mark.parametrize("what", ["x", "noise_level", "maps", "place", "year_fraction", "hour"])
def test_the_output_depends_on_all_that_is_given_and_samples_do_not_mix(what):
    """Change one input of the second sample only."""
    model = made()
    x, level, condition = inputs()
    known = {"x": x, "noise_level": level, **condition._asdict()}
    changed = known | {what: known[what] + torch.tensor([0.0, 0.3]).reshape(2, *[1] * (known[what].ndim - 1))}
    with torch.no_grad():
        before, after = (
            model(given.pop("x"), given.pop("noise_level"), Condition(**given)) for given in (dict(known), changed)
        )
    torch.testing.assert_close(before[0], after[0])
    assert (before[1] - after[1]).abs().max() > 1e-5


def test_every_skip_is_used():
    """What each part of the encoder hands across goes through one block of the decoder, at its own resolution."""
    model = made(n_blocks=2)
    sizes = []
    for level in model.up:
        for part in level:
            part.register_forward_pre_hook(lambda module, given: sizes.append((given[0].shape[1:], module)))
    x, noise_level, condition = inputs(16, 16)
    skips = []
    for module in [model.stem, *[part for level in model.down for part in level]]:
        module.register_forward_hook(lambda module, given, found: (skips.append(found), found.retain_grad())[1])
    model(x, noise_level, condition)[0, 0].square().sum().backward()
    assert len(skips) == 1 + 3 * 2 + 2
    joined = [shape for shape, module in sizes if hasattr(module, "residual")]
    assert [shape[1:] for shape in joined] == [skip.shape[2:] for skip in reversed(skips)]
    assert all(skip.grad.abs().max() > 0 for skip in skips)


def test_attention_agrees_with_its_formula():
    torch.manual_seed(0)
    attention, maps = PixelAttention(8), torch.randn(1, 8, 3, 4)
    with torch.no_grad():
        q, k, v = attention.to_qkv(attention.norm(maps))[0].flatten(1).chunk(3)
        seen = v @ (q.T @ k / 8**0.5).softmax(dim=1).T
        torch.testing.assert_close(attention(maps), maps + attention.out(seen.reshape(1, 8, 3, 4)))


def test_attention_does_not_keep_all_pairs_of_pixels():
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.numel()) or t, lambda t: t):
        PixelAttention(8)(torch.randn(1, 8, 40, 40))
    assert max(kept) < 40**4 / 10


def test_a_block_agrees_with_its_formula():
    torch.manual_seed(0)
    block, maps, embedding = ResidualBlock(8, 16, 0.5).eval(), torch.randn(2, 8, 5, 6), torch.randn(2, 64)
    swish = lambda h: h * h.sigmoid()
    hidden = block.into[2](swish(nn.functional.group_norm(maps, 8, block.into[0].weight, block.into[0].bias)))
    hidden = hidden + (swish(embedding) @ block.embed[1].weight.T + block.embed[1].bias)[:, :, None, None]
    expected = block.residual(maps) + block.out[3](swish(nn.functional.group_norm(hidden, 8)))
    torch.testing.assert_close(block(maps, embedding), expected)
    block.train()
    assert (block(maps, embedding) - expected).abs().max() > 0.01


@pytest.mark.parametrize("missing", ["place", "year_fraction", "hour"])
def test_what_the_settings_ask_for_must_be_given(missing):
    x, level, condition = inputs()
    bare = condition._replace(**{missing: None})
    with pytest.raises(SettingsError, match=rf"Condition\.{missing}"):
        made()(x, level, bare)
    without = {"place": {"coordinates": "none"}, "year_fraction": {"date": False}, "hour": {"hour": False}}[missing]
    assert made(**without)(x, level, bare).isfinite().all()


def test_it_can_do_without_coordinates():
    x, level, condition = inputs()
    model = made(coordinates="none", date=False, hour=False)
    torch.testing.assert_close(model(x, level, condition), model(x, level, Condition(condition.maps)))


def test_midnight_is_no_edge():
    late, early, noon = time_of_day(torch.tensor([23.99, 0.01, 12.0]))
    assert (late - early).abs().max() < 0.01
    assert (noon - early).abs().max() > 1.9


def test_channels_must_be_those_of_the_data():
    ResidualUNet(ResidualUNetSettings(image_channels=2, conditioned_on_input=3), 2, 3)
    with pytest.raises(SettingsError, match="conditioned_on_input is 4, but the data have 3"):
        ResidualUNet(ResidualUNetSettings(conditioned_on_input=4), 2, 3)
    with pytest.raises(SettingsError, match="image_channels is 1, but the data have 2"):
        ResidualUNet(ResidualUNetSettings(image_channels=1), 2, 3)


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(ValidationError, match="is_attention has 3 levels, but channel_multipliers has 2"):
        ResidualUNetSettings(channel_multipliers=(1, 2))
    with pytest.raises(ValidationError, match="multiple of 8"):
        ResidualUNetSettings(n_channels=12)
    settings = ResidualUNetSettings(size="published", n_blocks=1)
    assert (settings.channel_multipliers, settings.n_blocks) == ((1, 2, 2, 4), 1)
    assert ResidualUNetSettings.model_validate(settings.model_dump()) == settings


@pytest.mark.parametrize("option", ["checkpoint_activations", "channels_last"])
def test_options_of_memory_change_neither_output_nor_gradient(option):
    found, weights = {}, made().state_dict()
    for chosen in (True, False):
        model = made(**{option: chosen})
        model.load_state_dict(weights)
        output = model(*inputs())
        output.square().mean().backward()
        found[chosen] = [output, *[parameter.grad for parameter in model.parameters()]]
    for one, other in zip(found[True], found[False], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_it_learns_a_regression():
    """With a state and a noise level of zero, it comes to sharpen what the condition has blurred."""
    torch.manual_seed(0)
    model = ResidualUNet(ResidualUNetSettings(n_channels=8, coordinates="none", date=False, dropout=0.0), 1, 1)
    optimizer = torch.optim.AdamW(model.parameters(), 5e-3)
    sharp = nn.functional.avg_pool2d(torch.randn(16, 1, 18, 18), 3, 1)
    blurred = nn.functional.avg_pool2d(nn.functional.pad(sharp, (1, 1, 1, 1), mode="replicate"), 3, 1)
    for _ in range(40):
        loss = (model(torch.zeros_like(sharp), torch.zeros(16), Condition(blurred)) - sharp).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.6 * (blurred - sharp).square().mean()
