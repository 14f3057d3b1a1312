"""Power spectra along latitude circles, and the effective resolution of each method."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import signal

from esmlearn.grids.regridding import EARTH_RADIUS_KM
from esmlearn.metrics.comparison import Comparison, Row, score_rows
from esmlearn.metrics.uncertainty import ratio

# A segment counts on days on which at least this share of it was hidden: observed values are no result of a method.
HIDDEN = 0.5

# A segment of fewer cells resolves too few scales.
FEWEST_CELLS = 16

# Segments have the greatest length at which they still cover this share of the ocean.
COVERED = 0.5

# Rows near a pole, with cells narrower than this share of the widest, have too few wavelengths in common with others.
NARROWEST = 0.5

# Error over truth at the effective resolution: signal over noise is 2 (Ballarotta et al. 2019).
NOISE_TO_SIGNAL = 0.5


@dataclass(frozen=True)
class Spectra:
    """Power spectral densities of anomalies along longitude, as sums over the segments of each day.

    Attributes
    ----------
    frequency
        In waves per kilometre, rising.
    weights, n
        Area of the segments that count on each day; their number on all days.
    truth
        Density of the truth times those weights, in the square of the data's units times km.
    methods, errors
        The same for each method's anomaly, and for its error.
    """

    frequency: Float[np.ndarray, " frequency"]
    weights: Float[np.ndarray, " time"]
    n: int
    truth: Float[np.ndarray, "time frequency"]
    methods: dict[str, Float[np.ndarray, "time frequency"]]
    errors: dict[str, Float[np.ndarray, "time frequency"]]

    def mean(self, power: Float[np.ndarray, "time frequency"]) -> Float[np.ndarray, " frequency"]:
        """Give the mean density over all days."""
        return power.sum(axis=0) / self.weights.sum()


def power_spectra(
    comparison: Comparison, lat: Float[np.ndarray, " lat"], lon: Float[np.ndarray, " lon"]
) -> Spectra | None:
    """Estimate the spectra of the truth, of all methods, and of their errors.

    Rows of the grid are cut into half-overlapping segments of one length without land. On each day on which at least
    half of a segment was hidden, the linear trend of its anomalies from climatology is removed, a Hann window is
    applied, and the spectrum is calculated with the cell width of the row. The spectra are interpolated to common
    frequencies, which every row resolves.

    Parameters
    ----------
    comparison
        Methods and truth; a segment does not count on days on which one of them has a gap in it.
    lat, lon
        Cell centres in degrees, the longitudes evenly spaced.

    Returns
    -------
    Spectra or None
        None if no segment is long enough, or none was hidden by half or more on any day.
    """
    if lon.size < FEWEST_CELLS:
        return None
    fields = [comparison.truth, *(method.values for method in comparison.methods)]
    anomalies = [field - comparison.reference for field in fields]
    known = np.all([np.isfinite(anomaly) for anomaly in anomalies], axis=0)
    kilometres = EARTH_RADIUS_KM * np.cos(np.deg2rad(lat)) * np.deg2rad(abs((lon[1] - lon[0] + 180) % 360 - 180))
    wide = kilometres >= NARROWEST * kilometres.max()
    length, starts = cut_segments(known.any(axis=0) & wide[:, None])
    rows = [number for number, firsts in enumerate(starts) if firsts.size]
    if not rows:
        return None
    widest, narrowest = max(kilometres[rows]), min(kilometres[rows])
    frequency = np.arange(1, 1 + int(length // 2 * narrowest / widest + 1e-9)) / (length * narrowest)

    weights = np.zeros(len(known))
    power = np.zeros((2 * len(fields) - 1, len(known), frequency.size))
    n = 0
    for number in rows:
        cells, area = starts[number][:, None] + np.arange(length), float(comparison.weights[number].mean())
        counts = known[:, number][:, cells].all(axis=-1)
        counts &= comparison.hidden[:, number][:, cells].mean(axis=-1) >= HIDDEN
        n += int(counts.sum())
        weights += area * counts.sum(axis=1)
        here = [np.where(counts[..., None], anomaly[:, number][:, cells], 0.0) for anomaly in anomalies]
        here += [anomaly - here[0] for anomaly in here[1:]]
        for index, values in enumerate(here):
            found, density = signal.periodogram(values, fs=1 / kilometres[number], window="hann", detrend="linear")
            # The interpolation as a matrix, for all days at once.
            interpolate = np.stack([np.interp(frequency, found, unit) for unit in np.eye(found.size)])
            power[index] += area * density.sum(axis=1) @ interpolate
    if not n:
        return None
    names = [method.name for method in comparison.methods]
    methods = dict(zip(names, power[1 : len(fields)], strict=True))
    errors = dict(zip(names, power[len(fields) :], strict=True))
    return Spectra(frequency, weights, n, power[0], methods, errors)


def cut_segments(ocean: Bool[np.ndarray, "lat lon"]) -> tuple[int, list[Int[np.ndarray, " segment"]]]:
    """Cut rows into half-overlapping segments of ocean, all of one length; give the length and their first columns.

    The length is the greatest for which half of the ocean lies in runs of at least this length. There are no segments
    if it is less than `FEWEST_CELLS`.
    """
    runs = []
    for number, cells in enumerate(ocean):
        edges = np.flatnonzero(np.diff(cells, prepend=False, append=False))
        runs += [(number, *ends) for ends in zip(edges[::2], edges[1::2], strict=True)]
    lengths = np.sort([stop - start for _, start, stop in runs])[::-1]
    covered = np.cumsum(lengths) >= COVERED * ocean.sum()
    length = int(lengths[np.argmax(covered)]) if lengths.size else 0
    starts: list[list[int]] = [[] for _ in ocean]
    if length >= FEWEST_CELLS:
        for number, start, stop in runs:
            starts[number] += range(start, stop - length + 1, length // 2)
    return length, [np.array(firsts, int) for firsts in starts]


def effective_resolution(
    frequency: Float[np.ndarray, " frequency"], noise_to_signal: Float[np.ndarray, " frequency"]
) -> float:
    """Find the wavelength (km) at which the power of the error reaches half of that of the truth.

    The definition is that of Ballarotta et al. (2019), doi:10.5194/os-15-1091-2019: from long to short waves, the
    noise-to-signal ratio of the power spectra first rises above 0.5. Longer waves may be above it, too: a method may
    miss the mean of a domain, and resolve what is smaller. The result is the shortest wavelength if there is no
    crossing, and NaN if the ratio is above 0.5 at all waves.
    """
    resolved = noise_to_signal <= NOISE_TO_SIGNAL
    if not resolved.any():
        return float("nan")
    lost = np.flatnonzero(~resolved[np.argmax(resolved) :]) + np.argmax(resolved)
    if not lost.size:
        return float(1 / frequency[-1])
    around = slice(lost[0] - 1, lost[0] + 1)
    return float(1 / np.interp(NOISE_TO_SIGNAL, noise_to_signal[around], frequency[around]))


def resolution_rows(comparison: Comparison, spectra: Spectra) -> list[Row]:
    """Give the effective resolution of each method that has one, as rows; `n` counts segments."""
    counts = comparison.bootstrap.counts
    truth = counts @ spectra.truth
    rows = []
    for method in comparison.methods:
        error = counts @ spectra.errors[method.name]
        found = np.array([effective_resolution(spectra.frequency, each) for each in ratio(error, truth)])
        scores = {"effective_resolution": found}
        rows += score_rows(comparison, method, scores, spectra.weights, spectra.n, units="km")
    return rows


def spectra_records(comparison: Comparison, spectra: Spectra) -> list[dict[str, Any]]:
    """Give the mean spectra of the truth and of each method, as records of `spectra.json`, from long to short waves."""

    def record(name: str, role: str, power: np.ndarray, error: np.ndarray | None) -> dict[str, Any]:
        return {
            "dataset": comparison.dataset,
            "method": name,
            "role": role,
            "wavelength_km": (1 / spectra.frequency).tolist(),
            "power": spectra.mean(power).tolist(),
            "error_power": None if error is None else spectra.mean(error).tolist(),
            "units": f"{comparison.units}2 km",
        }

    return [record("truth", "truth", spectra.truth, None)] + [
        record(method.name, method.role, spectra.methods[method.name], spectra.errors[method.name])
        for method in comparison.methods
    ]
