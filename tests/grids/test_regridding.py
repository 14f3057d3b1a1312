"""Fields must stay in their place from one grid to another, and keep what each method promises to keep."""

from itertools import product

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.grids.grid import RectilinearGrid, cut, part
from esmlearn.grids.regridding import averager, interpolator


def evenly(start: float, stop: float, cells: int) -> np.ndarray:
    """Centres of even cells between two edges."""
    return start + (stop - start) * (np.arange(cells) + 0.5) / cells


def grid(south: float, north: float, west: float, east: float, rows: int, columns: int) -> RectilinearGrid:
    return RectilinearGrid(evenly(south, north, rows), evenly(west, east, columns))


def field(grid: RectilinearGrid, function) -> np.ndarray:
    """Values of a function of latitude and unrolled longitude at the centres."""
    return function(grid.lat[:, None], grid.unrolled[None, :])


COARSE = grid(30, 50, -10, 20, 20, 30)
FINE = {
    "five times": grid(35, 45, -5, 15, 50, 100),
    "a ratio of 3.7": grid(35.3, 44.1, -4.2, 14.9, 33, 71),
    "to the very edges": grid(30, 50, -10, 20, 80, 120),
}


@pytest.mark.parametrize("fine", FINE.values(), ids=FINE)
def test_linear_fields_are_exact_under_bilinear_interpolation(fine):
    linear = lambda lat, lon: 3 + 0.4 * lat - 0.7 * lon
    found = interpolator(COARSE, fine, "bilinear")(field(COARSE, linear))
    np.testing.assert_allclose(found, field(fine, linear), atol=1e-9)


@pytest.mark.parametrize("uneven", [False, True])
def test_cubic_polynomials_are_exact_under_bicubic_interpolation(uneven):
    lat = COARSE.lat + (0.3 * np.sin(3 * COARSE.lat) if uneven else 0)
    coarse = RectilinearGrid(lat, COARSE.lon)
    cubic = lambda lat, lon: ((lat - 40) / 5) ** 3 * (1 - (lon / 5) ** 3) + (lat - 40) * lon**2 / 50
    fine = FINE["a ratio of 3.7"]
    found = interpolator(coarse, fine, "bicubic")(field(coarse, cubic))
    np.testing.assert_allclose(found, field(fine, cubic), atol=1e-9)


def test_bicubic_weights_on_even_points_are_those_of_keys():
    """An impulse shows the six-point kernel."""
    impulse = np.zeros(COARSE.shape)
    impulse[10, 15] = 1
    fine = grid(34, 47, -1, 12, 130, 130)
    found = interpolator(COARSE, fine)(impulse)

    def kernel(distance):
        s = np.abs(distance)
        near = 4 / 3 * s**3 - 7 / 3 * s**2 + 1
        middle = -7 / 12 * s**3 + 3 * s**2 - 59 / 12 * s + 5 / 2
        far = s**3 / 12 - 2 / 3 * s**2 + 7 / 4 * s - 3 / 2
        return np.select([s < 1, s < 2, s < 3], [near, middle, far], 0.0)

    expected = kernel(fine.lat - COARSE.lat[10])[:, None] * kernel(fine.lon - COARSE.lon[15])
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_nearest_takes_whole_blocks():
    fine = FINE["five times"]
    found = interpolator(COARSE, fine, "nearest")(field(COARSE, lambda lat, lon: 100 * lat + lon))
    expected = field(fine, lambda lat, lon: 100 * (np.floor(lat) + 0.5) + np.floor(lon) + 0.5)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("coarse", [grid(35, 45, -5, 15, 10, 20), grid(35.5, 44.5, -4.5, 14.5, 7, 13)])
def test_averages_keep_constants_and_area_integrals(coarse):
    fine = FINE["five times"]
    average = averager(fine, coarse)
    np.testing.assert_allclose(average(np.full(fine.shape, 7.0)), 7.0, rtol=1e-12)
    values = np.random.default_rng(0).normal(size=(3, *fine.shape))
    whole = grid(35, 45, -5, 15, 6, 11)  # cells that do not nest
    np.testing.assert_allclose(
        (averager(fine, whole)(values) * whole.area).sum(axis=(1, 2)), (values * fine.area).sum(axis=(1, 2))
    )


def test_the_averages_of_nested_cells_are_weighted_by_area():
    fine, coarse = grid(0, 80, 0, 40, 4, 4), grid(0, 80, 0, 40, 2, 2)
    values = np.arange(16.0).reshape(4, 4)
    cosine = np.cos(np.deg2rad(fine.lat))[:2]
    expected = (values[:2, :2] * cosine[:, None]).sum() / (2 * cosine.sum())
    assert averager(fine, coarse)(values)[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ratio", "shift"), [(2, 0.0), (4, 0.0), (5, 0.31), (3.7, 0.0), (2.5, 0.17)], ids=lambda value: f"{value:g}"
)
@pytest.mark.parametrize("method", ["bilinear", "bicubic"])
def test_a_front_stays_where_it_is(ratio, shift, method):
    """Averaged and interpolated back, it is at the same place to a hundredth of a fine cell, north-south and east-west.

    Its place is the first moment of its gradient, that is, an integral of the field.
    """
    fine = grid(30, 50, 100, 140, 200, 400)
    step = 0.1 * ratio
    coarse = RectilinearGrid(np.arange(30.1 + shift, 49.9, step) + step / 2, np.arange(100.1 + shift, 139.9, step))
    inner = grid(33, 47, 105, 135, 140, 300)
    average = averager(fine, coarse)
    inside = interpolator(fine, inner, "nearest")
    for where, axis in product(np.linspace(-1, 1, 5), (0, 1)):
        across = fine.lon - 120 if axis == 0 else (fine.lat - 40)[:, None]
        front = np.broadcast_to(np.tanh((across - where) / 1.5), fine.shape)
        coarse_front = average(front)
        whole = np.isfinite(coarse_front)
        rows, columns = np.flatnonzero(whole.any(axis=1)), np.flatnonzero(whole.any(axis=0))
        back = interpolator(part(coarse, rows, columns), inner, method)(coarse_front[np.ix_(rows, columns)])
        moved = (back - inside(front)).mean(axis=axis).sum() / 2
        assert abs(moved) < 0.01


def test_a_grid_that_is_one_cell_off_moves_the_front():
    """The test above can fail."""
    coarse, fine = grid(30, 50, 100, 140, 20, 40), grid(33, 47, 105, 135, 140, 300)
    front = lambda lat, lon: np.tanh((lon - 120) / 1.5) + 0 * lat
    wrong = interpolator(RectilinearGrid(coarse.lat, coarse.lon + 0.1), fine)(field(coarse, front))
    assert abs((wrong - field(fine, front)).mean(axis=0).sum() / 2) > 0.9


@pytest.mark.parametrize(("rows", "columns"), product([1, -1], [1, -1]))
@pytest.mark.parametrize("convention", [lambda lon: lon % 360, lambda lon: lon + 360, lambda lon: lon - 360])
@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic"])
def test_neither_direction_nor_convention_matters(rows, columns, convention, method):
    fine = FINE["a ratio of 3.7"]
    values = np.random.default_rng(1).normal(size=COARSE.shape)
    usual = interpolator(COARSE, fine, method)(values)
    turned = RectilinearGrid(COARSE.lat[::rows], convention(COARSE.lon[::columns]))
    found = interpolator(turned, RectilinearGrid(fine.lat[::-1], fine.lon), method)(values[::rows, ::columns])
    np.testing.assert_allclose(found[::-1], usual, atol=1e-9)
    average = averager(fine, grid(36, 43, 0, 10, 7, 5))(usual)
    flipped = RectilinearGrid(fine.lat[::rows], convention(fine.lon[::columns]))
    found = averager(flipped, grid(36, 43, 360, 370, 7, 5))(usual[::rows, ::columns])
    np.testing.assert_allclose(found, average, atol=1e-9)


@pytest.mark.parametrize("first", [0, -180, 123])
def test_the_globe_closes(first):
    coarse = RectilinearGrid(evenly(-90, 90, 36), (evenly(first, first + 360, 72) + 180) % 360 - 180)
    fine = RectilinearGrid(evenly(-90, 90, 90), evenly(0, 360, 180))
    wave = lambda lat, lon: np.cos(np.deg2rad(2 * lon + 30)) * np.cos(np.deg2rad(lat))
    found = interpolator(coarse, fine)(field(coarse, wave))
    np.testing.assert_allclose(found, field(fine, wave), atol=2e-3)
    np.testing.assert_allclose(averager(fine, coarse)(np.ones(fine.shape)), 1.0)
    assert coarse.closes and fine.closes and not COARSE.closes


@pytest.mark.parametrize("west", [150.0, -5.0, 355.0])
def test_a_cut_keeps_what_interpolation_needs(west):
    coarse = RectilinearGrid(evenly(90, -90, 90), evenly(0, 360, 180))
    fine = RectilinearGrid(evenly(30, 40, 50), (evenly(west, west + 12, 60)) % 360)
    values = np.random.default_rng(2).normal(size=coarse.shape)
    rows, columns = cut(coarse, fine)
    assert rows.size <= 5 + 1 + 6 and columns.size <= 6 + 1 + 6
    found = interpolator(part(coarse, rows, columns), fine)(values[rows[:, None], columns])
    np.testing.assert_allclose(found, interpolator(coarse, fine)(values), atol=1e-9)


@pytest.mark.parametrize("method", ["bilinear", "bicubic"])
def test_missing_values_do_not_leak_and_neighbours_stand_in(method):
    """Constant sea beside missing land stays constant; far from it nothing changes; on land there is no value."""
    fine = FINE["to the very edges"]
    values = np.random.default_rng(3).normal(size=(2, *COARSE.shape))
    values[1] = 4.0
    values[:, :, 20:] = np.nan
    values[:, 10, 10] = np.nan
    found = interpolator(COARSE, fine, method)(values)
    np.testing.assert_allclose(found[1][np.isfinite(found[1])], 4.0)
    assert np.isfinite(found[:, 80 // 2 + 12 :, :80]).all()
    assert np.isnan(found[:, :, 83:]).all()
    usual = interpolator(COARSE, fine, method)(np.nan_to_num(values))
    np.testing.assert_allclose(found[:, 60:, :60], usual[:, 60:, :60])
    inner = found[0, 2:-2, 2:]
    assert np.nanmin(inner) > np.nanmin(values[0]) - 1 and np.nanmax(inner) < np.nanmax(values[0]) + 1


def test_coasts_are_filled_from_the_nearest_cell_within_reach():
    fine = FINE["to the very edges"]
    values = field(COARSE, lambda lat, lon: 100 * lat + 0 * lon)
    values[:, 20:] = np.nan
    values = np.stack([values, values])
    values[1] = np.nan
    found = interpolator(COARSE, fine, "bilinear", fill_km=200.0)(values)
    assert np.isnan(found[1]).all()
    assert found[0, 41, 85] == pytest.approx(100 * (np.floor(fine.lat[41]) + 0.5))
    assert np.isnan(found[0, 41, 110])
    assert np.isfinite(interpolator(COARSE, fine, fill_km=np.inf)(values)[0]).all()


def test_averages_are_over_what_is_there():
    fine, coarse = FINE["five times"], grid(35, 45, -5, 15, 10, 20)
    values = field(fine, lambda lat, lon: np.where(lon - np.floor(lon) < 0.5, np.nan, 2.0) + 0 * lat)
    values[:5, :5] = np.nan
    found = averager(fine, coarse)(values)
    assert np.isnan(found[0, 0]) and np.isfinite(found).sum() == found.size - 1
    np.testing.assert_allclose(found[np.isfinite(found)], 2.0)


def test_cells_that_are_not_covered_have_no_average():
    found = averager(FINE["five times"], COARSE)(np.ones((50, 100)))
    assert np.isfinite(found).sum() == 10 * 20
    assert np.isfinite(found[5:15, 5:25]).all()


def test_precision_and_leading_axes_stay():
    fine = FINE["five times"]
    values = np.ones((2, 3, 4, *COARSE.shape), np.float32)
    found = interpolator(COARSE, fine)(values)
    assert found.shape == (2, 3, 4, 50, 100) and found.dtype == np.float32


def test_single_precision_coordinates_will_do():
    coarse = RectilinearGrid(COARSE.lat.astype(np.float32), COARSE.lon.astype(np.float32))
    fine = RectilinearGrid(*(axis.astype(np.float32) for axis in (FINE["five times"].lat, FINE["five times"].lon)))
    assert np.isfinite(averager(fine, grid(35, 45, -5, 15, 10, 20))(np.ones(fine.shape))).all()
    values = np.full(COARSE.shape, 290.0)
    values[0] = np.nan
    np.testing.assert_allclose(interpolator(coarse, fine)(values), 290.0)


def test_what_can_not_be_done_is_refused():
    with pytest.raises(DataError, match=r"reaches beyond the coarse one .* enlarge the region"):
        interpolator(COARSE, grid(35, 55, 0, 10, 40, 40))
    with pytest.raises(DataError, match="reaches beyond"):
        interpolator(COARSE, grid(35, 45, 170, 190, 40, 40))
    with pytest.raises(DataError, match="No cell of the coarse grid"):
        averager(grid(35, 45, 170, 190, 40, 40), COARSE)
    with pytest.raises(DataError, match="at least two latitudes"):
        RectilinearGrid(np.array([1.0]), np.arange(3.0))
    with pytest.raises(DataError, match="leave out the last one"):
        RectilinearGrid(np.arange(3.0), np.linspace(0, 360, 37))
    with pytest.raises(DataError, match=r"\(3, 4\) cells"):
        interpolator(COARSE, FINE["five times"])(np.ones((3, 4)))
