"""Coordinates of place and time in both denoisers, given and dropped."""

import math

import pytest
import torch
from torch import nn

from esmlearn.models.denoisers.condition import Condition
from esmlearn.models.denoisers.convnext_unet import ConvNextUNet
from esmlearn.models.denoisers.parts import place_and_time
from esmlearn.models.denoisers.residual_unet import ResidualUNet
from esmlearn.settings import DenoiserSettings, ResidualUNetSettings

NETWORKS = {
    "convnext": lambda: ConvNextUNet(DenoiserSettings(dim=8, dim_mults=(1, 2), heads=2), 1, 1),
    "residual": lambda: ResidualUNet(ResidualUNetSettings(n_channels=8, dropout=0.0), 1, 1),
}


def condition(place=(30.0, 140.0), season=0.3) -> Condition:
    return Condition(torch.ones(1, 1, 8, 8), torch.tensor([place]), torch.tensor([season]))


@pytest.mark.parametrize("coordinates", ["unit_sphere", "sincos"])
def test_dropped_coordinates_are_zero_and_no_place_or_date_is(coordinates):
    """The sine and the cosine of an angle are never both zero."""
    nothing = place_and_time(condition((math.nan, math.nan), math.nan), coordinates, date=True, hour=False)
    assert not nothing.any()
    some = place_and_time(condition((math.nan, math.nan)), coordinates, date=True, hour=False)
    n_place = some.shape[1] - 4
    assert not some[:, :n_place].any()
    assert some[:, n_place:].square().sum() == pytest.approx(2.0)
    for latitude in range(-90, 91, 30):
        features = place_and_time(condition((float(latitude), 0.0)), coordinates, date=False, hour=False)
        assert features.square().sum() >= 0.99


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_network_works_with_and_without_coordinates(network):
    """Without them the output is finite, and another one than at any place."""
    torch.manual_seed(0)
    model = network().eval()
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.2)
    x, level = torch.ones(1, 1, 8, 8), torch.zeros(1)
    here, there = model(x, level, condition()), model(x, level, condition((-50.0, 20.0)))
    dropped = model(x, level, condition((math.nan, math.nan)))
    assert dropped.isfinite().all()
    assert min((dropped - here).abs().max(), (dropped - there).abs().max(), (here - there).abs().max()) > 1e-4
