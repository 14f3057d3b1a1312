"""Figures of the sampling of an ensemble, with captions: its noise schedule, and estimates from noise to members."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from esmlearn import plots
from esmlearn.diffusion import sampling_levels
from esmlearn.fields.field import Field
from esmlearn.plots.captioned import CaptionedFigure
from esmlearn.settings import DiffusionSettings, EnsembleSettings
from esmlearn.tasks.ensembles.calibration import spread_times
from esmlearn.tasks.ensembles.model import TrainedEnsemble
from esmlearn.tasks.ensembles.sampling import SamplingTask, sample_members

TIMES = 4
"""Times that the way is watched at."""

PANELS = 7
"""Steps that are shown as maps, at most."""

SCHEDULES = ("linear", "sigmoid", "cosine", "karras", "flow")


def plot_sampling(
    trained: TrainedEnsemble,
    task: SamplingTask,
    settings: EnsembleSettings,
    truth: Field | None,
    *,
    dataset: str,
) -> Iterator[CaptionedFigure]:
    """Draw the schedule beside others, the clean estimates of a member, and their errors where the truth is known.

    Of several levels the last is shown.
    """
    yield _schedules(trained.settings.diffusion)
    times = spread_times(len(task.field.dates), TIMES)
    estimates = watch_estimates(trained, task, settings, times)[:, :, :, -1]
    noise = sampling_levels(trained.settings.diffusion, settings.sampler).sigma[:-1].numpy()
    right = None if truth is None else truth.values[times, -1]
    field = task.field
    depth = "" if field.levels is None else f" at {field.levels[-1]:g} m"
    quantity = str(field.like[-1].long_name or field.like[-1].name()).replace("_", " ")
    middle = len(times) // 2
    shown = np.unique(np.linspace(0, len(noise) - 1, min(PANELS, len(noise))).round().astype(int))
    yield CaptionedFigure(
        "diffusion_estimates",
        plots.estimates_on_the_way(
            [(f"Step {step + 1}, noise {noise[step]:.2g}", estimates[step, 0, middle]) for step in shown],
            plots.Grid(field.lat, field.lon, field.land),
            quantity=quantity,
            units=field.units,
            truth=None if right is None else right[middle],
        ),
        f"{quantity} of {dataset}{depth} on {field.dates[times[middle]]:%d %b %Y}, as one member is estimated on its"
        f" way from noise in {len(noise)} steps of {settings.sampler.sampler}. Where noise is high the estimate is near"
        " the mean of what is likely; as it falls, the member finds small scales of its own."
        + ("" if right is None else " They need not be those of the truth."),
        ("map", "geo"),
        ("other",),
    )
    if right is not None:
        yield CaptionedFigure(
            "diffusion_error",
            plots.error_on_the_way(errors_of_steps(estimates, right, task.field, times), noise, units=field.units),
            f"Root-mean-square error of the clean estimates of {dataset}{depth} after each step, on the hidden cells of"
            f" {len(times)} times, and below it the noise over the signal at which they were made. The error of a"
            " member rises as it finds small scales of its own, in a right ensemble to the root of two times that of"
            " the mean of very many. Points mark the lowest error.",
            ("line",),
            ("rmsd",),
        )


def watch_estimates(
    trained: TrainedEnsemble,
    task: SamplingTask,
    settings: EnsembleSettings,
    times: Int[np.ndarray, " chosen"],
) -> Float[np.ndarray, "step member chosen var lat lon"]:
    """Draw the members of some times again, and keep the clean estimate of each step in the units of the field."""
    shape = (settings.members, len(times), *task.field.values.shape[1:])
    estimates = np.empty((settings.sampler.steps, *shape), np.float32)

    def keep(step: int, chosen: np.ndarray, members: np.ndarray) -> None:
        estimates[step][:, np.searchsorted(times, chosen)] = members

    sample_members(trained, task, settings, times=times, watch=keep)
    return estimates


def errors_of_steps(
    estimates: Float[np.ndarray, "step member chosen lat lon"],
    truth: Float[np.ndarray, "chosen lat lon"],
    field: Field,
    times: Int[np.ndarray, " chosen"],
) -> dict[str, Float[np.ndarray, " step"]]:
    """Area-weighted error of a member, over all of them, and of their mean after each step, on hidden ocean."""
    hidden = ~field.observed[times, -1] & ~field.land & np.isfinite(truth)
    weights = np.broadcast_to(field.area_weights, hidden.shape)[hidden]
    right = truth[hidden]
    of_mean, of_one = [], []
    for members in estimates[..., hidden]:
        of_mean.append(np.average((members.mean(axis=0) - right) ** 2, weights=weights))
        of_one.append(np.average(((members - right) ** 2).mean(axis=0), weights=weights))
    return {"one member": np.sqrt(of_one), f"mean of {estimates.shape[1]} members": np.sqrt(of_mean)}


def _schedules(used: DiffusionSettings) -> CaptionedFigure:
    """The schedule of a training beside the others."""
    others = {name: DiffusionSettings(schedule=name) for name in SCHEDULES if name != used.schedule}
    return CaptionedFigure(
        "diffusion_schedules",
        plots.schedules({f"{used.schedule} (used here)": used} | others),
        f"Levels of noise that the denoiser learns from: the schedule {used.schedule} of this training, and others as"
        " they are by default. All are scaled to unit variance, and counted from clean to noise.",
        ("line",),
        ("other",),
    )
