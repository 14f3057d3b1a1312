"""Sizes and options of the networks."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Positive, Share


class ModelSettings(Block):
    """Sizes and options of the SpatioTemporalModel."""

    n_months: int = Field(1, ge=1, le=12, description="months in a window")
    window: tuple[Positive, Positive] = Field((32, 32), description="cells of a window in latitude and longitude")
    patch_size: tuple[Positive, Positive, Positive] = Field((1, 8, 8), description="days, rows, columns of a patch")
    embed_dim: int = Field(64, ge=8, multiple_of=8, description="length of a token")
    num_heads: Positive = Field(4, description="attention heads")
    encoder_depth: int = Field(1, ge=0, description="space-time blocks before days are pooled; 0: as first published")
    spatial_depth: Positive = Field(1, description="layers of the spatial transformer")
    mlp_ratio: float = Field(2.0, gt=0, description="width of the feed-forward layers over that of a token")
    dropout: Share = Field(0.0, description="share of the activations that are dropped while training")
    hidden: int = Field(16, ge=8, multiple_of=8, description="channels of the decoders")
    overlap: int = Field(1, ge=0, description="pixels that decoded patches share with their neighbours")
    refinements: int = Field(2, ge=0, description="3x3 convolutions that smooth patch boundaries")
    norm: Literal["layer", "group", "batch"] = Field("layer", description="normalisation in the decoders")
    scale: float = Field(1.0, gt=0, description="factor on the decoded departure")
    bias: float = Field(0.0, description="added to the decoded departure")
    calendar: bool = Field(True, description="whether days know their season")
    location: bool = Field(False, description="whether patches know their place on the sphere")
    daily: bool = Field(True, description="whether there is a daily decoder beside the monthly one")
    daily_depth: int = Field(1, ge=0, description="space-time blocks before the daily decoder")
    unet: tuple[Positive, ...] = Field(
        (24, 48, 72), description="widths of the U-Net in the daily decoder; (): refinement only, as first published"
    )
    spread_unet: tuple[Positive, ...] = Field(
        (16, 24, 32), min_length=1, description="widths of the small U-Net that gives the standard deviation"
    )
    neighbour_days: int = Field(
        7, ge=0, le=10, description="days before and after each day whose observations the U-Net sees"
    )
    first_guess: Literal["successive_corrections", "time_interpolation", "observed_mean", "climatology"] = Field(
        "successive_corrections", description="what the model departs from; the first learns its scales"
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> "ModelSettings":
        if self.embed_dim % self.num_heads:
            raise ValueError(f"embed_dim {self.embed_dim} must be a multiple of num_heads {self.num_heads}")
        for patch, window, what in zip(self.patch_size[1:], self.window, ("rows", "columns"), strict=True):
            if patch > window:
                raise ValueError(f"a patch of {patch} {what} is larger than the window of {window}")
        if self.overlap > min(self.patch_size[1:]):
            raise ValueError(f"overlap {self.overlap} is larger than a patch of {self.patch_size[1:]}")
        return self


class DenoiserOptions(Block):
    """What the networks of diffusion share."""

    coordinates: Literal["unit_sphere", "sincos", "raw", "none"] = Field(
        "unit_sphere", description="how the network knows the place; `none`: it does not"
    )
    date: bool = Field(True, description="whether the network knows the season")
    coordinates_dropout: Share = Field(
        0.1,
        description="share of the training samples that are not told place, date or both, so that what these bring can "
        "be told from one network",
    )
    channels_last: bool = Field(True, description="keep the channels of a pixel side by side in memory: mostly faster")
    checkpoint_activations: bool = Field(
        False, description="compute activations twice rather than keep them: less memory, a third slower"
    )
    compile: bool = Field(
        False, description="hand it to torch.compile: for long trainings on a GPU, after minutes of compilation"
    )


class DenoiserSettings(DenoiserOptions):
    """Sizes and options of the denoiser, a ConvNeXt U-Net."""

    size: Literal["small", "published"] = Field(
        "small",
        description="`published`: `dim` 64, `dim_mults` 1, 2, 4, 8 and `attention_from` 0 where they are not given, "
        "57 million parameters for a GPU",
    )
    dim: Positive = Field(16, description="channels at full resolution")
    dim_mults: tuple[Positive, ...] = Field(
        (1, 2, 4), min_length=1, description="channels over `dim` at each level, which is half as fine as the last"
    )
    heads: int = Field(4, ge=0, description="heads of the linear attention, of 32 channels each; 0: no attention")
    attention_from: int = Field(1, ge=0, description="finest level with attention; 0: full resolution")

    @model_validator(mode="before")
    @classmethod
    def _size_sets_defaults(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("size") == "published":
            return {"dim": 64, "dim_mults": (1, 2, 4, 8), "attention_from": 0, **given}
        return given

    @model_validator(mode="after")
    def _attention_is_somewhere(self) -> "DenoiserSettings":
        if self.heads and self.attention_from >= len(self.dim_mults):
            raise ValueError(
                f"attention_from {self.attention_from} is beyond the coarsest level, {len(self.dim_mults) - 1}; "
                "lower it, or set heads: 0 for no attention"
            )
        return self


class ResidualUNetSettings(DenoiserOptions):
    """Sizes and options of the eps-U-Net, the network of super-resolution."""

    size: Literal["small", "published"] = Field(
        "small",
        description="`published`: `channel_multipliers` 1, 2, 2, 4, `is_attention` at the two coarsest levels and "
        "`n_blocks` 2 and `dropout` 0.1 where they are not given, 10.6 million parameters for a GPU",
    )
    image_channels: Positive | None = Field(
        None, description="variables that are drawn; default: those of the data, which it must agree with"
    )
    n_channels: int = Field(16, ge=8, multiple_of=8, description="channels after the first convolution, in eights")
    channel_multipliers: tuple[Positive, ...] = Field(
        (1, 2, 2), min_length=1, description="at each level, its channels over those of the level before, twice as fine"
    )
    is_attention: tuple[bool, ...] = Field(
        (False, False, True), description="at each level, whether every pixel sees all others"
    )
    n_blocks: Positive = Field(1, description="residual blocks at each level on the way down; one more on the way up")
    conditioned_on_input: Positive | None = Field(
        None, description="maps that the network is given; default: those of the data, which it must agree with"
    )
    dropout: Share = Field(0.0, description="share of the hidden values that are left out in training; published: 0.1")
    hour: bool = Field(False, description="whether the network knows the hour of the day; for sub-daily data")

    @model_validator(mode="before")
    @classmethod
    def _size_sets_defaults(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("size") == "published":
            levels = {"channel_multipliers": (1, 2, 2, 4), "is_attention": (False, False, True, True)}
            return {**levels, "n_blocks": 2, "dropout": 0.1, **given}
        return given

    @model_validator(mode="after")
    def _levels_agree(self) -> "ResidualUNetSettings":
        if len(self.is_attention) != len(self.channel_multipliers):
            raise ValueError(
                f"is_attention has {len(self.is_attention)} levels, but channel_multipliers has "
                f"{len(self.channel_multipliers)}; give one value for each level in both"
            )
        return self
