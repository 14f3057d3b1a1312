"""Fields from one grid to another: interpolation to finer cells, averages over coarser ones."""

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
"""Share of the weights that must be there; less comes from rounded coordinates."""

ROUNDING = 1e-12
"""Weights below this are zero."""


@dataclass(frozen=True)
class Regridder:
    """Carry fields from one grid to another, `regridder(values)`, missing values and all.

    A value whose neighbours are all there gets its usual weights. Where one is missing, weights that are never negative
    take over, shared out among those that are there. Where none is, there is no value.

    Attributes
    ----------
    source, target
        The grids.
    rows, columns
        Weights of latitudes, ``(new_lat, lat)``, and of longitudes, ``(new_lon, lon)``. The weight of a cell is their
        product.
    safe_rows, safe_columns
        Those that take over beside missing values.
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
        """Carry fields over, in the precision they came in; NaN is missing."""
        if values.shape[-2:] != self.source.shape:
            raise DataError(
                f"The field has {values.shape[-2:]} cells, but the grid of the weights {self.source.shape}."
            )
        maps, lead = pack([values], "* y x")
        known = np.isfinite(maps)
        there = np.where(known, maps, 0.0)
        found = _apply(self.rows, self.columns, there)
        found[:, ~_apply(self.safe_rows, self.safe_columns, np.ones((1, *self.source.shape)))[0].astype(bool)] = np.nan
        if not known.all():
            touched = _apply(abs(self.rows), abs(self.columns), ~known) > 0
            share = _apply(self.safe_rows, self.safe_columns, known)
            safe = _apply(self.safe_rows, self.safe_columns, there)
            with np.errstate(invalid="ignore"):
                found = np.where(touched, np.where(share > LEAST, safe, np.nan) / share, found)
            if self.fill_km:
                self._fill(found, there, known)
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
        there: Float[np.ndarray, "map lat lon"],
        known: Bool[np.ndarray, "map lat lon"],
    ) -> None:
        """Give cells without a value that of the nearest one that is there."""
        flat, new = rearrange(there, "n y x -> n (y x)"), rearrange(found, "n y x -> n (y x)")
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
    """Weights that interpolate from coarse cells to fine ones.

    The outermost coarse centres may lie inside the fine domain by up to half a cell: lines are carried on to there.

    Parameters
    ----------
    coarse, fine
        The grids; the coarse one may be larger.
    method
        `bicubic` is the six-point one of Keys, see `esmlearn.grids.axis_weights.cubic`.
    fill_km
        Fine cells beside missing values that get none by interpolation take the nearest within this distance.

    Raises
    ------
    DataError
        If a fine cell lies outside the coarse domain.
    """
    check_covered(coarse, fine)
    weigh = {"nearest": axis_weights.nearest, "bilinear": axis_weights.linear, "bicubic": axis_weights.cubic}[method]
    safe = axis_weights.nearest if method == "nearest" else axis_weights.bounded_linear
    return Regridder(
        coarse,
        fine,
        rows=_along_latitude(weigh, coarse, fine),
        columns=_along_longitude(weigh, coarse, fine),
        safe_rows=_along_latitude(safe, coarse, fine),
        safe_columns=_along_longitude(safe, coarse, fine),
        fill_km=fill_km,
    )


def averager(fine: RectilinearGrid, coarse: RectilinearGrid) -> Regridder:
    """Weights that average fine cells over coarse ones by the area they share: first-order conservative.

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
    """Each mask that occurs, with the indices of its maps: most fields have one land, and few masks beside it."""
    _, first, which = np.unique(np.packbits(masks, axis=1), axis=0, return_index=True, return_inverse=True)
    for number, index in enumerate(first):
        yield masks[index], np.flatnonzero(which.ravel() == number)


def _apply(rows: csr_array, columns: csr_array, maps: np.ndarray) -> Float[np.ndarray, "map new_lat new_lon"]:
    """Weigh the columns, then the rows, of many maps at once."""
    n, n_rows = maps.shape[0], rows.shape[0]
    wide = columns @ rearrange(maps.astype(np.float64), "n y x -> x (n y)")
    tall = rows @ rearrange(wide, "x (n y) -> y (n x)", n=n)
    return np.ascontiguousarray(rearrange(tall, "y (n x) -> n y x", n=n, y=n_rows))


def _along_latitude(weigh: Callable, old: RectilinearGrid, new: RectilinearGrid) -> csr_array:
    """Weights of rows, in whatever order they are."""
    return _sparse(weigh, old.lat.astype(np.float64), new.lat.astype(np.float64))


def _along_longitude(weigh: Callable, old: RectilinearGrid, new: RectilinearGrid) -> csr_array:
    """Weights of columns, in whatever order and convention they are; round the globe where they close."""
    return _sparse(weigh, old.unrolled, beside(old, new.unrolled), turns=3 if old.closes else 1)


def _sparse(weigh: Callable, old: np.ndarray, new: np.ndarray, *, turns: int = 1) -> csr_array:
    """Weights of points in any order, old ones being repeated on all sides where they go round."""
    order = np.argsort(old)
    repeated = rearrange(old[order] + 360.0 * (np.arange(turns) - turns // 2)[:, None], "turn old -> (turn old)")
    weights = np.zeros((new.size, old.size))
    weights[:, order] = reduce(weigh(repeated, new), "new (turn old) -> new old", "sum", turn=turns)
    weights[np.abs(weights) < ROUNDING] = 0.0
    return csr_array(weights / weights.sum(axis=1, keepdims=True))
