"""Inputs of a network that makes fine fields of coarse ones."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.models.denoisers.condition import Condition, centre
from esmlearn.settings import TrainDownscaleSettings
from esmlearn.settings.downscale import IN_SITU
from esmlearn.tasks.downscale.samples import FineSample
from esmlearn.tasks.ensembles.regression import RegressionBatch


def condition_names(settings: TrainDownscaleSettings, n_variables: int) -> tuple[str, ...]:
    """Names of the conditions, in their order; the coarse field of all variables comes first."""
    conditions, variables = settings.conditions, range(n_variables)
    steps = (0, *conditions.neighbours)
    in_situ = [f"{IN_SITU}, variable {variable}" for variable in variables] if conditions.in_situ else []
    return (
        *(f"{settings.data.coarse} {step:+d} steps, variable {variable}" for step in steps for variable in variables),
        *conditions.coarse,
        *conditions.static,
        *in_situ,
    )


def channels(settings: TrainDownscaleSettings, n_variables: int) -> tuple[str, ...]:
    """Names of the channels of `condition_maps`."""
    names = condition_names(settings, n_variables)
    return (*names, *(f"{name} known" for name in names), "land")


def condition_maps(
    values: Float[Tensor, "map condition lat lon"],
    known: Bool[Tensor, "map condition lat lon"],
    land: Bool[Tensor, "map lat lon"],
) -> Float[Tensor, "map channel lat lon"]:
    """Put conditions together, each with a mask of its own, as `channels` names them.

    Parameters
    ----------
    values, known
        Scaled values, and where they count; nowhere for a condition that is left out.
    land
        True on land.
    """
    masks = [mask.to(values.dtype) for mask in (known, land[:, None])]
    return torch.cat([values.masked_fill(~known, 0.0), *masks], dim=1)


def make_batch(samples: FineSample) -> RegressionBatch:
    """Make the batch of a regression, which departs from the coarse field on the fine cells."""
    n_variables = samples.values.shape[1]
    maps = condition_maps(samples.conditions, samples.known, samples.land)
    return RegressionBatch(
        Condition(maps, centre(samples.position), samples.year_fraction, samples.hour),
        base=samples.conditions[:, :n_variables].masked_fill(~samples.known[:, :n_variables], 0.0),
        values=samples.values,
        valid=samples.valid,
        observed=torch.zeros_like(samples.valid),
        given=samples.values,
        error=torch.zeros_like(samples.values),
        # Where the coarse field is not known, nothing is asked.
        learned=samples.valid & samples.known[:, :n_variables],
        area=samples.area,
    )
