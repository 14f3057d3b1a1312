"""The spatio-temporal transformer: a masked autoencoder from cloudy days to complete days and months.

The parts and their order follow the published model descriptions of ClimaNet (https://github.com/ESMValGroup/ClimaNet);
the masked-autoencoder form follows Tong et al. 2022 (https://doi.org/10.48550/arXiv.2203.12602) and Goh et al. 2024
(https://doi.org/10.5194/os-20-1309-2024). Axes: `month` of the window, `day` of the month (padded to 31), `time` of
the tokens (all months and days in one series), `place` of a patch (row by row).
"""

from enum import IntEnum
from types import EllipsisType
from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange, reduce, repeat
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from esmlearn.models.blocks import SpaceTimeBlock, TokenGrid
from esmlearn.models.embeddings import (
    LearnedEncoding,
    SpatialPositionalEncoding2D,
    TemporalPositionalEncoding,
    middle_of_patches,
    season,
    unit_sphere,
)
from esmlearn.models.transformer.inputs import Context, WindowInputs
from esmlearn.models.transformer.parts import (
    LOG_STD_RANGE,
    Estimate,
    MonthlyConvDecoder,
    SpatialTransformer,
    TemporalAttentionAggregator,
    VideoEncoder,
)
from esmlearn.models.transformer.surroundings import Surroundings
from esmlearn.settings import ModelSettings


class Video(IntEnum):
    """Channels of the encoder: observations, zero where there are none, and where there are some."""

    VALUE = 0
    VALID = 1


class MonthMaps(IntEnum):
    """Inputs of the decoder of months at full resolution: means over the days of a month.

    Attributes
    ----------
    MEAN
        Decoded values.
    STD
        Standard deviation of decoded days; zero where something was observed.
    OBSERVED
        Share of the days with an observation.
    """

    MEAN = 0
    STD = 1
    OBSERVED = 2


class Output(NamedTuple):
    """An estimate for each month and each day; without a daily decoder, that of a day is the first guess."""

    monthly: Estimate
    daily: Estimate


class SpatioTemporalModel(nn.Module):
    """From the cloudy days of one or several months to complete months and days."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.settings = settings
        dim, heads, ratio, dropout = settings.embed_dim, settings.num_heads, settings.mlp_ratio, settings.dropout

        def blocks(depth: int) -> nn.ModuleList:
            return nn.ModuleList(SpaceTimeBlock(dim, heads, ratio, dropout) for _ in range(depth))

        self.surroundings = Surroundings(settings)
        self.encoder = VideoEncoder(len(Video), dim, settings.patch_size, dropout)
        self.day_encoding = TemporalPositionalEncoding(dim)
        self.month_encoding = TemporalPositionalEncoding(dim)
        self.place_encoding = SpatialPositionalEncoding2D(dim)
        self.calendar_encoding = LearnedEncoding(season, 4, dim) if settings.calendar else None
        self.location_encoding = LearnedEncoding(unit_sphere, 3, dim) if settings.location else None
        self.encoder_blocks = blocks(settings.encoder_depth)
        self.aggregate = TemporalAttentionAggregator(dim, heads, month_mixing=settings.n_months > 1)
        self.spatial = SpatialTransformer(dim, heads, settings.spatial_depth, ratio, dropout)
        self.decode_month = MonthlyConvDecoder(settings, context=len(MonthMaps))
        if settings.daily:
            n_context = self.surroundings.n_context
            n_maps = len(Video) + n_context + self.surroundings.n_around
            self.embed_context = VideoEncoder(n_context, dim, settings.patch_size, dropout)
            self.daily_blocks = blocks(settings.daily_depth)
            self.decode_day = MonthlyConvDecoder(settings, n_maps, days=settings.patch_size[0], unet=settings.unet)
        for module in self.modules():
            if isinstance(module, MonthlyConvDecoder):
                # Twice as fast on a CPU, and the format of tensor cores.
                module.to(memory_format=torch.channels_last)

    def forward(self, inputs: WindowInputs) -> Output:
        """Reconstruct a batch of windows.

        Months have the shape (batch, month, lat, lon), days (batch, month, day, lat, lon): the observation itself where
        there is one, zero on land and on padded days.
        """
        n_months, *size = inputs.x.shape[1:]
        decoded = inputs.decoded & ~inputs.padded_days_mask
        context, series = self.surroundings(inputs)
        pixels = self.pad(inputs, context)
        days, rows, columns = self.settings.patch_size
        patches = {"d": days, "h": rows, "w": columns}
        observed = TokenGrid(reduce(pixels.valid, "b m (t d) (y h) (x w) -> b (m t) (y x)", "any", **patches))
        ocean = reduce(pixels.ocean, "b (y h) (x w) -> b (y x)", "any", h=rows, w=columns)
        real = reduce(pixels.real_days, "b m (t d) -> b (m t)", "any", d=days)
        where = self.encode_positions(
            F.pad(inputs.year_fraction, pixels.pad[4:], mode="replicate"),
            F.pad(inputs.position, pixels.pad[:4], mode="replicate"),
        )

        tokens = self.encoder(pixels.video, observed) + observed.pack(where)
        for block in self.encoder_blocks:
            tokens = block(tokens, observed)
        encoded = observed.unpack(tokens)
        months = self.mix_months(encoded, where, observed, ocean, n_months=n_months)

        daily = Estimate(pixels.guess, torch.zeros_like(pixels.guess))
        if self.settings.daily:
            present = TokenGrid(real[:, :, None] & ocean[:, None])
            month_of_time = repeat(months, "b m p c -> b (m t) p c", t=encoded.shape[1] // n_months)
            tokens = self.embed_context(rearrange(pixels.context, "b c m d y x -> b c (m d) y x"), present)
            tokens = tokens + present.pack(encoded + where + month_of_time)
            for block in self.daily_blocks:
                tokens = block(tokens, present)
            series = F.pad(series, pixels.pad[:4])
            daily = self.decode_days(present.unpack(tokens), pixels, series, inputs.day_index, decoded)
        monthly = self.decode_months(months, daily, pixels, decoded)
        return Output(_crop(monthly, *size[1:]), _crop(daily, *size))

    def pad(self, inputs: WindowInputs, context: Float[Tensor, "batch month day channel lat lon"]) -> "Pixels":
        """Pad to whole patches, and set land, padding and missing values to zero."""
        pad = tuple(
            part
            for size, patch in zip(inputs.x.shape[:1:-1], self.settings.patch_size[::-1], strict=True)
            for part in (0, -size % patch)
        )
        ocean = ~F.pad(inputs.land_mask_patch, pad[:4], value=True)
        real_days = ~F.pad(inputs.padded_days_mask, pad[4:], value=True)
        exists = ocean[:, None, None] & real_days[..., None, None]
        valid = ~F.pad(inputs.daily_mask, pad, value=True) & exists
        video = torch.stack([F.pad(inputs.x, pad).masked_fill(~valid, 0.0), valid.to(inputs.x.dtype)], dim=1)
        context = F.pad(rearrange(context, "b m d c y x -> b c m d y x"), pad).masked_fill(~exists[:, None], 0.0)
        return Pixels(rearrange(video, "b c m d y x -> b c (m d) y x"), context, valid, ocean, real_days, pad)

    def encode_positions(
        self, year_fraction: Float[Tensor, "batch month day"], position: Float[Tensor, "batch 2 lat lon"]
    ) -> Float[Tensor, "batch time place dim"]:
        """Sum of the encodings of each token that do not depend on its content: day, month, season, place."""
        days, rows, columns = self.settings.patch_size
        date = reduce(year_fraction, "b m (t d) -> b m t", "min", d=days)
        n_months, n_times = date.shape[1:]
        lat, lon = middle_of_patches(position, rows, columns)
        when = repeat(
            self.day_encoding(n_times) + self.month_encoding(n_months)[:, None], "m t c -> b m t c", b=len(lat)
        )
        if self.calendar_encoding is not None:
            when = when + self.calendar_encoding(date)
        place = self.place_encoding(*lat.shape[1:], device=lat.device)[None]
        if self.location_encoding is not None:
            place = place + rearrange(self.location_encoding(lat, lon), "b y x c -> b (y x) c")
        return rearrange(when, "b m t c -> b (m t) 1 c") + rearrange(place, "b p c -> b 1 p c")

    def mix_months(
        self,
        encoded: Float[Tensor, "batch time place dim"],
        where: Float[Tensor, "batch time place dim"],
        observed: TokenGrid,
        ocean: Bool[Tensor, "batch place"],
        n_months: int,
    ) -> Float[Tensor, "batch month place dim"]:
        """Pool the days of each month, then mix its places."""
        months = self.aggregate(
            rearrange(encoded, "b (m t) p c -> b m t p c", m=n_months),
            rearrange(observed.exists, "b (m t) p -> b m t p", m=n_months),
        )
        months = months + reduce(where, "b (m t) p c -> b m p c", "mean", m=n_months)
        mixed = self.spatial(rearrange(months, "b m p c -> (b m) p c"), repeat(ocean, "b p -> (b m) p", m=n_months))
        return rearrange(mixed, "(b m) p c -> b m p c", m=n_months)

    def decode_days(
        self,
        tokens: Float[Tensor, "batch time place dim"],
        pixels: "Pixels",
        series: Float[Tensor, "series batch time_around lat lon"],
        day_index: Int[Tensor, "batch month day"],
        decoded: Bool[Tensor, "batch month day"],
    ) -> Estimate:
        """Decode some days; the estimate of an observed pixel is its observation."""
        days, height, _ = self.settings.patch_size
        batch, n_months = decoded.shape[:2]
        pad = pixels.pad[4:]
        tokens_decoded = reduce(F.pad(decoded, pad), "b m (t d) -> (b m t)", "any", d=days)
        chosen = tokens_decoded.nonzero().squeeze(-1)
        tokens = rearrange(tokens, "b t (y x) c -> (b t) y x c", y=pixels.ocean.shape[1] // height)

        def of_chosen(video: Float[Tensor, "batch channel all_days lat lon"]) -> Float[Tensor, "map channel lat lon"]:
            some = rearrange(video, "b c (t d) y x -> (b t) d c y x", d=days).index_select(0, chosen)
            return rearrange(some, "n d c y x -> (n d) c y x")

        context = of_chosen(rearrange(pixels.context, "b c m d y x -> b c (m d) y x"))
        maps = [of_chosen(pixels.video), context]
        if self.surroundings.n_around:
            position = rearrange(F.pad(day_index, pad), "b m (t d) -> (b m t) d", d=days).index_select(0, chosen)
            window = repeat(chosen // (len(tokens_decoded) // batch), "n -> (n d)", d=days)
            around = self.surroundings.around(context[:, Context.GUESS], series, window, position.flatten())
            maps.append(around.masked_fill(~pixels.ocean[window, None], 0.0))
        correction, log_std = self.decode_day(tokens.index_select(0, chosen), torch.cat(maps, dim=1))

        def to_days(maps: Float[Tensor, "map lat lon"]) -> Float[Tensor, "batch month day lat lon"]:
            maps = rearrange(maps, "(n d) y x -> n d y x", d=days)
            every = maps.new_zeros(len(tokens_decoded), *maps.shape[1:]).index_copy(0, chosen, maps)
            return rearrange(every, "(b m t) d y x -> b m (t d) y x", b=batch, m=n_months)

        hidden = pixels.exists & ~pixels.valid
        return Estimate(pixels.guess + to_days(correction).masked_fill(~hidden, 0.0), to_days(log_std))

    def decode_months(
        self,
        tokens: Float[Tensor, "batch month place dim"],
        daily: Estimate,
        pixels: "Pixels",
        decoded: Bool[Tensor, "batch month day"],
    ) -> Estimate:
        """Decode each month as a correction of the mean of its days; inputs of the decoder are the `MonthMaps`."""
        n_months = tokens.shape[1]
        real = pixels.real_days[..., None, None]
        hidden = (pixels.exists & ~pixels.valid).to(tokens.dtype)
        decoded_days = F.pad(decoded, pixels.pad[4:])[..., None, None].to(tokens.dtype)
        std = daily.log_std.detach().clamp(*LOG_STD_RANGE).exp() * hidden
        maps = {
            MonthMaps.MEAN: (daily.mean.detach(), real),
            MonthMaps.STD: (std, decoded_days),
            MonthMaps.OBSERVED: (1 - hidden, real),
        }
        means = torch.stack(
            [
                reduce(day * weight, "b m d y x -> (b m) y x", "sum")
                / reduce(weight.to(day.dtype), "b m d 1 1 -> (b m) 1 1", "sum").clamp(min=1.0)
                for day, weight in (maps[channel] for channel in MonthMaps)
            ],
            dim=1,
        )
        correction, log_std = self.decode_month(
            rearrange(tokens, "b m (y x) c -> (b m) y x c", y=means.shape[-2] // self.settings.patch_size[1]), means
        )
        correction = rearrange(correction, "(b m) y x -> b m y x", m=n_months).masked_fill(~pixels.ocean[:, None], 0.0)
        mean = rearrange(means[:, MonthMaps.MEAN], "(b m) y x -> b m y x", m=n_months)
        return Estimate(mean + correction, rearrange(log_std, "(b m) y x -> b m y x", m=n_months))


class Pixels(NamedTuple):
    """A batch of windows padded to whole patches; zero where a pixel does not exist or was not observed."""

    video: Float[Tensor, "batch 2 all_days lat lon"]
    context: Float[Tensor, "batch channel month day lat lon"]
    valid: Bool[Tensor, "batch month day lat lon"]
    ocean: Bool[Tensor, "batch lat lon"]
    real_days: Bool[Tensor, "batch month day"]
    pad: tuple[int, ...]

    @property
    def guess(self) -> Float[Tensor, "batch month day lat lon"]:
        """First guess of each day."""
        return self.context[:, Context.GUESS]

    @property
    def exists(self) -> Bool[Tensor, "batch month day lat lon"]:
        """Ocean on days that are not padding."""
        return self.ocean[:, None, None] & self.real_days[..., None, None]


def _crop(estimate: Estimate, *size: int) -> Estimate:
    """Remove the padding, for as many of the last axes as sizes are given."""
    where: tuple[EllipsisType | slice, ...] = (..., *(slice(length) for length in size))
    return Estimate(estimate.mean[where], estimate.log_std[where])
