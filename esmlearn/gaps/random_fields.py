"""Random fields in time and space with a drift and a memory, for simulated clouds, eddies and weather."""

from collections.abc import Callable

import numpy as np
from scipy import fft

DAYS_IN_YEAR = 365.25

CHUNK = 256
"""Days that are transformed at once; it limits the memory, and does not change the result."""


def random_field(
    shape: tuple[int, int, int],
    rng: np.random.Generator,
    *,
    length_scale: float,
    persistence_days: float,
    drift: tuple[float, float] = (0.0, 0.0),
    spectrum: Callable[[np.ndarray], np.ndarray] = lambda size: size ** (-4 / 3),
    smooth: bool = False,
    cell_width: float = 1.0,
) -> np.ndarray:
    """Draw a Gaussian field of zero mean and unit variance that drifts and changes with time.

    Each wave is a complex autoregression of first order, whose phase the drift turns from day to day. The field is made
    on a larger periodic grid, so that what leaves at one side does not come back at the other.

    Parameters
    ----------
    shape
        ``(time, lat, lon)``.
    length_scale
        Below this size in cells the memory falls as k^(-2/3), and the spectrum falls, too.
    persistence_days
        Decorrelation time of the largest waves (e-folding).
    drift
        Eastward and northward velocity in cells per day.
    spectrum
        Power in two dimensions as a function of ``1 + (k length_scale / 2)^2``. Without it, k^(-8/3) below the length
        scale, which is k^(-5/3) along a line.
    smooth
        Let waves grow and fade without jumps (an autoregression of second order with equal roots), as eddies do; they
        then last about twice as long.
    cell_width
        Width of a cell along lon over its height along lat: the length scale is in heights.
    """
    n_days, n_lat, n_lon = shape
    margin = int(np.ceil(4 * length_scale))
    padded = tuple(fft.next_fast_len(n + margin, real=True) for n in (n_lat, n_lon))
    k_lat = 2 * np.pi * np.fft.fftfreq(padded[0])[:, None]
    k_lon = 2 * np.pi * np.fft.rfftfreq(padded[1])[None, :]
    size = 1 + (length_scale / 2) ** 2 * (k_lat**2 + (k_lon / cell_width) ** 2)

    power = spectrum(size)
    power[0, 0] = 0.0
    both_halves = np.where((k_lon == 0) | (k_lon == np.pi), 1.0, 2.0)
    # Unit variance of the sum of all waves. Waves without a conjugate keep only the real part of their noise, which has
    # half the variance.
    amplitude = np.sqrt(power * 2 / both_halves / (power * both_halves).sum()) * np.prod(padded)

    memory = np.exp(-(size ** (1 / 3)) / persistence_days)
    turn = (memory * np.exp(-1j * (k_lon * drift[0] + k_lat * drift[1]))).astype(np.complex64)
    fresh = np.sqrt(1 - memory**2).astype(np.float32)
    amplitude = amplitude.astype(np.float32)
    # The second stage of a cascade of two equal filters keeps unit variance with this factor.
    second = ((1 - memory**2) / np.sqrt(1 + memory**2)).astype(np.float32)

    field = np.empty(shape, dtype=np.float32)
    waves = _complex_normal(rng, turn.shape)
    smooth_waves = _complex_normal(rng, turn.shape)
    for start in range(0, n_days, CHUNK):
        days = min(CHUNK, n_days - start)
        drawn = _complex_normal(rng, (days, *turn.shape))
        for noise in drawn:
            waves = turn * waves + fresh * noise
            if smooth:
                smooth_waves = turn * smooth_waves + second * waves
            np.multiply(smooth_waves if smooth else waves, amplitude, out=noise)
        field[start : start + days] = fft.irfft2(drawn, s=padded, overwrite_x=True)[:, :n_lat, :n_lon]
    return field


def _complex_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Complex normal numbers of unit variance, complex64."""
    pairs = rng.standard_normal((*shape, 2), dtype=np.float32)
    pairs *= np.float32(np.sqrt(0.5))
    return pairs.view(np.complex64)[..., 0]


def autoregression(noise: np.ndarray, memory: float) -> np.ndarray:
    """Turn white noise ``(time, ...)`` into an autoregression of first order with the same variance.

    The first value is the start; `memory` is the correlation from one step to the next, between 0 and 1.
    """
    series = noise.copy()
    for step in range(1, len(series)):
        series[step] = memory * series[step - 1] + np.sqrt(1 - memory**2) * noise[step]
    return series
