"""A file of OBS6 data is named and dressed as ESMValCore looks for it, and is in place only when it is whole."""

from pathlib import Path

import iris
import numpy as np
import pytest

from esmlearn.datasets.obs6 import FILL, Obs6
from esmlearn.errors import DataError

SST = Obs6("GLOBE", "sat", "v1", "tos")
DATES = np.arange("2003-02-27", "2003-03-02", dtype="datetime64[D]")
GLOBE = {"lat": np.array([-90.0, -30, 30, 90]), "lon": np.array([0.0, 120, 240])}


def test_values_and_bounds_are_those_of_the_cells(tmp_path):
    path = SST.path(tmp_path, DATES[0], DATES[-1])
    assert path == Path(tmp_path, "Tier2", "GLOBE", "OBS6_GLOBE_sat_v1_Oday_tos_20030227-20030301.nc")
    values = np.arange(36, dtype=np.float32).reshape(3, 4, 3)
    values[0, 0, 0] = FILL
    with SST.write(path, DATES, **GLOBE, about={"title": "Made for a test"}, days_in_chunk=2) as tos:
        tos[:] = values
    cube = iris.load_cube(path)
    assert cube.attributes["title"] == "Made for a test" and cube.attributes["tier"] == "2"
    assert np.ma.getmaskarray(cube.data).sum() == 1
    np.testing.assert_array_equal(cube.data.filled(FILL), values)
    assert cube.coord("latitude").bounds.tolist() == [[-90, -60], [-60, 0], [0, 60], [60, 90]]
    assert cube.coord("longitude").bounds.tolist() == [[-60, 60], [60, 180], [180, 300]]
    assert [str(cell.bound[0]) for cell in cube.coord("time").cells()] == [f"{day} 00:00:00" for day in DATES]


def test_an_interrupt_leaves_the_older_file(tmp_path):
    path = SST.path(tmp_path, DATES[0], DATES[-1])
    path.parent.mkdir(parents=True)
    path.write_bytes(b"older")
    with pytest.raises(KeyboardInterrupt), SST.write(path, DATES, **GLOBE, about={}, days_in_chunk=2) as tos:
        tos[0] = 1.0
        raise KeyboardInterrupt
    assert path.read_bytes() == b"older"
    assert list(path.parent.iterdir()) == [path]


def test_a_single_row_is_refused(tmp_path):
    one_row = GLOBE | {"lat": np.array([0.0])}
    with (
        pytest.raises(DataError, match="at least two latitudes"),
        SST.write(tmp_path / "a.nc", DATES, **one_row, about={}, days_in_chunk=2),
    ):
        pass
