"""The demo ocean behaves like an ocean, and its files like any other OBS6 data."""

import hashlib
import shutil
from itertools import pairwise

import iris
import numpy as np
import pytest
from netCDF4 import Dataset

from esmlearn.datasets import ocean_simulation
from esmlearn.datasets.demo_ocean import hide_under_clouds, write_demo_ocean
from esmlearn.datasets.obs6 import FILL
from esmlearn.datasets.ocean_simulation import LAT, LON, background, day_of_year

DATES = np.arange("2003-01-01", "2005-01-01", dtype="datetime64[D]")
PERIOD = {"first_day": "2004-02-20", "last_day": "2004-03-10"}
EAST, KM_LON, KM_LAT = LON > 142.5, 22.8, 27.8


@pytest.fixture(scope="session")
def anomalies(ocean):
    """Departures from mean, annual and semi-annual cycle at each place, 0 on land."""
    phase = 2 * np.pi * day_of_year(DATES) / 365.25
    waves = np.stack([np.ones_like(phase)] + [wave(n * phase) for n in (1, 2) for wave in (np.cos, np.sin)], axis=1)
    values = ocean.filled(0.0).reshape(len(DATES), -1).astype(float)
    return (values - waves @ np.linalg.lstsq(waves, values)[0]).reshape(ocean.shape)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Files of three weeks around a leap day."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo_ocean(folder, **PERIOD)
    return folder


@pytest.fixture
def short(made, tmp_path):
    """Copies of these files that a test may harm."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return sorted(tmp_path.rglob("*.nc"))


def test_mean_and_gradient(ocean):
    """About 26 degC in the south, 11 to 14 in the north, falling all the way, and never below freezing."""
    mean = ocean.mean(axis=(0, 2))
    assert mean[0] == pytest.approx(26.0, abs=1.2)
    assert mean[-1] == pytest.approx(12.0, abs=2.0)
    assert all(north < south for south, north in pairwise(mean[::4]))
    assert ocean.min() >= -1.8 and ocean.max() < 34


def test_season_lags_and_grows_with_latitude():
    """The peak moves from August into September, and the amplitude doubles."""
    days = np.arange(0.5, 365)
    climate = background(days, np.array([27.0, 35.0, 43.0]))
    peaks = days[climate.argmax(axis=0)]
    assert 225 < peaks[0] < peaks[1] < peaks[2] < 258
    amplitude = np.ptp(climate, axis=0) / 2
    assert 2.5 < amplitude[0] < amplitude[1] < amplitude[2] < 8


def test_season_of_the_simulation(ocean):
    """What was put in comes out: warmest in late August or September, coldest in January to March."""
    months = DATES.astype("datetime64[M]").astype(int) % 12 + 1
    for rows in (slice(0, 16), slice(-16, None)):
        mean = [ocean[months == month, rows].mean() for month in range(1, 13)]
        assert np.argmax(mean) + 1 in (8, 9) and np.argmin(mean) + 1 in (1, 2, 3)


def test_leap_years_keep_in_step():
    """Noon of New Year's Eve is half a day before the end of the year, in any year."""
    last = day_of_year(np.array(["2003-12-31", "2004-12-31"], dtype="datetime64[D]"))
    np.testing.assert_allclose(last, 364.75, atol=0.01)


def test_there_is_a_front(ocean):
    """East of Japan several degrees are lost within 100 km, and not at the same latitude all along nor all the time."""
    drop = ocean[:, :-4, EAST] - ocean[:, 4:, EAST]  # over 111 km
    assert 3.0 < drop.max(axis=1).mean() < 9.0
    where = LAT[:-4][drop.argmax(axis=1)]
    assert where.mean() == pytest.approx(35.5, abs=1.5)
    assert where.std(axis=1).mean() > 0.4 and where.std(axis=0).mean() > 0.4


def test_size_of_anomalies_and_of_their_changes(ocean, anomalies):
    """Anomalies of 1 to 1.6 degC, changes of 0.2 to 0.35 degC from day to day."""
    sea = ~ocean.mask[0]
    assert 0.9 < anomalies[:, sea].std() < 1.6
    assert 0.2 < np.diff(anomalies[:, sea], axis=0).std() < 0.35


def test_memory_of_anomalies(ocean, anomalies):
    """Anomalies are forgotten after 8 to 40 days (e-folding)."""
    sea = anomalies[:, ~ocean.mask[0]]
    kept = [(sea[lag:] * sea[:-lag]).mean() / sea.var() for lag in (8, 40)]
    assert kept[0] > np.exp(-1) > kept[1]


@pytest.mark.parametrize(("axis", "km"), [(1, KM_LAT), (2, KM_LON)])
def test_spectrum(anomalies, axis, km):
    """Between 300 and 55 km the variance falls as k^-2 to k^-3.5, along both axes."""
    box = anomalies[::5, :56, EAST]
    n = box.shape[axis]
    window = np.expand_dims(np.hanning(n), [i for i in range(3) if i != axis])
    waves = np.abs(np.fft.rfft((box - box.mean(axis, keepdims=True)) * window, axis=axis)) ** 2
    power = waves.mean(axis=tuple(i for i in range(3) if i != axis))
    number = np.fft.rfftfreq(n, km)
    inside = (number > 1 / 300) & (number < 1 / 55)
    slope = np.polyfit(np.log(number[inside]), np.log(power[inside]), 1)[0]
    assert -3.6 < slope < -2.0


def test_years_differ(anomalies, ocean):
    """Means of half years depart from the season by some tenths of a degree."""
    halves = [part[:, ~ocean.mask[0]].mean(axis=0) for part in np.array_split(anomalies, 4)]
    assert 0.2 < np.std(halves) < 1.2


def test_flow_does_not_cross_the_coast():
    """Inside the land the streamfunction is constant: nothing flows."""
    land = ocean_simulation.land_mask(ocean_simulation.WIDE_LAT, ocean_simulation.WIDE_LON)
    flow = ocean_simulation.streamfunction(3, land, np.random.default_rng(1))
    eastward, northward = ocean_simulation.velocity(flow[0])
    speed = np.hypot(eastward, northward)
    inland = ocean_simulation.ndimage.binary_erosion(land, iterations=3)
    assert inland.sum() > 50 and speed[inland].max() < 0.05 * speed.max()


def test_advection_moves_without_change():
    """A blob in a uniform flow arrives where the flow takes it, and keeps its height."""
    shape = (40, 48)
    rows, columns = np.indices((80, 96), dtype=np.float32)
    blob = np.exp(-((rows - 40) ** 2 + (columns - 30) ** 2) / 50).astype(np.float32)
    east, north = np.full(shape, 2.25, np.float32), np.full(shape, -1.5, np.float32)
    for _ in range(4):
        blob = ocean_simulation.advect(blob, ocean_simulation.displacement(east, north))
    assert np.unravel_index(blob.argmax(), blob.shape) == (40 - 12, 30 + 18)  # two fine cells to a cell
    assert blob.max() == pytest.approx(1.0, abs=0.01)


def test_coast_and_islands(ocean):
    """Honshu, Shikoku and a small island are land, the Pacific and the Sea of Japan are not."""
    land = ocean.mask[0]

    def at(lat, lon):
        return land[np.abs(LAT - lat).argmin(), np.abs(LON - lon).argmin()]

    assert at(36.1, 138.1) and at(33.9, 133.6) and at(28.125, 129.375)
    assert not at(30.0, 145.0) and not at(40.0, 135.0)
    assert 0.08 < land.mean() < 0.15 and (ocean.mask == land).all()


def test_clouds_over_the_ocean(ocean):
    """60 to 80 % are hidden in each season, some places for a whole calendar month, and nothing seen is changed."""
    cloudy = hide_under_clouds(ocean, DATES, seed=2001, share=0.7)
    sea = ~ocean.mask[0]
    hidden = cloudy.mask[:, sea]
    assert hidden.mean() == pytest.approx(0.7, abs=0.02)
    months = DATES.astype("datetime64[M]")
    seasons = (months.astype(int) % 12 + 1) % 12 // 3
    assert all(0.6 < hidden[seasons == season].mean() < 0.8 for season in range(4))
    unseen = np.array([hidden[months == month].all(axis=0).mean() for month in np.unique(months)])
    assert 0.002 < unseen.mean() < 0.06
    np.testing.assert_array_equal(cloudy.compressed(), ocean.data[~cloudy.mask])


def test_files_have_their_attributes_and_values(short):
    """CF coordinates with bounds, the leap day, attributes that say synthetic, and equal values wherever seen."""
    complete, cloudy = (iris.load_cube(path) for path in short)
    for cube in (complete, cloudy):
        assert cube.standard_name == "sea_surface_temperature" and cube.units == "degC"
        assert all(cube.coord(name).has_bounds() for name in ("time", "latitude", "longitude"))
        assert [str(method) for method in cube.cell_methods] == ["area: mean where sea", "time: mean"]
        assert "SYNTHETIC" in cube.attributes["title"] and "SYNTHETIC" in cube.attributes["source"]
        days = [(day.point.month, day.point.day) for day in cube.coord("time").cells()]
        assert len(days) == 20 and (2, 29) in days
    seen = ~np.ma.getmaskarray(cloudy.data)
    np.testing.assert_array_equal(cloudy.data.data[seen], complete.data.data[seen])
    assert 0 < seen.mean() < 0.6


def test_whole_files_are_left_alone(short, tmp_path):
    """Nothing is written a second time."""
    before = [path.stat().st_mtime_ns for path in short]
    assert write_demo_ocean(tmp_path, **PERIOD) == short
    assert [path.stat().st_mtime_ns for path in short] == before


@pytest.mark.parametrize("harm", ["cut", "alter", "delete", "other version"])
def test_harmed_files_are_made_again(short, tmp_path, harm):
    """A file that is cut off, altered, gone or of another version comes back bit for bit; the other one stays."""
    complete, cloudy = short
    with Dataset(cloudy) as file:
        digest = file.values_sha256
    kept = complete.stat().st_mtime_ns
    if harm == "cut":
        cloudy.write_bytes(cloudy.read_bytes()[: cloudy.stat().st_size // 2])
    elif harm == "delete":
        cloudy.unlink()
    else:
        with Dataset(cloudy, "a") as file:
            if harm == "alter":
                file["tos"][3, 4, 60] = 21.0
            else:
                file.generator_version = "0"
    write_demo_ocean(tmp_path, **PERIOD)
    with Dataset(cloudy) as file:
        assert file.values_sha256 == digest == hashlib.sha256(file["tos"][:].filled(FILL).tobytes()).hexdigest()
    assert complete.stat().st_mtime_ns == kept
    assert sorted(path.name for path in cloudy.parent.iterdir()) == [cloudy.name]


def test_another_seed_makes_another_ocean(short, tmp_path):
    values = [Dataset(path).values_sha256 for path in short]
    again = write_demo_ocean(tmp_path, seed=7, **PERIOD)
    assert again == short
    assert all(Dataset(path).values_sha256 != value for path, value in zip(again, values, strict=True))


@pytest.mark.filterwarnings("ignore")
def test_esmvalcore_reads_them_strictly(short, tmp_path, strict_esmvalcore):
    """ESMValCore finds both datasets as local OBS6 data, and they pass its strictest checks."""
    from esmvalcore.dataset import Dataset as CoreDataset

    facets = {"project": "OBS6", "type": "synthetic", "version": "1", "tier": 2, "mip": "Oday", "short_name": "tos"}
    with strict_esmvalcore(tmp_path):
        for path in short:
            dataset = CoreDataset(dataset=path.parent.name, **facets)
            assert [file.name for file in dataset.files] == [path.name]
            cube = dataset.load()
            assert cube.shape == (20, len(LAT), len(LON))
