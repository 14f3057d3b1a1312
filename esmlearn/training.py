"""The one training loop, and what is prepared for it."""

import copy
import itertools
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from esmlearn.checkpoint import TrainedModel
from esmlearn.data.field import Field
from esmlearn.data.preparation import check_daily, select_role
from esmlearn.data.scaling import Climatology, Scaling
from esmlearn.data.windows import DAYS, Anomalies, TrainingWindows, Window
from esmlearn.errors import DataError, SettingsError
from esmlearn.models.corrections import SuccessiveCorrections
from esmlearn.models.spatiotemporal import SpatioTemporalModel
from esmlearn.models.surroundings import Nearby
from esmlearn.objectives import calibrate, hidden_pixels, loss, validate
from esmlearn.run_state import CHECKPOINT, RunLog, State, find_checkpoint, restore_checkpoint, save_checkpoint
from esmlearn.settings import TrainSettings

CORRECTIONS_STEPS, CORRECTIONS_RATE = 100, 0.05
"""Steps that the first guess is fitted in before the training, and their size at first."""

VALIDATION_WINDOWS = 24
"""Fixed windows of the validation period that the best weights are chosen on."""


def fit(
    observations: Field,
    target: Field | None,
    settings: TrainSettings,
    run_dir: Path,
    *,
    record: Mapping[str, Any] | None = None,
) -> TrainedModel:
    """Train a model on fields: climatology and scaling from the training period, then the network.

    Parameters
    ----------
    observations
        What was observed, gaps and all, over the whole period; in the units of the settings.
    target
        The complete field on the same grid and days, for supervised learning.
    settings
        Settings of the script `train`.
    run_dir
        Folder for the log and the checkpoint.
    record
        What else the model shall know of itself: `variable`, `data`, `recipe`.

    Raises
    ------
    DataError
        If the fields do not fit each other, or leave a period of the split empty.
    """
    complete = target if settings.learning == "supervised" else observations
    if complete is None:
        raise DataError("Learning `supervised` needs data.target, the dataset with the complete field.")
    if complete.values.shape != observations.values.shape:
        raise DataError(
            f"data.target has shape {complete.values.shape} (time, variable, latitude, longitude),"
            f" data.observations has {observations.values.shape};"
            " bring both to one grid and one timerange in the preprocessor."
        )
    if any(patch > cells for patch, cells in zip(settings.model.patch_size[1:], complete.land.shape, strict=True)):
        raise SettingsError(
            f"model.patch_size {settings.model.patch_size} (days, rows, columns) is larger than the region of "
            f"{complete.land.shape} cells; make the patch smaller or the region larger."
        )
    if (complete.dates != observations.dates).any():
        raise DataError(
            f"data.target starts on {complete.dates[0]:%Y-%m-%d}, observations on {observations.dates[0]:%Y-%m-%d}, "
            "or they differ later; give both one timerange and calendar."
        )
    check_daily(observations)
    split = settings.data.split
    learned = select_role(complete, split, "train")
    climatology = Climatology.fit(learned, harmonics=settings.data.harmonics)
    scaling = Scaling.fit(learned, climatology, by=settings.data.scale_by)

    def windows(role: str, length: int, seed: int, decode_days: int = DAYS) -> TrainingWindows:
        return TrainingWindows(
            Anomalies.of(select_role(complete, split, role), climatology, scaling),
            select_role(observations, split, role).observed[:, 0],
            settings.model,
            hide_days=settings.training.hide_days if settings.learning == "self_supervised" else 1.0,
            decode_days=decode_days,
            seed=seed,
            length=length,
        )

    options = settings.training
    training = windows("train", options.steps * options.batch_size, options.seed, options.decode_days)
    fixed = windows("validation", VALIDATION_WINDOWS, options.seed + 1)
    torch.manual_seed(options.seed)
    network = SpatioTemporalModel(settings.model)
    state = train(network, training, [fixed[k] for k in range(len(fixed))], settings, run_dir)
    spread = float(scaling.at(learned.year_fraction).mean())
    known = {
        "variable": {"short_name": observations.like[0].var_name, "standard_name": observations.like[0].standard_name},
        "data": [],
        "training": {
            "steps": state.step,
            "best_step": state.best_step,
            "seconds": round(state.seconds, 1),
            "skipped": state.skipped,
            "device": str(Accelerator().device),
            "parameters": sum(weights.numel() for weights in network.parameters()),
        },
        "validation_rmse": {name: round(value * spread, 4) for name, value in state.best_validation.items()},
        "grid": {
            "cells": list(learned.land.shape),
            "latitude": [float(learned.lat[0]), float(learned.lat[-1])],
            "longitude": [float(learned.lon[0]), float(learned.lon[-1])],
        },
    }
    return TrainedModel(network, settings, climatology, scaling, learned.land, {**known, **(record or {})})


def train(
    network: SpatioTemporalModel,
    windows: Dataset[Window],
    validation: list[Window],
    settings: TrainSettings,
    run_dir: Path,
) -> State:
    """Train a network; it ends with its best weights and a calibrated standard deviation.

    Parameters
    ----------
    network
        The model to train, in place.
    windows
        At least `steps * batch_size` windows; window k is always the same.
    validation
        Fixed windows with fixed gaps to choose the best weights on.
    settings
        Settings of the training.
    run_dir
        Folder for `train.jsonl`, `progress.json` and `checkpoint.pt`. A checkpoint that is there, left by a run that
        was killed, is gone on from, with the same result as without the kill; else one in `settings.training.resume`.

    Raises
    ------
    DataError
        If the validation has nothing to judge by.
    ModelFolderError
        If the checkpoint belongs to other settings.
    """
    options = settings.training
    began = time.monotonic()
    accelerator = Accelerator(mixed_precision="bf16" if options.precision == "bf16" else "no")
    torch.manual_seed(options.seed)
    network.to(accelerator.device)
    checkpoint = find_checkpoint(run_dir, options.resume)
    if network.surroundings.corrections is not None:
        if not checkpoint:
            fit_corrections(network.surroundings.corrections, _batches(windows, settings, accelerator, 0))
        # Held from here on: under a guess that moves, the network learns nothing fine.
        network.surroundings.corrections.requires_grad_(requires_grad=False)
    # Standard deviations start at the size of the first errors: the long way there would teach the rest to be still.
    calibrate(network, validation, accelerator)
    learned = [weights for weights in network.parameters() if weights.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=options.learning_rate, weight_decay=options.weight_decay)
    averaged = copy.deepcopy(network).requires_grad_(requires_grad=False)
    best = copy.deepcopy(averaged.state_dict())
    state = State()
    if checkpoint:
        state, best = restore_checkpoint(checkpoint, settings, network, averaged, optimizer)
    model, optimizer = accelerator.prepare(network, optimizer)

    with RunLog(run_dir, settings, state, main=accelerator.is_main_process) as log:
        started = began - state.seconds
        for window in _batches(windows, settings, accelerator, state.step):
            if state.stopped:
                break
            rate = options.learning_rate * learning_rate_factor(state.step, settings) * state.plateau
            for group in optimizer.param_groups:
                group["lr"] = rate
            model.train()
            losses = loss(model(**window.inputs()), window, settings)
            if losses:
                optimizer.zero_grad()
                accelerator.backward(losses["loss"])
                accelerator.clip_grad_norm_(model.parameters(), options.clip)
                optimizer.step()
                update_average(averaged, accelerator.unwrap_model(model), state.step, options.ema)
            else:
                state.skipped += 1
            state.step += 1
            state.seconds = time.monotonic() - started
            log.step(state, {name: value.item() for name, value in losses.items()}, rate)
            if state.step % options.validate_every == 0 or state.step == options.steps:
                state.validation = validate(averaged, validation, accelerator)
                best = _judge(state, averaged, best, settings)
                log.validated(state)
                if accelerator.is_main_process:
                    save_checkpoint(
                        run_dir / CHECKPOINT,
                        settings,
                        state,
                        accelerator.unwrap_model(model),
                        averaged,
                        best,
                        optimizer,
                    )
        network.load_state_dict(best)
        calibrate(network, validation, accelerator)
        log.finished(state)
    network.to("cpu").eval()
    return state


def fit_corrections(corrections: SuccessiveCorrections, batches: Iterable[Window]) -> None:
    """Fit the scales of the first guess to hidden pixels, by themselves: they are few, and quickly found."""
    optimizer = torch.optim.Adam(corrections.parameters(), lr=CORRECTIONS_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, CORRECTIONS_STEPS)
    for window in itertools.islice(batches, CORRECTIONS_STEPS):
        nearby = Nearby(window.nearby, window.nearby_observed, window.day_index)
        analysis, _ = corrections(nearby.values, nearby.observed)
        hidden = hidden_pixels(window)
        if hidden.any():
            optimizer.zero_grad()
            (nearby.at_days(analysis) - window.target)[hidden].square().mean().backward()
            optimizer.step()
        schedule.step()


def learning_rate_factor(step: int, settings: TrainSettings) -> float:
    """Rise linearly over the warm-up; with the cosine schedule, then fall to zero at the last step."""
    options = settings.training
    warmup = max(1, round(options.warmup * options.steps))
    rise = min(1.0, (step + 1) / warmup)
    if options.schedule != "cosine" or step < warmup:
        return rise
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, options.steps - warmup)))


def update_average(averaged: nn.Module, network: nn.Module, step: int, decay: float) -> None:
    """Move the averaged weights towards the live ones; the decay warms up, so that the start is soon forgotten."""
    decay = min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        for average, live in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
            if average.is_floating_point():
                average.lerp_(live, 1 - decay)
            else:
                average.copy_(live)


def _judge(state: State, averaged: nn.Module, best: dict[str, Tensor], settings: TrainSettings) -> dict[str, Tensor]:
    """Keep a copy of the averaged weights if they are the best so far; slow down or stop if they long were not."""
    score = state.validation.get("daily", state.validation.get("monthly", math.nan))
    if not state.validation:
        raise DataError(
            "The validation period has no hidden pixel with a value to judge by; lengthen data.split.validation."
        )
    if not math.isfinite(score):
        raise SettingsError(f"The training diverged before step {state.step}; lower training.learning_rate.")
    if score < state.best:
        state.best, state.best_step, state.since_best = score, state.step, 0
        state.best_validation = state.validation
        return {name: tensor.detach().cpu().clone() for name, tensor in averaged.state_dict().items()}
    state.since_best += 1
    if settings.training.schedule == "plateau":
        state.plateau *= 0.5
    state.stopped = state.since_best >= settings.training.patience
    return best


def _batches(
    windows: Dataset[Window], settings: TrainSettings, accelerator: Accelerator, first_step: int
) -> Iterator[Window]:
    """Windows of the steps still to go, shared out among the processes, on the device."""
    size = settings.training.batch_size
    indices = range(first_step * size, settings.training.steps * size)
    share = [k for k in indices if k % size % accelerator.num_processes == accelerator.process_index]
    # Workers pay where a GPU would wait for the processor; on a CPU they would only take cores away from it.
    workers = 4 if accelerator.device.type == "cuda" else 0
    loader = DataLoader(
        Subset(windows, share),
        -(-size // accelerator.num_processes),
        collate_fn=Window.stack,
        num_workers=workers,
        generator=torch.Generator(),  # its own: a loader made after a kill must not shift the other random numbers
    )
    for window in loader:
        yield window.to(accelerator.device)
