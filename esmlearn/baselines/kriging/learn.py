"""Covariance learned from gappy observations: by what clouds of other days hide of them."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import minimize
from torch import Tensor

from esmlearn.baselines import estimation
from esmlearn.baselines.covariance import Covariance
from esmlearn.baselines.kriging.covariance import Component, SpaceTimeCovariance, matern, time_correlation
from esmlearn.baselines.kriging.trials import Batch, make_batch
from esmlearn.baselines.variogram import cell_km, fit_scales, measure_variogram
from esmlearn.fields.field import Field
from esmlearn.fields.rounding import rounding
from esmlearn.settings import Kernel, KrigingSettings

logger = logging.getLogger(__name__)

PRIOR = (Component(0.875, 80.0, 9.0), Component(0.485, 100.0, 1.7))
"""Components as learned from 22 years of sea-surface temperature in the Tasman Sea."""

PRIOR_SCALES = (estimation.PRIOR.length_km, estimation.PRIOR.time_days)
"""Length and time that the variogram of such a field gives to one component."""

PRIOR_NOISE = 0.02

LEAST_NOISE = 0.01
"""Least `noise_share`: with less, single precision is not enough."""

KERNELS: tuple[Kernel, ...] = ("matern_52", "matern_32")
"""Shapes that are tried: the same for all components."""

TRIALS, STEPS = 320, 25
"""Trials, and most steps of the optimization. With half of the trials the RMSE on other years is larger by 1 %."""

ROUNDED = 3e-5
"""Share of the variance that is added to that of errors: covariances in single precision are not exactly positive."""

HOLD = 1e-3
"""Relative growth of the mean square error that is as bad as a parameter which is e times its start."""


def learn_covariance(
    training: Field, anomalies: Float[np.ndarray, "time lat lon"], settings: KrigingSettings
) -> SpaceTimeCovariance:
    """Find the covariance with the smallest mean square error on values that gaps of other days withhold.

    Each trial estimates some withheld values from the observations around them. The derivative of the estimates is that
    of a solve, which is another solve with the same matrix. Then sigma is scaled as in `estimate_covariance`. A record
    that is too short for this has the `PRIOR` components, with scales that fit its variogram.

    Raises
    ------
    DataError
        If the training period has hardly any observations.
    """
    given: dict[str, Any] = {} if settings.components is None else {"components": _components(settings)}
    given |= settings.model_dump(include={"noise_share", "sigma"}, exclude_none=True)
    if len(given) == 3:
        return SpaceTimeCovariance(**given)
    trials = list(estimation.make_trials(training, anomalies, settings.seed, TRIALS))
    few = sum(len(trial.aside.anomalies) for trial in trials) < estimation.FEWEST
    first = _few(training, anomalies, given) if few else _first(training, anomalies)
    scales = first.length_km, first.time_days
    start = replace(
        SpaceTimeCovariance(_scaled(*scales), PRIOR_NOISE if not few else first.noise_share, first.sigma), **given
    )
    if few:
        return start
    batch = make_batch(trials, scales, start.sigma, settings.seed)
    free = [name for name in ("components", "noise_share") if name not in given]
    starts = [start] if "components" in given else [_with_kernel(start, kernel) for kernel in KERNELS]
    found = min((_optimize(one, batch, free) for one in starts), key=lambda one: one[1])[0]
    least = rounding(training.values)
    return replace(found, sigma=given.get("sigma", max(found.sigma * _ratio(found, batch), least)))


def _with_kernel(covariance: SpaceTimeCovariance, kernel: Kernel) -> SpaceTimeCovariance:
    return replace(covariance, components=tuple(replace(part, kernel=kernel) for part in covariance.components))


def _components(settings: KrigingSettings) -> tuple[Component, ...]:
    return _normalized(tuple(Component(**part.model_dump()) for part in settings.components or ()))


def _normalized(components: tuple[Component, ...]) -> tuple[Component, ...]:
    """Components whose shares have the sum of squares one."""
    total = float(np.sqrt(sum(part.share**2 for part in components)))
    return tuple(replace(part, share=part.share / total) for part in components)


def _first(training: Field, anomalies: Float[np.ndarray, "time lat lon"]) -> Covariance:
    """One component that fits the variogram."""
    sigma = max(float(np.nanstd(anomalies, dtype=np.float64)), rounding(training.values))
    length, time = max(PRIOR_SCALES[0], cell_km(training)), max(PRIOR_SCALES[1], training.step_days)
    start = Covariance("matern_52", length_km=length, time_days=time, noise_share=0.03, sigma=sigma)
    return replace(fit_scales(measure_variogram(training, anomalies), start, ("length_km", "time_days")), sigma=sigma)


def _few(training: Field, anomalies: Float[np.ndarray, "time lat lon"], given: dict[str, Any]) -> Covariance:
    return estimation.from_few(training, anomalies, {key: given[key] for key in ("sigma",) if key in given})


def _scaled(length_km: float, time_days: float) -> tuple[Component, ...]:
    """The prior components for a field whose variogram has these scales."""
    length, time = length_km / PRIOR_SCALES[0], time_days / PRIOR_SCALES[1]
    scaled = (replace(part, length_km=part.length_km * length, time_days=part.time_days * time) for part in PRIOR)
    return _normalized(tuple(scaled))


def _optimize(start: SpaceTimeCovariance, batch: Batch, free: list[str]) -> tuple[SpaceTimeCovariance, float]:
    """Minimize the error by a quasi-Newton method in the logarithms of the free parameters; return the minimum, too."""
    numbers = [
        start.noise_share,
        *(x for part in start.components for x in (part.share, part.length_km, part.time_days)),
    ]
    origin = np.log(numbers)
    varies = np.array(["noise_share" in free] + ["components" in free] * (len(origin) - 1), float)

    def loss(logarithms: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = torch.tensor(logarithms, requires_grad=True)
        error, _ = _errors(start, parameters.exp().float(), batch)
        penalty = HOLD * (parameters - torch.from_numpy(origin)).square().sum()
        total = torch.log((error.square() * batch.counts).sum() / batch.counts.sum()) + penalty
        (gradient,) = torch.autograd.grad(total, parameters)
        return total.item(), gradient.numpy() * varies

    bounds = [(np.log(LEAST_NOISE), 0.0)] + [(low, low + 2 * np.log(20)) for low in origin[1:] - np.log(20)]
    if not np.isfinite(loss(origin)[0]):
        return start, np.inf  # the withheld values equal their climatology: there is nothing to learn from
    found = minimize(loss, np.clip(origin, *np.array(bounds).T), jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"maxiter": STEPS, "ftol": 1e-4})  # fmt: skip
    noise, *numbers = np.exp(found.x).tolist()
    size = float(np.sqrt(sum(share**2 for share in numbers[::3])))
    parts = zip(start.components, numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    components = tuple(replace(part, share=s / size, length_km=length, time_days=t) for part, s, length, t in parts)
    result = SpaceTimeCovariance(components, max(noise / size, LEAST_NOISE), start.sigma)
    logger.info("Kriging: %s after %d evaluations, %.4f.", result, found.nfev, found.fun)
    return result, float(found.fun)


def _errors(
    start: SpaceTimeCovariance, parameters: Float[Tensor, " parameter"], batch: Batch
) -> tuple[Float[Tensor, "trial aside"], Float[Tensor, "trial aside"]]:
    """Errors of the estimates, and the expected variance of these.

    The solves are outside of the automatic derivation: with the weights w = (C + R)⁻¹c and a = (C + R)⁻¹d, a small
    change of C and c changes the estimate c'a by dc'a - w'dC a.
    """
    noise, shapes = parameters[0] ** 2, parameters[1:].view(-1, 3)

    def covariance(km: Tensor, days: Tensor) -> Tensor:
        parts = zip(start.components, shapes, strict=True)
        return sum(p[0] ** 2 * matern(part.kernel, km / p[1]) * time_correlation(days / p[2]) for part, p in parts)

    among, between = covariance(*batch.among), covariance(*batch.between)
    with torch.no_grad():
        rounded = ROUNDED * shapes[:, 0].square().sum().double()
        matrix = among.double() + torch.diag_embed(batch.variance + noise.double() + rounded)
        factor = torch.linalg.cholesky(matrix)
        solved = torch.cholesky_solve(batch.given[..., None], factor)
        weights = torch.cholesky_solve(between.double(), factor)
        estimate = (between.double().mT @ solved)[..., 0]
        expected = shapes[:, 0].square().sum() + noise - (weights * between).sum(dim=1)
        solved, weights = solved.float(), weights.float()
    change = between.mT @ solved - weights.mT @ (among @ solved + noise * solved)
    return estimate + (change - change.detach())[..., 0] - batch.aside, expected


def _ratio(found: SpaceTimeCovariance, batch: Batch) -> float:
    """Factor on sigma with which errors are in the mean square as large as expected."""
    numbers = [
        found.noise_share,
        *(x for part in found.components for x in (part.share, part.length_km, part.time_days)),
    ]
    with torch.no_grad():
        error, expected = _errors(found, torch.tensor(numbers, dtype=torch.float32), batch)
    some = batch.counts.bool()
    known = batch.aside_variance[some].sqrt().numpy() if bool(batch.aside_variance.any()) else None
    return estimation.error_ratio(error[some].numpy(), expected[some].clamp(min=1e-6).sqrt().numpy(), known)
