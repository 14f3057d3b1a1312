"""OISST in all its layouts becomes one dataset that ESMValCore accepts, and wrong files are refused."""

from pathlib import Path

import iris
import numpy as np
import pytest
from iris.cube import Cube
from iris.util import equalise_attributes
from netCDF4 import Dataset

from esmlearn.bridge.cli import Learn
from esmlearn.datasets.oisst import _from_zero, format_oisst
from esmlearn.errors import DataError

REAL = Path(__file__).parents[3] / "shared" / "data" / "oisst_tasman_1982_2009.nc"
LAT, LON = -36.875 + 0.25 * np.arange(4), 150.125 + 0.25 * np.arange(5)


def truth(days: np.ndarray) -> np.ndarray:
    """Hundredths of a degree, different at every point; land in the south-west corner."""
    day = (days - np.datetime64("2015-12-25")).astype(int)
    values = 15 + 0.01 * (day[:, None, None] % 500) + 0.5 * np.arange(4)[:, None] + 0.07 * np.arange(5)
    values[:, 0, 0] = np.nan
    return np.round(values, 2)


def days_of(first: str, count: int) -> np.ndarray:
    return np.datetime64(first, "D") + np.arange(count)


def write_noaa(folder: Path, day: np.datetime64, **changes) -> Path:
    """A file of one day as NOAA makes it."""
    path = folder / f"oisst-avhrr-v02r01.{str(day).replace('-', '')}.nc"
    with Dataset(path, "w") as file:
        file.title = (
            "NOAA/NCEI 1/4 Degree Daily Optimum Interpolation Sea Surface Temperature (OISST) Analysis, Version 2.1"
        )
        for name, points, units in (
            ("time", [float((day - np.datetime64("1978-01-01")).astype(int))], "days since 1978-01-01 12:00:00"),
            ("zlev", [0.0], "meters"),
            ("lat", LAT, "degrees_north"),
            ("lon", changes.get("lon", LON), "degrees_east"),
        ):
            file.createDimension(name, None if name == "time" else len(points))
            file.createVariable(name, "f4", (name,))[:] = points
            file[name].units = units
        for name in ("anom", "sst"):
            variable = file.createVariable(name, "i2", ("time", "zlev", "lat", "lon"), fill_value=-999)
            variable.setncatts({"add_offset": np.float32(0), "scale_factor": np.float32(0.01), "units": "Celsius"})
            variable.setncatts({"valid_min": np.int16(-300), "valid_max": np.int16(4500)})
            values = truth(np.array([day]))[0]
            variable[0, 0] = np.ma.array(np.nan_to_num(values), mask=np.isnan(values))
    return path


def write_table(path: Path, days: np.ndarray, *, units: str = "degC", since: str = "1800-01-01", rows: int = 1) -> Path:
    """A file of many days as PSL makes it, with rows from north to south if `rows` is -1."""
    with Dataset(path, "w") as file:
        file.title = "NOAA High-resolution Blended Analysis: Daily Values using AVHRR only"
        for name, points, unit in (
            ("time", (days - np.datetime64(since)).astype(float), f"days since {since} 00:00:00"),
            ("lat", LAT[::rows], "degrees_north"),
            ("lon", LON, "degrees_east"),
        ):
            file.createDimension(name, len(points))
            file.createVariable(name, "f8" if name == "time" else "f4", (name,))[:] = points
            file[name].units = unit
        sst = file.createVariable("sst", "f4", ("time", "lat", "lon"))
        sst.setncatts({"long_name": "Daily Sea Surface Temperature", "missing_value": np.float32(-9.96921e36)})
        sst.valid_range = np.array([-3, 45] if units != "K" else [270, 318], "f4")
        if units:
            sst.units = units
        values = truth(days) + (273.15 if units == "K" else 0)
        sst[:] = np.ma.masked_invalid(values[:, ::rows])
    return path


def load(paths: list[Path]) -> Cube:
    cubes = iris.load(paths)
    equalise_attributes(cubes)
    return cubes.concatenate_cube()


def check(paths: list[Path], days: np.ndarray) -> None:
    """Compare files with the input."""
    cube = load(paths)
    assert cube.standard_name == "sea_surface_temperature" and cube.units == "degC" and cube.dtype == np.float32
    assert all(cube.coord(name).has_bounds() for name in ("time", "latitude", "longitude"))
    time = cube.coord("time")
    assert [f"{cell.point:%Y-%m-%d %H}" for cell in time.cells()] == [f"{day} 12" for day in days]
    np.testing.assert_allclose(time.bounds - time.points[:, None], [[-0.5, 0.5]] * len(days))
    np.testing.assert_allclose(cube.coord("latitude").points, LAT)
    np.testing.assert_allclose(cube.coord("longitude").points, LON)
    np.testing.assert_allclose(cube.data.filled(np.nan), truth(days), atol=5e-5)  # float32 in kelvin is no finer


def test_noaas_files_of_one_day(tmp_path):
    """In any order, from a folder, over the turn of a year."""
    days = days_of("2015-12-29", 6)
    for day in days[::-1]:
        write_noaa(tmp_path, day)
    paths = format_oisst([tmp_path], tmp_path / "out")
    names = [
        "OBS6_NOAA-OISST_sat_v2.1_Oday_tos_20151229-20151231.nc",
        "OBS6_NOAA-OISST_sat_v2.1_Oday_tos_20160101-20160103.nc",
    ]
    assert [str(path.relative_to(tmp_path / "out")) for path in paths] == [f"Tier2/NOAA-OISST/{name}" for name in names]
    assert sorted(path.name for path in paths[0].parent.iterdir()) == names
    check(paths, days)


@pytest.mark.parametrize("changes", [{}, {"rows": -1}, {"units": "K"}, {"units": "degrees C"}, {"since": "1978-01-01"}])
def test_psls_yearly_files(tmp_path, changes):
    """Rows either way, units of all versions, and blocks of seven days."""
    days = days_of("2016-01-01", 366)
    table = write_table(tmp_path / "sst.day.mean.2016.nc", days, **changes)
    paths = format_oisst([table], tmp_path / "out", block_bytes=8 * 20 * 7)
    assert paths[0].name == "OBS6_NOAA-OISST_sat_v2_Oday_tos_20160101-20161231.nc"
    check(paths, days)


def test_one_file_of_several_years_becomes_one_file_a_year(tmp_path):
    days = days_of("2014-11-01", 500)
    paths = format_oisst([write_table(tmp_path / "a.nc", days)], tmp_path / "out", version="mine")
    periods = ["20141101-20141231", "20150101-20151231", "20160101-20160314"]
    assert [path.name for path in paths] == [f"OBS6_NOAA-OISST_sat_mine_Oday_tos_{period}.nc" for period in periods]
    check(paths, days)


def test_attributes_give_the_source(tmp_path):
    (path,) = format_oisst([write_noaa(tmp_path, np.datetime64("2016-05-01"))], tmp_path / "out")
    with Dataset(path) as file:
        assert "10.1175/JCLI-D-20-0166.1" in file.reference and "public domain" in file.license.lower()
        assert "oisst-avhrr-v02r01.20160501.nc" in file.history and "NOAA" in file.source + file.institution
        assert (file.dataset_id, file.version, file.frequency) == ("NOAA-OISST", "v2.1", "day")


@pytest.mark.parametrize(
    ("lon", "expected", "columns"),
    [
        ([-180.0, -90, 0, 90], [0.0, 90, 180, 270], [2, 3, 0, 1]),  # round the globe
        ([-20.0, -10, 0, 10], [340.0, 350, 360, 370], [0, 1, 2, 3]),  # across Greenwich
        ([170.0, 180, -170], [170.0, 180, 190], [0, 1, 2]),  # across the date line
    ],
)
def test_longitudes_begin_at_zero_where_they_can(lon, expected, columns):
    turned, order = _from_zero(np.array(lon))
    np.testing.assert_allclose(turned, expected)
    assert list(order) == columns


def remove(*names):
    def change(file):
        for name in names:
            file.renameVariable(name, "other")

    return change


def set_units(units):
    return lambda file: file["sst"].setncattr("units", units)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (remove("sst"), "no variable `sst`, but time, lat, lon, other"),
        (remove("lat"), "needs time, lat, lon"),
        (set_units("m s-1"), "'m s-1', which does not convert to degC"),
        (set_units("nonsense"), "does not convert"),
        (lambda file: file["sst"].delncattr("units"), "no units"),
        (set_units("degF"), "must be wrong"),
        (lambda file: file["time"].setncattr("units", "soon"), "can't be read as dates"),
        (
            lambda file: file["time"].__setitem__(slice(None), 30 * np.arange(10)),
            "not daily: its times are 30 days apart",
        ),
        (lambda file: file["time"].__setitem__(slice(None), 0.25 * np.arange(10)), "not daily"),
        (lambda file: file["time"].__setitem__(9, file["time"][9] + 2), "lacks 2 days from 2016-01-10 on"),
        (lambda file: file["time"].__setitem__(5, file["time"][4]), "holds 2016-01-05 twice"),
    ],
)
def test_bad_files_are_named_with_their_fault(tmp_path, change, words):
    path = write_table(tmp_path / "bad.nc", days_of("2016-01-01", 10))
    with Dataset(path, "a") as file:
        change(file)
    with pytest.raises(DataError, match=words) as error:
        format_oisst([path], tmp_path / "out")
    assert str(path) in str(error.value)
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and file != path]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (("2016-01-13", {}), "lack 2 days from 2016-01-11 on"),
        (("2016-01-10", {}), "both hold 2016-01-10"),
        (("2016-01-11", {"lon": LON + 1}), "has another grid than"),
    ],
)
def test_files_that_do_not_go_together(tmp_path, second, words):
    files = [write_table(tmp_path / "a.nc", days_of("2016-01-01", 10))]
    files.append(write_noaa(tmp_path, np.datetime64(second[0]), **second[1]))
    with pytest.raises(DataError, match=words) as error:
        format_oisst(files, tmp_path / "out")
    assert files[1].name in str(error.value)


def test_missing_broken_and_no_files(tmp_path):
    (tmp_path / "broken.nc").write_bytes(b"CDF and no more")
    for path, words in ((tmp_path / "none.nc", "no file"), (tmp_path / "broken.nc", "can't be read as netCDF")):
        with pytest.raises(DataError, match=words) as error:
            format_oisst([path], tmp_path / "out")
        assert path.name in str(error.value)
    with pytest.raises(DataError, match="nothing to format"):
        format_oisst([], tmp_path)


def test_what_is_there_is_replaced_or_refused_but_never_mixed(tmp_path):
    """The same year comes again; another region, or days that overlap, would be joined by ESMValCore."""
    table = write_table(tmp_path / "a.nc", days_of("2016-01-01", 10))
    paths = format_oisst([table], tmp_path / "out")
    assert format_oisst([table], tmp_path / "out") == paths
    longer = write_table(tmp_path / "b.nc", days_of("2016-01-05", 10))
    with pytest.raises(DataError, match="some of the same days"):
        format_oisst([longer], tmp_path / "out")
    elsewhere = write_noaa(tmp_path, np.datetime64("2016-02-01"), lon=LON + 1)
    with pytest.raises(DataError, match="another region"):
        format_oisst([elsewhere], tmp_path / "out", version="v2")
    check(paths, days_of("2016-01-01", 10))


def test_a_fault_in_a_later_block_leaves_nothing_half_done(tmp_path):
    path = write_table(tmp_path / "a.nc", days_of("2016-01-01", 30))
    with Dataset(path, "a") as file:
        file["sst"].delncattr("valid_range")
        file["sst"][20, 2, 2] = 99.0
    with pytest.raises(DataError, match="must be wrong"):
        format_oisst([path], tmp_path / "out", block_bytes=8 * 20 * 7)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_the_command_prints_the_folder_or_the_error(tmp_path, capsys):
    table = write_table(tmp_path / "a.nc", days_of("2016-01-01", 3))
    Learn().format_oisst(str(table), output=str(tmp_path / "out"))
    assert str(tmp_path / "out" / "Tier2" / "NOAA-OISST") in capsys.readouterr().out
    with pytest.raises(SystemExit):
        Learn().format_oisst(str(tmp_path / "none.nc"), output=str(tmp_path))
    assert capsys.readouterr().out.startswith("ERROR esmlearn: There is no file")


@pytest.fixture
def read(strict_esmvalcore):
    """Read a period with ESMValCore, as a recipe does that gives no version."""
    from esmvalcore.dataset import Dataset as CoreDataset

    facets = {"project": "OBS6", "dataset": "NOAA-OISST", "type": "sat", "tier": 2, "mip": "Oday", "short_name": "tos"}

    def read(folder: Path, timerange: str) -> Cube:
        with strict_esmvalcore(folder):
            return CoreDataset(**facets, timerange=timerange).load()

    return read


@pytest.mark.filterwarnings("ignore")
def test_esmvalcore_reads_it_strictly(tmp_path, read):
    """Several files become one cube, without a warning."""
    days = days_of("2015-12-01", 40)
    format_oisst([write_table(tmp_path / "a.nc", days)], tmp_path / "out")
    cube = read(tmp_path / "out", "20151215/20160106")  # ends as the last day begins
    np.testing.assert_allclose(cube.data.filled(np.nan), truth(days[14:36]), atol=1e-5)


@pytest.mark.skipif(not REAL.is_file(), reason=f"the real data are not here ({REAL})")
@pytest.mark.filterwarnings("ignore")
def test_the_real_tasman_sea(tmp_path, read):
    """28 years, every value as in the input, accepted by ESMValCore."""
    paths = format_oisst([REAL], tmp_path)
    assert len(paths) == 28
    cube = read(tmp_path, "1982/2009")
    with Dataset(REAL) as file:
        expected = np.ma.filled(file["sst"][:].astype("f4"), np.nan)
    np.testing.assert_allclose(cube.data.filled(np.nan), expected, atol=1e-5)
    assert 0.07 < np.ma.getmaskarray(cube.data).mean() < 0.09
