"""Ablations: members that are sampled otherwise than those of the script, to see what each condition brings."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float, Int

from esmlearn.fields.field import Field
from esmlearn.settings import AblationSettings, ReconstructSettings
from esmlearn.tasks.ensembles.calibration import spread_times
from esmlearn.tasks.outputs import AblationOutput

# (what differs, indices of the times) -> what the ensemble was given at these times, and its members
Vary = Callable[[AblationSettings, Int[np.ndarray, " chosen"]], tuple[Field, np.ndarray]]


def ablate(
    settings: ReconstructSettings, field: Field, members: Float[np.ndarray, "member time var lat lon"], vary: Vary
) -> Iterator[AblationOutput]:
    """Sample the ensemble otherwise at some times, beside the members that were sampled as usual.

    Parameters
    ----------
    settings
        Of the script, with its ablations.
    field, members
        What the ensemble was given, and its members as usual.
    vary
        Samples the members of one ablation.
    """
    if not settings.ablations:
        return
    times = spread_times(len(field.dates), settings.ablation_times)
    yield AblationOutput(0, "", {}, field[times], members[:, times])
    for number, (name, ablation) in enumerate(settings.ablations.items(), start=1):
        varied = ablation.model_dump(mode="json", exclude_unset=True)
        yield AblationOutput(number, name, varied, *vary(ablation, times))
