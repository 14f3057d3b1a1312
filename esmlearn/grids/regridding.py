"""Regridding: interpolation to finer cells, averages over coarser ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from einops import pack, rearrange, reduce, unpack
from jaxtyping import Bool, Float
from scipy.sparse import csr_array, kron
from scipy.spatial import cKDTree

from esmlearn.errors import DataError
from esmlearn.grids import axis_weights
from esmlearn.grids.grid import RectilinearGrid, beside, check_covered, extent, part
from esmlearn.settings import Interpolation

EARTH_RADIUS_KM = 6371.0

LEAST = 1e-3
"""Least share of the weights on cells with a value; smaller shares come from rounded coordinates."""

ROUNDING = 1e-12
"""Weights below this are zero."""


@dataclass(frozen=True)
class Regridder:
    """Regrid fields with missing values from one grid to another: `regridder(values)`.

    A cell whose neighbours all have values gets its usual weights. If one is missing, safe weights, which are never
    negative, are divided among those that have a value. If none has one, the cell has no value.

    Attributes
    ----------
    source, target
        The grids.
    rows, columns
        Weights of latitudes, ``(new_lat, lat)``, and of longitudes, ``(new_lon, lon)``. The weight of a cell is their
        product.
    safe_rows, safe_columns
        Safe weights, which are used beside missing values.
    fill_km
        A cell that still has no value takes that of the nearest one that has, if it is nearer than this: for coasts.
    """

    source: RectilinearGrid
    target: RectilinearGrid
    rows: csr_array
    columns: csr_array
    safe_rows: csr_array
    safe_columns: csr_array
    fill_km: float = 0.0

    def __call__(self, values: Float[np.ndarray, "*lead lat lon"]) -> Float[np.ndarray, "*lead new_lat new_lon"]:
        """Regrid fields in their own precision; NaN is missing."""
        if values.shape[-2:] != self.source.shape:
            raise DataError(
                f"The field has {values.shape[-2:]} cells, but the grid of the weights {self.source.shape}."
            )
        maps, lead = pack([values], "* y x")
        known = np.isfinite(maps)
        filled = np.where(known, maps, 0.0)
        found = _apply(self.rows, self.columns, filled)
        found[:, ~_apply(self.safe_rows, self.safe_columns, np.ones((1, *self.source.shape)))[0].astype(bool)] = np.nan
        if not known.all():
            touched = _apply(abs(self.rows), abs(self.columns), ~known) > 0
            share = _apply(self.safe_rows, self.safe_columns, known)
            safe = _apply(self.safe_rows, self.safe_columns, filled)
            with np.errstate(invalid="ignore"):
                found = np.where(touched, np.where(share > LEAST, safe, np.nan) / share, found)
            if self.fill_km:
                self._fill(found, filled, known)
        return unpack(found.astype(values.dtype), lead, "* y x")[0]

    def within(self, lat: slice, lon: slice) -> "Regridder":
        """Weights of a part of the new cells."""
        n_lat, n_lon = (np.arange(size) for size in self.target.shape)
        return replace(
            self,
            target=part(self.target, n_lat[lat], n_lon[lon]),
            rows=self.rows[lat],
            columns=self.columns[lon],
            safe_rows=self.safe_rows[lat],
            safe_columns=self.safe_columns[lon],
        )

    @cached_property
    def matrix(self) -> csr_array:
        """Usual weights of all pairs of cells, row by row: ``(new_lat * new_lon, lat * lon)``."""
        return csr_array(kron(self.rows, self.columns, format="csr"))

    def _fill(
        self,
        found: Float[np.ndarray, "map new_lat new_lon"],
        filled: Float[np.ndarray, "map lat lon"],
        known: Bool[np.ndarray, "map lat lon"],
    ) -> None:
        """Fill cells without a value with that of the nearest one that has one."""
        flat, new = rearrange(filled, "n y x -> n (y x)"), rearrange(found, "n y x -> n (y x)")
        chord = 2 * np.sin(min(self.fill_km / EARTH_RADIUS_KM, np.pi) / 2)
        for mask, maps in distinct_masks(rearrange(known, "n y x -> n (y x)")):
            if not mask.any():
                continue
            apart, nearest = cKDTree(self.source.positions[mask]).query(self.target.positions)
            cells = np.flatnonzero(mask)[nearest]
            new[maps] = np.where(np.isnan(new[maps]) & (apart <= chord), flat[maps][:, cells], new[maps])
        found[:] = rearrange(new, "n (y x) -> n y x", y=self.target.shape[0])


def interpolator(
    coarse: RectilinearGrid, fine: RectilinearGrid, method: Interpolation = "bicubic", *, fill_km: float = 0.0
) -> Regridder:
    """Interpolation from coarse cells to fine ones; the coarse domain may be larger.

    Fine cells beyond the outermost coarse centres, by up to half a coarse cell, are extrapolated linearly. For
    `bicubic`, see `esmlearn.grids.axis_weights.cubic`; for `fill_km`, see `Regridder`.

    Raises
    ------
    DataError
        If a fine cell lies outside the coarse domain.
    """
    check_covered(coarse, fine)
    weigh = {"nearest": axis_weights.nearest, "bilinear": axis_weights.linear, "bicubic": axis_weights.cubic}[method]
    safe = axis_weights.nearest if method == "nearest" else axis_weights.bounded_linear
    old_lat, new_lat = coarse.lat.astype(np.float64), fine.lat.astype(np.float64)
    old_lon, new_lon = coarse.unrolled, beside(coarse, fine.unrolled)
    turns = 3 if coarse.closes else 1
    rows, safe_rows = (_sparse(along, old_lat, new_lat) for along in (weigh, safe))
    columns, safe_columns = (_sparse(along, old_lon, new_lon, turns=turns) for along in (weigh, safe))
    return Regridder(coarse, fine, rows, columns, safe_rows, safe_columns, fill_km)


def averager(fine: RectilinearGrid, coarse: RectilinearGrid) -> Regridder:
    """Average of fine cells over coarse ones, weighted by the area that they share: first-order conservative.

    Jones 1999, eq. 7 with the first term alone, https://doi.org/10.1175/1520-0493(1999)127<2204:FASOCR>2.0.CO;2. Fine
    cells without a value do not count. A coarse cell that reaches beyond the fine domain gets no value.

    Raises
    ------
    DataError
        If no coarse cell lies inside the fine domain.
    """
    rows = axis_weights.overlap(*(np.sin(np.deg2rad(grid.lat_edges)) for grid in (fine, coarse)))
    turns = np.round((coarse.unrolled.mean() - fine.unrolled.mean()) / 360) * 360
    columns = axis_weights.overlap(fine.lon_edges + turns, coarse.lon_edges, turn=360.0)
    if not (rows.any() and columns.any()):
        raise DataError(
            f"No cell of the coarse grid ({extent(coarse)}) lies inside the fine one ({extent(fine)}); "
            "choose one region for both in the preprocessor."
        )
    by_axis = csr_array(rows), csr_array(columns)
    return Regridder(fine, coarse, *by_axis, *by_axis)


def distinct_masks(masks: Bool[np.ndarray, "map cell"]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each distinct mask with the indices of its maps; most fields have few distinct masks."""
    _, first, which = np.unique(np.packbits(masks, axis=1), axis=0, return_index=True, return_inverse=True)
    for number, index in enumerate(first):
        yield masks[index], np.flatnonzero(which.ravel() == number)


def _apply(rows: csr_array, columns: csr_array, maps: np.ndarray) -> Float[np.ndarray, "map new_lat new_lon"]:
    """Weigh the columns, then the rows, of many maps at once."""
    n, n_rows = maps.shape[0], rows.shape[0]
    wide = columns @ rearrange(maps.astype(np.float64), "n y x -> x (n y)")
    tall = rows @ rearrange(wide, "x (n y) -> y (n x)", n=n)
    return np.ascontiguousarray(rearrange(tall, "y (n x) -> n y x", n=n, y=n_rows))


def _sparse(weigh: Callable, old: np.ndarray, new: np.ndarray, *, turns: int = 1) -> csr_array:
    """Weights of points in any order; old longitudes of a full circle are repeated on both sides, by 3 `turns`."""
    order = np.argsort(old)
    repeated = rearrange(old[order] + 360.0 * (np.arange(turns) - turns // 2)[:, None], "turn old -> (turn old)")
    weights = np.zeros((new.size, old.size))
    weights[:, order] = reduce(weigh(repeated, new), "new (turn old) -> new old", "sum", turn=turns)
    weights[np.abs(weights) < ROUNDING] = 0.0
    return csr_array(weights / weights.sum(axis=1, keepdims=True))
