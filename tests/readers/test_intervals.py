"""What a value of a file stands for, where one time has no bounds: told by the file, set, or said to be a guess."""

import iris
import numpy as np
import pytest
import xarray as xr

import esmlearn
from esmlearn.cubes.intervals import bounds_of
from esmlearn.cubes.order import changes_of, put_in_order
from esmlearn.cubes.steps import find_steps
from esmlearn.datasets.archives import format_archive
from esmlearn.errors import DataError, SettingsError
from esmlearn.settings import InputSettings
from esmlearn.settings.sources import FormatSettings

JUNE_5 = 62977.5  # days since 1850: 2022-06-05 12:00
JUNE_2, JUNE_10 = 62974.0, 62982.0  # the 20th composite of 8 days of 2022


def make(path, *, time=JUNE_5, bounds=None, **attributes):
    """One map without anything that tells what it stands for, but for what is given."""
    values = 20 + np.random.default_rng(0).normal(size=(1, 6, 8)).astype("f4")
    sst = xr.DataArray(values, dims=("time", "lat", "lon"), attrs={"standard_name": "sea_surface_temperature"})
    sst.attrs["units"] = "degC"
    data = xr.Dataset({"sst": sst}, {"time": [time], "lat": np.arange(30.0, 36), "lon": np.arange(150.0, 158)})
    data["time"].attrs = {"units": "days since 1850-01-01", "standard_name": "time"}
    data["lat"].attrs, data["lon"].attrs = {"units": "degrees_north"}, {"units": "degrees_east"}
    if bounds is not None:
        data["time"].attrs["bounds"] = "time_bnds"
        data["time_bnds"] = (("time", "nv"), [bounds])
    data.assign_attrs(attributes).to_netcdf(path)
    return path


COVERED = {
    "time_coverage_start": "2022-06-02T00:20:01Z",
    "time_coverage_end": "2022-06-10T02:35:00Z",
}  # orbits end late
ERDDAP = {"time_coverage_start": "2022-06-05T12:00:00Z", "time_coverage_end": "2022-06-05T12:00:00Z"}
ARCHIVE = {"time_coverage_start": "2003-01-01T00:00:00Z", "time_coverage_end": "2022-12-31T00:00:00Z"}

EIGHT = (JUNE_2, JUNE_10)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("map.nc", {"bounds": EIGHT}, EIGHT),
        ("map.nc", COVERED, EIGHT),
        ("map.nc", {**ERDDAP, "title": "SST, AQUA_MODIS, L3m.8D.SST.sst.4km, Masked, 2003-present"}, EIGHT),
        (
            "map.nc",
            {**ERDDAP, "title": "Chlorophyll-a, Aqua MODIS, Global, 4km, 2003-present (8 Day Composite)"},
            EIGHT,
        ),
        ("map.nc", {**ARCHIVE, "temporal_range": "8-day"}, EIGHT),
        ("map.nc", {"time_coverage_duration": "P8D"}, EIGHT),
        ("map.nc", {"time": JUNE_2, "product_name": "AQUA_MODIS.20220602_20220609.L3m.8D.SST.sst.4km.nc"}, EIGHT),
        ("AQUA_MODIS.20220602_20220609.L3m.8D.SST.sst.4km.nc", {}, EIGHT),
        ("map.nc", {"product_name": "AQUA_MODIS.20220602_20220609.L3m.R8D.SST.nc"}, (62974.0, 62982.0)),
        ("map.nc", {"title": "rolling, R8D", "time": JUNE_5 + 3}, (62977.0, 62985.0)),
        ("map.nc", {"time_coverage_resolution": "P1M"}, (62973.0, 63003.0)),
        ("map.nc", {"title": "Sea surface temperature, monthly means"}, (62973.0, 63003.0)),
        ("A.20220601_20220630.L3m.MO.SST.nc", {}, (62973.0, 63003.0)),
        ("map.nc", {"title": "SST, weekly"}, (62974.0, 62981.0)),
        ("map.nc", {"title": "SST, daily"}, (62977.0, 62978.0)),
        # as AVISO: from noon to noon around a midnight that stands for the day it begins
        ("map.nc", {"time": 62977.0} | ERDDAP | {"time_coverage_start": "2022-06-04T12:00:00Z"}, (62977.0, 62978.0)),
        ("mur_6days_aug.nc", {"title": "Two years in the Gulf of 2003"}, None),
        ("map.nc", ARCHIVE, None),
    ],
)
def test_one_map_stands_for_what_its_file_tells(tmp_path, name, given, expected):
    cube = esmlearn.read(make(tmp_path / name, **given))
    time = cube.coord("time")
    assert time.has_bounds() == (expected is not None)
    if expected is not None:
        assert time.bounds[0].tolist() == list(expected)
        assert expected[0] <= time.points[0] < expected[1]


@pytest.mark.parametrize(("interval", "frequency"), [("8day", "8day"), ("mon", "mon"), ("day", "day")])
def test_an_interval_is_set_for_files_and_cubes(tmp_path, interval, frequency):
    path = make(tmp_path / "map.nc", title="weekly")
    assert find_steps(esmlearn.read(path, interval=interval).coord("time")).frequency == frequency
    settings = InputSettings.model_validate({"times": {"interval": interval}})
    cube = put_in_order(iris.load_cube(str(path)), settings)
    assert find_steps(cube.coord("time")).frequency == frequency
    assert not changes_of(cube)
    filled = esmlearn.fill(path, input=settings, method="climatology", withhold=None, outliers="ignore", quiet=True)
    assert filled.attributes["esmlearn_frequency"] == frequency


def test_a_guess_is_said_once(tmp_path, caplog):
    path = make(tmp_path / "map.nc")
    cube = put_in_order(esmlearn.read(path))
    (sentence,) = changes_of(cube)
    assert "taken as a day" in sentence and "--interval" in sentence
    assert changes_of(put_in_order(cube)) == [sentence]
    (written,) = format_archive(path, tmp_path, FormatSettings(), dataset="Maps", source="avhrr")
    assert written.name.endswith("20220605-20220605.nc")
    assert "map.nc does not tell what it stands for" in caplog.text


def test_a_composite_is_no_day(tmp_path):
    """What tells its interval is put in the right table, or refused; what is set goes before what is told."""
    path = make(tmp_path / "map.nc", title="SST, 8 Day Composite")
    with pytest.raises(DataError, match="The maps stand for 8 days each"):
        format_archive(path, tmp_path, FormatSettings(), dataset="Maps", source="avhrr")
    (day,) = format_archive(path, tmp_path, FormatSettings(interval="day"), dataset="Maps", source="avhrr")
    (month,) = format_archive(path, tmp_path, FormatSettings(interval="mon"), dataset="Maps", source="avhrr")
    assert "_Oday_tos_20220605-20220605" in day.name
    assert "_Omon_tos_20220601-20220630" in month.name


def test_the_last_composite_of_a_year_ends_with_it():
    assert bounds_of(np.array([364.0]), "8day").tolist() == [[360.0, 365.0]]


@pytest.mark.parametrize("interval", ["8", "week", "0day", "PT1H"])
def test_an_unknown_interval_is_refused(interval, tmp_path):
    with pytest.raises(SettingsError, match="write day, mon, or a number of days"):
        esmlearn.read(make(tmp_path / "map.nc"), interval=interval)
