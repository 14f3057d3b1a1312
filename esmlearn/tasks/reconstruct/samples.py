"""Windows: some months of a patch of ocean, as inputs and target of the transformer."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.utils.data import Dataset

from esmlearn.errors import DataError
from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.time_interpolation import interpolate_in_time, observed_mean
from esmlearn.models.batches import Batchable
from esmlearn.models.transformer.inputs import WindowInputs
from esmlearn.settings import ModelSettings
from esmlearn.tasks.samples import EndlessSamples

DAYS = 31
"""Days of every month of a window; shorter months are padded."""

MARGIN = 45
"""Days beyond a window that its first guess may look at."""

NEARBY = 10
"""Days beyond a window that the network looks at itself."""

NEARNESS_DAYS = 5.0
"""Scale on which the nearness of an observation in time falls off."""


@dataclass(frozen=True)
class Window(Batchable):
    """Inputs and target of the network, or a batch of them with `batch` in front of every shape.

    Attributes
    ----------
    inputs
        What the network knows.
    target
        Scaled values to learn, zero where there are none.
    target_valid
        True where there is a value to learn.
    """

    inputs: WindowInputs
    target: Float[Tensor, "*batch month day lat lon"]
    target_valid: Bool[Tensor, "*batch month day lat lon"]


def cut_window(
    anomalies: Anomalies,
    months: slice,
    lat: slice,
    lon: slice,
    settings: ModelSettings,
    *,
    observed: Bool[np.ndarray, "margin_time lat lon"] | None = None,
    error: Float[np.ndarray, "margin_time lat lon"] | None = None,
    noise: Float[np.ndarray, "margin_time lat lon"] | None = None,
) -> Window:
    """Cut a window out of a field.

    Parameters
    ----------
    anomalies
        The field.
    months
        Which months, as a slice of `anomalies.months`.
    lat, lon
        Which cells.
    settings
        Sizes and the kind of first guess.
    observed
        What the model may see, over the days of `days_around(anomalies, months)`; default: all that was observed.
    error
        Errors of what it sees, on the same days; default: those of the anomalies. Only for a network that looks at
        them.
    noise
        What is added to the values that it sees, on the same days, and not to the target; default: nothing.
    """
    around = days_around(anomalies, months)
    values = anomalies.values[around, lat, lon]
    target_valid = anomalies.observed[around, lat, lon]
    observed = target_valid if observed is None else observed & target_valid
    seen = values if noise is None else values + noise
    known = np.where(observed, seen, np.float32(0.0))
    nearby_error = None
    whole_months = anomalies.months[months]
    context = first_guess(seen, observed, settings.first_guess, [_shift(month, around) for month in whole_months])
    start = whole_months[0].start - NEARBY
    nearby, nearby_observed = (
        _cut(array, start - around.start, settings.n_months * DAYS + 2 * NEARBY) for array in (known, observed)
    )
    if settings.observation_errors:
        error = _errors_of(anomalies)[around, lat, lon] if error is None else error
        length = settings.n_months * DAYS + 2 * NEARBY
        nearby_error = torch.from_numpy(_cut(np.where(observed, error, np.float32(0.0)), start - around.start, length))
    parts: dict[str, list[np.ndarray]] = defaultdict(list)
    for month, first in zip(whole_months, anomalies.first_days[months], strict=True):
        days = _shift(month, around)
        n_days = days.stop - days.start
        # A month that starts late or ends early keeps its days in their places.
        pad = (first - 1, DAYS - (first - 1) - n_days)
        for name, array in {
            "known": known[days],
            "observed": observed[days],
            "real": np.ones(n_days, bool),
            "context": context[days],
            "index": np.arange(month.start, month.stop) - start,
            "target": values[days],
            "valid": target_valid[days],
        }.items():
            parts[name].append(_pad(array, pad))
        parts["year"].append(np.pad(anomalies.year_fraction[month], pad, mode="edge"))
    stacked = {name: torch.from_numpy(np.stack(arrays)) for name, arrays in parts.items()}
    inputs = WindowInputs(
        x=stacked["known"],
        daily_mask=~stacked["observed"],
        land_mask_patch=torch.from_numpy(anomalies.land[lat, lon].copy()),
        padded_days_mask=~stacked["real"],
        context=stacked["context"],
        nearby=torch.from_numpy(nearby),
        nearby_observed=torch.from_numpy(nearby_observed),
        day_index=stacked["index"],
        decoded=stacked["real"],
        year_fraction=stacked["year"],
        position=torch.from_numpy(anomalies.position[:, lat, lon].copy()),
        nearby_error=nearby_error,
    )
    return Window(inputs, stacked["target"], stacked["valid"])


def _errors_of(anomalies: Anomalies) -> Float[np.ndarray, "time lat lon"]:
    """Errors of the observations, for a network that needs them."""
    if anomalies.error is None:
        raise DataError(
            "The network has the errors of observations as an input (model.observation_errors), but the data have none:"
            " give `error`, or train without it."
        )
    return anomalies.error


def days_around(anomalies: Anomalies, months: slice) -> slice:
    """Days of some months with the margin that a first guess may look at."""
    chosen = anomalies.months[months]
    return slice(max(chosen[0].start - MARGIN, 0), min(chosen[-1].stop + MARGIN, len(anomalies.values)))


def first_guess(
    values: Float[np.ndarray, "time lat lon"],
    observed: Bool[np.ndarray, "time lat lon"],
    kind: str,
    months: list[slice],
) -> Float[np.ndarray, "time channel lat lon"]:
    """Make the channels of the model's context, in the order of `Context`.

    For `successive_corrections` the first guess is interpolation in time until the network makes its own. The surprise,
    an observation less interpolation in time without it, is related to the errors of that interpolation on hidden days
    nearby. The nearness of the observations before and after a day is from 0.8 (the next day) to 0 (none).
    """
    guess = interpolate_in_time(values, observed).values
    without, since, until = interpolate_in_time(values, observed, leave_out=True)
    if kind in ("observed_mean", "climatology"):
        guess = np.where(observed, values, np.float32(0.0))
    if kind == "observed_mean":
        for days in months:
            mean = np.nan_to_num(observed_mean(values[days], observed[days]))
            guess[days] = np.where(observed[days], values[days], mean)
    surprise = np.where(observed, values - without, np.float32(0.0))
    context = [guess, surprise, np.exp(-since / NEARNESS_DAYS), np.exp(-until / NEARNESS_DAYS)]
    return np.stack(context, axis=1).astype(np.float32)


class TrainingWindows(EndlessSamples):
    """Endless windows at random times and places of the training period; window k is the same in every run.

    Gaps are the cloud masks of other times and places of the observations, so that the same ocean comes with ever new
    clouds. In supervised learning the values come from the complete target, and the borrowed mask makes all gaps; in
    self-supervised learning they come from the observations, and the borrowed mask hides more of them on some days.

    A network that looks at the errors of observations learns in supervised learning from a target with such errors: a
    gap mask is borrowed with the errors of what it shows, and random numbers of these standard deviations are added.

    Parameters
    ----------
    anomalies
        Values to learn, of the training period.
    masks
        What was observed, on the same grid, to borrow gaps from.
    settings
        Sizes of a window.
    errors
        Errors of the observations that the gaps are borrowed from, in scaled units; None in self-supervised learning,
        where values have errors of their own, and for a network that does not look at them.
    hide_days
        Share of the days on which the borrowed mask hides; 1 in supervised learning.
    decode_days
        Days of each month of a window that are decoded, drawn at random.
    seed, length
        As of `EndlessSamples`.
    """

    def __init__(
        self,
        anomalies: Anomalies,
        masks: Bool[np.ndarray, "time lat lon"],
        settings: ModelSettings,
        *,
        errors: Float[np.ndarray, "time lat lon"] | None = None,
        hide_days: float,
        decode_days: int = DAYS,
        seed: int,
        length: int,
    ) -> None:
        super().__init__(anomalies.land, settings.window, seed=seed, length=length)
        self.anomalies, self.masks, self.settings = anomalies, masks, settings
        self.errors, self.hide_days, self.decode_days = errors, hide_days, decode_days
        self.typical_error = np.float32(0.0 if errors is None else np.median(errors[masks]))
        if len(anomalies.months) < settings.n_months:
            raise DataError(
                f"A period of data.split has {len(anomalies.months)} months, fewer than a window of"
                f" {settings.n_months}; lengthen it or lower model.n_months."
            )

    def __getitem__(self, index: int) -> Window:
        """Make window `index`."""
        rng = self.random(index)
        start = int(rng.integers(len(self.anomalies.months) - self.settings.n_months + 1))
        months = slice(start, start + self.settings.n_months)
        lat, lon = self.cells(rng)
        around = days_around(self.anomalies, months)
        n_days = around.stop - around.start
        mask_lat, mask_lon = self.cells(rng)
        first = int(rng.integers(len(self.masks)))
        there = (first + np.arange(n_days)) % len(self.masks), mask_lat, mask_lon
        borrowed = self.masks[there]
        # Land where the mask comes from is no cloud.
        borrowed = borrowed | self.anomalies.land[mask_lat, mask_lon]
        hides = rng.random(n_days) < self.hide_days
        observed = borrowed | ~hides[:, None, None]
        error = noise = None
        if self.errors is not None:
            # Land where the mask comes from has no errors: there they are as large as elsewhere in the mean.
            error = np.where(self.masks[there], self.errors[there], self.typical_error)
            noise = error * rng.standard_normal(error.shape, dtype=np.float32)
        window = cut_window(
            self.anomalies, months, lat, lon, self.settings, observed=observed, error=error, noise=noise
        )
        decoded = window.inputs.decoded
        chosen = rng.permuted(np.broadcast_to(np.arange(DAYS), decoded.shape), axis=-1) < self.decode_days
        return replace(window, inputs=replace(window.inputs, decoded=decoded & torch.from_numpy(chosen)))


class AlternatingWindows(Dataset[Window]):
    """Windows of several datasets in turn: sample k is that of dataset k modulo their number."""

    def __init__(self, parts: Sequence[TrainingWindows]) -> None:
        self.parts = parts

    def __len__(self) -> int:
        """Count the samples of the whole training."""
        return len(self.parts[0])

    def __getitem__(self, index: int) -> Window:
        """Make window `index`."""
        return self.parts[index % len(self.parts)][index]


def _shift(days: slice, around: slice) -> slice:
    return slice(days.start - around.start, days.stop - around.start)


def _pad(days: np.ndarray, pad: tuple[int, int]) -> np.ndarray:
    return np.pad(days, [pad] + [(0, 0)] * (days.ndim - 1))


def _cut(array: np.ndarray, start: int, length: int) -> np.ndarray:
    """Cut a piece out along the first axis, with zeros where it goes beyond the ends."""
    pad = (max(0, -start), max(0, start + length - len(array)))
    return _pad(array[max(0, start) : start + length], pad)
