"""Fill gaps with baselines alone: no training, and no record that would be too short for one."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from iris.cube import Cube
from jaxtyping import Bool

from esmlearn import baselines
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.periods import select_period
from esmlearn.fields.reference import reference_climatology
from esmlearn.gaps.apply import apply_gaps
from esmlearn.gaps.withhold import withhold_somewhere
from esmlearn.grids.land import land_mask
from esmlearn.settings import BaselineSettings, GapSettings, ReconstructSettings
from esmlearn.tasks.outputs import Application, MethodOutput

logger = logging.getLogger(__name__)

PACKAGED = "packaged"

SURFACE_TEMPERATURES = ("sea_surface_temperature", "sea_surface_skin_temperature", "sea_surface_subskin_temperature")

KNOWN_ON_LAND = 0.5
"""A quantity that was observed in at least this share of the cells of the land is known there: nothing is land."""

Source = str | Path | Cube | Climatology | None
"""Where a climatology comes from: `packaged`, a file, a model folder, a cube, a climatology; None: chosen."""


def land_of(cube: Cube) -> Bool[np.ndarray, "lat lon"]:
    """Tell the land of observations: where Natural Earth has land and nothing was ever observed.

    Ocean that was never observed stays ocean and is filled. Rows run from south to north, as in a `Field`.
    """
    seen = Field.from_cube(cube)
    never, land = seen.land, land_mask(seen.lat, seen.lon)
    known_on_land = land.any() and (~never & land).sum() >= KNOWN_ON_LAND * land.sum()
    return np.zeros_like(land) if known_on_land else land & never


def climatology_of(field: Field, source: Source = None) -> tuple[Climatology, str]:
    """Give the climatology of a field: that of a source, else its own, else the packaged one.

    Parameters
    ----------
    field
        Observations.
    source
        See `Source`. By default the climatology is fitted to the field if it covers the seasons; if not, that of a
        temperature of the sea surface is the packaged one.

    Returns
    -------
    tuple
        The climatology, and where it comes from in words.

    Raises
    ------
    DataError
        If the record is too short for a climatology of its own, and there is none for its quantity.
    """
    if isinstance(source, Climatology):
        return source, "the one that was given"
    if source is None:
        try:
            return Climatology.fit(field), "fitted to the observations themselves"
        except DataError as error:
            name = field.like[0].standard_name
            if name not in SURFACE_TEMPERATURES:
                raise DataError(
                    f"{error} The packaged climatology is of the sea-surface temperature, and these data are"
                    f" {name or field.like[0].name()}: give `climatology`, a file or a cube with a longer record."
                ) from error
            source = PACKAGED
    words = {True: "the packaged one (ERSST v5 by month)", False: "that of a dataset that was given"}
    if isinstance(source, str | Path) and str(source) != PACKAGED:
        words[False] = f"that of {Path(source).name}"
    made = reference_climatology(source, field)
    return made, f"{words[str(source) == PACKAGED]}, with an offset and a trend fitted to the observations"


def run_methods(
    field: Field,
    climatology: Climatology,
    names: Sequence[str],
    settings: BaselineSettings,
    *,
    refused: dict[str, str] | None = None,
) -> Iterator[MethodOutput]:
    """Fit baselines to the observations that they fill, one after the other.

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
    refused
        Gets the reason of each baseline that can't fill such observations; without it, the first reason is an error.
    """
    for name in names:
        try:
            baseline = baselines.fit(name, field, climatology=climatology, settings=settings)
            yield MethodOutput(name, field, baseline.reconstruct_field(field), baseline.parameters)
        except DataError as error:
            if refused is None:
                raise
            refused[name] = str(error)
            logger.info("%s is left out. %s", name, error)


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
    cube = data.cube(name)
    whole = Field.from_cube(cube, land=land_of(cube))
    other = data.field(gaps.dataset, units=whole.units) if gaps.dataset else None
    field = apply_gaps(whole, gaps, other)
    field = field if settings.period == "all" else select_period(field, settings.period)
    if settings.withhold:
        field, words = withhold_somewhere(field, settings.withhold)
        logger.info(words)
    climatology, words = climatology_of(field, settings.climatology)
    logger.info("The climatology is %s.", words)
    refused = None if settings.baselines else {}
    outputs = run_methods(field, climatology, settings.gap_fillers(), settings, refused=refused)
    attributes = {"esmlearn_gaps": gaps.model_dump_json(exclude_none=True), "esmlearn_climatology": words}
    return Application(name, str(data.find(name)["short_name"]), attributes, outputs)
