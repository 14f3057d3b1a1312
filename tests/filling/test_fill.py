"""One call fills an archive; command, recipe and notebook give the same values."""

import json
from collections import Counter
from pathlib import Path

import iris
import numpy as np
import pytest
import xarray as xr

import esmlearn
from esmlearn import baselines
from esmlearn.bridge.filling import fill_files
from esmlearn.datasets.archives import format_archive
from esmlearn.datasets.demo_level3 import LAT, LON, make_days, write_demo_level3
from esmlearn.errors import DataError, EsmlearnError, SettingsError
from esmlearn.fields.reconstruction import observed_of, read_values
from esmlearn.readers.parts import Part
from esmlearn.settings import BaselineSettings, OptimalInterpolationSettings, ReconstructSettings, WithholdSettings
from esmlearn.settings.sources import FormatSettings
from esmlearn.tasks.reconstruct.train import fit
from esmlearn.trained.folder import write_folder
from tests.made_fields import make_cube, wavy_ocean
from tests.small import QUICK_BASELINES, small_ocean, small_settings
from tests.tasks.run_scripts import Run

COVARIANCE = {"kernel": "matern_32", "length_km": 40.0, "time_days": 6.0, "noise_share": 0.1, "sigma": 1.0}
SET = BaselineSettings(optimal_interpolation=OptimalInterpolationSettings(**COVARIANCE))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The ten days of a level-3 archive, one of them without a file."""
    folder = tmp_path_factory.mktemp("archive")
    write_demo_level3(folder)
    return folder


@pytest.fixture(scope="module")
def dataset(archive, tmp_path_factory):
    """The archive as recipes name it."""
    folder = tmp_path_factory.mktemp("obs6")
    return format_archive(sorted(archive.iterdir()), folder, FormatSettings(kind="synthetic"))


def cloudy(n_time=12, *, share=0.3, seed=1):
    """Waves under clouds that cover whole blocks, in a place that Natural Earth has as ocean."""
    values = wavy_ocean(n_time)
    blocks = np.random.default_rng(seed).random((n_time, 3, 4)) < share
    values[np.kron(blocks, np.ones((1, 4, 4))).astype(bool)] = np.nan
    return make_cube(values, lat=30 + 0.25 * np.arange(12), lon=145 + 0.25 * np.arange(16))


def test_the_archive_is_put_in_order_and_filled(archive):
    filled = esmlearn.fill(archive, method="time_interpolation", withhold=None, outliers="ignore", quiet=True)
    values, made = read_values(filled)[0], make_days()[0]
    assert filled.shape == (10, 60, 80)
    np.testing.assert_allclose(filled.coord("longitude").points, LON, atol=1e-4)
    np.testing.assert_allclose(np.sort(filled.coord("latitude").points), LAT, atol=1e-4)
    observed = np.isfinite(made)
    observed[5] = False  # the day without a file
    assert (observed_of(filled) == observed).all()
    np.testing.assert_allclose(values[observed], made[observed], atol=1e-4)
    ocean = np.isfinite(values).all(axis=0)
    assert (np.isfinite(values).any(axis=0) == ocean).all()
    assert ocean[np.isfinite(made).any(axis=0)].all()
    assert any("missing" in sentence for sentence in json.loads(filled.attributes["esmlearn_changes"]))


def test_files_are_read_twice_at_most(archive, monkeypatch):
    """To count what their reader leaves out, and into memory."""
    loads, load = [], Part.load
    monkeypatch.setattr(Part, "load", lambda part, block: loads.append(part.path) or load(part, block))
    esmlearn.fill(archive, method="climatology", withhold=None, quiet=True, outliers="ignore")
    assert Counter(loads) == dict.fromkeys(loads, 2)


def test_command_recipe_and_notebook_give_the_same_values(archive, dataset, tmp_path):
    method = "time_interpolation"
    *said, written, page = fill_files(
        [str(archive)], output=str(tmp_path / "out.nc"), report=None, scores=False, method=method, quiet=True
    )
    command = iris.load_cube(written, "sea_surface_temperature")
    assert Path(page).stat().st_size > 1000
    assert any("1 of 10 days were missing" in sentence for sentence in said)
    assert any("0 of 14,605 observations are outliers" in sentence for sentence in said)

    files = sorted(archive.iterdir())
    days = xr.concat([xr.open_dataset(file, decode_cf=True) for file in files], "time")["sea_surface_temperature"]
    notebook = esmlearn.fill(days, method=method, withhold=None, outliers="ignore", quiet=True)
    assert isinstance(notebook, xr.DataArray)

    recipe = iris.load_cube(str(_run_recipe(dataset, tmp_path, method)))
    expected = read_values(command)[0]  # rows from south to north, whatever their order in the file
    np.testing.assert_allclose(read_values(recipe)[0], expected, atol=2e-3)
    np.testing.assert_allclose(notebook.sortby("lat").values, expected, atol=2e-3)


def test_the_dataset_has_the_longitudes_that_esmvalcore_checks(dataset):
    cube = iris.load_cube(str(dataset[0]))
    lon = cube.coord("longitude")
    np.testing.assert_allclose(lon.points, np.sort(LON % 360), atol=1e-4)
    np.testing.assert_allclose(np.diff(lon.bounds, axis=1), 0.05, atol=1e-4)
    assert ((lon.bounds[:, 0] < lon.points) & (lon.points < lon.bounds[:, 1])).all()


def test_errors_of_the_observations_count_alike_in_recipe_and_notebook(archive, dataset, tmp_path):
    method = "optimal_interpolation"
    notebook = esmlearn.fill(archive, method=method, settings=SET, withhold=None, outliers="ignore", quiet=True)
    recipe = iris.load_cube(str(_run_recipe(dataset, tmp_path, method, optimal_interpolation=COVARIANCE)))
    (values, std), (of_recipe, std_of_recipe) = read_values(notebook), read_values(recipe)
    np.testing.assert_allclose(of_recipe, values, atol=2e-3)
    np.testing.assert_allclose(std_of_recipe, std, atol=2e-3)
    certain = esmlearn.fill(
        archive, method=method, settings=SET, withhold=None, outliers="ignore", quiet=True, error=0.0
    )
    gaps = ~observed_of(notebook) & np.isfinite(values)
    assert np.abs(read_values(certain)[0] - values)[gaps].max() > 0.05


def test_command_recipe_and_notebook_choose_the_same_method(archive, dataset, tmp_path, monkeypatch):
    """By default, and with the same errors of all methods; a few quick ones stand for all."""
    quick = ("climatology", "persistence", "time_interpolation")
    monkeypatch.setattr("esmlearn.filling.methods.BASELINES", {name: baselines.BASELINES[name] for name in quick})
    monkeypatch.setattr(ReconstructSettings, "gap_fillers", lambda _: quick)
    notebook = esmlearn.fill(archive, quiet=True)
    written = _recipe_output(dataset, tmp_path, "best")
    assert [path.name for path in written.glob("*_day.nc")] == ["tos_DemoLevel3_time_interpolation_day.nc"]
    recipe = iris.load_cube(str(next(written.glob("*_day.nc"))))
    assert recipe.attributes["esmlearn_why"] == notebook.attributes["esmlearn_why"]
    np.testing.assert_allclose(read_values(recipe)[0], read_values(notebook)[0], atol=2e-3)


def _recipe_output(dataset, folder, chosen, **settings):
    run = Run(folder)
    for file, group in zip(sorted(dataset, key=lambda file: "Stderr" in file.name), ("tos", "tosStderr"), strict=True):
        run.give(group, "DemoLevel3", iris.load_cube(str(file)))
    given = {"model": "none", "observations": "tos", "error": "tosStderr", "climatology": "packaged", "period": "all"}
    return run.run("reconstruct", **given, baselines=chosen, **settings)


def _run_recipe(dataset, folder, method, **settings):
    return _recipe_output(dataset, folder, [method], **settings) / f"tos_DemoLevel3_{method}_day.nc"


def test_the_best_method_is_chosen_on_other_clouds_than_those_of_the_scores(tmp_path):
    cube = cloudy()
    withhold = WithholdSettings(share=0.1, seed=3)
    filled = esmlearn.fill(cube, settings=SET, withhold=withhold, report=tmp_path / "report.html", quiet=True)
    errors = json.loads(filled.attributes["esmlearn_rmse"])
    assert {"optimal_interpolation", "time_interpolation", "climatology"} <= set(errors)
    assert errors[filled.attributes["esmlearn_method"]] < errors["climatology"]
    page = (tmp_path / "report.html").read_text()
    assert "was chosen: on withheld clouds" in page
    assert "packaged" in page
    again = esmlearn.fill(cube, settings=SET, withhold=withhold, quiet=True)
    assert again == filled


def spoiled():
    """Clouds, and three values that are 15 K too warm on days apart; where these are."""
    cube = cloudy(10)
    wrong = np.zeros(cube.shape, bool)
    for day in (1, 4, 8):
        wrong[day, *np.argwhere(~np.ma.getmaskarray(cube.data[day]))[40 + day]] = True
    cube.data[wrong] += 15
    return cube, wrong


@pytest.mark.parametrize("action", ["ignore", "report", "mask"])
def test_outliers_are_reported_and_left_out_on_request(action, tmp_path, caplog):
    """What is masked is filled, and scores the methods no more than it feeds them."""
    cube, wrong = spoiled()
    page = tmp_path / "report.html"
    withhold = WithholdSettings(kind="pixels", share=0.3)
    with caplog.at_level("INFO"):
        filled = esmlearn.fill(
            cube, outliers=action, settings=SET, withhold=withhold, report=page, climatology=_flat(cube), quiet=True
        )
    values, observed = read_values(filled)[0], observed_of(filled)
    assert observed[wrong].all() == (action != "mask")
    assert (values[wrong] > 25).all() == (action != "mask")
    assert (observed | wrong == ~np.ma.getmaskarray(cube.data)).all()
    worst = json.loads(filled.attributes["esmlearn_rmse"])["optimal_interpolation"]
    assert worst < 0.5 if action == "mask" else worst > 0.5
    done = {"report": "they were left in place.", "mask": "they were hidden from all methods."}.get(action)
    if done is None:
        assert "outliers" not in caplog.text + page.read_text()
        assert "esmlearn_outliers" not in filled.attributes
    else:
        count = int((~np.ma.getmaskarray(cube.data)).sum())
        sentence = f"3 of {count:,} observations are outliers"
        assert sentence in caplog.text and sentence in page.read_text()
        assert done in caplog.text and done in page.read_text()
        found = {"outliers": 3, "observations": count, "threshold": 4.0, "masked": action == "mask"}
        assert json.loads(filled.attributes["esmlearn_outliers"]) == found


def test_a_recipe_without_model_finds_the_same_outliers(tmp_path):
    cube, wrong = spoiled()
    run = Run(tmp_path)
    run.give("tos", "Spoiled", cube)
    folder = run.run(
        "reconstruct", model="none", observations="tos", period="all", climatology="packaged", outliers="mask",
        baselines=["optimal_interpolation"], optimal_interpolation=COVARIANCE,
    )  # fmt: skip
    filled = iris.load_cube(str(folder / "tos_Spoiled_optimal_interpolation_day.nc"), "sea_surface_temperature")
    assert json.loads(filled.attributes["esmlearn_outliers"])["outliers"] == 3
    assert not observed_of(filled)[wrong].any()


def test_outliers_of_a_long_record_are_counted_in_its_middle(monkeypatch, tmp_path):
    monkeypatch.setattr("esmlearn.tasks.choice.MOST_VALUES", 4 * 12 * 16)
    cube, _ = spoiled()
    page = tmp_path / "report.html"
    options = {"method": "time_interpolation", "withhold": None, "settings": SET, "quiet": True, "report": page}
    filled = esmlearn.fill(cube, climatology=_flat(cube), **options)
    assert json.loads(filled.attributes["esmlearn_outliers"])["outliers"] == 1
    assert "Looked at were the 4 times in the middle of the record." in page.read_text()
    masked = esmlearn.fill(cube, climatology=_flat(cube), outliers="mask", **options)
    assert json.loads(masked.attributes["esmlearn_outliers"])["outliers"] == 3


def test_a_trained_model_fills_and_the_baselines_stand_beside_it(tmp_path):
    folder = tmp_path / "model"
    write_folder(folder, fit(small_ocean()[0], None, small_settings(target=False), tmp_path / "run"))
    cube = small_ocean()[0][slice(0, 62)].to_cubes()[0]
    filled = esmlearn.fill(cube, model=folder, climatology=_flat(cube), settings=QUICK_BASELINES, quiet=True)
    assert filled.attributes["esmlearn_method"] == "SpatioTemporalModel"
    assert {"SpatioTemporalModel", "optimal_interpolation", "dineof"} <= set(
        json.loads(filled.attributes["esmlearn_rmse"])
    )
    with pytest.raises(SettingsError, match="splines"):
        esmlearn.fill(cube, model=folder, method="splines", quiet=True)
    only = {"withhold": None, "outliers": "ignore", "quiet": True}
    words = [
        esmlearn.fill(cube, model=folder, climatology=source, **only).attributes["esmlearn_climatology"]
        for source in (None, "training", _flat(cube))
    ]
    assert words == [
        "that of the training, adapted to the new data, which are too few for their own",
        "that of the training",
        "that of what was given, adapted to the data",
    ]
    with pytest.raises(SettingsError, match="no model is given"):
        esmlearn.fill(cube, climatology="training", quiet=True)


def test_a_result_can_be_fed_again():
    first = esmlearn.fill(cloudy(), method="optimal_interpolation", settings=SET, withhold=None, quiet=True)
    again = esmlearn.fill(first, method="optimal_interpolation", settings=SET, withhold=None, quiet=True)
    np.testing.assert_allclose(read_values(again)[0], read_values(first)[0], atol=1e-4)
    assert (observed_of(again) == observed_of(first)).all()


@pytest.mark.parametrize("length", [1.0, 8.0])
def test_one_field_is_filled(length):
    """A single day, and a single composite of eight days."""
    cube = cloudy(3)[:1]
    time = cube.coord("time")
    time.bounds = [[time.points[0] - length / 2, time.points[0] + length / 2]]
    filled = esmlearn.fill(cube, settings=SET, quiet=True)
    values, std = read_values(filled)
    ocean = ~np.isnan(wavy_ocean(1)[0])
    assert np.isfinite(values[0, ocean]).all()
    assert filled.attributes["esmlearn_method"] == "kriging"
    gaps = ~observed_of(filled)[0] & ocean
    assert (std[0][gaps] > 0).all()


def bad_levels():
    cube = cloudy()
    deep = iris.cube.CubeList()
    for depth in (0.0, 10.0):
        level = cube.copy()
        level.add_aux_coord(iris.coords.DimCoord(depth, standard_name="depth", units="m"))
        deep.append(level)
    merged = deep.merge_cube()
    merged.transpose([1, 0, 2, 3])
    return merged


def salinity():
    cube = cloudy()
    cube.rename("sea_surface_salinity")
    cube.units = "0.001"
    return cube


@pytest.mark.parametrize(
    ("make", "options", "words"),
    [
        (bad_levels, {}, "depths"),
        (salinity, {}, "climatology"),
        (cloudy, {"method": "splines"}, "splines"),
        (cloudy, {"withhold": None}, "method"),
        (cloudy, {"outliers": "remove"}, "ignore, report, mask"),
        (cloudy, {"outlier_threshold": 0}, "outlier_threshold"),
        (cloudy, {"transform": "logarithm"}, "none, log"),
        (lambda: make_cube(np.full((3, 4, 4), np.nan)), {}, "no ocean cell"),
        (lambda: "nowhere/*.nc", {}, "nowhere"),
    ],
)
def test_bad_input_gives_one_sentence(make, options, words):
    with pytest.raises(EsmlearnError, match=words):
        esmlearn.fill(make(), settings=SET, quiet=True, **options)


def test_an_input_is_never_written_over(archive):
    file = sorted(archive.iterdir())[0]
    before = file.read_bytes()
    with pytest.raises(SettingsError, match="written over"):
        fill_files([str(archive)], output=str(file), report=None, scores=True)
    assert file.read_bytes() == before


def test_no_file_is_named():
    with pytest.raises(SettingsError, match="Name the files"):
        fill_files([], output="out.nc", report=None, scores=True)


def test_a_quantity_known_on_land_is_filled_there():
    values = np.full((4, 12, 16), 20.0) + np.arange(16)
    values[1, 3:6] = np.nan
    cube = make_cube(values, lat=46 + 0.25 * np.arange(12), lon=8 + 0.25 * np.arange(16))  # the Alps
    cube.rename("surface_temperature")
    filled = esmlearn.fill(cube, method="time_interpolation", climatology=_flat(cube), withhold=None, quiet=True)
    assert not np.ma.is_masked(filled.data)


def _flat(cube):
    """A climatology without seasons."""
    from esmlearn.fields.climatology import Climatology

    lat, lon = (cube.coord(name).points for name in ("latitude", "longitude"))
    return Climatology(np.full((1, lat.size, lon.size), 20.0, np.float32), lat, lon)


def test_the_demo_archive_has_the_peculiarities_of_real_ones(archive):
    files = sorted(archive.iterdir())
    assert len(files) == 9
    with xr.open_dataset(files[0]) as data:
        lon = data["lon"].values
        assert data["sea_surface_temperature"].attrs["units"] == "degree Celsius"
        assert (np.diff(lon) > 0).all() and np.diff(lon).max() > 300  # in two pieces, across Greenwich
        assert data["lat"].values[0] > data["lat"].values[-1]
    with pytest.raises(DataError):
        esmlearn.fill(files[:1], variable="nothing", quiet=True)
