"""An ensemble drawn otherwise than usual, to see what each thing brings: one function for each task."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.gaps.apply import apply_gaps
from esmlearn.gaps.corrupt import hide_levels
from esmlearn.settings import AblationSettings, EnsembleSettings, GapSettings, HideSettings
from esmlearn.tasks.densify.apply import aim_at_levels
from esmlearn.tasks.downscale.apply import aim_at_fine
from esmlearn.tasks.ensembles.sampling import draw
from esmlearn.tasks.fill.apply import aim_at_gaps
from esmlearn.trained.trained import TrainedDownscaler, TrainedEnsemble

SIMULATED = ("clouds", "rectangles", "swaths", "profiles")
"""Gaps that can be drawn with another share; in place of others there are clouds."""


class Variation(NamedTuple):
    """What an ensemble was given at some times, and what it drew."""

    field: Field
    members: Float[np.ndarray, "member time var lat lon"]


def spread_times(n_times: int, count: int) -> Int[np.ndarray, " chosen"]:
    """Indices of so many times, evenly from the first to the last; of all if there are fewer."""
    return np.unique(np.linspace(0, n_times - 1, min(count, n_times)).round().astype(int))


def vary_levels(
    trained: TrainedEnsemble,
    field: Field,
    complete: Field | None,
    surface: Field | None,
    ensemble: EnsembleSettings,
    ablation: AblationSettings,
    times: Int[np.ndarray, " chosen"],
) -> Variation:
    """Complete levels otherwise.

    Parameters
    ----------
    trained, field, surface
        As of `aim_at_levels`.
    complete
        The truth at the times of the field, which is hidden anew where the ablation has a share.
    ensemble
        How members are drawn but for the ablation; the seed is the same.
    ablation
        What differs.
    times
        Indices of the times to draw.
    """
    given = field[times]
    if ablation.share is not None and complete is not None:
        given = hide_levels_anew(complete[times], trained.settings.hide, ablation.share, seed=ensemble.seed)
    settings = ablation.draw(ensemble)
    aim = aim_at_levels(trained, given, surface, tile=settings.tile, without=ablation.without)
    return Variation(given, draw(trained, aim, settings))


def vary_gaps(
    trained: TrainedEnsemble,
    field: Field,
    complete: Field | None,
    guide: Reconstruction | None,
    ensemble: EnsembleSettings,
    ablation: AblationSettings,
    times: Int[np.ndarray, " chosen"],
) -> Variation:
    """Fill gaps otherwise; parameters as of `vary_levels`, and what the guide says of the field."""
    given = field
    if ablation.share is not None and complete is not None:
        kind = trained.settings.data.gaps.kind
        gaps = GapSettings(kind=kind if kind in SIMULATED else "clouds", share=ablation.share, seed=ensemble.seed)
        given, guide = apply_gaps(complete, gaps), None
    aim = aim_at_gaps(trained, given, guide=guide, without=ablation.without)
    return Variation(given[times], draw(trained, aim, ablation.draw(ensemble), times=times))


def vary_fine(
    trained: TrainedDownscaler,
    coarse: Mapping[str, Field],
    fine: Field,
    in_situ: Field | None,
    ensemble: EnsembleSettings,
    ablation: AblationSettings,
    times: Int[np.ndarray, " chosen"],
) -> Variation:
    """Draw fine fields otherwise; parameters as of `aim_at_fine` and `vary_levels`."""
    settings = ablation.draw(ensemble)
    aim, _ = aim_at_fine(trained, coarse, fine, settings, in_situ=in_situ, without=ablation.without)
    return Variation(fine[times], draw(trained, aim, settings, times=times))


def hide_levels_anew(complete: Field, hide: HideSettings, share: float, *, seed: int) -> Field:
    """Hide a share of complete levels at each time, in the shape that a training hides."""
    shape = complete.values.shape[1:]
    rng = np.random.default_rng(seed)
    hidden = [
        hide_levels(hide.kind, shape, share=(share, share), rng=rng, alike=False, **hide.options)
        for _ in complete.values
    ]
    return complete.hide(np.stack(hidden))
