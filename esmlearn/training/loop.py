"""The training loop of all tasks."""

import copy
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from esmlearn.errors import DataError, SettingsError
from esmlearn.settings import TrainingLoopSettings, TrainScriptSettings
from esmlearn.training.checkpoint import CHECKPOINT, State, find_checkpoint, restore_checkpoint, save_checkpoint
from esmlearn.training.log import RunLog
from esmlearn.training.objective import Objective


def train(
    network: nn.Module,
    samples: Dataset[Any],
    stack: Callable[[list[Any]], Any],
    objective: Objective,
    settings: TrainScriptSettings,
    run_dir: Path,
    stage: str = "",
) -> State:
    """Train a network in place. At the end it has the best weights, as changed by the objective's `finish`.

    Parameters
    ----------
    network
        The network. Weights that need no gradient after the objective's `ready` are not trained.
    samples
        At least `steps * batch_size` samples; sample k is always the same.
    stack
        Function that makes a batch of samples.
    objective
        Loss and validation, and the steps before and after the training.
    settings
        Settings of the script `train`.
    run_dir
        Folder for `train.jsonl`, `progress.json` and `checkpoint.pt`. A training resumes from the checkpoint that a
        killed run left there, with the same result as without the kill; else from one in `settings.training.resume`.
    stage
        Folder in `run_dir` for a training before the main one.

    Raises
    ------
    DataError
        If the validation period has no hidden pixel with a value.
    ModelFolderError
        If the checkpoint is not one of this training.
    SettingsError
        If the training diverges, or several processes are started for it.
    """
    refuse_several_processes(os.environ)
    run_dir = run_dir / stage
    options = settings.training
    began = time.monotonic()
    accelerator = Accelerator(mixed_precision="bf16" if options.precision == "bf16" else "no")
    torch.manual_seed(options.seed)
    network.to(accelerator.device)

    def batches(first_step: int) -> Iterator[Any]:
        return _batches(samples, stack, options, accelerator, first_step)

    checkpoint = find_checkpoint(run_dir, options.resume, stage)
    objective.ready(network, None if checkpoint else batches(0), accelerator)
    trained = [weights for weights in network.parameters() if weights.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=options.learning_rate, weight_decay=options.weight_decay, fused=True)
    averaged = copy.deepcopy(network).requires_grad_(requires_grad=False)
    best = copy.deepcopy(averaged.state_dict())
    state = State()
    parts = {"network": network, "averaged": averaged, "optimizer": optimizer}
    if checkpoint:
        state, best = restore_checkpoint(checkpoint, settings, parts)
    model, optimizer = accelerator.prepare(network, optimizer)

    with RunLog(run_dir, settings, state, main=accelerator.is_main_process) as log:
        started = began - state.seconds
        for batch in batches(state.step):
            if state.stopped:
                break
            rate = options.learning_rate * learning_rate_factor(state.step, options) * state.plateau
            for group in optimizer.param_groups:
                group["lr"] = rate
            model.train()
            losses = objective.loss(model, batch)
            if losses:
                optimizer.zero_grad()
                accelerator.backward(losses["loss"])
                accelerator.clip_grad_norm_(model.parameters(), options.clip)
                optimizer.step()
                update_average(averaged, network, state.step, options.ema)
            else:
                state.skipped += 1
            state.step += 1
            state.seconds = time.monotonic() - started
            validates = state.step % options.validate_every == 0 or state.step == options.steps
            log.step(state, losses, rate, always=validates)
            if validates:
                state.validation = objective.validate(averaged, accelerator)
                best = _judge(state, averaged, best, options)
                log.validated(state)
                if accelerator.is_main_process:
                    save_checkpoint(run_dir / CHECKPOINT, settings, state, parts, best)
        network.load_state_dict(best)
        objective.finish(network, accelerator)
        log.finished(state)
    network.to("cpu").eval()
    return state


def refuse_several_processes(environ: Mapping[str, str]) -> None:
    """Refuse a training by `torchrun`, `accelerate launch` or MPI, before its processes wait for each other.

    Raises
    ------
    SettingsError
        If there are several processes: their weights would differ, and all would write the same files.
    """
    for name in ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE"):
        if environ.get(name, "").strip() not in ("", "0", "1"):
            raise SettingsError(
                f"A training runs in one process, but {environ[name]} were started ({name} is set); start it without "
                "torchrun, `accelerate launch` and mpirun, or unset that variable."
            )


def learning_rate_factor(step: int, options: TrainingLoopSettings) -> float:
    """Factor on the learning rate: it rises linearly over the warm-up; with `cosine`, it then falls to zero."""
    warmup = max(1, round(options.warmup * options.steps))
    rise = min(1.0, (step + 1) / warmup)
    if options.schedule != "cosine" or step < warmup:
        return rise
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, options.steps - warmup)))


def update_average(averaged: nn.Module, network: nn.Module, step: int, decay: float) -> None:
    """Update an exponential moving average of weights; the decay starts low, so that the first weights soon fade."""
    decay = min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        for average, live in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
            if average.is_floating_point():
                average.lerp_(live, 1 - decay)
            else:
                average.copy_(live)


def _judge(
    state: State, averaged: nn.Module, best: dict[str, Tensor], options: TrainingLoopSettings
) -> dict[str, Tensor]:
    """Copy the averaged weights if they are the best so far; otherwise lower the learning rate or stop early."""
    if not state.validation:
        raise DataError(
            "The validation period has no hidden pixel with a value to judge by; lengthen data.split.validation."
        )
    score = state.score
    if not math.isfinite(score):
        raise SettingsError(f"The training diverged before step {state.step}; lower training.learning_rate.")
    if score < state.best:
        state.best, state.best_step, state.since_best = score, state.step, 0
        state.best_validation = state.validation
        return {name: tensor.detach().cpu().clone() for name, tensor in averaged.state_dict().items()}
    state.since_best += 1
    if options.schedule == "plateau":
        state.plateau *= 0.5
    state.stopped = state.since_best >= options.patience
    return best


def _batches(
    samples: Dataset[Any],
    stack: Callable[[list[Any]], Any],
    options: TrainingLoopSettings,
    accelerator: Accelerator,
    first_step: int,
) -> Iterator[Any]:
    """Batches of the remaining steps, divided among the processes, on the device."""
    size = options.batch_size
    indices = range(first_step * size, options.steps * size)
    share = [k for k in indices if k % size % accelerator.num_processes == accelerator.process_index]
    # Workers prepare batches while a GPU computes; on a CPU they would only take cores away from the training.
    workers = 4 if accelerator.device.type == "cuda" else 0
    loader = DataLoader(
        Subset(samples, share),
        -(-size // accelerator.num_processes),
        collate_fn=stack,
        num_workers=workers,
        generator=torch.Generator(),  # its own: a loader made after a resume must not shift the other random numbers
    )
    for batch in loader:
        yield batch.to(accelerator.device)
