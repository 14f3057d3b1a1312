"""Files in the forms of archives become one cube, with exact values, and what was left out is said."""

import json
from pathlib import Path

import iris
import numpy as np
import pytest
import xarray as xr
from netCDF4 import Dataset

import esmlearn
from esmlearn.errors import DataError, SettingsError

from .made_files import (
    LAT,
    LON,
    make_avhrr,
    make_hadisst,
    make_l2p,
    make_l3c,
    make_l3m,
    make_l4,
    make_sea_level,
)

SST = 290 + 0.1 * np.arange(LAT.size * LON.size).reshape(LAT.size, LON.size)


def changes(cube) -> str:
    return " ".join(json.loads(cube.attributes["esmlearn_changes"]))


def error_of(cube):
    return next(extra for extra in cube.ancillary_variables() if extra.name().endswith("standard_error"))


def test_level_3_by_quality_and_bias_with_the_packing_of_each_file(tmp_path):
    """Files that pack differently give the same values; level 3 is left out; the bias is subtracted."""
    quality = np.full((1, *SST.shape), 5)
    quality[0, 0, 0], quality[0, 0, 1] = 3, 4
    make_l3c(tmp_path / "b.nc", "2015-12-02T12:00", SST, quality=quality, bias=0.2, offset=273.15)
    make_l3c(
        tmp_path / "a.nc", "2015-12-01T12:00", SST, quality=quality, bias=0.2, offset=298.15, scale=0.005, error=0.5
    )
    cube = esmlearn.read(tmp_path)
    assert cube.has_lazy_data()
    assert [coord.name() for coord in cube.coords(dim_coords=True)] == ["time", "latitude", "longitude"]
    assert cube.standard_name == "sea_surface_skin_temperature"
    assert cube.units == "K"
    dates = [point.strftime("%Y-%m-%d") for point in (cell.point for cell in cube.coord("time").cells())]
    assert dates == ["2015-12-01", "2015-12-02"]
    expected = SST - 0.2
    for day in range(2):
        assert cube.data.mask[day, 0, 0] and cube.data.mask[day].sum() == 1
        assert cube.data[day].compressed() == pytest.approx(expected.ravel()[1:], abs=2e-3)
    assert np.ma.getdata(error_of(cube).data)[:, 1, 1] == pytest.approx([0.5, 0.3], abs=1e-3)
    assert "2 values whose `quality_level` is not 4, 5 were left out" in changes(cube)
    assert f"`sses_bias` was subtracted from values ({2 * (SST.size - 1)} values)" in changes(cube)


def test_quality_and_bias_are_settings(tmp_path):
    quality = np.full((1, *SST.shape), 2)
    path = make_l3c(tmp_path / "a.nc", "2015-12-01", SST, quality=quality, bias=0.2)
    assert esmlearn.read(path).data.mask.all()
    cube = esmlearn.read(path, quality=[2, 3], bias=False)
    assert cube.data[0].filled(-1) == pytest.approx(SST, abs=6e-3)
    assert "not subtracted" in changes(cube)


def test_region_is_cut_across_greenwich(tmp_path):
    """Columns come from west to east, each with its own values."""
    lon = np.array([0.0, 90.0, 180.0, 270.0, 350.0])
    values = np.broadcast_to(290 + np.arange(5.0), (LAT.size, 5))
    path = make_l3c(tmp_path / "a.nc", "2015-12-01", values, lon=lon)
    cube = esmlearn.read(path, region=(-95, 5, 35.0, 35.2))
    assert cube.coord("longitude").points == pytest.approx([-90, -10, 0])
    assert cube.data[0, 0].filled(-1) == pytest.approx([293, 294, 290], abs=6e-3)
    assert cube.shape == (1, 2, 3)


def test_swaths_become_weighted_means_of_cells(tmp_path):
    """Two points in a cell, of errors 0.5 and 1: weights 4 and 1; land, fills of coordinates and days count."""
    lat = np.array([[0.3, 0.4, 0.3], [np.nan, 1.2, 0.5]])
    lon = np.array([[10.1, 10.2, 11.5], [10.1, 10.2, 10.3]])
    kelvin = np.array([[280.0, 285.0, 300.0], [270.0, 290.0, 250.0]])
    error = np.array([[0.5, 1.0, 0.5], [0.5, 0.5, 0.5]])
    flags = np.array([[0, 0, 0], [0, 0, 2]])
    dtime = np.array([[0, 0, 0], [0, 7200, 0]])
    path = make_l2p(tmp_path / "a.nc", "2019-08-05T23:00", lat, lon, kelvin, error=error, flags=flags, dtime=dtime)
    cube = esmlearn.read(path, step=1, region=(10, 12, 0, 2))
    assert cube.shape == (2, 2, 2)
    assert cube.data[0, 0, 0] == pytest.approx((4 * 280 + 285) / 5 - 0.1, abs=5e-3)
    assert cube.data[0, 0, 1] == pytest.approx(299.9, abs=5e-3)
    assert cube.data[1, 1, 0] == pytest.approx(289.9, abs=5e-3)  # after midnight
    assert cube.data.count() == 3
    assert error_of(cube).data[0, 0, 0] == pytest.approx((4 * 0.5 + 1) / 5, abs=1e-3)
    (counts,) = (one for one in cube.ancillary_variables() if one.name().endswith("number_of_observations"))
    assert counts.data.tolist() == [[[2, 1], [0, 0]], [[0, 0], [1, 0]]]
    assert "1 values that `l2p_flags` marks as land, ice, lake, river were left out" in changes(cube)


def test_swath_across_the_date_line_stays_in_one_piece(tmp_path):
    lat, lon = np.zeros((1, 4)), np.array([[179.0, 179.5, -180.0, -179.5]])
    path = make_l2p(tmp_path / "a.nc", "2019-08-05", lat, lon, np.array([[281.0, 282.0, 283.0, 284.0]]))
    cube = esmlearn.read(path, step=0.5)
    assert cube.coord("longitude").points == pytest.approx([179.25, 179.75, 180.25, 180.75])
    assert cube.data[0, 0].filled(-1) == pytest.approx([280.9, 281.9, 282.9, 283.9], abs=5e-3)


def test_level_4_leaves_out_ice_and_land(tmp_path):
    mask = np.ones(SST.shape, int)
    mask[0, :3] = 2, 5, 9
    cube = esmlearn.read(make_l4(tmp_path / "a.nc", "2023-08-04T09:00", SST, mask))
    assert cube.data.mask[0, 0].tolist() == [True, True, True, False, False, False, False, False]
    assert cube.data[0, 1:].filled(-1) == pytest.approx(SST[1:], abs=1e-3)
    assert error_of(cube).data[0, 1, 1] == pytest.approx(0.4)
    assert "3 values that `mask` marks" in changes(cube)


def test_nasa_maps_get_their_time_from_attributes(tmp_path):
    quality = np.zeros(SST.shape, int)
    quality[2, 3] = 2
    days = (
        ("2022-06-05T00:35:00.000Z", "2022-06-05T23:35:00.000Z"),
        ("2022-06-06T00:35:00.000Z", "2022-06-06T23:35:00.000Z"),
    )
    paths = [make_l3m(tmp_path / f"{k}.nc", *ends, SST - 273.15, quality) for k, ends in enumerate(days)]
    cube = esmlearn.read(paths)
    assert [cell.point.isoformat() for cell in cube.coord("time").cells()] == [
        "2022-06-05T12:05:00",
        "2022-06-06T12:05:00",
    ]
    south = cube[:, ::-1] if cube.coord("latitude").points[0] > cube.coord("latitude").points[-1] else cube
    assert south.data.mask[0].sum() == 1 and south.data.mask[0, 2, 3]
    assert south.data[0, 1].filled(-1) == pytest.approx(SST[1] - 273.15, abs=3e-3)


def test_sea_level(tmp_path):
    path = make_sea_level(tmp_path / "a.nc", 24294.0, SST / 1000)
    cube = esmlearn.read(path)
    assert cube.standard_name == "sea_surface_height_above_sea_level"
    assert cube.data[0].filled(-1) == pytest.approx(SST / 1000, abs=1e-4)
    assert cube.coord("time").cell(0).point.isoformat() == "2016-07-07T00:00:00"
    assert np.ma.getdata(error_of(cube).data) == pytest.approx(0.02)
    assert esmlearn.read(path, variable="adt").data[0].filled(-1) == pytest.approx(SST / 1000 + 0.5, abs=1e-4)


def test_ice_of_hadisst_is_missing(tmp_path):
    degrees = np.full((2, LAT.size, LON.size), 10.0)
    degrees[0, 0, 0], degrees[0, 0, 1] = -1000, -1e30
    cube = esmlearn.read(make_hadisst(tmp_path / "a.nc", degrees))
    assert cube.data.count() == degrees.size - 2
    assert cube.data.min() == cube.data.max() == 10
    assert cube.units == "degC"


def test_old_avhrr_of_the_alboran_sea(tmp_path):
    """Units with a blank, columns across Greenwich, a day that is missing."""
    cube = esmlearn.read(make_avhrr(tmp_path))
    assert cube.units == "degC" and cube.standard_name == "sea_surface_temperature"
    assert cube.shape == (9, 24, 70)
    assert cube.coord("longitude").points == pytest.approx(-5.95 + 0.1 * np.arange(70), abs=1e-3)
    assert 15 < cube.data.min() < cube.data.max() < 24
    with Dataset(tmp_path / "avhrr_01.nc") as file:
        east = file["mcsst"][0, :, np.argmin(np.abs(file["lon"][:] - 359.95))]
    assert np.array_equal(cube.data[0, :, 59].filled(-1), east.filled(-1))


def test_mapping_of_own_files_and_zarr(tmp_path):
    """A store without a single CF attribute is read by a mapping, with its error, quality and fill."""
    values = np.array([[[1.0, 2.0], [3.0, -9.0]]])
    store = xr.Dataset(
        {
            "v": (("n", "j", "i"), values),
            "s": (("n", "j", "i"), 0 * values + 0.1),
            "q": (("n", "j", "i"), [[[1, 2], [1, 1]]]),
        },
        {"n": ("n", [5.0], {"units": "days since 2000-01-01"}), "j": [10.0, 11.0], "i": [20.0, 21.0]},
    )
    store.to_zarr(tmp_path / "own.zarr")
    mapping = tmp_path / "own.yml"
    mapping.write_text(
        "variables:\n  v: {standard_name: sea_surface_salinity, units: '1', error: [s], quality: q}\n"
        "time: n\nlat: j\nlon: i\nkeep: [1]\nfill: [-9]\n"
    )
    cube = esmlearn.read(tmp_path / "own.zarr", source=mapping)
    assert cube.data.filled(-1).tolist() == [[[1, -1], [3, -1]]]
    assert cube.coord("time").cell(0).point.isoformat() == "2000-01-06T00:00:00"
    assert cube.standard_name == "sea_surface_salinity"
    assert error_of(cube).data[0, 0, 0] == pytest.approx(0.1)


def test_cubes_of_files_that_iris_wrote(tmp_path):
    cube = esmlearn.read(make_l4(tmp_path / "a.nc", "2023-08-04", SST, np.ones(SST.shape, int)))
    cube.attributes = {}
    iris.save(cube, tmp_path / "b.nc")
    again = esmlearn.read(tmp_path / "b.nc", variable="analysed_sst")
    assert np.array_equal(again.data, cube.data)


def write(path: Path, **units) -> Path:
    with Dataset(path, "w") as file:
        for name in ("lat", "lon"):
            file.createDimension(name, 2)
            file.createVariable(name, "f4", (name,))[:] = [1, 2]
        file.createVariable("a", "f4", ("lat", "lon"))[:] = 1
        file["a"].setncatts(units)
    return path


def two_grids(folder: Path) -> list[Path]:
    other = make_l3c(folder / "b.nc", "2015-12-02", SST, lat=LAT + 1)
    return [make_l3c(folder / "a.nc", "2015-12-01", SST), other]


def two_sources(folder: Path) -> list[Path]:
    other = make_l4(folder / "c.nc", "2015-12-02", SST, np.ones(SST.shape, int))
    return [make_l3c(folder / "a.nc", "2015-12-01", SST), other]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: [folder / "none.nc"], "There is no file .*none.nc"),
        (lambda folder: [], "no file"),
        (lambda folder: [folder / "text.nc"], "text.nc can't be read as netCDF"),
        (lambda folder: [write(folder / "a.nc", units="K")], "a.nc has no time"),
        (two_grids, "b.nc has another grid than .*a.nc"),
        (two_sources, "c.nc has the var_name"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path, make, words):
    (tmp_path / "text.nc").write_text("no netCDF")
    with pytest.raises(DataError, match=words):
        esmlearn.read(make(tmp_path))


def test_unknown_names_are_refused(tmp_path):
    path = make_l3c(tmp_path / "a.nc", "2015-12-01", SST)
    with pytest.raises(SettingsError, match="no source 'ghrst'; take one of ghrsst_l2p"):
        esmlearn.read(path, source="ghrst")
    with pytest.raises(DataError, match=r"a.nc has no variable `chl`, but .*sea_surface_temperature"):
        esmlearn.read(path, variable="chl")
    with pytest.raises(SettingsError, match="west, east, south, north"):
        esmlearn.read(path, region=(1, 2))
    (tmp_path / "m.yml").write_text("colour: {}")
    with pytest.raises(SettingsError, match=r"colour.*the keys of a mapping are title"):
        esmlearn.read(path, source=tmp_path / "m.yml")


@pytest.mark.parametrize("kind", ["i2", "u2", "i1"])
def test_values_at_the_limit_of_the_packing_are_none(tmp_path, kind):
    """A few cells, too few to be found as a number that comes often; a declared fill is none of them."""
    packed = np.full((1, 4, 5), 100, kind)
    packed[0, 0, 0], packed[0, 3, 4] = np.iinfo(kind).max, np.iinfo(kind).min
    path = tmp_path / "packed.nc"
    with Dataset(path, "w") as file:
        for name, points, units in (
            ("time", [0.5], "days since 2001-01-01"),
            ("lat", 30.0 + np.arange(4), "degrees_north"),
            ("lon", 150.0 + np.arange(5), "degrees_east"),
        ):
            file.createDimension(name, len(points))
            file.createVariable(name, "f8", (name,)).units = units
            file[name][:] = points
        sst = file.createVariable("sst", kind, ("time", "lat", "lon"), fill_value=100 if kind == "i1" else None)
        sst.set_auto_maskandscale(False)
        sst.setncatts({"units": "degC", "scale_factor": 0.1, "add_offset": 10.0})
        sst[:] = packed
        sst[0, 1] = 50
    cube = esmlearn.read(path)
    left_out = 1 if kind == "u2" else 2
    mask = np.ma.getmaskarray(cube.data)
    assert mask[0, 0, 0] and mask[0, 3, 4] == (kind != "u2")
    assert mask.sum() == (15 if kind == "i1" else left_out)
    assert "the limit of what the file can hold, were left out" in cube.attributes["esmlearn_changes"]
