"""Archives become OBS6 files with every day there, streamed and resumable, that ESMValCore takes."""

from pathlib import Path

import iris
import numpy as np
import pytest
import yaml
from netCDF4 import Dataset

from esmlearn.bridge.cli import Learn
from esmlearn.datasets import archives
from esmlearn.datasets.archives import format_archive
from esmlearn.errors import DataError, SettingsError
from esmlearn.settings.sources import FormatSettings
from tests.readers.made_files import LAT, LON, make_avhrr, make_hadisst, make_l2p, make_l3c, make_sea_level

SST = 290 + 0.1 * np.arange(LAT.size * LON.size).reshape(LAT.size, LON.size)
SST[0, 0] = np.nan


@pytest.fixture
def level_3(tmp_path) -> Path:
    """Files of four days around a new year, without the third day, and with two passes on the last."""
    for day, change in (("2015-12-30T02", 0), ("2015-12-31T14", 1), ("2016-01-02T02", 2)):
        make_l3c(tmp_path / "in" / f"{day}.nc", day, SST + change, error=0.5)
    make_l3c(tmp_path / "in" / "second.nc", "2016-01-02T13", SST + 3, error=1.0)
    return tmp_path / "in"


def test_missing_days_are_there_as_missing(tmp_path, level_3):
    written = format_archive(level_3, tmp_path / "out", dataset="MADE_L3C", version="v1")
    assert [path.name for path in written] == [
        f"OBS6_MADE-L3C_sat_v1_Oday_{name}_{period}.nc"
        for period in ("20151230-20151231", "20160101-20160102")
        for name in ("tos", "tosStderr")
    ]
    assert written[0].parent == tmp_path / "out" / "Tier2" / "MADE-L3C"
    tos = iris.load_cube(written[2])
    assert tos.units == "degC" and tos.standard_name == "sea_surface_temperature"
    assert [cell.point.isoformat() for cell in tos.coord("time").cells()] == [
        "2016-01-01T12:00:00",
        "2016-01-02T12:00:00",
    ]
    assert tos.data[0].mask.all()
    mean = (4 * (SST + 2) + (SST + 3)) / 5 - 273.15
    assert tos.data[1].filled(-1) == pytest.approx(np.nan_to_num(mean, nan=-1), abs=6e-3)
    error = iris.load_cube(written[3])
    assert error.units == "K" and error.data[1, 1, 1] == pytest.approx((4 * 0.5 + 1) / 5, abs=1e-3)
    assert error.data[0].mask.all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["tos", "tosStderr"])
def test_esmvalcore_takes_the_files(tmp_path, level_3, strict_esmvalcore, name):
    """Its strictest checks pass, though days of the archive are missing; the error is in its custom table."""
    from esmvalcore.dataset import Dataset as CoreDataset

    format_archive(level_3, tmp_path / "out", dataset="MADE", version="1")
    facets = {"project": "OBS6", "dataset": "MADE", "type": "sat", "tier": 2, "mip": "Oday", "short_name": name}
    with strict_esmvalcore(tmp_path / "out"):
        cube = CoreDataset(**facets, timerange="20151230/20160103").load()
    assert cube.shape == (4, LAT.size, LON.size)
    assert cube.data.mask.all(axis=(1, 2)).tolist() == [False, False, True, False]


def test_second_call_keeps_finished_years(tmp_path, level_3, monkeypatch):
    first = format_archive(level_3, tmp_path / "out", dataset="MADE")
    times = [path.stat().st_mtime_ns for path in first]
    make_l3c(level_3 / "more.nc", "2016-01-04T02", SST)
    again = format_archive(level_3, tmp_path / "out", dataset="MADE")
    assert [path.stat().st_mtime_ns for path in again[:2]] == times[:2]
    assert again[2].name.endswith("20160101-20160104.nc")
    assert not first[2].exists()  # the shorter file of the same year
    assert len(list((tmp_path / "out").rglob("*.nc"))) == 4
    again = format_archive(level_3, tmp_path / "out", FormatSettings(bias=False), dataset="MADE")
    assert again[0].stat().st_mtime_ns != times[0]


def test_a_year_without_files_is_there_as_missing(tmp_path, strict_esmvalcore):
    from esmvalcore.dataset import Dataset as CoreDataset

    for day in ("2013-12-30", "2013-12-31", "2015-01-01"):
        make_l3c(tmp_path / "in" / f"{day}.nc", f"{day}T02", SST)
    written = format_archive(tmp_path / "in", tmp_path / "out", dataset="MADE")
    assert [path.name[-20:-16] for path in written if "Stderr" not in path.name] == ["2013", "2014", "2015"]
    facets = {"project": "OBS6", "dataset": "MADE", "type": "sat", "tier": 2, "mip": "Oday", "short_name": "tos"}
    with strict_esmvalcore(tmp_path / "out"):
        cube = CoreDataset(**facets, timerange="20131231/20150102").load()
    assert (~cube.data.mask.all(axis=(1, 2))).nonzero()[0].tolist() == [0, 366]


def test_a_run_that_ends_early_leaves_whole_files_only(tmp_path, level_3, monkeypatch):
    real = archives.maps_of

    def maps_of(part, cells, counted):
        if part.path.name == "second.nc":
            raise KeyboardInterrupt
        return real(part, cells, counted)

    monkeypatch.setattr(archives, "maps_of", maps_of)
    with pytest.raises(KeyboardInterrupt):
        format_archive(level_3, tmp_path / "out", dataset="MADE")
    left = [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(left) == 2 and all("20151230-20151231" in name for name in left)


def test_old_avhrr_by_command(tmp_path, capsys):
    """The Alboran Sea across Greenwich, in degree Celsius, with a day missing."""
    make_avhrr(tmp_path / "in")
    Learn().format("auto", str(tmp_path / "in"), output=str(tmp_path), dataset="AVHRR")
    (path,) = tmp_path.rglob("OBS6*.nc")
    assert str(path) in capsys.readouterr().out
    cube = iris.load_cube(path)
    assert cube.shape == (10, 24, 70) and cube.data.mask[6].all() and not cube.data.mask[5].all()
    lon = cube.coord("longitude").points  # from 0 to 360, as ESMValCore checks it
    assert lon == pytest.approx(np.sort((-5.95 + 0.1 * np.arange(70)) % 360), abs=1e-3)
    with Dataset(tmp_path / "in" / "avhrr_01.nc") as file:
        west = file["mcsst"][0, :, np.argmin(np.abs(file["lon"][:] - 354.05))]
    assert cube.data[0, :, np.argmin(np.abs(lon - 354.05))].filled(-1) == pytest.approx(west.filled(-1), abs=1e-5)


def test_swaths_of_several_files_make_one_day(tmp_path):
    """The mean of a cell counts each observation alike, from whichever file."""
    lat, lon = np.full((1, 3), 0.5), np.full((1, 3), 10.5)
    make_l2p(tmp_path / "in1.nc", "2019-08-05T01:00", lat, lon, np.array([[280.0, 281.0, 282.0]]))
    make_l2p(tmp_path / "in2.nc", "2019-08-05T03:00", lat[:, :1], lon[:, :1], np.array([[285.0]]))
    settings = FormatSettings(step=1.0, region=(10.0, 12.0, 0.0, 2.0))
    path, _ = format_archive(sorted(tmp_path.glob("in*.nc")), tmp_path / "out", settings, dataset="MADE")
    cube = iris.load_cube(path)
    assert cube.data[0, 0, 0] == pytest.approx((280 + 281 + 282 + 285) / 4 - 0.1 - 273.15, abs=5e-3)
    assert cube.data.mask.tolist() == [[[False, True], [True, True]]]


def test_months(tmp_path):
    degrees = np.full((3, LAT.size, LON.size), 10.0)
    (path,) = format_archive(make_hadisst(tmp_path / "a.nc", degrees), tmp_path, dataset="HadISST", source="hadisst")
    cube = iris.load_cube(path)
    assert path.name == "OBS6_HadISST_sat_1_Omon_tos_20000101-20000331.nc"
    assert cube.coord("time").bounds.tolist() == [[54786, 54817], [54817, 54846], [54846, 54877]]
    assert cube.coord("latitude").points == pytest.approx(LAT, abs=1e-4)


def test_the_sea_level_anomaly_comes_with_a_table_that_esmvalcore_reads(tmp_path, caplog):
    """As `esmvaltool run --config_dir` reads it, beside the tables that ESMValCore has itself."""
    table = pytest.importorskip("esmvalcore.cmor.table")
    path = make_sea_level(tmp_path / "s.nc", 24294.0, SST / 1000)
    (written,) = format_archive(path, tmp_path, dataset="S")
    assert "_Oday_sla_20160707-20160707" in written.name
    assert f"--config_dir={tmp_path / 'esmvaltool_config'} RECIPE" in caplog.text
    config = yaml.safe_load((tmp_path / "esmvaltool_config" / "esmlearn_table.yml").read_text())
    tables = table.CMIP6Info(**config["projects"]["OBS6"]["cmor_table"], strict=False)
    assert tables.get_variable("Omon", "zos").units == "m"
    assert tables.get_variable("Oday", "tosStderr").units == "K"
    found, cube = tables.get_variable("Oday", "sla"), iris.load_cube(written)
    assert (found.standard_name, found.units, found.frequency) == (cube.standard_name, str(cube.units), "day")
    np.testing.assert_allclose(cube.data[0], SST / 1000, atol=1e-4)


def test_what_has_no_table_is_refused(tmp_path, level_3):
    path = make_sea_level(tmp_path / "s.nc", 24294.0, SST / 1000)
    with pytest.raises(DataError, match="no variable for a quantity without a standard name"):
        format_archive(path, tmp_path, FormatSettings(variable="err_sla"), dataset="S")
    (written,) = format_archive(path, tmp_path, FormatSettings(variable="adt"), dataset="S")
    assert "_Oday_zos_20160707-20160707" in written.name
    with pytest.raises(SettingsError, match="name it with `dataset`"):
        format_archive(path, tmp_path, FormatSettings(variable="adt"))
    for day in (1, 9, 17):
        make_l3c(tmp_path / "eight" / f"{day}.nc", f"2016-01-{day:02d}", SST)
    with pytest.raises(DataError, match="8 days apart"):
        format_archive(tmp_path / "eight", tmp_path, dataset="E")


def test_other_regions_are_not_mixed(tmp_path, level_3):
    format_archive(level_3, tmp_path / "out", dataset="MADE")
    make_l3c(tmp_path / "in2" / "a.nc", "2017-01-01", SST, lat=LAT + 3)
    with pytest.raises(DataError, match="holds another region"):
        format_archive(tmp_path / "in2", tmp_path / "out", dataset="MADE")
