"""Profiles of each archive come back as means with known values, depths, errors and numbers."""

from pathlib import Path

import gsw
import iris
import numpy as np
import pytest
import xarray as xr
from iris.cube import Cube
from netCDF4 import Dataset

from esmlearn.errors import DataError, SettingsError
from esmlearn.readers.profiles import read_profiles
from esmlearn.readers.profiles_bins import cells
from esmlearn.readers.profiles_levels import interpolate
from esmlearn.readers.profiles_seawater import depth_of, in_situ_temperature, potential_temperature
from esmlearn.readers.profiles_table import Profiles
from tests.readers.archives import FILL, write_argo, write_en4, write_wod

SHARED = Path(__file__).parents[3] / "shared" / "data"
REAL = [SHARED / "argo" / f"{name}_prof.nc" for name in (2901780, 2902696, 5900865)]
REAL.append(SHARED / "sources" / "argo_3902131_prof.nc")

BOX = {"region": (-172, -168, 44, 46), "step": 1.0}
PRESSURE = np.array([[5.0, 10.0, 15.0, 30.0]])
WARM = np.full((1, 4), 20.0)
SALTY = np.full((1, 4), 35.0)
DAY = (20000.5,)


def ancillary(cube: Cube, name: str) -> np.ndarray:
    return next(one for one in cube.ancillary_variables() if one.var_name == name).data


def only(cube: Cube) -> np.ndarray:
    """Values of the levels in the only bin that has any."""
    where = ~np.ma.getmaskarray(cube.data)
    assert (where.any(axis=(1,)).sum()) == 1
    return cube.data.filled(np.nan)[np.nonzero(where.any(axis=1))[0][0], :, *np.argwhere(where.any(axis=(0, 1)))[0]]


def test_sea_water_is_that_of_teos_10():
    """Check values of pt0_from_t and z_from_p (http://www.teos-10.org/pubs/gsw/html)."""
    pressure, lat, lon = np.array([10.0, 1000.0]), np.array([4.0, 4.0]), np.array([188.0, 188.0])
    absolute, in_situ = np.array([34.7118, 34.7324]), np.array([28.7856, 4.4036])
    practical = gsw.SP_from_SA(absolute, pressure, lon, lat)
    found = potential_temperature(in_situ, practical, pressure, lat, lon)
    np.testing.assert_allclose(found, [28.783196819670632, 4.324510571845719], atol=1e-9)
    np.testing.assert_allclose(depth_of(pressure, lat), [9.9445834469453, 992.0919060719987], atol=1e-6)
    np.testing.assert_allclose(in_situ_temperature(found, practical, pressure, lat, lon), in_situ, atol=1e-9)


def test_a_pressure_is_a_smaller_depth_at_45_north():
    """By Saunders 1981 (https://doi.org/10.1175/1520-0485(1981)011<0573:PCOPTD>2.0.CO;2), 1000 dbar are 990 m there."""
    assert depth_of(np.array([1000.0]), np.array([45.0]))[0] == pytest.approx(989.5, abs=1)


def test_missing_salinity_changes_a_potential_temperature_by_less_than_the_documented_error():
    given = np.array([2.0]), np.array([2000.0]), np.array([45.0]), np.array([-170.0])
    temperature, pressure, lat, lon = given
    typical = potential_temperature(temperature, np.array([np.nan]), pressure, lat, lon)
    for salinity in (33.0, 37.0):
        assert abs(potential_temperature(temperature, np.array([salinity]), pressure, lat, lon) - typical) < 0.01


def test_a_profile_of_constant_temperature_is_that_at_all_levels(tmp_path):
    """Pressure warms water: its potential temperature is lower by 2 mK in 10 dbar, and salinity is what it was."""
    file = write_argo(tmp_path / "a.nc", {"PRES": PRESSURE, "TEMP": WARM, "PSAL": SALTY}, mode="R", day=DAY)
    cube = read_profiles([file], levels=[6, 8, 14, 25], **BOX)
    assert [coord.name() for coord in cube.coords(dim_coords=True)] == ["time", "depth", "latitude", "longitude"]
    np.testing.assert_allclose(only(cube), 20.0 - 0.00018 * np.array([6, 8, 14, 25]), atol=5e-4)
    np.testing.assert_allclose(only(read_profiles([file], levels=[6, 25], variable="so", **BOX)), 35.0, atol=1e-5)
    assert cube.units == "degC" and cube.coord("longitude").points.tolist() == [-171.5, -170.5, -169.5, -168.5]
    (cell,) = [cell for n, cell in enumerate(cube.coord("time").cells()) if not cube.data.mask[n].all()]
    assert str(cell.bound[0])[:10] == "2004-10-04" and str(cell.bound[1])[:10] == "2004-10-05"
    assert ancillary(cube, "number_of_observations").sum() == 4


@pytest.mark.parametrize(("mode", "expected"), [("R", 12.0), ("A", 10.0), ("D", 10.0)])
def test_raw_values_in_real_time_and_adjusted_ones_afterwards(tmp_path, mode, expected):
    values = {
        "PRES": PRESSURE, "PRES_ADJUSTED": PRESSURE, "TEMP": WARM, "TEMP_ADJUSTED": WARM,
        "PSAL": np.full((1, 4), 12.0), "PSAL_ADJUSTED": np.full((1, 4), 10.0),
        "PSAL_ADJUSTED_ERROR": np.full((1, 4), 0.3),
    }  # fmt: skip
    file = write_argo(tmp_path / "a.nc", values, mode=mode, day=DAY)
    cube = read_profiles([file], levels=[10], variable="so", floor=0.4, **BOX)
    assert only(cube) == pytest.approx(expected)
    error = np.ma.compressed(ancillary(cube, "so_standard_deviation"))
    assert error == pytest.approx([np.hypot(0.01 if mode == "R" else 0.3, 0.4)], rel=1e-5)


def test_an_adjusted_profile_without_adjusted_values_has_none(tmp_path):
    """Raw values would be those that the delayed mode rejected."""
    file = write_argo(tmp_path / "a.nc", {"PRES": PRESSURE, "TEMP": WARM, "PSAL": SALTY}, mode="D", day=DAY)
    with pytest.raises(DataError, match="No profile"):
        read_profiles([file], levels=[10], **BOX)


@pytest.mark.parametrize(("quality", "known"), [("good", [True, False]), ("probably_good", [True, True])])
def test_flags_decide_what_counts(tmp_path, quality, known):
    """The third value is probably good, the last is bad: 25 m lies beyond the values, 12 m below the second."""
    values = {"PRES": PRESSURE, "TEMP": np.array([[20.0, 20, 20, 35]]), "PSAL": SALTY, "TEMP_QC": ["1124"]}
    file = write_argo(tmp_path / "a.nc", values, mode="R", day=DAY)
    cube = read_profiles([file], levels=[8, 12, 25], quality=quality, **BOX)
    assert np.isfinite(only(cube)).tolist() == [*known, False]
    assert np.nanmax(only(cube)) < 20.1


@pytest.mark.parametrize(
    "spoilt",
    [
        {"juld_qc": "14"},
        {"position_qc": "14"},
        {"scheme": ("Primary sampling: averaged", "Near-surface sampling: discrete")},
        {"day": (20000.5, 999999.0)},
        {"lat": (45.0, FILL)},
    ],
    ids=lambda spoilt: next(iter(spoilt)),
)
def test_profiles_without_time_or_place_and_other_samplings_do_not_count(tmp_path, spoilt):
    two = {
        "PRES": np.repeat(PRESSURE, 2, 0),
        "TEMP": np.array([[20.0] * 4, [10.0] * 4]),
        "PSAL": np.repeat(SALTY, 2, 0),
    }
    given = {"day": (20000.5, 20000.6), "lat": (45.0, 45.0), "lon": (-170.0, -170.0), "platform": ("1", "2"), **spoilt}
    cube = read_profiles([write_argo(tmp_path / "a.nc", two, mode="RR", **given)], levels=[10], **BOX)
    assert only(cube) == pytest.approx(20.0, abs=0.01)
    assert ancillary(cube, "number_of_observations").max() == 1


def test_a_profile_that_comes_twice_counts_once(tmp_path):
    values = {"PRES": PRESSURE, "TEMP": WARM, "PSAL": SALTY}
    files = [write_argo(tmp_path / name, values, mode="R", day=DAY) for name in ("a.nc", "b.nc")]
    assert ancillary(read_profiles(files, levels=[10], **BOX), "number_of_observations").max() == 1


def test_no_level_gets_a_value_across_a_gap_or_beyond_the_values():
    """Two values 22 m apart reach a level at 20 m (20 m and a tenth of the depth), but not one at 19 m."""
    depth = np.array([9.0, 31.0, 100.0])
    table = Profiles.of(
        "so", np.array(["2004-01-01"], "datetime64[s]"), np.array([45.0]), np.array([0.0]), np.array(["a"]),
        np.zeros(3, int), depth, np.array([30.0, 41.0, 35.0]), np.array([0.1, 0.3, np.nan]),
    )  # fmt: skip
    found = interpolate(table, np.array([5.0, 9.0, 19.0, 20.0, 60.0, 100.0, 101.0]), max_gap=20.0)
    np.testing.assert_allclose(found.value[0], [np.nan, 30.0, np.nan, 35.5, np.nan, 35.0, np.nan])
    np.testing.assert_allclose(found.error[0, [1, 3]], [0.1, 0.2])


def test_means_of_a_cell_have_their_standard_error_and_number(tmp_path):
    """Three salinities of 34, 35 and 36: variance 1, so sqrt(0.1^2 + 1 / 3); a fourth lies in another cell."""
    n = 4
    values = {
        "PRES_ADJUSTED": np.repeat(PRESSURE, n, 0), "PRES": np.repeat(PRESSURE, n, 0), "TEMP": np.repeat(WARM, n, 0),
        "PSAL_ADJUSTED": np.repeat([[34.0], [35.0], [36.0], [30.0]], 4, axis=1),
        "PSAL_ADJUSTED_ERROR": np.full((n, 4), 0.1),
    }  # fmt: skip
    lon = (-170.4, -170.1, -170.9, -169.9)
    file = write_argo(tmp_path / "a.nc", values, mode="D" * n, day=(20000.1, 20001.5, 20002.9, 20001.0),
                      lat=(45.5,) * n, lon=lon, platform=("1", "2", "3", "4"))  # fmt: skip
    cube = read_profiles([file], levels=[10], variable="so", days=3, start="2004-10-04", **BOX)
    assert cube.shape == (1, 1, 2, 4)
    np.testing.assert_allclose(cube.data[0, 0, 1].filled(-1), [-1, 35, 30, -1], rtol=1e-6)
    error = ancillary(cube, "so_standard_deviation")[0, 0, 1].filled(-1)
    np.testing.assert_allclose(error, [-1, np.sqrt(0.01 + 1 / 3), np.hypot(0.1, 0.02), -1], rtol=1e-5)
    assert ancillary(cube, "number_of_observations")[0, 0, 1].tolist() == [0, 3, 1, 0]


def test_longitudes_fit_in_any_convention():
    edges = np.array([[178.0, 179], [179, 180], [180, 181]])
    assert cells(np.array([178.0, 179.0, 180.5, 181.0, 181.1]), edges).tolist() == [0, 1, 2, 2, -1]


def test_a_region_across_the_date_line_in_another_convention(tmp_path):
    file = write_argo(
        tmp_path / "a.nc", {"PRES": PRESSURE, "TEMP": WARM, "PSAL": SALTY}, mode="R", day=DAY, lon=(-179.5,)
    )
    cube = read_profiles([file], levels=[10], region=(178, -178, 44, 46), step=1.0)
    assert cube.coord("longitude").points.tolist() == [178.5, 179.5, 180.5, 181.5]
    assert (~cube.data.mask).any(axis=(0, 1, 2)).tolist() == [False, False, True, False]


def test_en4_gives_accepted_potential_temperatures_at_corrected_depths(tmp_path):
    depth = np.repeat([[5.0, 10, 15]], 3, 0)
    potential = np.array([[10.0, 11, 39], [10, 11, 12], [20, 20, 20]])
    salinity = np.full((3, 3), 35.0)
    file = write_en4(tmp_path / "en4.nc", depth=depth, potential=potential, salinity=salinity,
                     potential_qc=["114", "111", "111"], profile_qc="114")  # fmt: skip
    cube = read_profiles([file], levels=[10, 12.5], days=3, start="2004-10-04", **BOX)
    np.testing.assert_allclose(only(cube), [11, 11.5])
    number = ancillary(cube, "number_of_observations")
    assert number.max(axis=(2, 3)).tolist() == [[2, 1]]


def test_ragged_casts_of_the_world_ocean_database(tmp_path):
    """A cast without temperature, one that is rejected as a whole, and single values that are."""
    casts = [
        {"z": [0.0, 10, 20], "temperature": [20.0, 20, 39], "temperature_flag": [0, 0, 3], "salinity": [35.0, 35, 35]},
        {"z": [0.0, 10], "salinity": [34.0, 34.0]},
        {"z": [0.0, 10, 30, 40], "temperature": [5.0, 5, 5, 5], "temperature_profile_flag": 2},
        {"z": [5.0, 15], "temperature": [22.0, 22], "z_flag": [0, 0]},
    ]
    file = write_wod(tmp_path / "wod.nc", casts)
    cube = read_profiles([file], levels=[0, 10], days=9, start="2002-09-22", **BOX)
    np.testing.assert_allclose(only(cube), [20.0, 21.0], atol=0.003)
    assert ancillary(cube, "number_of_observations").max(axis=(0, 2, 3)).tolist() == [1, 2]
    salty = read_profiles([file], levels=[10], variable="so", days=9, start="2002-09-22", **BOX)
    assert only(salty) == pytest.approx(34.5)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"levels": [10], "region": (0, 10, 0, 10), "step": 1.0}, "None of the 1 profiles lies in the region"),
        ({"levels": [500], **BOX}, "No profile in 1 files has a value of thetao at the levels 500 m"),
        ({"levels": [10, 5], **BOX}, "must be depths that grow"),
        ({"levels": [10]}, "give region and step, or a grid"),
        ({"levels": [10], **BOX, "step": 0.7}, "does not hold two or more whole cells"),
        ({"levels": [10], **BOX, "start": "2010-01-01"}, "set an earlier start"),
        ({"levels": [10], **BOX, "levles": [3]}, "did you mean 'levels'"),
    ],
    ids=["elsewhere", "too deep", "upwards", "no cells", "part of a cell", "late start", "mistyped"],
)
def test_what_does_not_fit_is_said_in_one_sentence(tmp_path, settings, said):
    file = write_argo(tmp_path / "a.nc", {"PRES": PRESSURE, "TEMP": WARM, "PSAL": SALTY}, mode="R", day=DAY)
    with pytest.raises((DataError, SettingsError), match=said):
        read_profiles([file], **settings)


def test_other_files_are_refused_by_name(tmp_path):
    (tmp_path / "text.nc").write_text("no netCDF")
    iris.save(Cube(np.zeros(3), var_name="x"), tmp_path / "other.nc")
    with pytest.raises(DataError, match=r"text.nc can't be read"):
        read_profiles([tmp_path / "text.nc"], levels=[10], **BOX)
    with pytest.raises(DataError, match=r"other.nc is no file of profiles of argo, en4, wod"):
        read_profiles([tmp_path / "other.nc"], levels=[10], **BOX)
    with pytest.raises(DataError, match="There is no file of profiles"):
        read_profiles([], levels=[10], **BOX)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_floats_have_plausible_values_and_errors(path):
    """Raw values of these floats run from -2220 dbar to 65 degC; salinities to 53."""
    if not path.is_file():
        pytest.skip("real data are not here")
    globe = {
        "region": (-180, 180, -90, 90),
        "step": 5.0,
        "levels": [20, 100, 1000],
        "days": 3650,
        "start": "2000-01-01",
    }
    warm, salty = (read_profiles([path], variable=variable, **globe) for variable in ("thetao", "so"))
    for cube, lowest, highest in ((warm, (5, 3, 2), (31, 29, 8)), (salty, (32, 32, 34), (37, 37, 36))):
        for level in range(3):
            values = cube.data[:, level].compressed()
            assert len(values) and lowest[level] < values.min() <= values.max() < highest[level]
        errors = ancillary(cube, f"{cube.var_name}_standard_deviation").compressed()
        assert (errors > 0.002).all() and errors.max() < 3
    assert (warm.data[:, 2].mean() < warm.data[:, 0].mean()).all()


def test_the_mode_of_each_parameter_counts_where_a_file_has_it(tmp_path):
    """A profile in delayed mode whose salinity is not adjusted yet."""
    values = {
        "PRES": PRESSURE, "PRES_ADJUSTED": PRESSURE, "TEMP": WARM, "TEMP_ADJUSTED": WARM - 1,
        "PSAL": SALTY, "PSAL_ADJUSTED": np.full((1, 4), FILL),
    }  # fmt: skip
    file = write_argo(tmp_path / "a.nc", values, mode="D", day=DAY)
    with Dataset(file, "a") as more:
        for name, size in {"N_PARAM": 3, "STRING16": 16}.items():
            more.createDimension(name, size)
        names = more.createVariable("STATION_PARAMETERS", "S1", ("N_PROF", "N_PARAM", "STRING16"))
        names[:] = np.array([[list(name.ljust(16)) for name in ("PRES", "TEMP", "PSAL")]], "S1")
        more.createVariable("PARAMETER_DATA_MODE", "S1", ("N_PROF", "N_PARAM"))[:] = np.array([list("DDR")], "S1")
    assert only(read_profiles([file], levels=[10], variable="so", **BOX)) == pytest.approx(35.0)
    assert only(read_profiles([file], levels=[10], **BOX)) == pytest.approx(19.0, abs=0.01)


def test_a_file_that_xarray_saved_again_is_read_alike(tmp_path):
    """Characters then have one more dimension."""
    file = write_argo(tmp_path / "a.nc", {"PRES": PRESSURE, "TEMP": WARM, "PSAL": SALTY}, mode="R", day=DAY)
    xr.open_dataset(file, decode_cf=False).to_netcdf(tmp_path / "again.nc")
    one, again = (read_profiles([path], levels=[10], **BOX) for path in (file, tmp_path / "again.nc"))
    assert only(one) == only(again)
