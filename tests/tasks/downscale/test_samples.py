"""Samples of super-resolution: what is left out, what stations say, and times that match."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from iris.coords import DimCoord
from iris.cube import Cube

from esmlearn.errors import DataError
from esmlearn.fields.coarsening import coarsen
from esmlearn.fields.field import Field
from esmlearn.fields.monthly_scaling import MonthlyScaling
from esmlearn.fields.times import match_times
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.tasks.downscale.conditions import CoarseInput, StaticFields
from esmlearn.tasks.downscale.inputs import channels, condition_names, make_batch
from esmlearn.tasks.downscale.samples import FineSample, FineSamples
from tests.made_fields import make_cube, wavy_ocean
from tests.tasks.downscale.test_downscale import downscale_settings


def make_samples(**conditions) -> FineSamples:
    fine = Field.from_cube(make_cube(wavy_ocean(400)))
    scaling = MonthlyScaling.fit(fine)
    grid = RectilinearGrid.of(fine.like[0])
    everything = np.arange(400)
    settings = downscale_settings(conditions=conditions)
    names = ("coarse", *settings.conditions.coarse)
    steps = {"coarse": settings.conditions.neighbours}
    coarse = [
        CoarseInput.of(name, coarsen(fine, 4), grid, neighbours=steps.get(name, ())).fit(fine, everything)
        for name in names
    ]
    fixed = {name: np.arange(12.0 * 16).reshape(12, 16) for name in settings.conditions.static}
    return FineSamples(fine, scaling, coarse, StaticFields.of(fixed, (12, 16)), settings, seed=0, length=200)


def hourly(hours) -> Field:
    time = DimCoord(np.asarray(hours, float), "time", units="hours since 2001-01-01")
    lat, lon = (DimCoord([0.0, 1.0], name, units="degrees") for name in ("latitude", "longitude"))
    return Field.from_cube(
        Cube(
            np.ones((len(hours), 2, 2), np.float32),
            var_name="tas",
            units="K",
            dim_coords_and_dims=[(time, 0), (lat, 1), (lon, 2)],
        )
    )


def test_the_coarse_field_itself_is_never_left_out_and_others_as_often_as_asked():
    samples = make_samples(coarse=["psl"], static=["orog"], dropout=0.3)
    known = torch.stack([samples[k].known.any(dim=(1, 2)) for k in range(200)]).float().mean(0)
    assert known[0] == 1
    assert known[1:].tolist() == pytest.approx([0.7, 0.7], abs=0.1)


def test_conditions_of_a_window_are_those_of_the_whole_domain():
    samples = make_samples(coarse=["psl"], static=["orog"], dropout=0.0)
    whole = samples.coarse[0].channels(np.array([5]), samples.month[5:6])
    lat, lon = slice(2, 9), slice(6, 15)
    part = samples.coarse[0].within(lat, lon).channels(np.array([5]), samples.month[5:6])
    np.testing.assert_allclose(part.values, whole.values[..., lat, lon], atol=1e-6)
    assert (part.known == whole.known[..., lat, lon]).all()


def test_neighbours_are_the_coarse_field_at_other_times_and_unknown_beyond_the_ends():
    samples = make_samples(coarse=["psl"], static=["orog"], dropout=0.0)
    given = replace(samples.coarse[0], neighbours=(-2, 3))
    month = samples.month
    found = given.channels(np.array([0, 5, 399]), month[[0, 5, 399]])
    assert found.known.any(axis=(2, 3)).tolist() == [[True, False, True], [True, True, True], [True, True, False]]
    later = given.regridder(given.field.values[8:9])
    np.testing.assert_allclose(
        found.values[1, 2][found.known[1, 2]],
        samples.coarse[0].scaling.scale(later, month[5:6])[0, 0][found.known[1, 2]],
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    "conditions", [{}, {"neighbours": [-1, 2], "coarse": ["psl"], "static": ["orog"], "in_situ": {"share": (0.2, 0.2)}}]
)
def test_each_channel_has_a_name_and_is_what_it_says(conditions):
    samples = make_samples(dropout=0.0, **conditions)
    sample = samples[3]
    for n_variables in (1, 2):
        names = channels(samples.settings, n_variables)
        assert len(set(names)) == len(names) == 2 * len(condition_names(samples.settings, n_variables)) + 1
    maps = make_batch(FineSample.stack([sample])).condition.maps[0]
    found = dict(zip(channels(samples.settings, 1), maps, strict=True))
    assert torch.equal(found["land"].bool(), sample.land)
    assert torch.equal(found["coarse +0 steps, variable 0"], sample.conditions[0])
    assert torch.equal(found["coarse +0 steps, variable 0 known"].bool(), sample.known[0])
    if conditions:
        # Rising by one from cell to cell along a row.
        scaled = 1 / np.arange(12.0 * 16).std()
        np.testing.assert_allclose(found["orog"].diff(dim=1), scaled, rtol=1e-4)
        seen = found["in_situ, variable 0 known"].bool()
        torch.testing.assert_close(found["in_situ, variable 0"][seen], sample.values[0][seen])
        assert 0.05 < seen.float().mean() < 0.4
        for name in ("coarse -1 steps, variable 0", "coarse +2 steps, variable 0", "psl"):
            assert found[f"{name} known"].any()
        torch.testing.assert_close(found["psl"], found["coarse +0 steps, variable 0"])  # made of the same field
        assert (found["coarse -1 steps, variable 0"] != found["psl"]).any()


def test_what_is_left_out_leaves_no_trace():
    samples = make_samples(coarse=["psl"], static=["orog"], dropout=0.5)
    for k in range(20):
        assert (samples[k].conditions[~samples[k].known] == 0).all()


def test_stations_have_the_truth_where_they_are_and_nothing_elsewhere():
    samples = make_samples(coarse=["psl"], static=["orog"], in_situ={"share": (0.2, 0.2)}, dropout=0.0)
    sample = samples[0]
    seen = sample.known[-1]
    assert seen.float().mean() == pytest.approx(0.2, abs=0.12)
    assert not (seen & ~sample.valid[0]).any()
    torch.testing.assert_close(sample.conditions[-1][seen], sample.values[0][seen])
    assert (sample.conditions[-1][~seen] == 0).all()


def test_errors_of_stations_have_the_size_that_is_asked():
    samples = make_samples(coarse=["psl"], static=["orog"], in_situ={"share": (0.5, 0.5), "error": 2.0}, dropout=0.0)
    errors = []
    for k in range(40):
        seen = samples[k].known[-1]
        errors.append(((samples[k].conditions[-1] - samples[k].values[0]) * seen).numpy()[seen.numpy()])
    scaled = 2.0 * np.sqrt((samples.scaling.std[:, 0, ~samples.field.land] ** -2.0).mean())
    assert np.concatenate(errors).std() == pytest.approx(scaled, rel=0.1)


def test_a_sample_is_the_same_in_every_run():
    torch.testing.assert_close(make_samples(coarse=["psl"])[7].conditions, make_samples(coarse=["psl"])[7].conditions)


def test_days_match_whatever_their_hour_and_hours_by_their_hour():
    noon, midnight = hourly([12, 36, 60]), hourly([24, 48])
    assert match_times(noon, midnight, names=("one", "other")).tolist() == [1, 2]
    three = hourly(range(0, 48, 3))
    assert match_times(three, hourly([6, 9, 12]), names=("one", "other")).tolist() == [2, 3, 4]
    with pytest.raises(DataError, match="The one lacks 2 of the 3 dates of the other"):
        match_times(three, hourly([45, 48, 51]), names=("one", "other"))


@pytest.mark.parametrize("step", [1, 3, 6, 12])
def test_several_times_of_one_day_are_refused(step):
    """Neither the first nor the last of them is the day."""
    with pytest.raises(DataError, match=r"The one is .*hourly, the other daily: .*daily_statistics"):
        match_times(hourly(range(0, 48, step)), hourly([12, 36]), names=("one", "other"))


def test_sub_daily_fields_know_their_step():
    three, days = hourly(range(0, 48, 3)), hourly([12, 36, 60])
    assert (three.frequency, days.frequency) == ("3hr", "day")
    assert three.hour[:4].tolist() == [0, 3, 6, 9]
