"""The oddest small cube is filled, finite over the ocean, or refused in plain sentences.

`make fuzz` (HYPOTHESIS_PROFILE=long) tries many more cubes than a run of the tests.
"""

import re

import iris
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, reject

import esmlearn
from esmlearn import baselines
from esmlearn.cubes.order import put_in_order
from esmlearn.errors import EsmlearnError
from esmlearn.fields.reconstruction import read_values
from esmlearn.filling import write_filled
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.tasks.reconstruct.train import fit
from tests.cubes.odd_cubes import TYPES, OddCase, odd_cases
from tests.fuzzing import few
from tests.small import small_ocean, small_settings


def filled_or_refused(fill, case):
    """Fill a cube, and look at what comes out: finite where anything was observed, and masked at all times or none."""
    try:
        cube = case.cube()
    except (ValueError, TypeError):  # iris itself can't hold it
        reject()
    try:
        result = fill(cube)
    except EsmlearnError as error:
        words = str(error)
        assert re.fullmatch(r"[^\n]{20,}[.]", words), words
        assert "object at" not in words
        return
    values, deviation = read_values(result)
    there = ~np.ma.getmaskarray(result.data)
    assert np.isfinite(np.ma.getdata(result.data)[there]).all(), "unmasked values are finite"
    assert there.any()
    assert (there == there[0]).all(), "a cell is ocean at all times, or land"
    if deviation is not None:
        known = np.isfinite(values)
        assert np.isfinite(deviation[known]).all()
        assert (deviation[known] >= 0).all()
    given_cube = put_in_order(cube)
    seen = ~np.ma.getmaskarray(np.ma.masked_invalid(given_cube.data)).all(axis=0)
    assert there[0][seen].all(), "what was ever observed is ocean"


@given(case=odd_cases())
@few(30)
def test_cubes_are_put_in_order_or_refused(case):
    def keep(cube):
        ordered = put_in_order(cube)
        assert ordered.ndim >= 2
        return baselines.fit("climatology", ordered, climatology="zero").reconstruct(ordered)

    filled_or_refused(keep, case)


@pytest.mark.parametrize("climatology", [None, "zero"])
@pytest.mark.parametrize("name", sorted(baselines.BASELINES))
@given(case=odd_cases())
@few(5)
def test_a_baseline_fills_or_refuses(name, climatology, case):
    def fill(cube):
        return baselines.fit(name, cube, climatology=climatology).reconstruct(cube)

    filled_or_refused(fill, case)


@given(case=odd_cases(times=12))
@few(3)
def test_the_best_method_fills_or_refuses(case):
    filled_or_refused(lambda cube: esmlearn.fill(cube, quiet=True), case)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A tiny model, trained for one step."""
    folder = tmp_path_factory.mktemp("model")
    return Reconstructor(fit(*small_ocean(), small_settings(steps=1, validate_every=1), folder))


@pytest.mark.parametrize("climatology", [None, "zero"])
@given(case=odd_cases())
@few(8)
def test_a_trained_model_fills_or_refuses(trained, climatology, case):
    filled_or_refused(lambda cube: trained.reconstruct(cube, climatology=climatology), case)


@pytest.mark.parametrize("name", ["sst[K]", "sea surface (degC)", "température", "a/b", 5, "2t", "time", "lat", None])
def test_an_array_of_any_name_is_filled_and_keeps_it(name):
    case = OddCase(times=20)
    coords = {"time": pd.date_range("2001-01-01", periods=20), "lat": 30 + 0.5 * np.arange(4)}
    coords["lon"] = 140 + 0.5 * np.arange(5)
    values = np.ma.filled(case.array(), np.nan)
    attributes = {"units": "degC", "long_name": "anomaly"}
    array = xr.DataArray(values, coords, ("time", "lat", "lon"), name=name, attrs=attributes)
    filled = baselines.fit("climatology", array, climatology="zero").reconstruct(array)
    assert filled.name == name or name is None
    assert filled.shape == array.shape
    assert np.isfinite(filled.values).all()


@pytest.mark.parametrize("dtype", TYPES)
def test_what_is_filled_can_be_written(dtype, tmp_path):
    cube = OddCase(times=20, dtype=dtype).cube()
    filled = baselines.fit("time_interpolation", cube, climatology="zero").reconstruct(cube)
    write_filled(filled, tmp_path / "filled.nc")
    np.testing.assert_allclose(iris.load_cube(str(tmp_path / "filled.nc"), "anomaly").data, filled.data)
