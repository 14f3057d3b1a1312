"""What the tasks that fill gaps are given: observations with their gaps, the truth where it is known, and baselines."""

import contextlib
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
from iris.cube import Cube

from esmlearn import baselines
from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.coverage import covers_the_year
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.land import Land, settle_land, settle_training_land
from esmlearn.fields.periods import select_period, select_role
from esmlearn.fields.reference import Source
from esmlearn.fields.times import match_times
from esmlearn.gaps.apply import apply_gaps
from esmlearn.gaps.withhold import withhold
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.settings import DataSettings, GapSettings, ReconstructSettings, SplitSettings
from esmlearn.settings.data import LAND
from esmlearn.tasks.left_out import LeftOut, leaving_out
from esmlearn.tasks.outliers import OUTLIERS, OutlierCount, look_for_outliers
from esmlearn.tasks.outputs import MethodOutput

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Observations:
    """Observations that a script fills the gaps of.

    Attributes
    ----------
    name
        Of the dataset.
    gaps
        What hides them.
    whole
        All days of the recipe.
    field
        The days of the period, less what is withheld: what methods are given.
    outliers
        How many observations disagree with those around them, and what was done; None where nobody looked.
    """

    name: str
    gaps: GapSettings
    whole: Field
    field: Field
    outliers: OutlierCount | None = None

    @classmethod
    def of(
        cls, data: InputData, learned: DataSettings, settings: ReconstructSettings, known: Land | None
    ) -> "Observations":
        """Load what the script `reconstruct` is asked to fill; what it does not say is as in the training.

        `known` is the land of the training if the observations are on its grid; None where it is not known.
        """
        name = settings.observations or learned.observations
        # A model from elsewhere meets data as they are, unless the recipe says what to hide.
        gaps = settings.gaps or (GapSettings() if settings.model else learned.gaps)
        error = learned.error if settings.error is None and not settings.model else settings.error
        # On another grid land comes from where the training has it, unless that is a dataset of its recipe.
        source = settings.land or (learned.land if known is None and learned.land in LAND else None)
        whole = load_observations(data, name, gaps, learned, error=error, land=find_land(data, source), known=known)
        field = cut(whole, settings.period, learned.split)
        field = withhold(field, settings.withhold) if settings.withhold else field
        return _check_outliers(cls(name, gaps, whole, field), learned, settings)

    @property
    def attributes(self) -> dict[str, str]:
        """What a file says of them."""
        found = {} if self.outliers is None else {OUTLIERS: json.dumps(asdict(self.outliers))}
        return {"esmlearn_gaps": self.gaps.model_dump_json(exclude_none=True), **found}

    def level(self, index: int) -> "Observations":
        """Those of one level."""
        return replace(self, whole=self.whole.level(index), field=self.field.level(index))


def _check_outliers(observations: Observations, learned: DataSettings, settings: ReconstructSettings) -> Observations:
    """Look for outliers by optimal interpolation that is fitted to the training, each level by its own."""
    if settings.outliers == "ignore":
        return observations
    analyses = []
    for index in range(observations.field.values.shape[1]):
        level = observations.level(index)
        training = training_days(level.field, level.whole, learned.split)
        climatology = Climatology.fit(training, harmonics=learned.harmonics)
        analyses.append(baselines.OptimalInterpolation.fit(training, climatology, settings))
    threshold, masked = settings.outlier_threshold, settings.outliers == "mask"
    field, count = look_for_outliers(observations.field, analyses, threshold=threshold, masked=masked)
    logger.info(count.words)
    return replace(observations, field=field, outliers=count)


def load_observations(
    data: InputData,
    name: str,
    gaps: GapSettings,
    learned: DataSettings,
    *,
    error: float | str | None = None,
    land: str | Cube | None = None,
    known: Land | None = None,
    training: bool = False,
) -> Field:
    """Load observations, their errors, and the gaps that the settings ask for, over the whole timerange of the recipe.

    Units, and how input is put in order, are those of the training. `error` is a number or the name of a dataset; None
    for what the observations carry. Land is as of `settle_land`; for `training` without known land, from the training
    period alone.
    """
    units, order = learned.field_units, learned.input
    other = data.field(gaps.dataset, units=units, order=order) if gaps.dataset else None
    errors = data.cube(error, order=order) if isinstance(error, str) else error
    field = data.field(name, units=units, order=order).with_error(errors)
    if training and known is None:
        field = settle_training_land(field, land, learned.split)
    else:
        field = settle_land(field, land, known=known)
    return apply_gaps(field, gaps, other)


def find_land(data: InputData, source: str | None) -> str | Cube | None:
    """Read the dataset of a setting `land`; other sources are returned as they are."""
    return source if source is None or source in LAND else data.cube(source, key="land")


def load_training(data: InputData, settings: DataSettings) -> tuple[Field, Field | None]:
    """Load observations and, where there is one, the complete target; both have the land of the target."""
    land, known = find_land(data, settings.land), None
    target = None
    if settings.target is not None:
        target = data.field(settings.target, units=settings.field_units, order=settings.input)
        target = settle_training_land(target, land, settings.split)
        land, known = "training", target.land
    observations = load_observations(
        data,
        settings.observations,
        settings.gaps,
        settings,
        error=settings.error,
        land=land,
        known=known,
        training=True,
    )
    return observations, target


def climatology_source(data: InputData, name: str | None) -> Source | None:
    """What the setting `climatology` names: a dataset if the script has it, else the name itself."""
    return data.cube(name) if name is not None and data.has(name) else name


def find_truth(data: InputData, name: str | None, field: Field, *, needed: bool = False) -> Field | None:
    """Load a complete field at the times of another one.

    Parameters
    ----------
    data
        Datasets of the recipe.
    name
        Of the complete dataset; None if there is none.
    field
        Whose times, units and land are wanted.
    needed
        Whether it is an error if it lacks a time; else figures are made without it, and the log says why.

    Returns
    -------
    Field or None
        None where the script was not given the dataset, or it lacks some of the times.

    Raises
    ------
    DataError
        If it is on another grid, or in units that don't convert.
    """
    if name is None or not (needed or data.has(name)):
        return None
    cube = data.cube(name)
    if not RectilinearGrid.of(cube).same_as(field.grid):
        raise DataError(f"{name} is not on the grid of what is reconstructed; regrid both alike in the preprocessor.")
    complete = Field.from_cube(cube, units=field.units, land=field.land)
    try:
        return complete[match_times(complete, field, names=(name, "reconstruction"))]
    except DataError as error:
        if needed:
            raise
        logger.warning("Figures of the sampling are made without the truth. %s", error)
        return None


def run_baselines(
    observations: Observations, split: SplitSettings, climatology: Climatology, settings: ReconstructSettings
) -> Iterator[MethodOutput | LeftOut]:
    """Fit the baselines to the days of the training, and let them reconstruct; those that fail are left out."""
    field = observations.field
    training = training_days(field, observations.whole, split)
    for method in settings.gap_fillers():
        with leaving_out(method) as failed:
            baseline = baselines.fit(method, training, climatology=climatology, settings=settings)
            smooths = settings.smooth_observed and baseline.smooths
            result = baseline.smooth_field(field) if smooths else baseline.reconstruct_field(field)
            yield MethodOutput(method, field, result, baseline.parameters)
        yield from failed


def cut(field: Field, period: str, split: SplitSettings) -> Field:
    """Days of a role of the split, of a period, or all."""
    if period == "all":
        return field
    return select_period(field, period) if "/" in period else select_role(field, split, period)


def training_days(field: Field, observations: Field, split: SplitSettings) -> Field:
    """Days that the baselines are fitted to: those of the training if they cover the year, else all there is.

    A model may be applied to data that do not reach back to its training: then the observations before the period of
    the field are taken if they cover the year, else the field itself. Where the field has the days of the training, its
    own are taken: what is withheld from the model is withheld from all.
    """
    for source in (field, observations):
        with contextlib.suppress(DataError):
            training = select_role(source, split, "train")
            if covers_the_year(training):
                return training
    days = np.array([(date - field.dates[0]).total_seconds() / 86_400 for date in observations.dates])
    n_before = int((days < -split.buffer_days).sum())
    before = observations[slice(0, n_before)] if n_before else field
    return before if covers_the_year(before) else field


def check_alike(observations: Field, complete: Field) -> None:
    """Refuse a target on another grid or of other days than the observations."""
    if complete.values.shape != observations.values.shape:
        raise DataError(
            f"data.target has shape {complete.values.shape} (time, variable, latitude, longitude),"
            f" data.observations has {observations.values.shape};"
            " bring both to one grid and one timerange in the preprocessor."
        )
    if not complete.grid.same_as(observations.grid):
        raise DataError("data.target and data.observations lie on other cells; regrid both alike in the preprocessor.")
    if (complete.dates != observations.dates).any():
        raise DataError(
            f"data.target starts on {complete.dates[0]:%Y-%m-%d}, observations on {observations.dates[0]:%Y-%m-%d}, "
            "or they differ later; give both one timerange and calendar."
        )
