"""Reconstruction: first guess, loss, validation and calibration; on hidden ocean pixels only."""

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
from esmlearn.models.transformer.parts import LOG_STD_RANGE, Estimate
from esmlearn.models.transformer.spatiotemporal import Output, SpatioTemporalModel
from esmlearn.models.transformer.surroundings import Nearby
from esmlearn.settings import TrainSettings
from esmlearn.tasks.reconstruct.samples import Window
from esmlearn.training.losses import gaussian_loss

CORRECTIONS_STEPS, CORRECTIONS_RATE = 100, 0.05
"""Steps that the first guess is fitted in before the training, and their size at first."""

START_WINDOWS = 4
"""Windows that standard deviations are set by at the start, when nobody needs them exact."""


@dataclass(frozen=True)
class ReconstructionObjective:
    """To say what gaps hide, and how far off that may be.

    Attributes
    ----------
    settings
        Settings of the training.
    validation
        Fixed windows with fixed gaps.
    """

    settings: TrainSettings
    validation: Sequence[Window]

    def ready(self, network: SpatioTemporalModel, batches: Iterable[Window] | None, accelerator: Accelerator) -> None:
        """Fit the first guess and hold it, and start with standard deviations of the size of its errors."""
        if network.surroundings.corrections is not None:
            if batches:
                fit_corrections(network.surroundings.corrections, batches)
            # Under a guess that moves, the network learns nothing fine.
            network.surroundings.corrections.requires_grad_(requires_grad=False)
        # The long way to the size of the errors would teach the rest to be still.
        calibrate(network, self.validation[:START_WINDOWS], accelerator)

    def loss(self, network: nn.Module, batch: Window) -> dict[str, Tensor]:
        """Loss on the hidden pixels of a batch."""
        return loss(network(**batch.inputs()), batch, self.settings)

    def validate(self, network: SpatioTemporalModel, accelerator: Accelerator) -> dict[str, float]:
        """Root-mean-square errors on hidden pixels, in scaled units, beside that of the first guess."""
        errors = hidden_errors(network, self.validation, accelerator)
        return {name: float(error.square().mean().sqrt()) for name, (error, _) in errors.items() if error.numel()}

    def finish(self, network: SpatioTemporalModel, accelerator: Accelerator) -> None:
        """Make the standard deviations honest."""
        calibrate(network, self.validation, accelerator)


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


def loss(output: Output, window: Window, settings: TrainSettings) -> dict[str, Tensor]:
    """Loss on the hidden pixels that have a value to learn; empty where there is none.

    With `gaussian`, that of `gaussian_loss`: values learn by the squared error, which is what RMSE rewards. A month is
    learned where the target knows all of its days.
    """
    known, hidden = known_pixels(window), hidden_pixels(window)
    losses: dict[str, Tensor] = {}
    learned = hidden & window.decoded[..., None, None]
    if settings.model.daily and learned.any():
        losses["daily"] = _point_loss(output.daily, window.target, learned, settings)
    padded = window.padded_days_mask[..., None, None]
    whole = reduce(known | padded, "b m d y x -> b m y x", "all") & reduce(hidden, "b m d y x -> b m y x", "any")
    if whole.any():
        days = ~window.padded_days_mask[..., None, None]
        mean = reduce(window.target * days, "b m d y x -> b m y x", "sum") / reduce(days, "b m d 1 1 -> b m 1 1", "sum")
        weight = settings.training.monthly_weight if "daily" in losses else 1.0
        losses["monthly"] = weight * _point_loss(output.monthly, mean, whole, settings)
    return {"loss": torch.stack(list(losses.values())).sum(), **losses} if losses else {}


def _point_loss(
    estimate: Estimate,
    target: Float[Tensor, "*shape"],
    where: Bool[Tensor, "*shape"],
    settings: TrainSettings,
) -> Float[Tensor, ""]:
    error = (estimate.mean - target)[where].float()
    if settings.training.loss == "absolute":
        return error.abs().mean()
    return gaussian_loss(error, estimate.log_std[where].float().clamp(*LOG_STD_RANGE))


def known_pixels(window: Window) -> Bool[Tensor, "batch month day lat lon"]:
    """Ocean on days that are not padding, where the target has a value."""
    real = ~window.padded_days_mask[..., None, None] & ~window.land_mask_patch[:, None, None]
    return window.target_valid & real


def hidden_pixels(window: Window) -> Bool[Tensor, "batch month day lat lon"]:
    """Known pixels that the network may not see."""
    return known_pixels(window) & window.daily_mask


def calibrate(network: SpatioTemporalModel, windows: Sequence[Window], accelerator: Accelerator) -> None:
    """Scale the standard deviations so that central intervals hold as many of the validation errors as they should.

    Errors have longer tails than a normal distribution of their variance: with that variance the 50 % interval would
    hold far more than half of them. The factor is the one for which the intervals of 50 and 90 % are least wrong. It
    goes into the bias of the decoders' deviation, so that the weights alone carry it.
    """
    errors = hidden_errors(network, windows, accelerator)
    decoders = {"daily": network.decode_day} if network.settings.daily else {}
    for name, decoder in {**decoders, "monthly": network.decode_month}.items():
        error, log_std = errors[name]
        # Without a target that knows whole months there is nothing to scale theirs by.
        if error.numel():
            factor = honest_factor((error / log_std.exp()).abs())
            with torch.no_grad():
                decoder.spread_head.get_parameter("bias")[:] += math.log(factor)


def honest_factor(ratio: Float[Tensor, " point"]) -> float:
    """Find the factor on the standard deviations with the least of the larger miss of the 50 and 90 % intervals.

    Parameters
    ----------
    ratio
        Absolute error over standard deviation.
    """
    scale = ratio.median().clamp(1e-3, 1e3)
    factors = scale * torch.logspace(-0.5, 0.7, 241)
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
    """Errors on the hidden ocean pixels of fixed windows, and what the network says of their size.

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
        For `daily` (if it makes days), `monthly` and `first_guess` the errors and the logarithms of their standard
        deviations, in scaled units. Of a month, only pixels whose target is known on all days and that were hidden on
        some.
    """
    training = network.training
    network.eval()
    found: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for window in windows:
        window = Window.stack([window]).to(accelerator.device)
        with accelerator.autocast():
            output = network(**window.inputs())
        known = known_pixels(window)
        hidden = hidden_pixels(window)
        pairs = {"daily": (output.daily, window.target, hidden)} if network.settings.daily else {}
        whole = reduce(known | window.padded_days_mask[..., None, None], "b m d y x -> b m y x", "all")
        days = reduce((~window.padded_days_mask).float(), "b m d -> b m 1 1", "sum")
        mean = reduce(window.target, "b m d y x -> b m y x", "sum") / days
        pairs["monthly"] = (output.monthly, mean, whole & reduce(hidden, "b m d y x -> b m y x", "any"))
        guess = Estimate(window.context[:, :, :, 0], torch.zeros_like(window.target))
        pairs["first_guess"] = (guess, window.target, hidden)
        for name, (estimate, target, where) in pairs.items():
            log_std = estimate.log_std[where].float().clamp(*LOG_STD_RANGE)
            found.setdefault(name, []).append(((estimate.mean[where] - target[where]).float().cpu(), log_std.cpu()))
    network.train(training)
    return {
        name: (torch.cat([error for error, _ in parts]), torch.cat([log_std for _, log_std in parts]))
        for name, parts in found.items()
    }
