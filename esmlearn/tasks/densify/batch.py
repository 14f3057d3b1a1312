"""What is asked of a network that completes levels."""

import torch
from einops import rearrange

from esmlearn.models.denoisers.condition import Condition, centre
from esmlearn.tasks.densify.inputs import densify_maps
from esmlearn.tasks.densify.samples import Sample
from esmlearn.tasks.ensembles.regression import Question


def ask_levels(sample: Sample) -> Question:
    """Ask for what is hidden of all levels; a regression departs from their climatologies."""
    maps = densify_maps(sample.values, sample.observed, sample.surface, sample.surface_observed, sample.land)
    return Question(
        Condition(maps, centre(sample.position), sample.year_fraction),
        torch.zeros_like(sample.values),
        sample.values,
        sample.valid,
        sample.observed,
        sample.learned,
        rearrange(sample.position[:, 0].deg2rad().cos(), "n y x -> n 1 y x"),
    )
