"""Scores of maps as images, for comparison with other publications: PSNR and SSIM.

Both depend on a range of values. The caller sets it: with the range of each map, noisy maps would get better scores.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from esmlearn.metrics.uncertainty import ratio

# Wang et al. 2004, section III-C: an 11 x 11 window of this deviation (cells), and two constants.
SIGMA = 1.5
RADIUS = 5
K1, K2 = 0.01, 0.03


def psnr(
    values: Float[np.ndarray, "time lat lon"],
    truth: Float[np.ndarray, "time lat lon"],
    where: Bool[np.ndarray, "time lat lon"],
    weights: Float[np.ndarray, "lat lon"],
    *,
    width: float,
) -> Float[np.ndarray, " time"]:
    r"""Calculate the peak signal-to-noise ratio of each map in dB, over the points that count.

    .. math:: 10 \log_{10} (\mathrm{width}^2 / \mathrm{MSE})

    Parameters
    ----------
    values, truth
        In the same units.
    where
        Points that count.
    weights
        Relative area of the cells.
    width
        Width of the range of values, in their units.

    Returns
    -------
    numpy.ndarray
        Shape (time,); NaN where no point counts, infinite for a perfect map.
    """
    areas = np.where(where, weights, 0.0)
    error = np.where(where, values.astype(float) - truth, 0.0)
    mean_square = ratio((areas * error**2).sum(axis=(1, 2)), areas.sum(axis=(1, 2)))
    with np.errstate(divide="ignore"):
        return 10 * np.log10(width**2 / mean_square)


def ssim(
    values: Float[np.ndarray, "time lat lon"],
    truth: Float[np.ndarray, "time lat lon"],
    where: Bool[np.ndarray, "time lat lon"],
    weights: Float[np.ndarray, "lat lon"],
    *,
    low: float,
    high: float,
) -> Float[np.ndarray, " time"]:
    """Calculate the mean structural similarity of each map, over the points that count; 1 is perfect.

    Parameters
    ----------
    values, truth
        In the same units; NaN on land. The windows of a point also contain its neighbours that do not count.
    where
        Points that count.
    weights
        Relative area of the cells.
    low, high
        Range of values. The lower end is subtracted: otherwise the score would change with the units.

    Returns
    -------
    numpy.ndarray
        Shape (time,); NaN where no point counts.
    """
    areas = np.where(where, weights, 0.0)
    index = np.where(where, ssim_map(values, truth, low=low, high=high), 0.0)
    return ratio((areas * index).sum(axis=(1, 2)), areas.sum(axis=(1, 2)))


def ssim_map(
    values: Float[np.ndarray, "time lat lon"], truth: Float[np.ndarray, "time lat lon"], *, low: float, high: float
) -> Float[np.ndarray, "time lat lon"]:
    r"""Calculate the structural similarity in a window around each point; NaN where one of the maps has no value.

    .. math:: \frac{(2 \mu_x \mu_y + C_1)(2 \sigma_{xy} + C_2)}
                   {(\mu_x^2 + \mu_y^2 + C_1)(\sigma_x^2 + \sigma_y^2 + C_2)},
              \quad C_i = (K_i (\mathrm{high} - \mathrm{low}))^2

    Wang et al. (2004), doi:10.1109/TIP.2003.819861, eq. 13, with moments weighted by a Gaussian window. Points without
    value, and those outside of the map, are left out of the windows; the other weights are scaled to the sum one.
    """
    known = np.isfinite(values) & np.isfinite(truth)
    x, y = (np.where(known, field.astype(float) - low, 0.0) for field in (values, truth))

    def smooth(field: Float[np.ndarray, "time lat lon"]) -> Float[np.ndarray, "time lat lon"]:
        return ndimage.gaussian_filter(field, SIGMA, radius=RADIUS, mode="constant", axes=(1, 2))

    share = np.where(known, smooth(known.astype(float)), 1.0)
    mean_x, mean_y = smooth(x) / share, smooth(y) / share
    variances = smooth(x**2 + y**2) / share - mean_x**2 - mean_y**2
    covariance = smooth(x * y) / share - mean_x * mean_y
    c1, c2 = (K1 * (high - low)) ** 2, (K2 * (high - low)) ** 2
    similar = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return np.where(known, ratio(similar, (mean_x**2 + mean_y**2 + c1) * (variances + c2)), np.nan)
