"""Windows: some months of a patch of ocean as the tensors that the model sees."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.utils.data import Dataset

from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.time_interpolation import interpolate_in_time, observed_mean
from esmlearn.models.batches import Batchable
from esmlearn.settings import ModelSettings

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
    """A window, or a batch of windows with `batch` in front of every shape; values are scaled anomalies.

    Attributes
    ----------
    x, daily_mask, land_mask_patch, padded_days_mask, context, year_fraction, position
        Days and places of the window: inputs of `SpatioTemporalModel.forward`.
    nearby, nearby_observed, day_index, decoded
        The days in a row with some around them, and those to decode: the rest of its inputs.
    target
        Values to learn, zero where there are none.
    target_valid
        True where there is a value to learn.
    """

    x: Float[Tensor, "*batch month day lat lon"]
    daily_mask: Bool[Tensor, "*batch month day lat lon"]
    land_mask_patch: Bool[Tensor, "*batch lat lon"]
    padded_days_mask: Bool[Tensor, "*batch month day"]
    context: Float[Tensor, "*batch month day channel lat lon"]
    nearby: Float[Tensor, "*batch time lat lon"]
    nearby_observed: Bool[Tensor, "*batch time lat lon"]
    day_index: Int[Tensor, "*batch month day"]
    decoded: Bool[Tensor, "*batch month day"]
    year_fraction: Float[Tensor, "*batch month day"]
    position: Float[Tensor, "*batch 2 lat lon"]
    target: Float[Tensor, "*batch month day lat lon"]
    target_valid: Bool[Tensor, "*batch month day lat lon"]

    def inputs(self) -> Mapping[str, Tensor]:
        """Arguments of the model's forward pass."""
        return {item.name: getattr(self, item.name) for item in fields(self) if not item.name.startswith("target")}


@dataclass(frozen=True)
class Anomalies:
    """A field prepared for windows: scaled departures from the climatology, with their dates and places."""

    values: Float[np.ndarray, "time lat lon"]
    observed: Bool[np.ndarray, "time lat lon"]
    land: Bool[np.ndarray, "lat lon"]
    year_fraction: Float[np.ndarray, " time"]
    position: Float[np.ndarray, "2 lat lon"]
    months: tuple[slice, ...]
    first_days: tuple[int, ...]

    @classmethod
    def of(cls, field: Field, climatology: Climatology, scaling: Scaling) -> "Anomalies":
        """Take the climatology away from a field and divide by the spread."""
        spread = scaling.at(field.year_fraction)[:, None, None]
        anomalies = (field.values[:, 0] - climatology.at(field.year_fraction)) / spread
        observed = field.observed[:, 0]
        return cls(
            values=np.where(observed, anomalies, np.float32(0.0)).astype(np.float32),
            observed=observed,
            land=field.land,
            year_fraction=field.year_fraction.astype(np.float32),
            position=np.stack(np.meshgrid(field.lat, field.lon, indexing="ij")).astype(np.float32),
            months=tuple(field.months.values()),
            first_days=tuple(field.dates[days.start].day for days in field.months.values()),
        )

    def window(
        self,
        months: slice,
        lat: slice,
        lon: slice,
        settings: ModelSettings,
        *,
        observed: Bool[np.ndarray, "margin_time lat lon"] | None = None,
    ) -> Window:
        """Cut a window out.

        Parameters
        ----------
        months
            Which months, as a slice of `self.months`.
        lat, lon
            Which cells.
        settings
            Sizes and the kind of first guess.
        observed
            What the model may see, over the days of `self.around(months)`; default: all that was observed.
        """
        around = self.around(months)
        values = self.values[around, lat, lon]
        target_valid = self.observed[around, lat, lon]
        observed = target_valid if observed is None else observed & target_valid
        context = first_guess(values, observed, settings.first_guess, [_shift(m, around) for m in self.months[months]])
        start = self.months[months][0].start - NEARBY
        nearby, nearby_observed = (
            _cut(array, start - around.start, settings.n_months * DAYS + 2 * NEARBY)
            for array in (np.where(observed, values, np.float32(0.0)), observed)
        )
        parts: dict[str, list[np.ndarray]] = {
            name: [] for name in ("x", "seen", "real", "context", "index", "year", "target", "valid")
        }
        for month, first in zip(self.months[months], self.first_days[months], strict=True):
            days = _shift(month, around)
            # A month that starts late or ends early keeps its days in their places.
            pad = (first - 1, DAYS - (first - 1) - (days.stop - days.start))
            parts["x"].append(_pad(np.where(observed[days], values[days], np.float32(0.0)), pad))
            parts["seen"].append(_pad(observed[days], pad))
            parts["real"].append(_pad(np.ones(days.stop - days.start, bool), pad))
            parts["context"].append(_pad(context[days], pad))
            parts["index"].append(_pad(np.arange(month.start, month.stop) - start, pad))
            parts["year"].append(np.pad(self.year_fraction[month], pad, mode="edge"))
            parts["target"].append(_pad(values[days], pad))
            parts["valid"].append(_pad(target_valid[days], pad))
        stacked = {name: torch.from_numpy(np.stack(arrays)) for name, arrays in parts.items()}
        return Window(
            x=stacked["x"],
            daily_mask=~stacked["seen"],
            land_mask_patch=torch.from_numpy(self.land[lat, lon].copy()),
            padded_days_mask=~stacked["real"],
            context=stacked["context"],
            nearby=torch.from_numpy(nearby),
            nearby_observed=torch.from_numpy(nearby_observed),
            day_index=stacked["index"],
            decoded=stacked["real"],
            year_fraction=stacked["year"],
            position=torch.from_numpy(self.position[:, lat, lon].copy()),
            target=stacked["target"],
            target_valid=stacked["valid"],
        )

    def around(self, months: slice) -> slice:
        """Days of some months with the margin that a first guess may look at."""
        chosen = self.months[months]
        return slice(max(chosen[0].start - MARGIN, 0), min(chosen[-1].stop + MARGIN, len(self.values)))


def first_guess(
    values: Float[np.ndarray, "time lat lon"],
    observed: Bool[np.ndarray, "time lat lon"],
    kind: str,
    months: list[slice],
) -> Float[np.ndarray, "time channel lat lon"]:
    """Channels of the model's context.

    The first guess, which for `successive_corrections` is interpolation in time until the network has made its own; the
    surprise, which is how far an observation lies from what interpolation in time would have said without it, and tells
    of its hidden neighbours; and the nearness of the observations before and after the day, from 0.8 (the next day) to
    0 (never).
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


class TrainingWindows(Dataset[Window]):
    """Endless windows at random times and places of the training period; window k is the same in every run.

    What the model may see is cut by the cloud masks of other times and places of the observations, so that the same
    ocean is met under ever new clouds. In supervised learning the values come from the complete target and the borrowed
    mask stands for all gaps; in self-supervised learning they come from the observations, and the borrowed mask hides
    more of them on some of the days.

    Parameters
    ----------
    anomalies
        Values to learn, of the training period.
    masks
        What was observed, shape (time, lat, lon), on the same grid: the pool of gaps to borrow from.
    settings
        Sizes of a window.
    hide_days
        Share of the days on which the borrowed mask hides; 1 in supervised learning.
    decode_days
        Days of each month of a window that are decoded, drawn at random.
    seed
        Base of the random numbers.
    length
        Number of windows.
    """

    def __init__(
        self,
        anomalies: Anomalies,
        masks: Bool[np.ndarray, "time lat lon"],
        settings: ModelSettings,
        *,
        hide_days: float,
        decode_days: int = DAYS,
        seed: int,
        length: int,
    ) -> None:
        self.anomalies, self.masks, self.settings = anomalies, masks, settings
        self.hide_days, self.decode_days, self.seed, self.length = hide_days, decode_days, seed, length
        if len(anomalies.months) < settings.n_months:
            raise DataError(
                f"A period of data.split has {len(anomalies.months)} months, fewer than a window of"
                f" {settings.n_months}; lengthen it or lower model.n_months."
            )
        self.corners = corners_with_ocean(anomalies.land, settings.window)

    def __len__(self) -> int:
        """Count the windows of the whole training."""
        return self.length

    def __getitem__(self, index: int) -> Window:
        """Draw window number `index`."""
        rng = np.random.default_rng([self.seed, index])
        start = int(rng.integers(len(self.anomalies.months) - self.settings.n_months + 1))
        months = slice(start, start + self.settings.n_months)
        lat, lon = self.cells(rng)
        around = self.anomalies.around(months)
        n_days = around.stop - around.start
        mask_lat, mask_lon = self.cells(rng)
        first = int(rng.integers(len(self.masks)))
        borrowed = self.masks[(first + np.arange(n_days)) % len(self.masks), mask_lat, mask_lon]
        # Land where the mask comes from is no cloud.
        borrowed = borrowed | self.anomalies.land[mask_lat, mask_lon]
        hides = rng.random(n_days) < self.hide_days
        window = self.anomalies.window(months, lat, lon, self.settings, observed=borrowed | ~hides[:, None, None])
        drawn = rng.permuted(np.broadcast_to(np.arange(DAYS), window.decoded.shape), axis=-1) < self.decode_days
        return replace(window, decoded=window.decoded & torch.from_numpy(drawn))

    def cells(self, rng: np.random.Generator) -> tuple[slice, slice]:
        """Choose the cells of a window that has some ocean."""
        south, west = self.corners[rng.integers(len(self.corners))]
        rows, columns = self.settings.window
        return slice(south, south + rows), slice(west, west + columns)


def corners_with_ocean(land: Bool[np.ndarray, "lat lon"], window: tuple[int, int]) -> np.ndarray:
    """South-west corners of all windows that fit and have at least a tenth of ocean (or any, if none has)."""
    size = [min(a, b) for a, b in zip(window, land.shape, strict=True)]
    views = np.lib.stride_tricks.sliding_window_view(~land, size)
    share = views.mean(axis=(2, 3))
    return np.argwhere(share >= min(0.1, share.max()))


def _shift(days: slice, around: slice) -> slice:
    return slice(days.start - around.start, days.stop - around.start)


def _pad(days: np.ndarray, pad: tuple[int, int]) -> np.ndarray:
    return np.pad(days, [pad] + [(0, 0)] * (days.ndim - 1))


def _cut(array: np.ndarray, start: int, length: int) -> np.ndarray:
    """Cut a piece out along the first axis, with zeros where it goes beyond the ends."""
    pad = (max(0, -start), max(0, start + length - len(array)))
    return _pad(array[max(0, start) : start + length], pad)
