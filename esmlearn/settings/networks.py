"""Settings of the networks."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Positive, Share


class ModelSettings(Block):
    """Settings of the transformer, SpatioTemporalModel."""

    n_months: int = Field(1, ge=1, le=12, description="months in a window")
    window: tuple[Positive, Positive] = Field((32, 32), description="cells of a window in latitude and longitude")
    patch_size: tuple[Positive, Positive, Positive] = Field((1, 8, 8), description="days, rows, columns of a patch")
    embed_dim: int = Field(64, ge=8, multiple_of=8, description="length of a token")
    num_heads: Positive = Field(4, description="attention heads")
    encoder_depth: int = Field(1, ge=0, description="space-time blocks before days are pooled; 0: as in the paper")
    spatial_depth: Positive = Field(1, description="layers of the spatial transformer")
    mlp_ratio: float = Field(2.0, gt=0, description="width of the feed-forward layers, in lengths of a token")
    dropout: Share = Field(0.0, description="share of the activations that are dropped in training")
    hidden: int = Field(16, ge=8, multiple_of=8, description="channels of the decoders")
    overlap: int = Field(1, ge=0, description="pixels that decoded patches share with their neighbours")
    refinements: int = Field(2, ge=0, description="3x3 convolutions that smooth the boundaries of patches")
    norm: Literal["layer", "group", "batch"] = Field("layer", description="normalisation in the decoders")
    scale: float = Field(1.0, gt=0, description="factor on the output of the decoders")
    bias: float = Field(0.0, description="offset of the output of the decoders")
    calendar: bool = Field(True, description="whether the season is an input")
    location: bool = Field(False, description="whether the place of a patch on the sphere is an input")
    daily: bool = Field(True, description="whether there is a daily decoder beside the monthly one")
    daily_depth: int = Field(1, ge=0, description="space-time blocks before the daily decoder")
    unet: tuple[Positive, ...] = Field(
        (24, 48, 72), description="channels of the U-Net in the daily decoder; (): none, as in the paper"
    )
    spread_unet: tuple[Positive, ...] = Field(
        (16, 24, 32), min_length=1, description="channels of the U-Net for the standard deviation"
    )
    neighbour_days: int = Field(
        7, ge=0, le=10, description="days before and after each day whose observations the U-Net has as input"
    )
    first_guess: Literal["successive_corrections", "time_interpolation", "observed_mean", "climatology"] = Field(
        "successive_corrections", description="first guess, to which the output is added; the first has trained scales"
    )
    observation_errors: bool = Field(
        False, description="whether the error of each observation is an input; needs observations with known errors"
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
    """Options of all networks of diffusion."""

    PUBLISHED: ClassVar[Mapping[str, Any]] = {}

    coordinates: Literal["unit_sphere", "sincos", "raw", "none"] = Field(
        "unit_sphere", description="coordinates of each pixel as an input; `none`: they are not"
    )
    date: bool = Field(True, description="whether the season is an input")
    coordinates_dropout: Share = Field(
        0.1, description="share of the samples without place, date or both, which sampling can then leave out"
    )
    channels_last: bool = Field(
        True, description="whether the channels of a pixel are adjacent in memory: mostly faster"
    )
    checkpoint_activations: bool = Field(
        False, description="whether activations are computed twice, not stored: less memory, slower by a third"
    )
    compile: bool = Field(
        False, description="whether torch.compile is used: starts after minutes, for long trainings on a GPU"
    )

    @model_validator(mode="before")
    @classmethod
    def _size_sets_defaults(cls, given: Any) -> Any:
        """Take the values of the paper where `size` is `published` and a key is not given."""
        if isinstance(given, Mapping) and given.get("size") == "published":
            return {**cls.PUBLISHED, **given}
        return given


class DenoiserSettings(DenoiserOptions):
    """Settings of the denoiser, a ConvNeXt U-Net."""

    PUBLISHED: ClassVar[Mapping[str, Any]] = {"dim": 64, "dim_mults": (1, 2, 4, 8), "attention_from": 0}

    size: Literal["small", "published"] = Field(
        "small",
        description="`published`: `dim` 64, `dim_mults` 1, 2, 4, 8 and `attention_from` 0 where they are not given, "
        "57 million parameters for a GPU",
    )
    dim: Positive = Field(16, description="channels at full resolution")
    dim_mults: tuple[Positive, ...] = Field(
        (1, 2, 4),
        min_length=1,
        description="channels of each level over `dim`; a level has half the resolution of the last",
    )
    heads: int = Field(4, ge=0, description="heads of the linear attention, of 32 channels each; 0: no attention")
    attention_from: int = Field(1, ge=0, description="finest level with attention; 0: full resolution")

    @model_validator(mode="after")
    def _attention_is_somewhere(self) -> "DenoiserSettings":
        if self.heads and self.attention_from >= len(self.dim_mults):
            raise ValueError(
                f"attention_from {self.attention_from} is beyond the coarsest level, {len(self.dim_mults) - 1}; "
                "lower it, or set heads: 0 for no attention"
            )
        return self


class ResidualUNetSettings(DenoiserOptions):
    """Settings of the eps-U-Net, the network of super-resolution."""

    PUBLISHED: ClassVar[Mapping[str, Any]] = {
        "channel_multipliers": (1, 2, 2, 4),
        "is_attention": (False, False, True, True),
        "n_blocks": 2,
        "dropout": 0.1,
    }

    size: Literal["small", "published"] = Field(
        "small",
        description="`published`: `channel_multipliers` 1, 2, 2, 4, `is_attention` at the two coarsest levels and "
        "`n_blocks` 2 and `dropout` 0.1 where they are not given, 10.6 million parameters for a GPU",
    )
    image_channels: Positive | None = Field(
        None, description="variables of the output; default, and only choice: as the data"
    )
    n_channels: int = Field(16, ge=8, multiple_of=8, description="channels after the first convolution, in eights")
    channel_multipliers: tuple[Positive, ...] = Field(
        (1, 2, 2),
        min_length=1,
        description="channels of each level over those of the last, which has twice the resolution",
    )
    is_attention: tuple[bool, ...] = Field(
        (False, False, True), description="whether a level has attention between all pixels"
    )
    n_blocks: Positive = Field(1, description="residual blocks of each level of the encoder; the decoder has one more")
    conditioned_on_input: Positive | None = Field(
        None, description="maps in the input; default, and only choice: as the data"
    )
    dropout: Share = Field(0.0, description="share of the activations that are dropped in training; published: 0.1")
    hour: bool = Field(False, description="whether the hour of the day is an input; for sub-daily data")

    @model_validator(mode="after")
    def _levels_agree(self) -> "ResidualUNetSettings":
        if len(self.is_attention) != len(self.channel_multipliers):
            raise ValueError(
                f"is_attention has {len(self.is_attention)} levels, but channel_multipliers has "
                f"{len(self.channel_multipliers)}; give one value for each level in both"
            )
        return self
