"""A notebook gets the scores that the script gives: the same cubes, with and without files."""

import json
import runpy
from pathlib import Path

import iris
import numpy as np
import pytest
from iris.coords import AuxCoord
from iris.cube import CubeList

import esmlearn
from esmlearn import baselines
from esmlearn.bridge.reconstructions import find_reconstructions
from esmlearn.errors import DataError, SettingsError
from esmlearn.evaluation.evaluation import Evaluation
from esmlearn.evaluation.reading import read_cases
from esmlearn.fields.input_data import InputData
from esmlearn.settings import EvaluateSettings
from tests.evaluation.downscaling_case import Downscaled
from tests.report.conftest import Session, ocean_cube, save

SCRIPT = Path(__file__).parents[2] / "diagnostics" / "evaluate.py"


def run(session, **settings):
    """Run the script, and read its scores and breakdowns."""
    runpy.run_path(str(SCRIPT))["main"](session.cfg("evaluate", ["reconstruct"], **settings))
    return [json.loads((session.work("evaluate") / f"{name}.json").read_text()) for name in ("scores", "breakdown")]


def score_files(session, **settings):
    """Score as the script does, but without its figures, which take most of its time."""
    files = find_reconstructions([session.work("reconstruct")])
    found = Evaluation.of(read_cases(files, InputData(session.inputs), EvaluateSettings.model_validate(settings)))
    return found.rows, found.breakdown


def read(session, part):
    """Cubes of a part (day, mon, day_members) by the method that left them."""
    files = sorted(session.work("reconstruct").glob(f"*_{part}.nc"))
    return {file.name.removesuffix(f"_{part}.nc").split("_", 2)[2]: iris.load_cube(file) for file in files}


def given(session, part):
    """Read a preprocessed file by a part of its name."""
    return iris.load_cube(next(file for file in session.inputs if part in Path(file).name))


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    made = Session(tmp_path_factory.mktemp("session"))
    made.reconstruct(members=5)
    return made


def test_files_of_methods_and_of_an_ensemble_get_the_scores_of_the_script(session):
    rows, parts = run(session, truth="Complete", buffer_km=30, block_days=6)
    monthly = read(session, "mon")
    del monthly["ConditionalDiffusion"]
    methods = read(session, "day") | read(session, "day_members")
    found = esmlearn.evaluate(
        methods,
        truth=given(session, "complete"),
        observed=given(session, "gappy"),
        monthly=monthly,
        buffer_km=30,
        block_days=6,
    )
    assert json.loads(json.dumps(found.rows)) == rows
    assert json.loads(json.dumps(found.breakdown)) == parts
    assert {"energy_score", "crps", "skill"} <= {row["metric"] for row in found.rows}
    table = found.table()
    assert len(table) == len(rows)
    assert table["value"].tolist() == [row["value"] for row in rows]
    _, figure = next(found.figures())
    assert (figure.name, "Gappy" in figure.caption) == ("skill_ranked", True)


def test_cubes_that_methods_give_need_no_files(tmp_path):
    """As `reconstruct` gives them: without attributes, months, or a word on which is a baseline."""
    session = Session(tmp_path)
    truth, cloudy = given(session, "complete"), given(session, "gappy")
    training = ocean_cube(days=400)
    methods = {}
    for name in ("climatology", "time_interpolation"):
        method = baselines.fit(name, training)
        methods[name] = method.reconstruct(cloudy)
        for part, cube in (("day", methods[name].copy()), ("mon", method.reconstruct(cloudy, frequency="mon"))):
            cube.attributes.update(esmlearn_method=name, esmlearn_role="baseline", esmlearn_dataset="Gappy")
            save(cube, session.work("reconstruct") / f"tos_Gappy_{name}_{part}.nc")
    rows, _ = score_files(session, truth="Complete")
    found = esmlearn.evaluate(methods, truth=truth, observed=cloudy, dataset="Gappy")
    assert found.rows == rows
    assert {row["role"] for row in rows} == {"baseline"}


def test_what_was_withheld_of_the_observations_counts_without_a_truth(tmp_path):
    session = Session(tmp_path)
    more = session.gappy
    session.gappy = more.hide(np.random.default_rng(3).random(more.values[:, 0].shape) < 0.2)
    session.reconstruct()
    rows, _ = score_files(session)
    found = esmlearn.evaluate(read(session, "day"), observed=given(session, "gappy"), monthly=read(session, "mon"))
    assert found.rows == rows
    assert found.cases[0].withheld


def test_super_resolution_gets_the_scores_of_the_script(tmp_path):
    session = Downscaled(tmp_path, part="6hr", n_days=8, short_name="tas", land=False)
    rows, parts = score_files(session, block_days=2, height="orog")
    monthly = {name: cube for name, cube in read(session, "mon").items() if name != "ConditionalDiffusion"}
    found = esmlearn.evaluate(
        read(session, "6hr") | read(session, "6hr_members"),
        truth=given(session, "fine"),
        coarse=given(session, "coarse"),
        height=given(session, "orog"),
        monthly=monthly,
        block_days=2,
    )
    assert found.rows == rows
    assert found.breakdown == parts
    assert any(row["metric"] == "coarse_consistency" for row in rows)


def deep(cube):
    """Two levels, the second with half of the values."""
    levels = CubeList()
    for depth, factor in ((5.0, 1.0), (50.0, 0.5)):
        level = plain(cube).copy(cube.data * np.float32(factor))
        level.add_aux_coord(AuxCoord(depth, standard_name="depth", units="m", attributes={"positive": "down"}))
        levels.append(level)
    both = levels.merge_cube()
    both.transpose([*range(1, both.ndim - 2), 0, both.ndim - 2, both.ndim - 1])
    return both


def test_levels_are_scored_one_by_one_and_as_profiles(session):
    days, members = read(session, "day"), read(session, "day_members")
    found = esmlearn.evaluate(
        {name: deep(cube) for name, cube in {"climatology": days["climatology"], **members}.items()},
        truth=deep(given(session, "complete")),
        observed=deep(given(session, "gappy")),
    )
    rmse = {
        row["level"]: row["value"]
        for row in found.rows
        if (row["metric"], row["frequency"], row["method"]) == ("rmse", "day", "climatology")
    }
    assert rmse == pytest.approx({5.0: 1.0, 50.0: 0.5}, abs=1e-4)
    (profile,) = (row for row in found.rows if row["metric"] == "energy_score_profile")
    assert "level" not in profile


def plain(cube):
    """A cube without flag and deviation, as of a method that is not ours."""
    plain = cube.copy()
    for variable in plain.ancillary_variables():
        plain.remove_ancillary_variable(variable)
    return plain


def test_a_method_that_is_not_ours_needs_the_observations(session):
    methods = {name: plain(cube) for name, cube in read(session, "day").items() if name != "ConditionalDiffusion"}
    found = esmlearn.evaluate(methods, truth=given(session, "complete"), observed=given(session, "gappy"))
    flagged = esmlearn.evaluate(
        {name: cube for name, cube in read(session, "day").items() if name in methods}, truth=given(session, "complete")
    )
    rmse = [[row for row in one.rows if row["metric"] == "rmse"] for one in (found, flagged)]
    assert rmse[0] == rmse[1]
    with pytest.raises(DataError, match="No cube has the flag `observed`"):
        esmlearn.evaluate(methods, truth=given(session, "complete"))


def test_what_does_not_fit_is_refused_in_one_sentence(session):
    cubes = read(session, "day")
    net, truth = cubes["Net"], given(session, "complete")
    warm = net.copy()
    warm.convert_units("K")
    flipped = net.copy()
    flag = flipped.ancillary_variable("sea_surface_temperature status_flag")
    flag.data = np.ma.masked_array(1 - flag.data.filled(0), mask=np.ma.getmaskarray(flag.data))
    one = {"Net": net}
    for methods, options, error, says in (
        ({}, {"truth": truth}, DataError, "nothing to score"),
        (one, {}, DataError, "nothing to score: give"),
        (one | {"warm": warm}, {"truth": truth}, DataError, "warm differs from the first method in units"),
        (one | {"late": net[3:]}, {"truth": truth}, DataError, "late differs from the first method"),
        (one | {"other": flipped}, {"truth": truth}, DataError, "other was made from other observations than Net"),
        (one, {"truth": truth[5:]}, DataError, "truth lacks 5 of the 60 dates"),
        (one, {"truth": truth[..., 1:]}, DataError, "truth is not on the grid"),
        (one, {"truth": truth, "monthly": {"Nett": net}}, DataError, "monthly has Nett"),
        (one, {"truth": truth, "bufer_km": 5}, SettingsError, "did you mean 'buffer_km'"),
    ):
        with pytest.raises(error, match=says):
            esmlearn.evaluate(methods, **options)
