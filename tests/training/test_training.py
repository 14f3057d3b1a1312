"""The loop must learn, say where it stands, and go on after a kill as if nothing had been."""

import copy
import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from esmlearn.errors import DataError, ModelFolderError, SettingsError
from esmlearn.fields.periods import select_role
from esmlearn.models.transformer.parts import Estimate
from esmlearn.models.transformer.spatiotemporal import Output, SpatioTemporalModel
from esmlearn.models.transformer.surroundings import Nearby
from esmlearn.tasks.reconstruct.objective import (
    ReconstructionObjective,
    fit_corrections,
    hidden_errors,
    hidden_pixels,
    honest_factor,
    loss,
)
from esmlearn.tasks.reconstruct.samples import Anomalies, TrainingWindows, Window
from esmlearn.tasks.reconstruct.train import VALIDATION_WINDOWS, fit
from esmlearn.training.checkpoint import CHECKPOINT, RunLog
from esmlearn.training.loop import learning_rate_factor, update_average
from tests.small import small_ocean, small_settings


class KilledError(Exception):
    """Stands for a kill in the midst of a training."""


def weights(trained) -> dict[str, torch.Tensor]:
    return dict(trained.network.state_dict())


@pytest.mark.parametrize("options", [{}, {"dropout": 0.2}])
@pytest.mark.parametrize("kill_at", [2, 4, 6])
def test_a_killed_training_ends_as_if_it_had_not_been_killed(tmp_path, monkeypatch, options, kill_at):
    settings = small_settings(model=options)
    whole = fit(*small_ocean(), settings, tmp_path / "whole")
    step = RunLog.step

    def killing_step(self, state, losses, rate):
        step(self, state, losses, rate)
        if state.step == kill_at:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(RunLog, "step", killing_step)
        with pytest.raises(KilledError):
            fit(*small_ocean(), settings, tmp_path / "killed")
    resumed = fit(*small_ocean(), settings, tmp_path / "killed")
    for name, tensor in weights(whole).items():
        torch.testing.assert_close(weights(resumed)[name], tensor, rtol=0, atol=0, msg=name)
    logged = [json.loads(row)["step"] for row in (tmp_path / "killed" / "train.jsonl").read_text().splitlines()]
    assert [step for step in logged if logged.count(step) == 1 or step % 3 == 0] == logged
    assert sorted(set(logged)) == [1, 2, 3, 4, 5, 6]


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    fit(*small_ocean(), small_settings(), tmp_path)
    with pytest.raises(ModelFolderError, match="made with other settings"):
        fit(*small_ocean(), small_settings(learning_rate=0.5), tmp_path)


def test_another_run_can_be_gone_on_from(tmp_path):
    whole = fit(*small_ocean(), small_settings(), tmp_path / "first")
    again = fit(*small_ocean(), small_settings(resume=str(tmp_path / "first")), tmp_path / "second")
    for name, tensor in weights(whole).items():
        torch.testing.assert_close(weights(again)[name], tensor, rtol=0, atol=0)
    assert json.loads((tmp_path / "second" / "progress.json").read_text())["step"] == 6
    with pytest.raises(ModelFolderError, match=r"no checkpoint\.pt"):
        fit(*small_ocean(), small_settings(resume=str(tmp_path / "nowhere")), tmp_path / "third")


def test_progress_and_log_are_current(tmp_path, monkeypatch):
    seen = []
    step = RunLog.step

    def watch(self, state, losses, rate):
        step(self, state, losses, rate)
        progress = json.loads((tmp_path / "progress.json").read_text())
        last = json.loads((tmp_path / "train.jsonl").read_text().splitlines()[-1])
        seen.append((state.step, progress["step"], progress["state"], last["step"]))

    monkeypatch.setattr(RunLog, "step", watch)
    fit(*small_ocean(), small_settings(), tmp_path)
    assert seen == [(k, k, "training", k) for k in range(1, 7)]
    assert json.loads((tmp_path / "progress.json").read_text())["state"] == "finished"


@pytest.mark.slow
@pytest.mark.parametrize("target", [True, False])
def test_training_beats_the_first_guess(tmp_path, target):
    """With truth or without, the model must learn to do better than what it departs from."""
    observations, complete = small_ocean()
    settings = small_settings(target=target, steps=200, batch_size=4, validate_every=50)
    still = small_settings(target=target, steps=100, validate_every=1, patience=1, learning_rate=1e-12)
    scores, first = (
        fit(observations, complete if target else None, some, tmp_path / str(some.training.steps)).record[
            "validation_rmse"
        ]
        for some in (settings, still)
    )
    assert scores["daily"] < 0.9 * first["daily"]
    assert scores["daily"] < 0.6 * scores["first_guess"]


def test_too_short_validation_is_refused(tmp_path):
    observations, complete = small_ocean()
    settings = small_settings()
    split = settings.data.split.model_copy(update={"validation": "1999/1999"})
    settings = settings.model_copy(update={"data": settings.data.model_copy(update={"split": split})})
    with pytest.raises(DataError, match=r"data\.split\.validation"):
        fit(observations, complete, settings, tmp_path)


def test_target_on_another_grid_is_refused(tmp_path):
    observations, complete = small_ocean()
    with pytest.raises(DataError, match="bring both to one grid"):
        fit(observations, complete.region(slice(0, 8), slice(0, 8)), small_settings(), tmp_path)


def test_a_patch_larger_than_the_region_is_refused(tmp_path):
    settings = small_settings(model={"window": (32, 32), "patch_size": (1, 16, 4)})
    with pytest.raises(SettingsError, match=r"larger than the region of \(12, 16\) cells"):
        fit(*small_ocean(), settings, tmp_path)


def test_target_of_other_days_is_refused(tmp_path):
    observations, complete = small_ocean()
    with pytest.raises(DataError, match="one timerange"):
        fit(observations[slice(0, 700)], complete[slice(30, 730)], small_settings(), tmp_path)


def test_a_break_in_the_days_is_refused(tmp_path):
    keep = np.delete(np.arange(730), 100)
    observations, complete = (field[keep] for field in small_ocean())
    with pytest.raises(DataError, match="2001-04-10 is followed by 2001-04-12"):
        fit(observations, complete, small_settings(), tmp_path)


def test_divergence_is_said(tmp_path):
    with pytest.raises(SettingsError, match=r"diverged.*learning_rate"):
        fit(*small_ocean(), small_settings(learning_rate=1e30, clip=1e30), tmp_path)


def test_the_first_guess_is_fitted_and_then_held(tmp_path, monkeypatch):
    """Its scales make it better on its own, and the training of the network leaves them where they are."""
    fitted, errors = [], []

    def watch(corrections, batches):
        windows = list(batches)
        errors.append(analysis_error(corrections, windows))
        fit_corrections(corrections, windows)
        errors.append(analysis_error(corrections, windows))
        fitted.append(copy.deepcopy(corrections.state_dict()))

    monkeypatch.setattr("esmlearn.tasks.reconstruct.objective.fit_corrections", watch)
    trained = fit(*small_ocean(), small_settings(steps=12, validate_every=6), tmp_path)
    assert errors[1] < 0.95 * errors[0]
    assert torch.equal(trained.network.surroundings.corrections.log_change, fitted[0]["log_change"])
    assert (fitted[0]["log_change"] != 0).all()


def analysis_error(corrections, windows: list[Window]) -> float:
    """Root-mean-square error of the first guess on the hidden pixels of some windows."""
    window = Window(*(torch.cat([getattr(each, name) for each in windows]) for name in Window.__annotations__))
    analysis, _ = corrections(window.nearby, window.nearby_observed)
    days = Nearby(window.nearby, window.nearby_observed, window.day_index).at_days(analysis)
    return (days - window.target)[hidden_pixels(window)].square().mean().sqrt().item()


def test_standard_deviations_start_at_the_size_of_the_errors(tmp_path, monkeypatch):
    """The first loss must find them right: what is left for the head to learn is where errors are larger."""
    factors = []

    def watch(output, window, settings):
        learned = window.target_valid & window.daily_mask & window.decoded[..., None, None]
        error = (output.daily.mean - window.target)[learned] / output.daily.log_std[learned].exp()
        factors.append(honest_factor(error.detach().abs()))
        return loss(output, window, settings)

    monkeypatch.setattr("esmlearn.tasks.reconstruct.objective.loss", watch)
    fit(*small_ocean(), small_settings(steps=1, batch_size=8, validate_every=1), tmp_path)
    assert factors == [pytest.approx(1.0, abs=0.2)]


def test_early_stop_keeps_the_best(tmp_path, monkeypatch):
    scores = iter([0.5, 0.4, 0.6, 0.7])
    monkeypatch.setattr(ReconstructionObjective, "validate", lambda *_: {"daily": next(scores)})
    trained = fit(*small_ocean(), small_settings(steps=40, validate_every=2, patience=2), tmp_path)
    assert trained.record["training"]["best_step"] == 4
    assert trained.record["training"]["steps"] == 8
    assert json.loads((tmp_path / "progress.json").read_text())["state"] == "stopped"


def test_best_weights_are_copies(tmp_path):
    """Weights kept as best must not move with the live ones: train on after a best that stays the best."""
    content = {}
    options = {"model": {"first_guess": "time_interpolation"}, "schedule": "constant", "ema": 0.0}
    for steps in (3, 6):
        fit(*small_ocean(), small_settings(steps=steps, **options), tmp_path / str(steps))
        content[steps] = torch.load(tmp_path / str(steps) / CHECKPOINT, weights_only=True)
    kept = content[6 if content[6]["state"]["best_step"] == 3 else 3]["best"]
    for name, tensor in content[3]["best"].items():
        torch.testing.assert_close(kept[name], tensor)
        assert tensor.data_ptr() != content[6]["averaged"][name].data_ptr()


@pytest.mark.parametrize("training", [True, False])
def test_validation_gives_back_the_mode(training):
    """A model that stays in evaluation mode after its first validation has lost its dropout."""
    settings = small_settings()
    network = SpatioTemporalModel(settings.model).train(training)
    target = torch.zeros(1, 31, 8, 8)
    window = Window(*(getattr(window_of(target[None], target[None] == 0), name)[0] for name in Window.__annotations__))
    assert set(hidden_errors(network, [window], Accelerator())) == {"first_guess", "daily", "monthly"}
    assert network.training is training


def test_learning_rate_rises_then_falls():
    settings = small_settings(steps=100, warmup=0.1).training
    factors = [learning_rate_factor(step, settings) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert max(factors) == factors[10] == 1.0
    assert factors[-1] < 0.01
    assert all(a >= b for a, b in pairwise(factors[10:]))


def test_average_soon_forgets_the_start():
    live, averaged = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(live.weight, 1.0)
    torch.nn.init.constant_(averaged.weight, 0.0)
    update_average(averaged, live, step=0, decay=0.999)
    assert averaged.weight.item() == pytest.approx(0.9)


def window_of(target: torch.Tensor, hidden: torch.Tensor, valid: torch.Tensor | None = None) -> Window:
    shape = target.shape
    return Window(
        x=target,
        daily_mask=hidden,
        land_mask_patch=torch.zeros(shape[0], *shape[-2:], dtype=torch.bool),
        padded_days_mask=torch.zeros(shape[:3], dtype=torch.bool),
        context=torch.zeros(*shape[:3], 4, *shape[-2:]),
        nearby=target.flatten(1, 2),
        nearby_observed=~hidden.flatten(1, 2),
        day_index=torch.arange(shape[1] * shape[2]).view(shape[1:3]).repeat(shape[0], 1, 1),
        decoded=torch.ones(shape[:3], dtype=torch.bool),
        year_fraction=torch.zeros(shape[:3]),
        position=torch.zeros(shape[0], 2, *shape[-2:]),
        target=target,
        target_valid=torch.ones_like(hidden) if valid is None else valid,
    )


def answer(daily: torch.Tensor, std: float = 1.0) -> Output:
    log_std = torch.full_like(daily, math.log(std))
    return Output(Estimate(daily.mean(dim=2), log_std.mean(dim=2)), Estimate(daily, log_std))


def test_loss_counts_hidden_ocean_only():
    target = torch.zeros(1, 1, 31, 4, 4)
    hidden = torch.zeros_like(target, dtype=torch.bool)
    hidden[..., 1, 1] = True
    said = torch.zeros_like(target)
    said[..., 3, 3] = 100.0  # wrong where nothing was hidden
    settings = small_settings(monthly_weight=0.0, loss="absolute")
    assert loss(answer(said), window_of(target, hidden), settings)["daily"].item() == 0.0
    said[..., 1, 1] = 2.0
    assert loss(answer(said), window_of(target, hidden), settings)["daily"].item() == pytest.approx(2.0)


def test_loss_of_days_counts_those_that_were_decoded():
    target = torch.zeros(1, 1, 31, 4, 4)
    hidden = torch.ones_like(target, dtype=torch.bool)
    said = torch.ones_like(target)
    said[:, :, 7] = 2.0
    window = window_of(target, hidden)
    decoded = torch.zeros(1, 1, 31, dtype=torch.bool)
    settings = small_settings(monthly_weight=0.0, loss="absolute")
    assert "daily" not in loss(answer(said), replace(window, decoded=decoded), settings)
    decoded[..., 7] = True
    assert loss(answer(said), replace(window, decoded=decoded), settings)["daily"].item() == pytest.approx(2.0)


def test_a_batch_with_nothing_to_learn_has_no_loss():
    target = torch.zeros(1, 1, 31, 4, 4)
    nothing = torch.zeros_like(target, dtype=torch.bool)
    assert loss(answer(target), window_of(target, nothing), small_settings()) == {}
    assert loss(answer(target), window_of(target, ~nothing, nothing), small_settings()) == {}


def test_gaussian_loss_is_lowest_at_the_right_standard_deviation():
    torch.manual_seed(0)
    target = torch.randn(1, 1, 31, 16, 16) * 0.5
    window = window_of(target, torch.ones_like(target, dtype=torch.bool))
    settings = small_settings(monthly_weight=0.0)
    slopes = []
    for std in (0.4, 0.5, 0.6):
        said = answer(torch.zeros_like(target), std)
        log_std = said.daily.log_std.requires_grad_()
        loss(said, window, settings)["daily"].backward()
        slopes.append(log_std.grad.sum().item())
    assert slopes[0] < 0 < slopes[2]
    assert abs(slopes[1]) < 0.2 * abs(slopes[0])


def test_a_factor_makes_intervals_hold_what_they_should():
    """Of normal errors, the standard deviation; of errors with long tails, less."""
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(200_000, generator=generator)
    assert honest_factor((0.3 * normal).abs()) == pytest.approx(0.3, rel=0.02)
    tails = torch.where(torch.rand(200_000, generator=generator) < 0.1, 5.0, 1.0) * normal
    factor = honest_factor(tails.abs())
    assert 1.0 < factor < 0.7 * tails.std().item()
    for level, reach in ((0.5, 0.6745), (0.9, 1.6449)):
        assert (tails.abs() < reach * factor).float().mean().item() == pytest.approx(level, abs=0.03)


def test_a_training_that_knows_no_whole_month_leaves_no_nan(tmp_path):
    trained = fit(small_ocean()[0], None, small_settings(target=False), tmp_path)
    assert "monthly" not in trained.record["validation_rmse"]
    assert all(weight.isfinite().all() for weight in weights(trained).values())


def test_calibration_makes_errors_as_large_as_said(tmp_path):
    settings = small_settings()
    trained = fit(*small_ocean(), settings, tmp_path)
    observations, complete = small_ocean()
    split = settings.data.split
    windows = TrainingWindows(
        Anomalies.of(select_role(complete, split, "validation"), trained.climatology, trained.scaling),
        select_role(observations, split, "validation").observed[:, 0],
        settings.model,
        hide_days=1.0,
        seed=settings.training.seed + 1,
        length=VALIDATION_WINDOWS,
    )
    errors = hidden_errors(trained.network, [windows[k] for k in range(len(windows))], Accelerator())
    for name in ("daily", "monthly"):
        error, log_std = errors[name]
        assert honest_factor((error / log_std.exp()).abs()) == pytest.approx(1.0, abs=0.02)
