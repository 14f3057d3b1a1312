"""Inputs of a network that completes levels: sparse values, where they are, the surface, and analyses of both."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.models.denoisers.condition import Condition, centre
from esmlearn.tasks.densify.samples import LevelSample
from esmlearn.tasks.ensembles.regression import RegressionBatch

SCALES = (2.0, 6.0)
"""Cells over which profiles are carried to their surroundings, near and far."""

RELAXATION = 0.5
"""Weight of the climatology in these analyses: far from any profile they are zero."""


def channels(n_levels: int, *, surface: bool) -> tuple[str, ...]:
    """Names of the channels of `level_maps`."""
    above = ("surface",) if surface else ()
    levels = range(n_levels)
    analyses = [
        f"{name} over {scale:g} cells, level {level}"
        for scale in SCALES
        for name in ("analysis", "weight")
        for level in levels
    ]
    return (
        *(f"value, level {level}" for level in levels),
        *above,
        *(f"observed, level {level}" for level in levels),
        *(f"{name} observed" for name in above),
        "land",
        *analyses,
    )


def level_maps(
    values: Float[Tensor, "map var lat lon"],
    observed: Bool[Tensor, "map var lat lon"],
    surface: Float[Tensor, "map surface lat lon"],
    surface_observed: Bool[Tensor, "map surface lat lon"],
    land: Bool[Tensor, "map lat lon"],
) -> Float[Tensor, "map channel lat lon"]:
    """Put the channels of some times together, as `channels` names them; each level keeps its own mask.

    Profiles are single cells, which a convolution hardly sees: so analyses of them are inputs, too.

    Parameters
    ----------
    values, observed
        Scaled values of the levels, and where they count.
    surface, surface_observed
        The same of the surface; no channel at all for a network that is never conditioned on it.
    land
        True on land.
    """
    known = [values.masked_fill(~observed, 0.0), surface.masked_fill(~surface_observed, 0.0)]
    masks = [mask.to(values.dtype) for mask in (observed, surface_observed, land[:, None])]
    return torch.cat(
        [*known, *masks, *(part for scale in SCALES for part in analyse(known[0], masks[0], scale))], dim=1
    )


def analyse(
    values: Float[Tensor, "map var lat lon"], observed: Float[Tensor, "map var lat lon"], scale: float
) -> tuple[Float[Tensor, "map var lat lon"], Float[Tensor, "map var lat lon"]]:
    """Carry observations to their surroundings by Gaussian weights, as the first pass of successive corrections.

    Barnes 1964, https://doi.org/10.1175/1520-0450(1964)003%3C0396:ATFMDI%3E2.0.CO;2. Also gives the share of the weight
    that observations have, from 0 (the climatology alone) to 1.
    """
    rows, columns = (_weights(size, scale).to(values) for size in values.shape[-2:])
    total, weight = (rows @ part @ columns for part in (values, observed))
    return total / (weight + RELAXATION), weight / (weight + RELAXATION)


def make_batch(samples: LevelSample) -> RegressionBatch:
    """Make the batch of a regression, which departs from the climatologies of all levels."""
    maps = level_maps(samples.values, samples.observed, samples.surface, samples.surface_observed, samples.land)
    return RegressionBatch(
        Condition(maps, centre(samples.position), samples.year_fraction),
        base=torch.zeros_like(samples.values),
        values=samples.values,
        valid=samples.valid,
        observed=samples.observed,
        learned=samples.learned,
        area=samples.area,
    )


def _weights(size: int, scale: float) -> Float[Tensor, "cell cell"]:
    """Gaussian weights along one axis, counted in cells."""
    cell = torch.arange(size, dtype=torch.float32)
    return (-0.5 * ((cell[:, None] - cell) / scale) ** 2).exp()
