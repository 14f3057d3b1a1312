"""The loss counts what gaps hide, the first guess is fitted and then frozen, and standard deviations fit the errors."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from accelerate import Accelerator

from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.periods import select_role
from esmlearn.models.transformer.inputs import Context, WindowInputs
from esmlearn.models.transformer.parts import Estimate
from esmlearn.models.transformer.spatiotemporal import Output, SpatioTemporalModel
from esmlearn.tasks.reconstruct.objective import (
    START_WINDOWS,
    ReconstructionObjective,
    fit_corrections,
    hidden_errors,
    hidden_pixels,
    interval_scale_factor,
    loss,
    monthly_target,
)
from esmlearn.tasks.reconstruct.samples import TrainingWindows, Window
from esmlearn.tasks.reconstruct.train import VALIDATION_WINDOWS, fit
from tests.small import small_ocean, small_settings


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model that was trained for some steps."""
    return fit(*small_ocean(), small_settings(steps=12, validate_every=6), tmp_path_factory.mktemp("run"))


def windows_of(trained, role: str, seed: int, length: int) -> list[Window]:
    """Windows of a period, as a training makes them."""
    split = trained.settings.data.split
    observations, complete = (select_role(field, split, role) for field in small_ocean())
    anomalies = Anomalies.of(complete, trained.climatology, trained.scaling)
    options = {"hide_days": 1.0, "seed": trained.settings.training.seed + seed, "length": length}
    windows = TrainingWindows(anomalies, observations.observed[:, 0], trained.settings.model, **options)
    return [windows[k] for k in range(length)]


def analysis_error(corrections, windows: list[Window]) -> float:
    """Root-mean-square error of the first guess on the hidden pixels of some windows."""
    window = Window.stack(windows)
    analysis, _ = corrections(window.inputs.nearby, window.inputs.nearby_observed)
    return (window.inputs.at_days(analysis) - window.target)[hidden_pixels(window)].square().mean().sqrt().item()


def test_the_first_guess_is_fitted_and_then_frozen(trained):
    """Its scales make it better on its own, and the training of the network leaves them where they are."""
    torch.manual_seed(0)
    corrections = SpatioTemporalModel(trained.settings.model).surroundings.corrections
    windows = windows_of(trained, "train", 0, 24)
    before = analysis_error(corrections, windows)
    fit_corrections(corrections, (Window.stack(list(pair)) for pair in itertools.batched(windows, 2)))
    assert analysis_error(corrections, windows) < 0.95 * before
    assert (corrections.log_change != 0).all()
    assert torch.equal(trained.network.surroundings.corrections.log_change, corrections.log_change)


@pytest.mark.parametrize("from_checkpoint", [True, False])
def test_a_checkpoint_already_has_the_fitted_first_guess(trained, from_checkpoint):
    corrections = (network := SpatioTemporalModel(trained.settings.model)).surroundings.corrections
    objective = ReconstructionObjective(trained.settings, windows_of(trained, "validation", 1, 2))
    batches = None if from_checkpoint else [Window.stack(windows_of(trained, "train", 0, 2))]
    objective.ready(network, batches, Accelerator())
    assert corrections.log_change.any().item() is not from_checkpoint
    assert not any(weight.requires_grad for weight in corrections.parameters())


def test_standard_deviations_start_at_the_size_of_the_errors(trained):
    """The first loss must find them right: what is left for the head to learn is where errors are larger."""
    torch.manual_seed(0)
    network = SpatioTemporalModel(trained.settings.model)
    validation = windows_of(trained, "validation", 1, START_WINDOWS + 8)
    objective = ReconstructionObjective(trained.settings, validation[:START_WINDOWS])
    objective.ready(network, [Window.stack(windows_of(trained, "train", 0, 8))], Accelerator())
    error, log_std = hidden_errors(network, validation[START_WINDOWS:], Accelerator())["daily"]
    assert interval_scale_factor((error / log_std.exp()).abs()) == pytest.approx(1.0, abs=0.2)


def test_calibration_makes_errors_as_large_as_estimated(trained):
    windows = windows_of(trained, "validation", 1, VALIDATION_WINDOWS)
    errors = hidden_errors(trained.network, windows, Accelerator())
    for name in ("daily", "monthly"):
        error, log_std = errors[name]
        assert interval_scale_factor((error / log_std.exp()).abs()) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("training", [True, False])
def test_validation_gives_back_the_mode(training):
    """A model that stays in evaluation mode after its first validation has lost its dropout."""
    network = SpatioTemporalModel(small_settings().model).train(training)
    target = torch.zeros(1, 31, 8, 8)
    window = window_of(target, target == 0)
    assert set(hidden_errors(network, [window], Accelerator())) == {"first_guess", "daily", "monthly"}
    assert network.training is training


def window_of(target: torch.Tensor, hidden: torch.Tensor, valid: torch.Tensor | None = None, n_days=31) -> Window:
    """Make a window whose observations are its target."""
    months, days, rows, columns = target.shape
    padded = (torch.arange(days) >= n_days).repeat(months, 1)
    inputs = WindowInputs(
        x=target,
        daily_mask=hidden,
        land_mask_patch=torch.zeros(rows, columns, dtype=torch.bool),
        padded_days_mask=padded,
        context=torch.zeros(months, days, len(Context), rows, columns),
        nearby=target.flatten(0, 1),
        nearby_observed=~hidden.flatten(0, 1),
        day_index=torch.arange(months * days).view(months, days),
        decoded=~padded,
        year_fraction=torch.zeros(months, days),
        position=torch.zeros(2, rows, columns),
    )
    return Window(inputs, target, torch.ones_like(hidden) if valid is None else valid)


def batch_of(target: torch.Tensor, hidden: torch.Tensor, **options) -> Window:
    """Make a batch of one such window."""
    return Window.stack([window_of(target[0], hidden[0], **options)])


def output_of(daily: torch.Tensor, std: float = 1.0) -> Output:
    log_std = torch.full_like(daily, math.log(std))
    return Output(Estimate(daily.mean(dim=2), log_std.mean(dim=2)), Estimate(daily, log_std))


def test_loss_counts_hidden_ocean_only():
    target = torch.zeros(1, 1, 31, 4, 4)
    hidden = torch.zeros_like(target, dtype=torch.bool)
    hidden[..., 1, 1] = True
    estimate = torch.zeros_like(target)
    estimate[..., 3, 3] = 100.0  # wrong where nothing was hidden
    settings = small_settings(monthly_weight=0.0, loss="absolute")
    assert loss(output_of(estimate), batch_of(target, hidden), settings)["daily"].item() == 0.0
    estimate[..., 1, 1] = 2.0
    assert loss(output_of(estimate), batch_of(target, hidden), settings)["daily"].item() == pytest.approx(2.0)


def test_loss_of_days_counts_those_that_were_decoded():
    target = torch.zeros(1, 1, 31, 4, 4)
    hidden = torch.ones_like(target, dtype=torch.bool)
    estimate = torch.ones_like(target)
    estimate[:, :, 7] = 2.0
    window = batch_of(target, hidden)
    decoded = torch.zeros(1, 1, 31, dtype=torch.bool)
    settings = small_settings(monthly_weight=0.0, loss="absolute")
    assert "daily" not in loss(
        output_of(estimate), replace(window, inputs=replace(window.inputs, decoded=decoded)), settings
    )
    decoded[..., 7] = True
    assert loss(output_of(estimate), replace(window, inputs=replace(window.inputs, decoded=decoded)), settings)[
        "daily"
    ].item() == pytest.approx(2.0)


def test_months_are_learned_where_all_of_their_days_are_known():
    """A short month; in one cell a day is unknown, in another none is hidden."""
    days = torch.arange(31.0).masked_fill(torch.arange(31) >= 28, 0.0)
    target = days[:, None, None].expand(1, 1, 31, 1, 3).clone()
    hidden, valid = torch.ones(1, 1, 31, 1, 3, dtype=torch.bool), torch.ones(1, 31, 1, 3, dtype=torch.bool)
    valid[0, 7, 0, 1], valid[0, 28:] = False, False
    hidden[..., :28, 0, 2] = False
    mean, learned = monthly_target(batch_of(target, hidden, valid=valid, n_days=28))
    assert mean[0, 0, 0].tolist() == [pytest.approx(13.5)] * 3
    assert learned[0, 0, 0].tolist() == [True, False, False]


def test_a_batch_with_nothing_to_learn_has_no_loss():
    target = torch.zeros(1, 1, 31, 4, 4)
    nothing = torch.zeros_like(target, dtype=torch.bool)
    assert loss(output_of(target), batch_of(target, nothing), small_settings()) == {}
    assert loss(output_of(target), batch_of(target, ~nothing, valid=nothing[0]), small_settings()) == {}


def test_gaussian_loss_is_lowest_at_the_right_standard_deviation():
    torch.manual_seed(0)
    target = torch.randn(1, 1, 31, 16, 16) * 0.5
    window = batch_of(target, torch.ones_like(target, dtype=torch.bool))
    settings = small_settings(monthly_weight=0.0)
    slopes = []
    for std in (0.4, 0.5, 0.6):
        estimate = output_of(torch.zeros_like(target), std)
        log_std = estimate.daily.log_std.requires_grad_()
        loss(estimate, window, settings)["daily"].backward()
        slopes.append(log_std.grad.sum().item())
    assert slopes[0] < 0 < slopes[2]
    assert abs(slopes[1]) < 0.2 * abs(slopes[0])


def test_a_factor_makes_intervals_hold_what_they_should():
    """Of normal errors, the standard deviation; of errors with long tails, less."""
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(200_000, generator=generator)
    assert interval_scale_factor((0.3 * normal).abs()) == pytest.approx(0.3, rel=0.02)
    tails = torch.where(torch.rand(200_000, generator=generator) < 0.1, 5.0, 1.0) * normal
    factor = interval_scale_factor(tails.abs())
    assert 1.0 < factor < 0.7 * tails.std().item()
    for level, reach in ((0.5, 0.6745), (0.9, 1.6449)):
        assert (tails.abs() < reach * factor).float().mean().item() == pytest.approx(level, abs=0.03)
