"""The stand-in for ESMPy lets ESMValCore be imported, and is honest about what it can't do.

It is tried in a process of its own, where it goes before a real ESMPy.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STAND_IN = Path(__file__).parents[1] / "packaging" / "esmpy"

SCRIPT = """
import json
import esmpy
import esmf_regrid.experimental.io, esmf_regrid.experimental.partition
import iris.coords, iris.cube
import numpy as np
from esmvalcore.preprocessor import regrid

lat, lon = np.meshgrid(np.linspace(-40, 40, 9), np.linspace(10, 50, 6), indexing="ij")
curvilinear = iris.cube.Cube(np.ones(lat.shape), aux_coords_and_dims=[
    (iris.coords.AuxCoord(lat, "latitude", units="degrees"), (0, 1)),
    (iris.coords.AuxCoord(lon + 0.1 * lat, "longitude", units="degrees"), (0, 1)),
])
axes = [iris.coords.DimCoord(np.arange(5.0, 15), name, units="degrees") for name in ("latitude", "longitude")]
for axis in axes:
    axis.guess_bounds()
dims = [(axis, dim) for dim, axis in enumerate(axes)]
regular = iris.cube.Cube(np.ones((10, 10)), dim_coords_and_dims=dims)

def attempt(cube, scheme):
    try:
        return float(regrid(cube.copy(), "2x2", scheme).data.mean())
    except esmpy.StandInError as error:
        return str(error)

print(json.dumps({
    "file": esmpy.__file__,
    "regular": {scheme: attempt(regular, scheme) for scheme in ("area_weighted", "linear", "nearest")},
    "curvilinear": attempt(curvilinear, "linear"),
    "curvilinear, generic": attempt(curvilinear, {"reference": "iris.analysis:UnstructuredNearest"}),
}))
"""


@pytest.fixture(scope="module")
def answers():
    environment = {**os.environ, "PYTHONPATH": str(STAND_IN)}
    run = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_esmvalcore_can_be_imported(answers):
    assert Path(answers["file"]).is_relative_to(STAND_IN)


def test_regular_grids_need_no_esmpy(answers):
    assert answers["regular"] == pytest.approx({"area_weighted": 1.0, "linear": 1.0, "nearest": 1.0})


def test_a_curvilinear_grid_is_refused_with_a_way_out(answers):
    message = answers["curvilinear"]
    assert "conda install -c conda-forge esmpy" in message
    assert "iris.analysis:UnstructuredNearest" in message


def test_the_way_out_works(answers):
    assert answers["curvilinear, generic"] == pytest.approx(1.0)
