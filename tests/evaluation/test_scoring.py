"""From the files that a reconstruction leaves to scores: what counts, what is left out, and why."""

import json

import iris
import numpy as np
import pytest

from esmlearn.bridge.reconstructions import find_reconstructions
from esmlearn.errors import DataError, SettingsError
from esmlearn.evaluation.case import cells_within
from esmlearn.evaluation.evaluation import rows_json
from esmlearn.evaluation.facts import facts
from esmlearn.evaluation.reading import read_cases
from esmlearn.evaluation.scoring import hidden_points, score_case
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.reconstruction import Reconstruction, monthly_means
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.settings import EvaluateSettings, Region, from_script
from tests.made_fields import make_cube, wavy_ocean

YEAR = 365
BOX = {"start_longitude": 0, "end_longitude": 1, "start_latitude": 0, "end_latitude": 1}


def save(cube, path):
    with iris.FUTURE.context(save_split_attrs=True):
        iris.save(cube, path)


@pytest.fixture
def leave(tmp_path):
    """Leave files of a truth and of methods, and give the cases that are read back from them."""

    def write(complete, given, *, observed=None, **settings):
        """Write the complete field, what was observed (default: what was given), and two methods on the given days."""
        (tmp_path / "work").mkdir()
        inputs = {}
        for name, field in (("Complete", complete), ("Gappy", observed or given)):
            path = str(tmp_path / f"{name}.nc")
            save(field.to_cubes()[0], path)
            inputs[path] = {"dataset": name, "alias": name, "short_name": "tos", "filename": path}
        right = np.nan_to_num(complete[np.isin(complete.dates, given.dates)].values[:, 0])
        for name, role, error in (("climatology", "baseline", 1.0), ("Net", "model", 0.2)):
            sign = np.random.default_rng(0 if role == "model" else 1).choice([-1, 1], right.shape)
            daily = np.where(given.land, np.nan, right + error * sign).astype(np.float32)
            std = np.full_like(daily, error) if role == "model" else None
            month_std = None if std is None else np.full_like(monthly_means(given, daily), error)
            made = Reconstruction(daily, monthly_means(given, daily), std, month_std)
            for cube, frequency in zip(made.to_cubes(given), ("day", "mon"), strict=True):
                cube.attributes.update(esmlearn_method=name, esmlearn_role=role, esmlearn_dataset="Gappy")
                cube.attributes["esmlearn_withheld"] = '{"share": 0.2}'
                save(cube, tmp_path / "work" / f"tos_Gappy_{name}_{frequency}.nc")
        files = find_reconstructions([tmp_path / "work"])
        (case,) = read_cases(files, InputData(inputs), EvaluateSettings.model_validate(settings))
        return case

    return write


def clouds(shape, share=0.6, seed=1):
    return np.random.default_rng(seed).random(shape) < share


@pytest.fixture
def ocean():
    """Half a year of a small ocean with land in a corner, and the same with random gaps."""
    truth = Field.from_cube(make_cube(wavy_ocean(180, 8, 20)))
    return truth, truth.hide(clouds((180, 8, 20)))


def rows_of(scored, **keys):
    return [row for row in scored.rows if all(row.get(key) == value for key, value in keys.items())]


def test_everything_is_scored_where_the_truth_is_complete(leave):
    """Seven years with a warm spell in the last: heatwaves, spectra, coast, seasons, months and intervals."""
    values = wavy_ocean(7 * YEAR, 8, 20)
    values[6 * YEAR + 100 : 6 * YEAR + 130] += 5
    truth = Field.from_cube(make_cube(values))
    last = truth[slice(6 * YEAR, 7 * YEAR)]
    case = leave(truth, last.hide(clouds(last.values[:, 0].shape, 0.7)), truth="Complete")
    scored = score_case(case)
    assert scored.left_out == {}
    daily = {row["metric"] for row in rows_of(scored, frequency="day", method="Net", region="all")}
    assert daily >= {"rmse", "skill", "crps", "sharpness", "effective_resolution", "heatwave_hit_rate"}
    (hit_rate,) = rows_of(scored, metric="heatwave_hit_rate", method="Net")
    assert 0.8 < hit_rate["value"] < 1
    assert scored.heatwaves["baseline"] == "2001-01-01/2006-12-30"
    assert 30 / YEAR < scored.heatwaves["share"] < 0.3
    bins = {(row["frequency"], row["bin"]["by"]) for row in scored.rows if "bin" in row}
    assert bins == {
        ("day", "month"), ("day", "season"), ("day", "share_hidden"), ("day", "distance_to_observation"),
        ("day", "days_to_observation"), ("day", "distance_to_coast"),
        ("mon", "month"), ("mon", "season"), ("mon", "share_hidden"),
    }  # fmt: skip
    assert all(row["low"] < row["high"] for row in rows_of(scored, metric="bias") if "bin" not in row)
    assert [record["method"] for record in scored.spectra] == ["truth", "climatology", "Net"]
    assert [(record["method"], record["frequency"]) for record in scored.reliability] == [
        ("Net", "day"),
        ("Net", "mon"),
    ]
    for records in (scored.rows, scored.spectra, scored.reliability):
        assert json.loads(rows_json(records)) == records
    record = facts(case, scored)
    assert (record["complete"], record["withheld"], record["block_days"]) == (True, False, 30)
    assert record["points"] == case.hidden.sum()


def test_buffers_keep_what_is_far_from_observations(leave, ocean):
    truth, given = ocean
    case = leave(truth, given, truth="Complete", buffer_km=30, buffer_days=2)
    far = case.hidden & (case.distance >= 30) & (case.days_away >= 2)
    scored = score_case(case)
    assert {row["n"] for row in rows_of(scored, metric="rmse", frequency="day") if "bin" not in row} == {far.sum()}
    assert 0 < far.sum() < case.hidden.sum()
    near = [row for row in scored.rows if row.get("bin", {}).get("by") == "days_to_observation"]
    assert min(row["bin"]["from"] for row in near) == 2
    record = facts(case, scored)
    assert (record["buffer_km"], record["buffer_days"], record["points"]) == (30.0, 2, far.sum())


def test_buffers_that_leave_nothing_are_refused(leave, ocean):
    with pytest.raises(SettingsError, match=r"buffer_km 9000 and buffer_days 0 leave no hidden point of Gappy.*lower"):
        leave(*ocean, truth="Complete", buffer_km=9000)


def test_regions_get_scores_of_their_own(leave, ocean):
    west = {"start_longitude": 140, "end_longitude": 142, "start_latitude": 30, "end_latitude": 32}
    case = leave(*ocean, truth="Complete", regions={"west": west})
    scored = score_case(case)
    inside = cells_within(case.settings.regions["west"], case.field.grid)
    (row,) = rows_of(scored, region="west", metric="rmse", method="Net", frequency="day")
    assert row["n"] == (case.hidden & inside).sum()
    assert rows_of(scored, region="west", frequency="mon", metric="rmse")
    assert rows_of(scored, region="west", metric="skill")
    assert not any("bin" in row for row in rows_of(scored, region="west"))
    assert facts(case, scored)["regions"] == {"west": [30, 32, 140, 142]}


def test_a_region_without_ocean_is_refused(leave, ocean):
    far = {"start_longitude": 0, "end_longitude": 10, "start_latitude": 30, "end_latitude": 32}
    with pytest.raises(SettingsError, match=r"regions.far holds no ocean of Gappy.*30 to 31.75 degrees north"):
        leave(*ocean, regions={"far": far})


def test_a_region_may_cross_the_date_line():
    lon = np.array([178.0, 179.0, 180.0, -179.0, -178.0])
    for points in (lon, lon % 360):
        grid = RectilinearGrid(np.array([30.0, 31.0]), points)
        region = Region(start_longitude=179, end_longitude=-179, start_latitude=20, end_latitude=40)
        assert cells_within(region, grid)[0].tolist() == [False, True, True, True, False]
    globe = Region(start_longitude=-180, end_longitude=180, start_latitude=20, end_latitude=40)
    assert cells_within(globe, grid).all()


@pytest.mark.parametrize(
    ("regions", "says"),
    [
        ({"all": {}}, "regions.all.start_longitude' is missing"),
        (
            {"all": BOX},
            "regions: `all` is the whole domain",
        ),
        (
            {"x": BOX | {"start_latitude": 2}},
            "regions.x: start_latitude 2 must lie south of end_latitude 1",
        ),
        (
            {"x": BOX | {"end_lattitude": 1}},
            "Unknown setting 'regions.x.end_lattitude': did you mean 'end_latitude'",
        ),
    ],
)
def test_regions_that_cannot_be_are_refused(regions, says):
    with pytest.raises(SettingsError, match=says):
        from_script(EvaluateSettings, {"regions": regions})


@pytest.mark.parametrize("named", [{}, {"truth": "Gappy"}])
def test_real_gaps_are_scored_on_what_was_withheld(leave, ocean, named):
    """Nothing is known but observations, some of which no method was given; what the gaps hide counts for nobody."""
    truth, observed = ocean
    given = observed.hide(clouds(observed.observed[:, 0].shape, 0.2, seed=2))
    case = leave(truth, given, observed=observed, **named)
    withheld = (observed.observed & ~given.observed)[:, 0]
    assert case.withheld
    assert not case.complete
    scored = score_case(case)
    assert {row["frequency"] for row in scored.rows} == {"day"}
    assert {row["n"] for row in rows_of(scored, metric="rmse") if "bin" not in row} == {withheld.sum()}
    (net,) = (row for row in rows_of(scored, metric="rmse", method="Net") if "bin" not in row)
    assert net["value"] == pytest.approx(0.2, abs=1e-4)
    assert net["low"] <= net["value"] <= net["high"]
    assert scored.spectra == []
    assert set(scored.left_out) == {"months", "spectra", "heatwaves", "images"}
    assert all("withheld observations" in why for why in scored.left_out.values())
    record = facts(case, scored)
    assert record["withheld"] is True
    assert record["heatwaves"] is None
    assert record["withhold"] == {"share": 0.2}


def test_another_dataset_with_gaps_is_a_truth_and_nothing_withheld(leave, ocean):
    """It is not known on the first 40 days; of the months from March on all days are."""
    complete, given = ocean
    late = np.broadcast_to((np.arange(180) < 40)[:, None, None], complete.values[:, 0].shape)
    case = leave(complete.hide(late), given, truth="Complete")
    scored = score_case(case)
    assert (case.complete, case.withheld) == (False, False)
    months = {
        row["bin"]["from"]
        for row in scored.rows
        if row["frequency"] == "mon" and row.get("bin", {}).get("by") == "month"
    }
    assert months == {3, 4, 5, 6}


def test_what_is_left_out_is_said(leave):
    """Two months of open ocean, eight cells wide."""
    truth = Field.from_cube(make_cube(18 + np.random.default_rng(0).standard_normal((60, 8, 8))))
    case = leave(truth, truth.hide(clouds((60, 8, 8))), truth="Complete")
    scored = score_case(case)
    assert set(scored.left_out) == {"intervals", "coast", "spectra", "heatwaves"}
    assert "60 days are fewer than 5 blocks of 30 days" in scored.left_out["intervals"]
    assert "0.0 years outside of the reconstruction, fewer than 5" in scored.left_out["heatwaves"]
    assert {(row["low"], row["high"]) for row in scored.rows} == {(None, None)}
    assert not any(row.get("bin", {}).get("by") == "distance_to_coast" for row in scored.rows)


def every(field, step, *, bounds):
    """Every few days of a field; with bounds, each stands for all of them, without it is a single day."""
    cube = field[np.arange(0, field.dates.size - step + 1, step)].to_cubes()[0]
    if bounds:
        time = cube.coord("time")
        start = np.floor(time.points)
        time.bounds = np.stack([start, start + step], axis=1)
        time.points = time.bounds.mean(axis=1)
    return Field.from_cube(cube)


@pytest.mark.parametrize("bounds", [True, False])
@pytest.mark.parametrize(("step", "block"), [(5, 6), (12, 2)])
def test_blocks_count_days_whatever_the_step(leave, step, bounds, block):
    truth = every(Field.from_cube(make_cube(wavy_ocean(360, 8, 20))), step, bounds=bounds)
    case = leave(truth, truth.hide(clouds(truth.values[:, 0].shape)), truth="Complete", block_days=30)
    assert hidden_points(case).block == block
    scored = score_case(case)
    assert facts(case, scored)["days"] == 360
    assert "intervals" not in scored.left_out
    rows = rows_of(scored, metric="bias", frequency=case.frequency, region="all")
    assert all(row["low"] < row["high"] for row in rows if "bin" not in row)


@pytest.mark.parametrize("step", [1, 2, 5])
def test_a_heatwave_that_began_before_the_period_counts(leave, step):
    """Of twenty warm days the last four (one step of five) lie in the period, of any step up to five days."""
    values = wavy_ocean(7 * YEAR, 8, 20)
    first = 6 * YEAR + 4 - (6 * YEAR) % 10
    values[first - 16 : first + 4] += 8
    truth = every(Field.from_cube(make_cube(values)), step, bounds=step > 1)
    inside = np.flatnonzero(truth.days >= first)[: 120 // step]
    last = truth[slice(inside[0], inside[-1] + 1)]
    scored = score_case(leave(truth, last.hide(clouds(last.values[:, 0].shape, 0.7)), truth="Complete"))
    (hit_rate,) = rows_of(scored, metric="heatwave_hit_rate", method="Net")
    assert hit_rate["value"] > 0.8
    assert scored.heatwaves["share"] > 0.02


@pytest.mark.parametrize("step", [8, 12])
def test_steps_longer_than_a_heatwave_are_refused(leave, step):
    truth = every(Field.from_cube(make_cube(wavy_ocean(7 * YEAR, 8, 20))), step, bounds=False)
    last = truth[slice(truth.dates.size - 30, truth.dates.size)]
    scored = score_case(leave(truth, last.hide(clouds(last.values[:, 0].shape)), truth="Complete"))
    assert f"steps of {step} days" in scored.left_out["heatwaves"]


def test_nothing_known_is_nothing_scored(leave, ocean):
    _, observed = ocean
    case = leave(ocean[0], observed, observed=observed)
    scored = score_case(case)
    assert (scored.rows, scored.spectra, scored.reliability, scored.points) == ([], [], [], 0)
    assert facts(case, scored)["truth"] is None


def test_two_results_of_one_name_are_refused(leave, ocean, tmp_path):
    """As two scripts with the same baselines leave them: the scores of one would pass for those of the other."""
    leave(*ocean)
    files = find_reconstructions([tmp_path / "work", tmp_path / "work"])
    with pytest.raises(DataError, match=r"several reconstructions of Gappy by .* the `baselines` of the others"):
        read_cases(files, InputData({}), EvaluateSettings())
