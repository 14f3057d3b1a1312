"""A denoiser of the published size, that uses its condition, and takes maps of any shape."""

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from esmlearn.errors import SettingsError
from esmlearn.models import embeddings
from esmlearn.models.denoisers.condition import Condition
from esmlearn.models.denoisers.convnext_unet import ConvNextBlock, ConvNextUNet, LinearAttention
from esmlearn.models.denoisers.parts import EMBED_DIM, LEVEL_STRETCH
from esmlearn.settings import DenoiserSettings

SMALL = {"dim": 4, "dim_mults": (1, 2, 4), "heads": 1, "attention_from": 0}


def made(state_channels=2, condition_channels=3, *, trained=True, **options):
    """Make a small denoiser; unless it is to be as initialised, no weight of it is zero."""
    torch.manual_seed(0)
    model = ConvNextUNet(DenoiserSettings(**SMALL | options), state_channels, condition_channels)
    if trained:
        for parameter in model.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, std=0.2)
    return model


def inputs(rows=16, columns=12, *, batch=2, state_channels=2, condition_channels=3):
    """Make a noisy state, its noise level, and a condition."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(batch, state_channels, rows, columns, generator=generator)
    maps = torch.randn(batch, condition_channels, rows, columns, generator=generator)
    place = torch.tensor([[-40.0, 150.0], [55.0, -20.0]])[:batch]
    return x, torch.tensor([-1.0, 0.5])[:batch], Condition(maps, place, torch.tensor([0.1, 0.6])[:batch])


def test_the_published_size_has_57_million_parameters():
    settings = DenoiserSettings(size="published")
    with torch.device("meta"):
        model = ConvNextUNet(settings, state_channels=3, condition_channels=5)
    assert sum(parameter.numel() for parameter in model.parameters()) == pytest.approx(57.3e6, rel=0.03)


def test_the_untrained_network_gives_zeros():
    assert not made(trained=False)(*inputs()).any()


def test_place_and_date_do_nothing_in_an_untrained_block():
    torch.manual_seed(0)
    block = ConvNextBlock(3, 5, film=True)
    maps, level = torch.randn(2, 3, 8, 8), torch.randn(2, 64)
    here, there = block(maps, level, torch.randn(2, 64)), block(maps, level, torch.randn(2, 64))
    torch.testing.assert_close(here, there, rtol=0, atol=0)
    nn.init.normal_(block.film[-1].weight)
    assert (block(maps, level, torch.randn(2, 64)) - here).abs().max() > 0.01


@pytest.mark.parametrize("skip", [0, 1, 2])
def test_every_skip_is_used(skip):
    """Set what one encoder stage hands across to zero: the output must change, at full resolution too."""
    model = made()
    with torch.no_grad():
        usual = model(*inputs())
        model.down[skip].register_forward_hook(lambda module, given, found: (torch.zeros_like(found[0]), found[1]))
        assert (model(*inputs()) - usual).abs().max() > 1e-3


def test_a_speck_shows_at_its_own_pixel():
    """Deep levels see blocks of four pixels: only the skip at full resolution can single one out."""
    model = made(heads=0)
    x, level, condition = inputs(32, 32)
    x.requires_grad_()
    model(x, level, condition)[0, 0, 16, 16].backward()
    slope = x.grad[0].abs().sum(dim=0)
    assert slope[16, 16] > 5 * slope.flatten().median()


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 9), (7, 2), (13, 31), (33, 5)])
def test_any_size_will_do(rows, columns):
    x, level, condition = inputs(rows, columns)
    found = made()(x, level, condition)
    assert found.shape == x.shape
    assert found.isfinite().all()


def test_padding_repeats_the_edge_and_is_cropped():
    """Maps that were padded by hand give the same."""
    model = made()
    x, level, condition = inputs(14, 12)
    padded = torch.nn.functional.pad(x, (0, 0, 0, 2), mode="replicate")
    maps = torch.nn.functional.pad(condition.maps, (0, 0, 0, 2), mode="replicate")
    torch.testing.assert_close(
        model(x, level, condition), model(padded, level, condition._replace(maps=maps))[:, :, :14]
    )


@pytest.mark.parametrize("what", ["x", "noise_level", "maps", "place", "year_fraction"])
def test_the_output_depends_on_all_that_is_given_and_samples_do_not_mix(what):
    """Change one input of the second sample only."""
    model = made()
    x, level, condition = inputs()
    known = {"x": x, "noise_level": level, **condition._asdict()}
    changed = known | {what: known[what] + torch.tensor([0.0, 0.3]).reshape(2, *[1] * (known[what].ndim - 1))}
    with torch.no_grad():
        before, after = (
            model(given["x"], given["noise_level"], Condition(given["maps"], given["place"], given["year_fraction"]))
            for given in (known, changed)
        )
    torch.testing.assert_close(before[0], after[0])
    assert (before[1] - after[1]).abs().max() > 1e-5


@pytest.mark.parametrize("step", [0.05, 0.5])
def test_noise_levels_are_told_apart(step):
    """Near and far: a twentieth of a level is a fifth more noise."""
    levels = torch.arange(-2.0, 2.0, step)
    encoded = embeddings.sinusoids(LEVEL_STRETCH * levels, EMBED_DIM)
    apart = torch.cdist(encoded, encoded) + 10 * torch.eye(len(levels))
    assert apart.min() > 0.5


def test_attention_agrees_with_its_formula():
    torch.manual_seed(0)
    attention = LinearAttention(6, heads=2)
    maps = torch.randn(1, 6, 3, 4)
    with torch.no_grad():
        q, k, v = attention.to_qkv(attention.norm(maps))[0].flatten(1).chunk(3)
        heads = []
        for part in (slice(0, 32), slice(32, 64)):
            means = k[part].softmax(dim=1) @ v[part].T
            heads.append((q[part].softmax(dim=0).T @ means).T)
        expected = maps[0] + attention.out(torch.cat(heads).reshape(1, 64, 3, 4))[0]
        torch.testing.assert_close(attention(maps)[0], expected)


@pytest.mark.parametrize("coordinates", ["unit_sphere", "sincos", "raw", "none"])
@pytest.mark.parametrize("date", [True, False])
def test_place_and_date_are_asked_for_by_settings(coordinates, date):
    model = made(coordinates=coordinates, date=date)
    x, level, condition = inputs()
    bare = Condition(condition.maps)
    if date or coordinates != "none":
        with pytest.raises(SettingsError, match=r"Condition\.(place|year_fraction)"):
            model(x, level, bare)
    with torch.no_grad():
        found = model(x, level, condition)
        moved = model(x, level, condition._replace(place=condition.place + 5))
        later = model(x, level, condition._replace(year_fraction=condition.year_fraction + 0.3))
    assert torch.equal(found, moved) == (coordinates == "none")
    assert torch.equal(found, later) == (not date)


def test_the_date_line_is_no_edge():
    lat = torch.tensor([10.0, 10.0])
    lon = torch.tensor([179.99, -179.99])
    for encode in (embeddings.unit_sphere, embeddings.sincos):
        east, west = encode(lat, lon)
        assert (east - west).abs().max() < 1e-3
    assert embeddings.unit_sphere(torch.tensor(90.0), torch.tensor(37.0)) == pytest.approx([0, 0, 1], abs=1e-6)
    torch.testing.assert_close(embeddings.raw(torch.tensor([-45.0, 0.0]), torch.tensor([270.0, 90.0])),
                               torch.tensor([[-0.5, -0.5], [0.0, 0.5]]))  # fmt: skip


def test_the_year_closes_on_itself():
    first, middle, last = embeddings.season(torch.tensor([0.0, 0.5, 1.0]))
    torch.testing.assert_close(first, last, atol=1e-6, rtol=0)
    assert (first - middle).abs().max() == pytest.approx(2)


def test_bfloat16_is_close_to_single_precision():
    model = made(dim=16)
    usual = model(*inputs())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = model(*inputs())
    assert found.dtype == torch.float32
    assert (found - usual).std() < 0.05 * usual.std()
    found.square().mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize("option", ["checkpoint_activations", "channels_last"])
def test_options_of_memory_change_neither_output_nor_gradient(option):
    found = {}
    for chosen in (True, False):
        model = made(**{option: chosen})
        output = model(*inputs())
        output.square().mean().backward()
        found[chosen] = [output, *[parameter.grad for parameter in model.parameters()]]
    for one, other in zip(found[True], found[False], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_checkpointing_keeps_fewer_activations():
    kept = {}
    for chosen in (True, False):
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, sizes=sizes: sizes.append(t.numel()) or t, lambda t: t):
            made(checkpoint_activations=chosen)(*inputs())
        kept[chosen] = sum(sizes)
    assert kept[True] < 0.3 * kept[False]


def test_weights_do_not_depend_on_options_of_speed():
    """A checkpoint made with one of them can be read with another."""
    usual = made(channels_last=False).state_dict()
    for options in ({"channels_last": True}, {"compile": True}, {"checkpoint_activations": True}):
        assert made(**options).state_dict().keys() == usual.keys()


def test_what_is_given_goes_before_the_size():
    settings = DenoiserSettings(size="published", dim=32)
    assert (settings.dim, settings.dim_mults) == (32, (1, 2, 4, 8))
    assert DenoiserSettings.model_validate(settings.model_dump()) == settings


def test_attention_beyond_the_coarsest_level_is_refused():
    with pytest.raises(ValidationError, match="attention_from 3 is beyond the coarsest level, 2"):
        DenoiserSettings(attention_from=3)


def test_one_level_is_enough():
    assert made(dim_mults=(1,))(*inputs()).shape == (2, 2, 16, 12)


def test_it_learns():
    """Trained to give back the first maps of the condition, it does so."""
    model = made(trained=False, dim=8)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    x, level, condition = inputs()
    wanted = condition.maps[:, :2]
    for _ in range(60):
        loss = (model(x, level, condition) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1 * wanted.square().mean()
