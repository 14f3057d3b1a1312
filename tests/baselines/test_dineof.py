"""DINEOF: fields of known rank, the filter against its formula, and days and cells without observations."""

from functools import cache
from pathlib import Path

import iris
import numpy as np
import pytest
import torch

from esmlearn import baselines
from esmlearn.baselines import dineof
from esmlearn.baselines.dineof import USUAL_EFFORT, Dineof, Effort, Filling
from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.gaps.simulate import travelling_clouds
from esmlearn.settings import DineofSettings
from tests.made_fields import make_cube

REAL = Path(__file__).parents[3] / "shared" / "data" / "oisst_tasman_1982_2009.nc"
EXACT = Effort(tolerance=1e-6, steps=1000)


def method_of(field: Field, effort: Effort = USUAL_EFFORT, **settings) -> Dineof:
    """DINEOF with a climatology of zero."""
    climatology = Climatology(np.zeros((5, *field.land.shape), np.float32), field.lat, field.lon)
    return Dineof(climatology, field.land, field.units, DineofSettings(**settings), effort)


@cache
def ocean(rank: int, *, noise: float = 0.0) -> tuple[Field, np.ndarray]:
    """Observations between clouds of a sum of some patterns, each with a series of its own; and that sum.

    Its standard deviation is near one. No day is without observations, no cell either.
    """
    rng = np.random.default_rng(0)
    walks = np.cumsum(rng.standard_normal((230, rank)), axis=0)
    series = (walks[30:] - walks[:-30]) / np.sqrt(30 * rank)
    row, column = np.meshgrid(np.linspace(0, 1, 16), np.linspace(0, 1, 20), indexing="ij")
    waves = rng.uniform(1, 8, (rank, 3))
    patterns = np.stack([np.sqrt(2) * np.sin(a * row + b * column + c) for a, b, c in waves])
    truth = np.tensordot(series, patterns, axes=1).astype(np.float32)
    seen = truth + np.float32(noise) * rng.standard_normal(truth.shape, dtype=np.float32)
    seen[travelling_clouds(*truth.shape, share=0.3, seed=1)] = np.nan
    return Field.from_cube(make_cube(seen), land=np.zeros((16, 20), bool)), truth


def filled(field: Field, **settings) -> Filling:
    """What DINEOF fills the anomalies of a field with."""
    left = method_of(field, **settings)._left_to_cross_validate(field)
    parts = (np.nan_to_num(field.values[:, 0]), field.observed[:, 0], left)
    cells = (torch.from_numpy(part.reshape(len(part), -1).T.copy()) for part in parts)
    return dineof.fill(*cells, DineofSettings(**settings), USUAL_EFFORT)


def rmse_where_hidden(daily: np.ndarray, field: Field, truth: np.ndarray) -> float:
    return float(np.sqrt(((daily - truth)[~field.observed[:, 0]] ** 2).mean()))


@pytest.mark.parametrize("rank", [1, 2, 3, 5, 8])
def test_a_noisy_field_gets_as_many_modes_as_its_rank(rank):
    """And what is filled is nearer to the truth than the observations are."""
    field, truth = ocean(rank, noise=0.1)
    found = filled(field, filter_days=0.0)
    assert found.modes.shape[1] == rank
    known = torch.from_numpy(field.observed[:, 0].reshape(200, -1).T.copy())
    observed = torch.from_numpy(field.values[:, 0].reshape(200, -1).T.copy())
    assert torch.equal(found.values[known], observed[known])
    assert rmse_where_hidden(method_of(field, filter_days=0.0).reconstruct_field(field).daily, field, truth) < 0.06
    np.testing.assert_allclose(found.modes.T @ found.modes, np.eye(rank), atol=1e-5)


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_a_field_of_known_rank_is_recovered(rank):
    field, truth = ocean(rank)
    daily = method_of(field, filter_days=0.0).reconstruct_field(field).daily
    assert rmse_where_hidden(daily, field, truth) < 0.01
    daily = method_of(field, EXACT, modes=rank, filter_days=0.0).reconstruct_field(field).daily
    assert rmse_where_hidden(daily, field, truth) < 1e-4


def test_the_filter_spreads_an_impulse_as_diffusion_does():
    """The variance of the kernel is 2 α p, and nothing is lost, at the ends neither."""
    days = torch.arange(101.0)
    for filter_days in (1.0, 5.0, 20.0):
        impulse = torch.zeros(101, 2)
        impulse[50, 0] = impulse[0, 1] = 1.0
        kernel = dineof.smooth(impulse, filter_days)
        torch.testing.assert_close(kernel.sum(dim=0), torch.ones(2))
        spread = ((days - 50) ** 2 * kernel[:, 0]).sum().item()
        assert spread == pytest.approx(2 * (filter_days / (2 * np.pi)) ** 2, rel=1e-3)
    assert dineof.smooth(impulse, 0.0) is impulse


def test_the_filter_damps_its_cut_off_period_to_one_over_e():
    wave = torch.sin(2 * torch.pi * torch.arange(400.0) / 20)[:, None]
    torch.testing.assert_close(dineof.smooth(wave, 20.0)[100:300], wave[100:300] / np.e, atol=0.01, rtol=0)


def test_the_modes_are_the_eigenvectors_of_the_filtered_covariance():
    """And the gaps get the values that follow from these modes: a dense solution by numpy agrees."""
    rng = np.random.default_rng(0)
    values = (rng.standard_normal((60, 40)) * 0.8 ** np.arange(40)) @ rng.standard_normal((40, 40))
    known = torch.from_numpy(rng.random(values.shape) > 0.2)
    settings = DineofSettings(modes=4, filter_days=4.0)
    found = dineof.fill(torch.from_numpy(values.astype(np.float32)), known, known, settings, EXACT)

    smoother = dineof.smooth(torch.eye(40), 4.0).numpy().astype(float)
    filtered = found.values.numpy() @ smoother
    modes = np.linalg.eigh(filtered.T @ filtered)[1][:, -4:]
    np.testing.assert_allclose(found.modes @ found.modes.T, modes @ modes.T, atol=1e-3)
    np.testing.assert_allclose(found.values[~known], (filtered @ modes @ modes.T)[~known], atol=1e-2)
    np.testing.assert_array_equal(found.values[known], values.astype(np.float32)[known])


def test_the_filter_fills_a_day_that_nobody_saw():
    """With it, from the days before and after; without, the climatology is all there is."""
    field, truth = ocean(2)
    dark = np.zeros(truth.shape, bool)
    dark[100] = True
    field = field.hide(dark)
    blind = method_of(field, filter_days=0.0).reconstruct_field(field).daily[100]
    assert np.abs(blind).max() < 1e-5
    day = method_of(field, filter_days=3.0).reconstruct_field(field).daily[100]
    np.testing.assert_allclose(day, (truth[99] + truth[101]) / 2, atol=0.05)


def test_the_filter_is_the_first_that_no_stronger_one_beats():
    field, _ = ocean(5, noise=0.5)
    errors = {days: filled(field, filter_days=days).error for days in dineof.FILTERS}
    chosen = filled(field)
    stronger = dict(zip(dineof.FILTERS, [*list(errors.values())[1:], np.inf], strict=True))
    first = next(days for days in dineof.FILTERS if stronger[days] >= errors[days])
    assert chosen.filter_steps == first > dineof.FILTERS[0]
    assert chosen.error == pytest.approx(errors[first])


def test_some_cells_of_a_large_domain_choose_the_filter_for_all():
    field, truth = ocean(3, noise=0.1)
    whole = method_of(field).reconstruct_field(field).daily
    sampled = method_of(field, Effort(sample=100)).reconstruct_field(field).daily
    assert rmse_where_hidden(sampled, field, truth) < 1.1 * rmse_where_hidden(whole, field, truth)


def test_constant_and_unseen_cells_break_nothing():
    field, truth = ocean(3)
    values = np.where(field.observed[:, 0], truth, np.nan)
    values[:, 0, 0] = 0.0
    values[:, 0, 1] = np.nan
    land = np.zeros((16, 20), bool)
    land[5, 5:9] = True
    daily = method_of(field, filter_days=1.0).reconstruct_field(Field.from_cube(make_cube(values), land=land)).daily
    assert np.isnan(daily[:, land]).all()
    assert np.isfinite(daily[:, ~land]).all()
    assert not daily[:, 0, :2].any()
    calm = Field.from_cube(make_cube(np.where(np.isnan(values), np.nan, 0.0)), land=land)
    assert not method_of(calm).reconstruct_field(calm).daily[:, ~land].any()


def test_what_has_no_gaps_comes_back_as_it_is():
    truth = ocean(3)[1][:20]
    field = Field.from_cube(make_cube(truth))
    np.testing.assert_array_equal(method_of(field).reconstruct_field(field).daily, truth)


def test_the_order_of_longitudes_does_not_matter():
    field, _ = ocean(3, noise=0.1)
    turned = Field.from_cube(make_cube(np.where(field.observed[:, 0], field.values[:, 0], np.nan)[..., ::-1]))
    daily = method_of(field).reconstruct_field(field).daily
    np.testing.assert_allclose(method_of(turned).reconstruct_field(turned).daily[..., ::-1], daily, atol=1e-3)


def test_the_seed_decides():
    """Random are the gaps of the cross-validation, and the first series of the modes."""
    field, _ = ocean(5, noise=0.1)
    first, again, other = (filled(field, filter_days=1.0, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.values, again.values)
    assert first.error == again.error
    assert abs(first.error / other.error - 1) > 1e-3
    start, another = (filled(field, modes=5, filter_days=1.0, seed=seed).values for seed in (0, 1))
    assert not torch.equal(start, another)


def test_what_can_not_be_done_is_refused():
    field, _ = ocean(3)
    nothing = field.hide(np.ones((200, 16, 20), bool))
    with pytest.raises(DataError, match="no observation"):
        method_of(nothing).reconstruct_field(nothing)
    month = field[slice(0, 20)]
    with pytest.raises(DataError, match=r"dineof.modes is 21, but 20 times of 320 cells have 20 at most; lower it"):
        method_of(month, modes=21).reconstruct_field(month)
    cloudy = int(np.argmin(field.observed.mean(axis=(1, 2, 3))))
    day = field[slice(cloudy, cloudy + 1)]
    with pytest.raises(DataError, match=r"can't cross-validate on 1 times .* or set both dineof.modes"):
        method_of(day).reconstruct_field(day)
    method_of(day, modes=1, filter_days=0.0).reconstruct_field(day)
    with pytest.raises(DataError, match="DINEOF needs times with a regular step and without a break"):
        method_of(field).reconstruct_field(field[np.r_[0:90, 95:200]])


def test_it_can_be_had_by_name():
    field = Field.from_cube(make_cube(np.tile(ocean(1)[1], (2, 1, 1))))
    method = baselines.fit("dineof", field)
    assert method.parameters == DineofSettings().model_dump()


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_file(), reason="the extract of OISST is not there")
def test_on_the_real_tasman_sea():
    """Far better than linear interpolation in time, on two years after those of the climatology."""
    truth = Field.from_cube(iris.load_cube(REAL)[: 7 * 365])
    clouds = travelling_clouds(len(truth.dates), *truth.land.shape, share=0.67, seed=0)
    field, test = truth.hide(clouds), slice(5 * 365, 7 * 365)
    climatology = Climatology.fit(field[slice(0, 5 * 365)])
    hidden = clouds[test] & ~truth.land
    error = {}
    for name in ("time_interpolation", "dineof"):
        daily = baselines.fit(name, field, climatology=climatology).reconstruct_field(field[test]).daily
        error[name] = np.sqrt(((daily - truth.values[test, 0])[hidden] ** 2).mean())
    assert error["dineof"] < 0.8 * error["time_interpolation"]
