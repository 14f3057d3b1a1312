"""Land is where Natural Earth has it, in any convention of longitudes."""

import importlib.util

import numpy as np
import pytest
import shapely

from esmlearn.datasets.ocean_simulation import LAT, LON
from esmlearn.errors import DataError
from esmlearn.grids.land import land_geometries, land_mask, natural_earth


def test_shapefile_is_found_or_named():
    """The files are there, and a wrong name lists them."""
    assert natural_earth("ne_10m_land").with_suffix(".dbf").is_file()
    with pytest.raises(DataError, match="ne_10m_land"):
        natural_earth("ne_1m_land")


def test_without_esmvalcore_the_message_says_what_to_install():
    """Nobody sees a bare AttributeError."""
    with pytest.raises(DataError, match="install ESMValCore"):
        natural_earth("ne_10m_land", package="no_esmvalcore")


@pytest.mark.parametrize(
    ("lat", "lon", "land"),
    [
        (35.7, 138.5, True),
        (33.7, 133.4, True),
        (30.0, 145.0, False),
        (40.0, 135.0, False),
        (-41.3, 173.6, True),
        (-90.0, 0.0, True),
    ],
)
def test_known_places(lat, lon, land):
    """Honshu, Shikoku, the Pacific, the Sea of Japan, New Zealand, and the South Pole."""
    assert land_mask(np.array([lat]), np.array([lon]))[0, 0] == land


def test_conventions_do_not_matter():
    """Descending latitudes, and longitudes from 0, from -180 or across the date line, see the same land."""
    lat, lon = np.arange(60.5, 70, 1.0), np.arange(170.5, 200, 1.0)
    land = land_mask(lat, lon)
    assert land.any() and not land.all()
    np.testing.assert_array_equal(land_mask(lat, (lon + 180) % 360 - 180), land)
    np.testing.assert_array_equal(land_mask(lat[::-1], lon + 360), land[::-1])


def test_share_of_the_globe():
    """29 % of the globe is land (with the ice of Antarctica)."""
    lat, lon = np.arange(-89, 90, 2.0), np.arange(1, 360, 2.0)
    share = np.average(land_mask(lat, lon).mean(axis=1), weights=np.cos(np.deg2rad(lat)))
    assert share == pytest.approx(0.29, abs=0.005)


def test_drawing_agrees_with_the_mask():
    """The polygons of a region cover what the mask calls land, on either side of the date line."""
    polygons = land_geometries((128.0, 152.0, 27.0, 43.0))
    assert sum(polygon.area for polygon in polygons) / (24 * 16) == pytest.approx(land_mask(LAT, LON).mean(), abs=0.002)
    west, south, east, north = shapely.total_bounds(land_geometries((170.0, 190.0, 60.0, 72.0)))
    assert (west, east) == (170, 190) and 60 <= south < north <= 72
    with pytest.raises(DataError, match="west, east, south, north"):
        land_geometries((190.0, 170.0, 0.0, 1.0))


@pytest.mark.skipif(importlib.util.find_spec("esmvalcore") is None, reason="needs ESMValCore")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_agrees_with_esmvalcore():
    """What ESMValCore's mask_landsea calls land is land here.

    ESMValCore looks at the first group of polygons only (continents and the largest islands), and so leaves out
    Shikoku and small islands. Within that group the two must agree cell by cell; what is land here beyond it must be
    islands.
    """
    import iris
    from cartopy.io.shapereader import Reader
    from esmvalcore.preprocessor import mask_landsea

    lat, lon = (
        iris.coords.DimCoord(points, standard_name=name, units="degrees")
        for points, name in ((LAT, "latitude"), (LON, "longitude"))
    )
    cube = iris.cube.Cube(np.ma.zeros((len(LAT), len(LON))), dim_coords_and_dims=[(lat, 0), (lon, 1)])
    theirs = np.ma.getmaskarray(mask_landsea(cube, mask_out="land").data)
    ours = land_mask(LAT, LON)

    islands = list(Reader(natural_earth("ne_10m_land")).geometries())[1:]
    x, y = np.meshgrid(LON, LAT)
    on_islands = np.any([shapely.contains_xy(island, x, y) for island in islands], axis=0)
    np.testing.assert_array_equal(ours, theirs | on_islands)
    assert (ours & ~theirs).mean() < 0.01
