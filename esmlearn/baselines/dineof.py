"""DINEOF: gaps are filled from the empirical orthogonal functions (EOFs) of the gappy data themselves."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from esmlearn.baselines.base import Baseline, complete
from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.periods import check_regular
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.fields.rounding import rounding
from esmlearn.gaps.withhold import withhold
from esmlearn.settings import BaselineSettings, DineofSettings, WithholdSettings

FILTERS = (1.0, 1.75, 3.0, 5.0)
"""Filters that are tried if none is set, from weak to strong, in steps: those of days for daily data."""

SHARE, DAYS = 0.03, 1
"""Share of the observations that the cross-validation withholds, and days that each of its gaps lasts."""

MOMENTUM = 0.85
"""Share of each step that is added to the next one."""

PATIENCE = 2
"""After so many numbers of modes without gain, no more modes are tried."""

BLOCK = 1 << 17
"""Values that are processed at once, to fit into the cache."""


class Effort(NamedTuple):
    """Accuracy of the filling.

    Changes of the values, and of the cross-validation error, below the share `tolerance` of the anomalies' standard
    deviation are neglected. `steps` is the greatest number of steps for each number of modes, and `sample` the number
    of cells with which the filter is chosen in a large domain.
    """

    tolerance: float = 1e-3
    steps: int = 60
    sample: int = 1000


USUAL_EFFORT = Effort()


class Filling(NamedTuple):
    """Anomalies without gaps, the orthonormal modes in time, the filter, and the RMSE of the cross-validation.

    The RMSE is zero if modes and filter are set.
    """

    values: Float[Tensor, "cell step"]
    modes: Float[Tensor, "step mode"]
    filter_steps: float
    error: float


@dataclass(frozen=True)
class Dineof(Baseline):
    """Data Interpolating Empirical Orthogonal Functions.

    Anomalies in gaps start at zero. The leading EOFs of the anomalies are computed, and the gaps are filled with the
    values that follow from these EOFs; this is repeated until nothing changes, with one EOF, then with more (Beckers &
    Rixen 2003, https://doi.org/10.1175/1520-0426(2003)020%3C1839:ECADFF%3E2.0.CO;2). The number of EOFs is that with
    the smallest error on observations that gaps of other days withhold (Alvera-Azcárate et al. 2005,
    https://doi.org/10.1016/j.ocemod.2004.08.001); with it, the gaps are filled from all observations. A filter in time
    connects each day with those before and after it (Alvera-Azcárate et al. 2009,
    https://doi.org/10.5194/os-5-475-2009).

    Of the training period only the climatology is used. All else is estimated from the field with the gaps.

    Attributes
    ----------
    settings
        Number of modes and filter, if they are set.
    effort
        Accuracy of the filling.
    """

    settings: DineofSettings
    effort: Effort = USUAL_EFFORT

    @classmethod
    def fit(cls, training: Field, climatology: Climatology, settings: BaselineSettings) -> "Dineof":
        """Keep the climatology and the settings."""
        return cls(climatology, training.land, training.units, settings.dineof)

    @property
    def parameters(self) -> dict[str, Any]:
        """Settings; what is None is chosen for each field."""
        return self.settings.model_dump()

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Fill the gaps; cells that were never observed get the climatology.

        Raises
        ------
        DataError
            If the field has no regular step, no observation, fewer times than modes, or no gaps to cross-validate with.
        """
        check_regular(field, "DINEOF")
        daily, known = self.mean_cycle(field), field.observed[:, 0]
        observed = known.any(axis=0)
        if not observed.any():
            raise DataError("DINEOF has no observation to learn from; check the period and the gaps.")
        if not known[:, ~field.land].all():
            anomalies = np.where(known, field.values[:, 0] - daily, np.float32(0.0))
            unit = np.float32(max(anomalies[known].std(dtype=np.float64), rounding(field.values)))
            parts = (anomalies / unit, known, self._left_to_cross_validate(field))
            values, given, left = (torch.from_numpy(part[:, observed].T.copy()) for part in parts)
            filled = fill(values, given, left, self.settings, self.effort, step_days=field.step_days)
            daily[:, observed] += unit * filled.values.numpy().T
        return complete(field, daily)

    def _left_to_cross_validate(self, field: Field) -> Bool[np.ndarray, "time lat lon"]:
        """Mark the observations that the cross-validation does not withhold: all if modes and filter are set."""
        if self.settings.modes is not None and self.settings.filter_days is not None:
            return field.observed[:, 0]
        try:
            return withhold(field, WithholdSettings(share=SHARE, days=DAYS, seed=self.settings.seed)).observed[:, 0]
        except DataError as error:
            raise DataError(
                f"DINEOF can't cross-validate on {len(field.dates)} times with gaps like these; lengthen the period,"
                " or set both dineof.modes and dineof.filter_days, or leave dineof out of the baselines."
            ) from error


def fill(
    anomalies: Float[Tensor, "cell step"],
    known: Bool[Tensor, "cell step"],
    left: Bool[Tensor, "cell step"],
    settings: DineofSettings,
    effort: Effort,
    *,
    step_days: float = 1.0,
) -> Filling:
    """Choose filter and number of modes by cross-validation, unless they are set, then fill from all observations.

    `known` marks the observed anomalies, in standard deviations of theirs, as their fourth powers must not leave single
    precision; `left` marks those that the cross-validation does not withhold. A DataError if more modes are set than
    there are times or cells.
    """
    n_cells, n_times = anomalies.shape
    most = min(n_cells, n_times)
    if settings.modes is not None and settings.modes > most:
        raise DataError(
            f"dineof.modes is {settings.modes}, but {n_times} times of {n_cells} cells have {most} at most; lower it,"
            " or leave it out to have it chosen."
        )

    def fill_some(cells: slice | Tensor, filter_steps: float) -> Filling:
        return add_modes(anomalies[cells], known[cells], left[cells], filter_steps, settings, effort)

    if settings.filter_days is not None:
        best = fill_some(slice(None), settings.filter_days / step_days)
    else:
        cells = torch.randperm(n_cells, generator=_seeded(settings))[: effort.sample].sort().values
        best = fill_some(cells, FILTERS[0])
        for filter_steps in FILTERS[1:]:
            stronger = fill_some(cells, filter_steps)
            if stronger.error >= best.error:
                break
            best = stronger
        if n_cells > effort.sample:
            best = fill_some(slice(None), best.filter_steps)
    values = torch.where(known, anomalies, best.values)
    return best._replace(values=values, modes=iterate(values, ~known, best.modes, best.filter_steps, effort))


def add_modes(
    anomalies: Float[Tensor, "cell step"],
    known: Bool[Tensor, "cell step"],
    left: Bool[Tensor, "cell step"],
    filter_steps: float,
    settings: DineofSettings,
    effort: Effort,
) -> Filling:
    """Fill from the observations that are left, with more and more modes, while the error on the others falls."""
    generator = _seeded(settings)
    aside = known & ~left
    gain = effort.tolerance * _root_mean_square(anomalies[known])
    values = torch.where(left, anomalies, 0.0)
    modes = values.new_zeros(values.shape[1], 0)
    best, tries = Filling(values, modes, filter_steps, math.inf), 0
    for count in _counts(settings.modes or min(settings.max_modes, *values.shape)):
        modes = iterate(values, ~left, _more_modes(values, modes, count, filter_steps, generator), filter_steps, effort)
        error = _root_mean_square(values[aside] - anomalies[aside])
        if settings.modes is not None or error < best.error - gain:
            best, tries = Filling(values.clone(), modes, filter_steps, error), 0
        else:
            tries += 1
        if tries == PATIENCE:
            break
    return best


def iterate(
    values: Float[Tensor, "cell step"],
    unknown: Bool[Tensor, "cell step"],
    modes: Float[Tensor, "step mode"],
    filter_steps: float,
    effort: Effort,
) -> Float[Tensor, "step mode"]:
    """Compute the EOFs of the values and replace, in place, the unknown values, until nothing changes; give the EOFs.

    X are the values, cells in rows, and F is the filter. In time, the EOFs are the eigenvectors V of the filtered
    covariance F X'X F, which are those of the filtered values XF. Each step makes one subspace iteration from the last
    V, then moves the unknown values to XFVV' and further by a part of the last move. This momentum saves steps and
    leads to the same result.
    """
    mask = unknown.float()
    least = effort.tolerance * _root_mean_square(values[~unknown]) * math.sqrt(mask.sum().item())
    moves = torch.zeros_like(values)
    blocks = list(zip(*(part.split(max(1, BLOCK // len(modes))) for part in (values, moves, mask)), strict=True))
    for _ in range(effort.steps):
        smoothed, product, change = smooth(modes, filter_steps), torch.zeros_like(modes), 0.0
        for block, move, hidden in blocks:
            loadings = block @ smoothed
            wanted = torch.addmm(block, loadings, modes.T, beta=-1).mul_(hidden)
            block += move.mul_(MOMENTUM).add_(wanted)
            product.addmm_(block.T, loadings)
            change += wanted.norm().item() ** 2
        modes = torch.linalg.qr(smooth(product, filter_steps)).Q
        if math.sqrt(change) <= least:
            break
    return modes


def smooth(series: Float[Tensor, "step mode"], filter_steps: float) -> Float[Tensor, "step mode"]:
    """Diffuse series in time, without flux through their ends (Alvera-Azcárate et al. 2009).

    p repetitions of strength α damp waves with a period of 2π √(α p) steps, the length of the filter, to 1/e.
    """
    total = (filter_steps / (2 * math.pi)) ** 2
    repetitions = math.ceil(total / 0.1)
    for _ in range(repetitions):
        flux = series.diff(dim=0) * (total / repetitions)
        series = series.clone()
        series[:-1] += flux
        series[1:] -= flux
    return series


def _more_modes(
    values: Float[Tensor, "cell step"],
    modes: Float[Tensor, "step mode"],
    count: int,
    filter_steps: float,
    generator: torch.Generator,
) -> Float[Tensor, "step count"]:
    """Add random series, and make them similar to the next EOFs by two power iterations.

    This is a randomised range finder (Halko et al. 2011, https://doi.org/10.1137/090771806).
    """
    more = torch.randn(len(modes), count - modes.shape[1], generator=generator)
    for _ in range(2):
        more -= modes @ (modes.T @ more)
        more = smooth(values.T @ (values @ smooth(more, filter_steps)), filter_steps)
    return torch.linalg.qr(torch.cat([modes, more], dim=1)).Q


def _counts(last: int) -> Iterator[int]:
    """Give the numbers of modes to try: 1, 2, 3, ..., from 6 on each larger by a third."""
    count = 1
    while count < last:
        yield count
        count += max(1, count // 3)
    yield last


def _seeded(settings: DineofSettings) -> torch.Generator:
    return torch.Generator().manual_seed(settings.seed)


def _root_mean_square(values: Tensor) -> float:
    """Give the root mean square; zero if there is no value."""
    return values.norm().item() / math.sqrt(max(1, values.numel()))
