"""Settings of the training loop, and of the script `train` for the transformer."""

from typing import Literal

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Positive, Seed, Share
from esmlearn.settings.data import DataSettings
from esmlearn.settings.networks import ModelSettings


class TrainingLoopSettings(Block):
    """Settings of the training loop, the same for all tasks."""

    steps: Positive = Field(400, description="optimizer steps")
    batch_size: Positive = Field(4, description="training samples in a step; a GPU has memory for more")
    learning_rate: float = Field(8e-4, gt=0, description="highest learning rate of AdamW")
    weight_decay: float = Field(1e-2, ge=0, description="weight decay of AdamW")
    warmup: Share = Field(0.05, description="share of the steps in which the learning rate rises")
    schedule: Literal["cosine", "plateau", "constant"] = Field(
        "cosine", description="learning rate after the warm-up; plateau: halved at validations without improvement"
    )
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    ema: float = Field(0.99, ge=0, lt=1, description="decay of the averaged weights; 0: none")
    validate_every: Positive = Field(100, description="steps between two validations, each with a checkpoint")
    patience: Positive = Field(10, description="validations without improvement after which the training stops")
    seed: Seed = Field(0, description="seed of the initial weights, the samples and their gaps")
    resume: str | None = Field(None, description="folder of a killed run, whose checkpoint is resumed")
    precision: Literal["fp32", "bf16"] = Field(
        "fp32", description="single precision, or mixed with bfloat16: faster on recent GPUs"
    )


class TransformerTrainingSettings(TrainingLoopSettings):
    """How a transformer is trained."""

    learning: Literal["supervised", "self_supervised"] | None = Field(
        None, description="target: the complete dataset, or observations that are hidden; default: by `data.target`"
    )
    decode_days: int = Field(
        8, ge=1, le=31, description="days of a month that a step decodes, chosen at random: neighbours are alike"
    )
    loss: Literal["gaussian", "absolute"] = Field("gaussian", description="the first also trains a standard deviation")
    monthly_weight: float = Field(0.5, ge=0, description="weight of the monthly loss; that of the daily loss is 1")
    hide_days: Share = Field(
        0.8, description="self_supervised: share of the days on which a cloud of another day hides more"
    )


class TrainScriptSettings(Block):
    """Settings of the script `train` for all tasks."""

    training: TrainingLoopSettings


class TransformerDataSettings(DataSettings):
    """Data of the training of a transformer."""

    further_targets: tuple[str, ...] = Field(
        (), description="further complete datasets to learn from, such as other climate models, on the grid of `target`"
    )


class TrainReconstructSettings(TrainScriptSettings):
    """Settings of the script `train` for the spatio-temporal transformer."""

    task: Literal["reconstruct"] = Field("reconstruct", description="what is trained: the transformer")
    data: TransformerDataSettings
    model: ModelSettings = ModelSettings()
    training: TransformerTrainingSettings = TransformerTrainingSettings()

    @model_validator(mode="after")
    def _learning_has_what_it_needs(self) -> "TrainReconstructSettings":
        if self.training.learning == "supervised" and self.data.target is None:
            raise ValueError("learning `supervised` needs data.target, the dataset with the complete field")
        if self.data.further_targets and self.learning == "self_supervised":
            raise ValueError("data.further_targets are complete datasets, so learning must be `supervised`")
        if not self.model.daily and self.learning == "self_supervised":
            raise ValueError(
                "learning `self_supervised` hides observed days, so it needs the daily decoder (model.daily)"
            )
        return self

    @property
    def learning(self) -> str:
        """`training.learning`, by default `supervised` where there is a target."""
        return self.training.learning or ("supervised" if self.data.target else "self_supervised")
