"""What both denoisers are told of place and time, and what they make of not being told."""

import math

import pytest
import torch
from torch import nn

from esmlearn.models.denoisers.condition import Condition
from esmlearn.models.denoisers.convnext_unet import ConvNextUNet
from esmlearn.models.denoisers.parts import where_and_when
from esmlearn.models.denoisers.residual_unet import ResidualUNet
from esmlearn.settings import DenoiserSettings, ResidualUNetSettings

NETWORKS = {
    "convnext": lambda: ConvNextUNet(DenoiserSettings(dim=8, dim_mults=(1, 2), heads=2), 1, 1),
    "residual": lambda: ResidualUNet(ResidualUNetSettings(n_channels=8, dropout=0.0), 1, 1),
}


def told(place=(30.0, 140.0), season=0.3) -> Condition:
    return Condition(torch.ones(1, 1, 8, 8), torch.tensor([place]), torch.tensor([season]))


@pytest.mark.parametrize("coordinates", ["unit_sphere", "sincos"])
def test_not_told_is_zero_and_no_place_or_date_is(coordinates):
    """The sine and the cosine of an angle are never both zero."""
    nothing = where_and_when(told((math.nan, math.nan), math.nan), coordinates, date=True, hour=False)
    assert not nothing.any()
    some = where_and_when(told((math.nan, math.nan)), coordinates, date=True, hour=False)
    n_place = some.shape[1] - 4
    assert not some[:, :n_place].any()
    assert some[:, n_place:].square().sum() == pytest.approx(2.0)
    for latitude in range(-90, 91, 30):
        features = where_and_when(told((float(latitude), 0.0)), coordinates, date=False, hour=False)
        assert features.square().sum() >= 0.99


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_network_answers_whether_told_or_not(network):
    """The answer is finite, another one than at any place, and the same wherever it is not told."""
    torch.manual_seed(0)
    model = network().eval()
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.2)
    x, level = torch.ones(1, 1, 8, 8), torch.zeros(1)
    here, there = model(x, level, told()), model(x, level, told((-50.0, 20.0)))
    untold = model(x, level, told((math.nan, math.nan)))
    assert untold.isfinite().all()
    assert min((untold - here).abs().max(), (untold - there).abs().max(), (here - there).abs().max()) > 1e-4
