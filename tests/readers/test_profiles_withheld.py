"""Floats that are kept apart as wholes: none is on both sides, and both sides have the same bins."""

import iris
import numpy as np
import pytest

from esmlearn.datasets.profiles import format_profiles
from esmlearn.errors import DataError, SettingsError
from esmlearn.readers.profiles import read_profiles
from esmlearn.readers.profiles_withheld import is_read
from esmlearn.settings.profiles import ProfileSettings
from tests.readers.archives import write_argo

BOX = {"levels": (10,), "region": (-180, -160, 40, 50), "step": 1, "days": 5}
NEW_YEAR = 19723.0  # days since 1950: 2004-01-01
FLOATS = 30


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Thirty floats over two years, in a file a year; temperature and salinity say which one it is."""
    folder = tmp_path_factory.mktemp("floats")
    number = np.tile(np.arange(FLOATS), 6)
    day = NEW_YEAR + 3 + np.repeat([0.0, 60, 120, 400, 460, 520], FLOATS) + number % 9
    rng = np.random.default_rng(0)
    # Each in cells of its own, so that no mean is of two floats.
    lat, lon = (first + 0.1 + rng.uniform(0, 0.8, len(number)) for first in (40 + number // 20 * 3, number % 20 - 180))
    mark = number[:, None] + np.zeros((1, 4))
    values = {
        "PRES": np.tile([5.0, 10, 15, 30], (len(number), 1)),
        "TEMP": 5 + 0.5 * mark,
        "PSAL": 30 + 0.1 * mark,
    }
    paths = []
    for year, some in enumerate((day < NEW_YEAR + 366, day >= NEW_YEAR + 366)):
        parts = {name: part[some] for name, part in values.items()}
        named = [str(2900000 + one) for one in number[some]]
        paths.append(
            write_argo(
                folder / f"{year}.nc",
                parts,
                mode="R" * int(some.sum()),
                day=day[some],
                lat=lat[some],
                lon=lon[some],
                platform=named,
            )
        )
    return paths


@pytest.mark.parametrize("seed", [0, 7])
def test_a_float_is_never_on_both_sides(files, seed):
    """Whatever the year and the variable: what is withheld of temperature is withheld of salinity."""
    sides = {}
    for withheld in (False, True):
        options = BOX | {"withhold": 0.3, "withheld": withheld, "seed": seed}
        warm = read_profiles(files, variable="thetao", **options)
        salt = read_profiles(files, variable="so", **options)
        sides[withheld] = [
            set(np.unique(np.rint((cube.data.compressed() - start) / step)).astype(int).tolist())
            for cube, start, step in ((warm, 5, 0.5), (salt, 30, 0.1))
        ]
        assert warm.coord("time") == salt.coord("time") == read_profiles(files, **BOX).coord("time")
    assert sides[False][0] == sides[False][1]
    assert sides[True][0] == sides[True][1]
    assert sides[False][0].isdisjoint(sides[True][0])
    assert sides[False][0] | sides[True][0] == set(range(FLOATS))
    assert 3 <= len(sides[True][0]) <= 16


def test_both_sides_are_all_profiles(files):
    whole, *sides = (
        read_profiles(files, **(BOX | options))
        for options in ({}, {"withhold": 0.3}, {"withhold": 0.3, "withheld": True})
    )
    numbers = [cube.ancillary_variable("sea_water_potential_temperature number_of_observations").data for cube in sides]
    there = whole.ancillary_variable("sea_water_potential_temperature number_of_observations").data
    np.testing.assert_array_equal(numbers[0] + numbers[1], there)
    assert all(number.sum() > 0 for number in numbers)


def test_datasets_of_both_sides_have_the_same_times(files, tmp_path):
    """Also where no withheld float measured in the first or last bins."""
    both = []
    for withheld in (False, True):
        settings = ProfileSettings.model_validate(BOX | {"withhold": 0.1, "withheld": withheld, "seed": 3})
        written = format_profiles("argo", files, tmp_path, settings, dataset=f"Side{withheld}")
        both.append([iris.load_cube(path, "sea_water_potential_temperature") for path in written])
    for one, other in zip(*both, strict=True):
        assert one.coord("time") == other.coord("time")
    apart = [sum(int(cube.data.count()) for cube in side) for side in both]
    assert 0 < apart[1] < apart[0] / 2


def test_what_can_not_be_withheld_is_said(files):
    with pytest.raises(DataError, match="None of the 30 floats and ships in the region is withheld by withhold"):
        read_profiles(files, **BOX, withhold=0.0001, withheld=True)
    with pytest.raises(SettingsError, match="none is withheld: give their share"):
        read_profiles(files, **BOX, withheld=True)
    with pytest.raises(DataError, match="do not say which float or ship"):
        is_read(np.array(["2900001", "  "]), ProfileSettings(**BOX, withhold=0.1))


def test_names_decide_and_nothing_else():
    names = np.array([str(2900000 + number) for number in range(4000)])
    settings = ProfileSettings(**BOX, withhold=0.2)
    left = is_read(names, settings)
    assert left.mean() == pytest.approx(0.8, abs=0.02)
    np.testing.assert_array_equal(is_read(names[::-1], settings), left[::-1])
    padded = np.array([f"{name}  " for name in names])
    np.testing.assert_array_equal(is_read(padded, settings), left)
    assert (is_read(names, settings.model_copy(update={"seed": 1})) != left).any()
