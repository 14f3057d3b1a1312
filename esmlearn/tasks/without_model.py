"""Fill gaps with baselines alone: no training, and no record that would be too short for one."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from iris.cube import Cube

from esmlearn import baselines
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.coverage import covers_the_year
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.land import settle_land
from esmlearn.fields.periods import select_period
from esmlearn.fields.reference import PACKAGED, ZERO, Source, is_anomaly, reference_climatology
from esmlearn.gaps.apply import apply_gaps
from esmlearn.gaps.withhold import withhold_somewhere
from esmlearn.grids.land import land_mask
from esmlearn.settings import BaselineSettings, GapSettings, ReconstructSettings, WithholdSettings
from esmlearn.settings.reconstruct import BEST
from esmlearn.tasks.choice import choose
from esmlearn.tasks.left_out import LeftOut, leaving_out
from esmlearn.tasks.observations import climatology_source
from esmlearn.tasks.outliers import OUTLIERS, look_for_outliers
from esmlearn.tasks.outputs import Application, MethodOutput

logger = logging.getLogger(__name__)

KNOWN_ON_LAND = 0.5
"""A quantity that was observed in at least this share of the cells of the land is known there: nothing is land."""


def with_land(field: Field, land: str | Cube | None = None) -> Field:
    """Say what is land in observations.

    By default that is where Natural Earth has land and nothing was observed, but for a quantity that is known on land.
    Ocean that was never observed is ocean and is filled. For `land` see `esmlearn.fields.land.settle_land`.
    """
    if land is None:
        there = land_mask(field.lat, field.lon)
        if there.any() and field.observed.any(axis=(0, 1))[there].mean() >= KNOWN_ON_LAND:
            return replace(field, land=np.zeros_like(field.land))
    return settle_land(field, "natural_earth" if land is None else land)


def climatology_of(field: Field, source: Source | None = None) -> tuple[Climatology, str]:
    """Give the climatology of a field: that of a source, else its own, else the packaged one.

    Parameters
    ----------
    field
        Observations.
    source
        As of `esmlearn.fields.reference.reference_climatology`; a climatology is taken as it is. By default the
        climatology is fitted to the field if it covers the seasons, and else the packaged one is adapted to it.

    Returns
    -------
    tuple
        The climatology, and where it comes from in words.

    Raises
    ------
    DataError
        If the record is too short for a climatology of its own, and the packaged one is of another quantity.
    """
    words = climatology_words(field, source)
    if isinstance(source, Climatology):
        return source, words
    if source is not None:
        return reference_climatology(source, field), words
    try:
        return Climatology.fit(field), words
    except DataError as too_short:
        if is_anomaly(field):
            return reference_climatology(ZERO, field), words
        try:
            return reference_climatology(PACKAGED, field), words
        except DataError as other:
            raise DataError(f"{too_short} {other}") from other


def climatology_words(field: Field, source: Source | None = None) -> str:
    """Say where the climatology comes from that `climatology_of` gives."""
    if isinstance(source, Climatology):
        return "the one that was given"
    if source is None and covers_the_year(field.single()):
        return "fitted to the observations themselves"
    if source is None and is_anomaly(field):
        return "zero, as the data are anomalies"
    name = "that of a cube"
    if source is None or isinstance(source, str | Path):
        packaged = source is None or source == PACKAGED
        name = "the packaged one (ERSST v5 by month)" if packaged else f"that of {Path(str(source)).name}"
    return f"{name}, adapted to the observations"


def run_methods(
    field: Field,
    climatology: Climatology,
    names: Sequence[str],
    settings: BaselineSettings,
    *,
    smooth: bool = False,
) -> Iterator[MethodOutput | LeftOut]:
    """Fit baselines to the observations that they fill, one after the other; those that fail are left out.

    Parameters
    ----------
    field
        Observations.
    climatology
        On their grid.
    names
        Baselines.
    settings
        Their parameters.
    smooth
        Whether methods that have an analysis of what was observed give it.
    """
    for name in names:
        with leaving_out(name) as failed:
            baseline = baselines.fit(name, field, climatology=climatology, settings=settings)
            fill = baseline.smooth_field if smooth and baseline.smooths else baseline.reconstruct_field
            yield MethodOutput(name, field, fill(field), baseline.parameters)
        yield from failed


def apply(data: InputData, settings: ReconstructSettings) -> Application:
    """Fill the gaps of the recipe's observations with the baselines.

    Raises
    ------
    SettingsError
        If no dataset is named, or the period is one of a training.
    """
    if settings.observations is None:
        raise SettingsError("`model: none` needs `observations`, the name of the dataset to fill.")
    if settings.period != "all" and "/" not in settings.period:
        raise SettingsError(
            f"period: '{settings.period}' is a part of a training, and `model: none` has none; write `period: all` or"
            " START/END."
        )
    name, gaps = settings.observations, settings.gaps or GapSettings()
    error = data.cube(settings.error) if isinstance(settings.error, str) else settings.error
    whole = with_land(data.field(name).single().with_error(error))
    field = apply_gaps(whole, gaps, data.field(gaps.dataset, units=whole.units) if gaps.dataset else None)
    field = field if settings.period == "all" else select_period(field, settings.period)
    if settings.withhold:
        field, how = withhold_somewhere(field, settings.withhold)
        logger.info(how)
    source = climatology_source(data, settings.climatology)
    climatology, words = climatology_of(field, source)
    logger.info("The climatology is %s.", words)
    found = {}
    if settings.outliers != "ignore":
        analysis = baselines.OptimalInterpolation.fit(field, climatology, settings)
        threshold, masked = settings.outlier_threshold, settings.outliers == "mask"
        field, count = look_for_outliers(field, [analysis], threshold=threshold, masked=masked)
        logger.info(count.words)
        found = {OUTLIERS: json.dumps(asdict(count))}
    names: Sequence[str] = settings.gap_fillers()
    if settings.baselines == BEST:

        def tried(left: Field, method: str) -> Iterator[MethodOutput | LeftOut]:
            return run_methods(left, climatology_of(left, source)[0], (method,), settings)

        choice = choose(field, names, tried, WithholdSettings())
        logger.info(choice.why)
        names, found = (choice.best,), {**found, "esmlearn_why": choice.why}
    outputs = run_methods(field, climatology, names, settings, smooth=settings.smooth_observed)
    facets = data.find(name)
    attributes = {"esmlearn_gaps": gaps.model_dump_json(exclude_none=True), "esmlearn_climatology": words, **found}
    return Application(str(facets.get("dataset", name)), str(facets["short_name"]), attributes, outputs)
