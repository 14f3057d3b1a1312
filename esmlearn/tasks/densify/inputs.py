"""Inputs of a network that completes levels: sparse values, where they are, an analysis of them, and the surface."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.baselines.covariance import Covariance
from esmlearn.models.denoisers.condition import Condition, centre
from esmlearn.tasks.densify.analysis import analyse
from esmlearn.tasks.densify.samples import LevelSample
from esmlearn.tasks.ensembles.regression import RegressionBatch


def channels(n_levels: int, *, surface: bool, errors: bool = False) -> tuple[str, ...]:
    """Names of the channels of `level_maps`, with or without those of the surface and of errors."""
    above = ("surface",) if surface else ()
    levels = range(n_levels)
    return (
        *(f"value, level {level}" for level in levels),
        *above,
        *(f"observed, level {level}" for level in levels),
        *(f"{name} observed" for name in above),
        "land",
        *(
            f"{name}, level {level}"
            for name in ("analysis", "weight", *(("error",) if errors else ()))
            for level in levels
        ),
    )


def level_maps(
    values: Float[Tensor, "map var lat lon"],
    observed: Bool[Tensor, "map var lat lon"],
    surface: Float[Tensor, "map surface lat lon"],
    surface_observed: Bool[Tensor, "map surface lat lon"],
    land: Bool[Tensor, "map lat lon"],
    analysis: tuple[Float[Tensor, "map var lat lon"], Float[Tensor, "map var lat lon"]],
    error: Float[Tensor, "map var lat lon"] | None = None,
) -> Float[Tensor, "map channel lat lon"]:
    """Put the channels of some times together, as `channels` names them; each level keeps its own mask.

    Profiles are single cells, which a convolution hardly sees: so an analysis of them is an input, too.

    Parameters
    ----------
    values, observed
        Scaled values of the levels, and where they count.
    surface, surface_observed
        The same of the surface; no channel at all for a network that is never conditioned on it.
    land
        True on land.
    analysis
        Optimal interpolation of the profiles of this time and those around it, and the weight of observations in it.
    error
        Standard deviations of the errors of the values; None for a network that is not conditioned on them.
    """
    known = [values.masked_fill(~observed, 0.0), surface.masked_fill(~surface_observed, 0.0)]
    masks = [mask.to(values.dtype) for mask in (observed, surface_observed, land[:, None])]
    errors = [] if error is None else [error.masked_fill(~observed, 0.0)]
    return torch.cat([*known, *masks, *analysis, *errors], dim=1)


def make_batch(samples: LevelSample, covariance: Covariance, *, errors: bool = False) -> RegressionBatch:
    """Make the batch of a regression, which departs from the optimal interpolation of all profiles.

    With `errors`, those of observations are among its inputs.
    """
    analysis = analyse(samples.near, samples.position, covariance)
    maps = level_maps(
        samples.given,
        samples.observed,
        samples.surface,
        samples.surface_observed,
        samples.land,
        analysis,
        samples.error if errors else None,
    )
    return RegressionBatch(
        Condition(maps, centre(samples.position), samples.year_fraction),
        base=analysis[0],
        values=samples.values,
        valid=samples.valid,
        observed=samples.observed,
        given=samples.given,
        error=samples.error,
        learned=samples.learned,
        area=samples.area,
    )
