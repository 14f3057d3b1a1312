"""Ablations of an ensemble: what each thing that it is told or given brings."""

from collections.abc import Mapping

from pydantic import Field, model_validator

from esmlearn.settings.base import Block, Positive, Share
from esmlearn.settings.downscaling import DownscaleTrainSettings
from esmlearn.settings.ensembles import EnsembleSettings, EnsembleTrainSettings


class AblationSettings(Block):
    """One way in which an ensemble is drawn otherwise than the script's own."""

    without: tuple[str, ...] = Field(
        (),
        description="what it is not told, of what training left out of some samples: `surface`, `place`, `date`; of "
        "super-resolution also `hour`, `neighbours`, `in_situ`, and the names of its conditions",
    )
    share: Share | None = Field(
        None,
        description="share of the complete `data.target` that is hidden anew, as by the gaps of the training; none: "
        "the gaps stay as they are",
    )
    steps: Positive | None = Field(None, description="steps of the sampler; none: as of the ensemble")

    @model_validator(mode="after")
    def _something_differs(self) -> "AblationSettings":
        if not self.model_fields_set:
            raise ValueError("an ablation needs one of without, share, steps; without any it is the ensemble itself")
        return self

    def draw(self, ensemble: EnsembleSettings) -> EnsembleSettings:
        """How the members of the ablation are drawn."""
        if self.steps is None:
            return ensemble
        sampler = ensemble.sampler.model_copy(update={"steps": self.steps})
        return ensemble.model_copy(update={"sampler": sampler})


def ablation_problems(
    ablations: Mapping[str, AblationSettings], trained: EnsembleTrainSettings | DownscaleTrainSettings
) -> list[str]:
    """List what a trained ensemble can't be asked, one sentence for each problem."""
    known = trained.can_do_without
    problems = []
    for name, ablation in ablations.items():
        unknown = [part for part in ablation.without if part not in known]
        if unknown:
            problems.append(
                f"ablations.{name}.without names {', '.join(unknown)}, but the ensemble has learned to do without "
                f"{', '.join(known) or 'nothing'} only; correct the name, or train with a dropout of it."
            )
        if ablation.share is None:
            continue
        if isinstance(trained, DownscaleTrainSettings):
            problems.append(f"ablations.{name}.share is for gaps, but super-resolution has none; leave it out.")
        elif trained.data.target is None:
            problems.append(f"ablations.{name}.share hides a complete dataset anew: it needs data.target in `train`.")
    return problems
