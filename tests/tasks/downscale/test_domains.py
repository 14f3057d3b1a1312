"""The two domains of DeepR: 32 x 20 cells to train on, and 240 x 150 coarse around 800 x 500 fine cells to draw on."""

import numpy as np
import pytest
from iris.coords import DimCoord
from iris.cube import Cube

from esmlearn.fields.field import Field
from esmlearn.settings import EnsembleSettings
from esmlearn.tasks.downscale.apply import fine_template, prepare
from esmlearn.tasks.downscale.train import FineData, fit
from esmlearn.tasks.ensembles.sampling import sample_members
from tests.tasks.downscale.test_downscale import downscale_settings

# Step, first and last centre of longitude and latitude; latitudes descend, as in ERA5.
DOMAINS = {
    "reduced": ((0.25, (6.0, 13.75), (50.0, 45.25)), (0.05, (9.2, 10.75), (48.0, 47.05))),
    "complete": ((0.25, (-20.5, 39.25), (66.25, 29.0)), (0.05, (-10.0, 29.95), (60.0, 35.05))),
}
DAYS = np.arange(0, 700, 7)


def temperature(step: float, lon: tuple[float, float], lat: tuple[float, float], days: np.ndarray) -> Field:
    """A front that drifts over a season, at the centres of a grid."""
    x, y = (
        first + np.sign(last - first) * step * np.arange(round(abs(last - first) / step) + 1)
        for first, last in (lon, lat)
    )
    season = 10 * np.cos(2 * np.pi * days / 365.25)
    values = 280 - season[:, None, None] + 5 * np.tanh(x - 10 - np.sin(days)[:, None, None]) - 0.5 * y[:, None]
    axes = [
        DimCoord(days + 0.5, "time", units="days since 2001-01-01"),
        DimCoord(y, "latitude", units="degrees"),
        DimCoord(x, "longitude", units="degrees"),
    ]
    cube = Cube(
        values.astype(np.float32),
        var_name="tas",
        units="K",
        dim_coords_and_dims=[(axis, dim) for dim, axis in enumerate(axes)],
    )
    return Field.from_cube(cube)


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_is_learned_from_and_drawn_on(domain, tmp_path, monkeypatch):
    monkeypatch.setattr("esmlearn.tasks.downscale.train.VALIDATION_SAMPLES", 4)
    coarse_grid, fine_grid = DOMAINS[domain]
    days = DAYS if domain == "reduced" else np.arange(0, 730, 73)
    coarse, fine = temperature(*coarse_grid, days), temperature(*fine_grid, days)
    shapes = {"reduced": ((20, 32), (20, 32)), "complete": ((150, 240), (500, 800))}
    assert (coarse.land.shape, fine.land.shape) == shapes[domain]
    sizes = {"n_channels": 8, "channel_multipliers": (1, 1, 1), "is_attention": (False, False, True)}
    settings = downscale_settings(denoiser=sizes, window=(20, 32), sampler={"steps": 1, "sigma_max": 20.0})
    settings = settings.model_copy(update={"data": settings.data.model_copy(update={"scale_by": "domain"})})
    trained = fit(FineData(fine, {"coarse": coarse}, {}), settings, tmp_path)
    few = EnsembleSettings(members=2, sampler={"steps": 1, "sigma_max": 20.0}, tile=(256, 256))
    some = coarse[:1]
    template = fine_template(trained, some)
    task = prepare(trained, {"coarse": some}, template, few)
    members = sample_members(trained, task, few)
    assert members.shape == (2, 1, 1, *shapes[domain][1])
    # The front is where it is in the truth: the regression has learned nothing yet, and departs from the coarse field.
    assert np.abs(task.first_guess().daily - fine.values[:1, 0]).max() < 0.5
