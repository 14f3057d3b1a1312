"""A case of what is at hand: results of methods, and the datasets that they are held against."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from esmlearn.errors import SettingsError
from esmlearn.evaluation.case import Case, Result, cells_within
from esmlearn.evaluation.inputs import Coarse, Source, says_synthetic
from esmlearn.fields.field import Field
from esmlearn.fields.static import read_static
from esmlearn.grids.land import land_mask
from esmlearn.settings import EvaluateSettings

logger = logging.getLogger(__name__)

# A quantity with values on at least this share of the land, and of the sea, is known on both.
KNOWN_ON = 0.5

# Percentage of land above which a cell counts as land.
MOSTLY_LAND = 50


def make_case(
    results: Sequence[Result],
    field: Field,
    observed: Bool[np.ndarray, "time lat lon"],
    settings: EvaluateSettings,
    *,
    dataset: str,
    split: str,
    truth: Source | None = None,
    observations: Source | None = None,
    downscaled: bool = False,
    coarse: Source | None = None,
    height: Source | None = None,
    land: Source | None = None,
) -> Case:
    """Put what the methods gave beside what is right, all on one grid and on the same dates.

    Parameters
    ----------
    results, field, observed, settings, dataset, split, downscaled
        As of a `Case`; the depth is added to the name of the dataset.
    truth, observations, coarse, height
        The sources of these; None where they are not at hand.
    land
        Percentage of land (sftlf), to tell land from sea where a quantity is known on both; Natural Earth if None.

    Raises
    ------
    DataError
        If grids, dates, units or levels do not fit together.
    SettingsError
        If a region holds no ocean, or the buffers leave nothing to score on.
    """
    results = sorted(results, key=lambda result: (result.role == "model", result.name))
    right = None if truth is None else truth.on(field, dataset).values[:, 0]
    if observations is not None and not observations.same_as(truth):
        values = observations.on(field, dataset).values[:, 0]
    else:
        values = results[-1].reconstruction.daily if right is None else right
    sources = [source.cube for source in (observations, truth) if source is not None]
    case = Case(
        settings=settings,
        dataset=dataset if field.levels is None else f"{dataset} at {field.levels[0]:g} m",
        split=split,
        quantity=str(field.like[0].long_name or field.like[0].name()).replace("_", " "),
        results=tuple(results),
        observed=observed,
        field=field,
        seen=np.where(observed, values, np.float32(np.nan)),
        truth=right,
        truth_source=truth,
        observations_source=observations,
        synthetic=any(says_synthetic(cube) for cube in (field.like[0], *sources)),
        frequency=field.frequency,
        downscaled=downscaled,
        coarse=None if coarse is None else Coarse.of(coarse, field),
        height=None if height is None else read_static(height.cube, field.grid, height.label),
        on_land=_land_where_both_are_known(field, land) if downscaled else None,
    )
    if settings.truth is None and right is not None and not np.isfinite(right[case.hidden]).any():
        logger.warning("%s: nothing that is known was hidden, so there is nothing to score; name a `truth`.", dataset)
        case = replace(case, truth=None, truth_source=None)
    _check(case)
    return case


def _land_where_both_are_known(field: Field, land: Source | None) -> Bool[np.ndarray, "lat lon"] | None:
    """Tell land from sea; None if the quantity is not known on both."""
    if land is None:
        on_land = land_mask(field.lat, field.lon)
    else:
        on_land = read_static(land.cube, field.grid, land.label) > MOSTLY_LAND
    known = ~field.land
    both = all(part.any() and known[part].mean() > KNOWN_ON for part in (on_land, ~on_land))
    return on_land if both else None


def _check(case: Case) -> None:
    """Refuse regions without ocean, and buffers that leave nothing to score on."""
    field = case.field
    for name, region in case.settings.regions.items():
        if not (case.ocean & cells_within(region, field.grid)).any():
            raise SettingsError(
                f"regions.{name} holds no ocean of {case.dataset}, which covers {field.lat[0]:g} to {field.lat[-1]:g}"
                f" degrees north and {field.lon[0]:g} to {field.lon[-1]:g} degrees east; move the region or leave it"
                " out."
            )
    if case.truth is None:
        return
    known = np.isfinite(case.truth)
    if known[case.hidden].any() and not known[case.counted].any():
        buffers = f"buffer_km {case.settings.buffer_km:g} and buffer_days {case.settings.buffer_days}"
        raise SettingsError(f"{buffers} leave no hidden point of {case.dataset} to score on; lower them.")
