"""How the transformer learns: first guess, loss, validation and calibration, on hidden ocean pixels only."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from einops import reduce
from jaxtyping import Bool, Float
from torch import Tensor, nn

from esmlearn.models.transformer.corrections import SuccessiveCorrections
from esmlearn.models.transformer.inputs import Context
from esmlearn.models.transformer.parts import LOG_STD_RANGE, Estimate
from esmlearn.models.transformer.spatiotemporal import Output, SpatioTemporalModel
from esmlearn.settings import TrainReconstructSettings
from esmlearn.tasks.reconstruct.samples import Window
from esmlearn.training.losses import gaussian_loss

CORRECTIONS_STEPS, CORRECTIONS_RATE = 100, 0.05
"""Steps of the fit of the first guess, and its learning rate at first."""

START_WINDOWS = 4
"""Windows that standard deviations are calibrated on before the training, when a rough size is enough."""


@dataclass(frozen=True)
class ReconstructionObjective:
    """Learn what gaps hide, and how large the errors are.

    The loss is that of hidden pixels with a known value. The best weights are those with the least root-mean-square
    error on fixed windows, and their standard deviations are then scaled to the errors there.

    Attributes
    ----------
    settings
        Settings of the training.
    validation
        Fixed windows with fixed gaps.
    """

    settings: TrainReconstructSettings
    validation: Sequence[Window]

    def ready(self, network: SpatioTemporalModel, batches: Iterable[Window] | None, accelerator: Accelerator) -> None:
        """Fit the first guess and freeze it, and start with standard deviations of the size of its errors."""
        corrections = network.surroundings.corrections
        if corrections is not None:
            if batches:
                fit_corrections(corrections, batches)
            # Freeze the first guess: a target that drifts keeps the network from learning small scales.
            corrections.requires_grad_(requires_grad=False)
        # Gradients are clipped together: those of standard deviations that start far off would drown those of values.
        calibrate(network, self.validation[:START_WINDOWS], accelerator)

    def loss(self, network: nn.Module, batch: Window) -> dict[str, Tensor]:
        """Loss on the hidden pixels of a batch."""
        return loss(network(batch.inputs), batch, self.settings)

    def validate(self, network: SpatioTemporalModel, accelerator: Accelerator) -> dict[str, float]:
        """Root-mean-square errors on hidden pixels, in scaled units, and that of the first guess for comparison."""
        errors = hidden_errors(network, self.validation, accelerator)
        return {name: float(error.square().mean().sqrt()) for name, (error, _) in errors.items() if error.numel()}

    def finish(self, network: SpatioTemporalModel, accelerator: Accelerator) -> None:
        """Scale the standard deviations to the errors."""
        calibrate(network, self.validation, accelerator)


def fit_corrections(corrections: SuccessiveCorrections, batches: Iterable[Window]) -> None:
    """Fit the scales of the first guess to hidden pixels before the network is trained: they are few and converge soon.

    Parameters
    ----------
    corrections
        The first guess; fitted in place.
    batches
        Windows to fit it to.
    """
    optimizer = torch.optim.Adam(corrections.parameters(), lr=CORRECTIONS_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, CORRECTIONS_STEPS)
    for window in itertools.islice(batches, CORRECTIONS_STEPS):
        inputs = window.inputs
        analysis, _ = corrections(inputs.nearby, inputs.nearby_observed, inputs.nearby_error)
        hidden = hidden_pixels(window)
        if hidden.any():
            optimizer.zero_grad()
            (inputs.at_days(analysis) - window.target)[hidden].square().mean().backward()
            optimizer.step()
        schedule.step()


def loss(output: Output, window: Window, settings: TrainReconstructSettings) -> dict[str, Tensor]:
    """Loss on the hidden pixels that have a value to learn; empty where there is none.

    With `gaussian`, that of `gaussian_loss`: values learn by the squared error, which is what RMSE rewards. Months are
    learned too, where `monthly_target` knows them.
    """
    losses: dict[str, Tensor] = {}
    learned = hidden_pixels(window) & window.inputs.decoded[..., None, None]
    if settings.model.daily and learned.any():
        losses["daily"] = _point_loss(output.daily, window.target, learned, settings)
    mean, learned = monthly_target(window)
    if learned.any():
        weight = settings.training.monthly_weight if "daily" in losses else 1.0
        losses["monthly"] = weight * _point_loss(output.monthly, mean, learned, settings)
    return {"loss": torch.stack(list(losses.values())).sum(), **losses} if losses else {}


def _point_loss(
    estimate: Estimate,
    target: Float[Tensor, "*shape"],
    where: Bool[Tensor, "*shape"],
    settings: TrainReconstructSettings,
) -> Float[Tensor, ""]:
    error = (estimate.mean - target)[where].float()
    if settings.training.loss == "absolute":
        return error.abs().mean()
    return gaussian_loss(error, estimate.log_std[where].float().clamp(*LOG_STD_RANGE))


def hidden_pixels(window: Window) -> Bool[Tensor, "batch month day lat lon"]:
    """Ocean pixels with a known value that the network does not see."""
    return _known_pixels(window) & window.inputs.daily_mask


def monthly_target(
    window: Window,
) -> tuple[Float[Tensor, "batch month lat lon"], Bool[Tensor, "batch month lat lon"]]:
    """Mean of the days of each month, and where it is learned and judged.

    That is where the target has a value on all days of the month and some of them are hidden.
    """
    padded = window.inputs.padded_days_mask
    n_days = reduce(~padded, "b m d -> b m 1 1", "sum")
    mean = reduce(window.target, "b m d y x -> b m y x", "sum") / n_days
    whole = reduce(_known_pixels(window) | padded[..., None, None], "b m d y x -> b m y x", "all")
    return mean, whole & reduce(hidden_pixels(window), "b m d y x -> b m y x", "any")


def _known_pixels(window: Window) -> Bool[Tensor, "batch month day lat lon"]:
    """Ocean on days that are not padding, where the target has a value."""
    inputs = window.inputs
    return window.target_valid & ~inputs.padded_days_mask[..., None, None] & ~inputs.land_mask_patch[:, None, None]


def calibrate(network: SpatioTemporalModel, windows: Sequence[Window], accelerator: Accelerator) -> None:
    """Scale the standard deviations so that central intervals hold as many of the validation errors as they should.

    Errors have longer tails than a normal distribution of their variance: with that variance the 50 % interval would
    hold far more than half of them. The scale factor is the one for which the intervals of 50 and 90 % are least wrong.
    Its logarithm is added to the bias of the decoders' log standard deviation, so that it is saved with the weights.
    """
    errors = hidden_errors(network, windows, accelerator)
    decoders = {"daily": network.decode_day} if network.settings.daily else {}
    for name, decoder in {**decoders, "monthly": network.decode_month}.items():
        error, log_std = errors[name]
        # In self-supervised learning no month may be known whole.
        if error.numel():
            factor = interval_scale_factor((error / log_std.exp()).abs())
            with torch.no_grad():
                decoder.spread_head.get_parameter("bias")[:] += math.log(factor)


def interval_scale_factor(ratio: Float[Tensor, " point"]) -> float:
    """Find the factor on standard deviations that makes the intervals of 50 and 90 % hold what they should.

    It is the factor with which the larger of the two errors in coverage is least.

    Parameters
    ----------
    ratio
        Absolute error over standard deviation.
    """
    factors = ratio.median().clamp(1e-3, 1e3) * torch.logspace(-0.5, 0.7, 241)
    ordered = ratio.sort().values
    misses = [
        (torch.searchsorted(ordered, reach * factors) / len(ordered) - level).abs()
        for level, reach in ((0.5, 0.6745), (0.9, 1.6449))
    ]
    return float(factors[torch.stack(misses).amax(dim=0).argmin()])


@torch.no_grad()
def hidden_errors(
    network: SpatioTemporalModel, windows: Sequence[Window], accelerator: Accelerator
) -> dict[str, tuple[Float[Tensor, " point"], Float[Tensor, " point"]]]:
    """Errors on the hidden ocean pixels of fixed windows, and the network's own estimates of their size.

    Parameters
    ----------
    network
        The model; it goes back to the mode it was in.
    windows
        With a known target.
    accelerator
        Says where and in which precision to compute.

    Returns
    -------
    dict
        For `daily` (if the model decodes days), `monthly` (as `monthly_target` says) and `first_guess` the errors and
        the logarithms of their standard deviations, in scaled units.
    """
    training = network.training
    network.eval()
    found: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for window in windows:
        window = Window.stack([window]).to(accelerator.device)
        with accelerator.autocast():
            output = network(window.inputs)
        hidden = hidden_pixels(window)
        guess = window.inputs.context[:, :, :, Context.GUESS]
        judged = {"daily": (output.daily, window.target, hidden)} if network.settings.daily else {}
        judged["monthly"] = (output.monthly, *monthly_target(window))
        judged["first_guess"] = (Estimate(guess, torch.zeros_like(guess)), window.target, hidden)
        for name, (estimate, target, where) in judged.items():
            log_std = estimate.log_std[where].float().clamp(*LOG_STD_RANGE)
            found.setdefault(name, []).append(((estimate.mean[where] - target[where]).float().cpu(), log_std.cpu()))
    network.train(training)
    return {
        name: (torch.cat([error for error, _ in parts]), torch.cat([log_std for _, log_std in parts]))
        for name, parts in found.items()
    }
