"""Real files of archives, beside their packed numbers unpacked by hand."""

from pathlib import Path

import numpy as np
import pytest
from netCDF4 import Dataset

import esmlearn
from esmlearn.errors import DataError
from esmlearn.settings.sources import SourceSettings, VariableSettings

DATA = Path(__file__).parents[3] / "shared" / "data"
CCI = "19910916120000-ESACCI-L3C_GHRSST-SSTskin-AVHRR12_G-CDR2.1_night-v02.0-fv01.0.nc"
FGOALS = (
    "CMIP6/ScenarioMIP/CAS/FGOALS-f3-L/ssp126/r1i1p1f1/Omon/tos/gn/v20191008/"
    "tos_Omon_FGOALS-f3-L_ssp126_r1i1p1f1_gn_201501.nc"
)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real data are not here")


def by_hand(path: Path, name: str) -> np.ndarray:
    """Values as packed numbers times scale plus offset; NaN where they are the fill."""
    with Dataset(path) as file:
        variable = file[name]
        variable.set_auto_maskandscale(False)
        packed = variable[:]
        values = packed * float(getattr(variable, "scale_factor", 1.0)) + float(getattr(variable, "add_offset", 0.0))
        fill = getattr(variable, "_FillValue", None)
        return np.where(np.isnan(packed) | (packed == fill), np.nan, values)


@pytest.mark.parametrize(
    ("file", "variable", "source", "units", "first"),
    [
        (CCI, "wind_speed", "netCDF and zarr", "m s-1", "1991-09-16"),
        (
            "20170605120000-UKMO-L4_GHRSST-SSTfnd-OSTIAanom-GLOB-v02.0-fv02.0.nc",
            "analysed_sst",
            "GHRSST level 4",
            "K",
            "2017-06-05",
        ),
        ("ersst_v5_2010_2019.nc", "sst", "NOAA ERSST", "degC", "2010-01-01"),
        ("oisst_tasman_1982_2009.nc", "sst", "NOAA OISST", "degC", "1982-01-01"),
        ("modis_aqua_8day_sst_20220605.nc", "sstMasked", "MODIS", "degC", "2022-06-05"),
        ("sources/mur_6days_aug2023.nc", "analysed_sst", "GHRSST level 4", "K", "2023-08-04"),
        ("sources/aviso_blacksea_l4_20160707.nc", "sla", "AVISO", "m", "2016-07-07"),
        ("sources/aviso_blacksea_l4_20160707.nc", "adt", "AVISO", "m", "2016-07-07"),
        ("sources/cci_ocean_colour_l3s_200505.nc", "adg_443", "ESA CCI ocean colour", "m-1", "2005-05-01"),
        (
            "sources/cci_chlorophyll_monthly_hawaii_1998_2022.nc",
            "chlor_a",
            "ESA CCI ocean colour",
            "mg m-3",
            "1998-01-01",
        ),
        ("sources/OBS6_ERA5_reanaly_1_day_tas_2000-2000.nc", "tas", "netCDF and zarr", "K", "2000-01-01"),
        (
            "sources/tos_Omon_BCC-CSM2-HR_hist-1950_r1i1p1f1_gn_198001.nc",
            "tos",
            "netCDF and zarr",
            "degC",
            "1980-01-16",
        ),
    ],
)
def test_values_are_those_of_the_file(file, variable, source, units, first):
    asked = variable if variable in ("wind_speed", "adt") else None
    cube = esmlearn.read(DATA / file, variable=asked)
    assert cube.var_name == variable
    assert cube.attributes["esmlearn_source"].startswith(source)
    assert cube.units == units
    assert cube.coord("time").cell(0).point.strftime("%Y-%m-%d") == first
    expected = by_hand(DATA / file, variable)
    if "tas" not in file and "tos_" not in file:
        assert np.ma.getmaskarray(cube.data).sum() == np.isnan(expected).sum()
    got = cube.data.filled(np.nan)
    expected = np.where(np.abs(expected) < 1e19, expected, np.nan)
    assert np.allclose(got, expected, atol=2e-5 * max(1.0, np.nanmax(np.abs(expected)) / 30), rtol=0, equal_nan=True)


def test_oisst_without_units_needs_a_mapping():
    path = DATA / "sources" / "oisst_2x2_1982_2022.nc"
    with pytest.raises(DataError, match="oisst_short` has no units; give them in a mapping"):
        esmlearn.read(path)
    about = VariableSettings(standard_name="sea_surface_temperature", units="degC")
    cube = esmlearn.read(path, source=SourceSettings(variables={"oisst_short": about}))
    assert cube.shape == (14975, 2, 2) and cube.units == "degC"
    assert cube.data.min() == pytest.approx(17.09) and cube.data.max() == pytest.approx(29.93)


def test_sst_that_was_left_out_of_cci_is_said():
    with pytest.raises(DataError, match="has adjustment_alt, wind_speed; set `variable`"):
        esmlearn.read(DATA / CCI)


@pytest.mark.parametrize("file", ["nemo_1m_20150101-20150201_grid-T.nc", FGOALS])
def test_curvilinear_grids_are_refused_or_averaged(file):
    with pytest.raises(DataError, match=r"is on a curvilinear grid: set `step`.*`regrid: .*UnstructuredNearest"):
        esmlearn.read(DATA / file)
    cube = esmlearn.read(DATA / file, step=5)
    assert cube.units == "degC" and -2 < cube.data.min() < cube.data.max() < 36


def test_microwave_swath():
    """A cell of the swath has the weighted mean of its good values, less their bias."""
    path = DATA / "sources" / "ghrsst_l2p_amsr2.nc"
    lat, lon, sst, bias, error = (
        by_hand(path, name).squeeze()
        for name in ("lat", "lon", "sea_surface_temperature", "sses_bias", "sses_standard_deviation")
    )
    level = by_hand(path, "quality_level").squeeze()
    cube = esmlearn.read(path, step=1, region=(-60, -40, -60, -30))
    row, column = np.argwhere(~cube.data.mask[0])[5]
    south, west = -60 + row, -60 + column
    inside = (lat >= south) & (lat < south + 1) & (lon >= west) & (lon < west + 1) & (level >= 4)
    weight = error[inside] ** -2
    expected = np.sum(weight * (sst - bias)[inside]) / weight.sum()
    assert cube.data[0, row, column] == pytest.approx(expected, abs=1e-3)
    errors, counts = sorted(cube.ancillary_variables(), key=lambda extra: extra.name(), reverse=True)
    assert counts.data[0, row, column] == inside.sum()
    assert errors.data[0, row, column] == pytest.approx((weight * error[inside]).sum() / weight.sum(), rel=1e-4)


def test_infrared_swath_with_few_places():
    """Most of this granule is missing; where a value has a place, it is in a cell."""
    path = DATA / "sources" / "ghrsst_l2p_modis_a.nc"
    sst, lat, lon = (by_hand(path, name).squeeze() for name in ("sea_surface_temperature", "lat", "lon"))
    good = np.isfinite(sst) & np.isfinite(lat) & np.isfinite(lon)
    cube = esmlearn.read(path, step=0.1)
    (counts,) = cube.ancillary_variables()
    assert counts.data.sum() == good.sum()
    assert (counts.data * cube.data.filled(0)).sum() / counts.data.sum() == pytest.approx(sst[good].mean(), abs=1e-3)
    assert "all quality levels were taken" in cube.attributes["esmlearn_changes"]


def test_profiles_that_are_read_as_maps_are_refused_in_a_sentence():
    with pytest.raises(DataError, match="holds profiles: give `levels`"):
        esmlearn.read(DATA / "sources/argo_3902131_prof.nc")
