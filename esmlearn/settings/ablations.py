"""Ablations of an ensemble: members without some conditions, with other gaps, or with other steps of the sampler."""

from collections.abc import Mapping

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Positive, Share
from esmlearn.settings.diffusion import DiffusionTrainSettings, EnsembleSettings


class AblationSettings(Block):
    """Members that are sampled otherwise than those of the script, to find out what one condition or setting brings."""

    without: tuple[str, ...] = Field(
        (),
        description="conditions that are left out, of those that the training dropped at random: `surface`, `place`, "
        "`date`; of super-resolution also `hour`, `neighbours`, `in_situ`, and the names of its conditions",
    )
    share: Share | None = Field(
        None, description="share of `data.target` to hide, with gaps as in the training; none: the gaps of the data"
    )
    steps: Positive | None = Field(None, description="steps of the sampler; none: those of the ensemble")

    @model_validator(mode="after")
    def _something_differs(self) -> "AblationSettings":
        if not self.model_fields_set:
            raise ValueError("an ablation needs one of without, share, steps; without any it is the ensemble itself")
        return self

    def sampling(self, ensemble: EnsembleSettings) -> EnsembleSettings:
        """Settings by which the members of the ablation are sampled."""
        if self.steps is None:
            return ensemble
        sampler = ensemble.sampler.model_copy(update={"steps": self.steps})
        return ensemble.model_copy(update={"sampler": sampler})


def ablation_problems(ablations: Mapping[str, AblationSettings], trained: DiffusionTrainSettings) -> list[str]:
    """List the ablations that a trained ensemble does not allow, one sentence for each problem."""
    known = trained.droppable_conditions
    problems = []
    for name, ablation in ablations.items():
        unknown = [part for part in ablation.without if part not in known]
        if unknown:
            problems.append(
                f"ablations.{name}.without names {', '.join(unknown)}, but the ensemble has learned to do without "
                f"{', '.join(known) or 'nothing'} only; correct the name, or train with a dropout of it."
            )
        if ablation.share is not None and (obstacle := trained.why_no_share):
            problems.append(f"ablations.{name}.share {obstacle}")
    return problems
