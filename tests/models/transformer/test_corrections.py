"""Successive corrections, against what can be worked out by hand, and against interpolation in time."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from esmlearn.fields.time_interpolation import interpolate_in_time
from esmlearn.models.transformer.corrections import RELAXATION, SCALES, SuccessiveCorrections

SHAPE = (1, 12, 10, 14)


def matern(distance: np.ndarray, scale: float) -> np.ndarray:
    """Matern function with nu = 3/2."""
    scaled = np.sqrt(3) * np.abs(distance) / scale
    return (1 + scaled) * np.exp(-scaled)


def weights_around(point: tuple[int, int, int], space: float, time: float) -> np.ndarray:
    """Weights of all days and cells of `SHAPE` for an observation at a point."""
    day, row, column = np.meshgrid(*(np.arange(size) for size in SHAPE[1:]), indexing="ij")
    return (
        matern(day - point[0], time)
        * matern(row - point[1], space)
        * matern(column - point[2], space)
    )  # fmt: skip


def random_ocean(n_days: int = 60, rows: int = 24, columns: int = 24) -> torch.Tensor:
    """Smooth Gaussian field in space and time, of standard deviation 1."""
    noise = np.random.default_rng(0).standard_normal((n_days + 40, rows + 40, columns + 40))
    smooth = gaussian_filter(noise, (3.0, 4.0, 4.0))[20:-20, 20:-20, 20:-20]
    return torch.from_numpy((smooth / smooth.std()).astype(np.float32))[None]


def clouds(shape: torch.Size, share: float = 0.7) -> torch.Tensor:
    """True under clouds, some cells wide and a day or two old."""
    noise = np.random.default_rng(1).standard_normal(shape[1:])
    smooth = gaussian_filter(noise, (0.7, 3.0, 3.0), mode="wrap")
    return torch.from_numpy(smooth < np.quantile(smooth, share))[None]


def rmse(error: torch.Tensor, where: torch.Tensor) -> float:
    return error[where].square().mean().sqrt().item()


def test_nothing_observed_nothing_said():
    analysis, density = SuccessiveCorrections()(torch.randn(SHAPE), torch.zeros(SHAPE, dtype=torch.bool))
    assert not analysis.any()
    assert not density.any()


@pytest.mark.parametrize("point", [(5, 4, 7), (0, 9, 0)])
def test_one_pass_gives_back_one_observation_as_the_formula_says(point):
    """Alone, an observation y gives y w / (w + r): nearly y close by, and nothing where w is far below r."""
    observed = torch.zeros(SHAPE, dtype=torch.bool)
    observed[0, *point] = True
    analysis, density = SuccessiveCorrections([(1.5, 0.8)])(torch.full(SHAPE, 2.0), observed)
    weight = weights_around(point, 1.5, 0.8)
    np.testing.assert_allclose(analysis[0].detach(), 2.0 * weight / (weight + RELAXATION), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(density[0].detach(), np.log1p(weight), rtol=1e-4, atol=1e-6)
    assert analysis[0, *point].item() == pytest.approx(2.0 / (1 + RELAXATION))
    assert analysis.min() < 0.02


def test_each_pass_spreads_what_is_left():
    """At the observation, each pass leaves the share r / (1 + r) of what it finds for the next."""
    point = (5, 4, 7)
    observed = torch.zeros(SHAPE, dtype=torch.bool)
    observed[0, *point] = True
    expected, left = np.zeros(SHAPE[1:]), 2.0
    for space, time in SCALES:
        weight = weights_around(point, space, time)
        expected += left * weight / (weight + RELAXATION)
        left *= RELAXATION / (1 + RELAXATION)
    analysis, density = SuccessiveCorrections()(torch.full(SHAPE, 2.0), observed)
    np.testing.assert_allclose(analysis[0].detach(), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(density[0].detach(), np.log1p(weights_around(point, *SCALES[0])), rtol=1e-4, atol=1e-6)


def test_a_field_that_was_seen_whole_comes_back():
    ocean = random_ocean()
    analysis, _ = SuccessiveCorrections()(ocean, torch.ones_like(ocean, dtype=torch.bool))
    assert (analysis - ocean).abs().max() < 0.02


@pytest.mark.parametrize("rubbish", [1e3, float("nan"), float("inf")])
def test_what_stands_where_nothing_was_observed_does_not_matter(rubbish):
    ocean, observed = random_ocean(20), ~clouds(torch.Size((1, 20, 24, 24)))
    network = SuccessiveCorrections()
    analysis, density = network(ocean, observed)
    other = network(ocean.masked_fill(~observed, rubbish), observed)
    assert torch.equal(other[0], analysis)
    assert torch.equal(other[1], density)
    other[0].sum().backward()
    assert all(weight.grad.isfinite().all() for weight in network.parameters())


def test_moving_the_field_moves_the_analysis():
    """The same observations three days later, two rows up and four columns on: the same analysis there."""
    generator = torch.Generator().manual_seed(0)
    here, there = (torch.zeros(1, 15, 16, 18) for _ in range(2))
    seen_here, seen_there = (torch.zeros(1, 15, 16, 18, dtype=torch.bool) for _ in range(2))
    values = torch.randn(1, 8, 9, 10, generator=generator)
    seen = torch.rand(1, 8, 9, 10, generator=generator) < 0.4
    here[:, 1:9, 2:11, 1:11], seen_here[:, 1:9, 2:11, 1:11] = values, seen
    there[:, 4:12, 4:13, 5:15], seen_there[:, 4:12, 4:13, 5:15] = values, seen
    network = SuccessiveCorrections()
    for before, after in zip(network(here, seen_here), network(there, seen_there), strict=True):
        torch.testing.assert_close(after[:, 3:, 2:, 4:], before[:, :-3, :-2, :-4], rtol=1e-4, atol=1e-5)
        assert not torch.allclose(after, before, atol=0.1)


def test_a_smooth_ocean_is_known_better_than_by_interpolation_in_time():
    """Neighbours in space know what the days before and after do not."""
    ocean = random_ocean()
    hidden = clouds(ocean.shape)
    analysis, _ = SuccessiveCorrections()(ocean, ~hidden)
    simple = torch.from_numpy(interpolate_in_time(ocean[0].numpy(), ~hidden[0].numpy()).values)[None]
    assert rmse(simple - ocean, hidden) > 0.3
    assert rmse(analysis - ocean, hidden) < 0.6 * rmse(simple - ocean, hidden)


def test_every_scale_feels_the_error():
    ocean = random_ocean(20)
    hidden = clouds(ocean.shape)
    network = SuccessiveCorrections()
    analysis, _ = network(ocean, ~hidden)
    (analysis - ocean)[hidden].square().mean().backward()
    gradient = network.log_change.grad
    assert gradient.shape == (len(SCALES), 3)
    assert gradient.isfinite().all()
    assert gradient.abs().min() > 1e-7


def test_scales_are_learned():
    """An ocean whose days know nothing of each other is none that the start was made for."""
    ocean = random_ocean(20)[:, torch.randperm(20, generator=torch.Generator().manual_seed(0))]
    hidden = clouds(ocean.shape)
    network = SuccessiveCorrections()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    errors = []
    for _ in range(20):
        analysis, _ = network(ocean, ~hidden)
        error = (analysis - ocean)[hidden].square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < 0.8 * errors[0]


def test_a_trained_model_keeps_its_scales_when_the_start_of_others_changes():
    ocean, observed = random_ocean(20), ~clouds(torch.Size((1, 20, 24, 24)))
    trained = SuccessiveCorrections()
    loaded = SuccessiveCorrections([(2 * space, 3 * time) for space, time in SCALES], relaxation=0.1)
    assert not torch.equal(loaded(ocean, observed)[0], trained(ocean, observed)[0])
    loaded.load_state_dict(trained.state_dict())
    assert torch.equal(loaded(ocean, observed)[0], trained(ocean, observed)[0])
