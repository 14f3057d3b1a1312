"""Scales of fine fields: radial power spectra of maps, and their coherence with the truth.

Maps of a limited area are not periodic. The discrete cosine transform does not need that, and no trend has to be
removed, which would be part of the signal (Denis et al. 2002, doi:10.1175/1520-0493(2002)130<1812:SDOTDF>2.0.CO;2). It
needs maps without gaps: the largest rectangle of cells that are always known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from einops import rearrange
from jaxtyping import Bool, Float
from scipy import fft
from scipy.sparse import csr_array

from esmlearn.grids.regridding import EARTH_RADIUS_KM
from esmlearn.metrics.comparison import Comparison, Row, score_rows
from esmlearn.metrics.uncertainty import ratio

# A rectangle with fewer cells along a side resolves too few scales.
FEWEST_CELLS = 16

# A scale is lost if interpolation has less than this share of the truth's power.
LOST = 0.5

# The first of these that was run shows which scales a coarse field does not have.
INTERPOLATIONS = ("bicubic", "bilinear")


@dataclass(frozen=True)
class Waves:
    """Power spectrum of a field at each time, and its co-spectrum with the truth (`together`)."""

    power: Float[np.ndarray, "time bin"]
    together: Float[np.ndarray, "time bin"]


@dataclass(frozen=True)
class RadialSpectra:
    """Power spectral densities of maps, summed over all directions, in the square of the data's units times km.

    `frequency` is in waves per kilometre, rising. `complete` is 1 for each time at which the truth is known, and 0 for
    others, which have no power. The sum over the bins, times their width (the first frequency), is the variance of the
    map, less that of shorter waves in the corners of the spectrum, which only one side resolves. `methods` has the mean
    of an ensemble, `members` the average over its members.
    """

    frequency: Float[np.ndarray, " bin"]
    complete: Float[np.ndarray, " time"]
    truth: Float[np.ndarray, "time bin"]
    methods: dict[str, Waves]
    members: dict[str, Waves]


def radial_spectra(
    comparison: Comparison, lat: Float[np.ndarray, " lat"], lon: Float[np.ndarray, " lon"]
) -> RadialSpectra | None:
    """Estimate radial spectra of the truth, of all methods, and of the members of ensembles.

    Whole maps are transformed, not only the points that count. Cell centres are in degrees, evenly spaced; the width of
    a cell in kilometres is its mean over the rectangle. The result is None if no rectangle of always known cells is
    large enough.
    """
    complete = np.isfinite(comparison.truth).any(axis=(1, 2))
    fields = [comparison.truth, *(method.values for method in comparison.methods)]
    known = np.all([np.isfinite(field[complete]).all(axis=0) for field in fields], axis=0)
    rows, columns = largest_rectangle(known)
    shape = rows.stop - rows.start, columns.stop - columns.start
    if min(shape) < FEWEST_CELLS:
        return None
    degree = np.deg2rad(1) * EARTH_RADIUS_KM
    height = degree * abs(lat[1] - lat[0])
    width = degree * abs((lon[1] - lon[0] + 180) % 360 - 180) * float(np.cos(np.deg2rad(lat[rows])).mean())
    frequency, sums = _rings(shape, height, width)

    def modes(field: Float[np.ndarray, "time lat lon"]) -> Float[np.ndarray, "time mode"]:
        maps = np.where(complete[:, None, None], field[:, rows, columns], 0.0)
        return rearrange(fft.dctn(maps, axes=(1, 2), norm="ortho"), "time y x -> time (y x)")

    truth = modes(comparison.truth)

    def waves(fields: Sequence[Float[np.ndarray, "time lat lon"]]) -> Waves:
        power, together = np.zeros((2, len(truth), frequency.size))
        for field in fields:
            found = modes(field)
            power += (found**2 @ sums) / len(fields)
            together += (found * truth @ sums) / len(fields)
        return Waves(power, together)

    return RadialSpectra(
        frequency,
        complete.astype(float),
        truth**2 @ sums,
        {method.name: waves([method.values]) for method in comparison.methods},
        {method.name: waves(list(method.members)) for method in comparison.methods if method.members is not None},
    )


def largest_rectangle(inside: Bool[np.ndarray, "lat lon"]) -> tuple[slice, slice]:
    """Find the rows and columns of the largest rectangle of True, by its number of cells."""
    best, found = 0, (slice(0, 0), slice(0, 0))
    heights = np.zeros(inside.shape[1], int)
    for number, cells in enumerate(inside):
        # Number of True cells upwards in each column; the widest rectangle of a height ends where columns get lower.
        heights = np.where(cells, heights + 1, 0)
        rising: list[tuple[int, int]] = []
        for column, height in enumerate([*heights.tolist(), 0]):
            start = column
            while rising and rising[-1][1] >= height:
                start, tall = rising.pop()
                if tall * (column - start) > best:
                    best = tall * (column - start)
                    found = slice(number + 1 - tall, number + 1), slice(start, column)
            rising.append((start, height))
    return found


def lost_scales(spectra: RadialSpectra) -> tuple[str, slice] | None:
    """Find the longest scale at which interpolation has less than half of the truth's power, and all shorter ones.

    Gives the name of the interpolation, and the bins; None if there is no interpolation, or if it loses no scale.
    """
    name = next((name for name in INTERPOLATIONS if name in spectra.methods), None)
    if name is None:
        return None
    kept = ratio(spectra.methods[name].power.sum(axis=0), spectra.truth.sum(axis=0))
    lost = np.flatnonzero(kept < LOST)
    return (name, slice(int(lost[0]), spectra.frequency.size)) if lost.size else None


def power_rows(comparison: Comparison, spectra: RadialSpectra, lost: slice) -> list[Row]:
    """Give the power of each method over that of the truth, at the scales that interpolation loses; 1 is perfect.

    Of an ensemble the members count, not their mean, which is smoother; `n` counts times.
    """
    counts, n = comparison.bootstrap.counts, int(spectra.complete.sum())
    truth = (counts @ spectra.truth)[:, lost].sum(axis=1)
    rows = []
    for method in comparison.methods:
        waves = spectra.members.get(method.name) or spectra.methods[method.name]
        scores = {"spectral_power_ratio": ratio((counts @ waves.power)[:, lost].sum(axis=1), truth)}
        rows += score_rows(comparison, method, scores, spectra.complete, n)
    return rows


def radial_records(comparison: Comparison, spectra: RadialSpectra) -> list[dict[str, Any]]:
    """Give mean spectra and coherence as records of `radial_spectra.json`, from long to short waves.

    Coherence is in phase: 1 where every wave agrees, 0 where the phases are random. `members` is true for the average
    over the members of an ensemble, and false for its mean.
    """
    n, truth = spectra.complete.sum(), spectra.truth.sum(axis=0)

    def record(name: str, role: str, waves: Waves, *, members: bool = False) -> dict[str, Any]:
        power = waves.power.sum(axis=0)
        coherence = ratio(waves.together.sum(axis=0), np.sqrt(power * truth))
        return {
            "dataset": comparison.dataset,
            "method": name,
            "role": role,
            "members": members,
            "wavelength_km": (1 / spectra.frequency).tolist(),
            "power": (power / n).tolist(),
            "coherence": [float(value) if np.isfinite(value) else None for value in coherence],
            "units": f"{comparison.units}2 km",
        }

    roles = {method.name: method.role for method in comparison.methods}
    return (
        [record("truth", "truth", Waves(spectra.truth, spectra.truth))]
        + [record(name, roles[name], waves) for name, waves in spectra.methods.items()]
        + [record(name, roles[name], waves, members=True) for name, waves in spectra.members.items()]
    )


def _rings(shape: tuple[int, int], height: float, width: float) -> tuple[Float[np.ndarray, " bin"], csr_array]:
    r"""Give the frequency of each ring of modes, and the matrix that sums squared modes into the power of rings.

    The mode (m, n) of a map of M rows and N columns has the frequency :math:`\sqrt{(m / 2 M dy)^2 + (n / 2 N dx)^2}`.
    A ring is as wide as the lowest frequency of the shorter side; the first one has all longer waves, too, for which
    only the longer side has room. The last one is the highest that both sides resolve.
    """
    y = np.arange(shape[0]) / (2 * shape[0] * height)
    x = np.arange(shape[1]) / (2 * shape[1] * width)
    step = max(y[1], x[1])
    frequency = step * np.arange(1, 1 + int(min(y[-1], x[-1]) / step + 0.5))
    ring = np.maximum(np.rint(np.hypot(y[:, None], x) / step).astype(int), 1)
    ring[0, 0] = 0  # the mean
    ring = ring.ravel()
    counts = (ring > 0) & (ring <= frequency.size)
    weight = np.full(int(counts.sum()), 1 / (shape[0] * shape[1] * step))
    sums = csr_array((weight, (np.flatnonzero(counts), ring[counts] - 1)), shape=(ring.size, frequency.size))
    return frequency, sums
