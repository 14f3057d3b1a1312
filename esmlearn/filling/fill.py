"""Fill the gaps of observations: read, put in order, choose a method on withheld clouds, fill, score."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from iris.cube import Cube
from jaxtyping import Bool

from esmlearn.baselines import BASELINES
from esmlearn.cubes.order import put_in_order
from esmlearn.errors import DataError, ModelFolderError, SettingsError
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import GapFiller
from esmlearn.filling.given import as_given, only_observations, only_where, read_given
from esmlearn.filling.progress import progress
from esmlearn.filling.report import write_report
from esmlearn.filling.trials import Methods, Trial, check_method, stretch_to_try, try_methods
from esmlearn.gaps.withhold import withhold_somewhere
from esmlearn.methods import method_info
from esmlearn.settings import BaselineSettings, InputSettings, WithholdSettings
from esmlearn.tasks import TASKS, load_model
from esmlearn.tasks.outputs import MethodOutput
from esmlearn.tasks.without_model import Source, climatology_of, land_of

logger = logging.getLogger(__name__)

Given = str | Path | Sequence[str | Path] | Cube | xr.DataArray | xr.Dataset
"""What can be filled: files, a cube, or the data of xarray."""


@dataclass(frozen=True)
class Filled:
    """A filled record, and how it came about.

    Attributes
    ----------
    complete
        With its standard deviation and the flag for what was observed.
    output
        Of the method that filled it, with the observations.
    dataset
        Name of the data.
    climatology, why
        Where the climatology comes from, and why this method was taken, in words.
    changes
        What was changed of the data before anything else, a sentence each.
    chosen, scored
        All methods on the withheld clouds by which the method was chosen, and on those by which all are scored; None
        where nothing was withheld.
    """

    complete: Cube
    output: MethodOutput
    dataset: str
    climatology: str
    why: str
    changes: tuple[str, ...]
    chosen: Trial | None
    scored: Trial | None

    @property
    def sentences(self) -> list[str]:
        """What was done, in the order in which it was done."""
        withheld = [self.scored.how] if self.scored else []
        refused = self.scored.refused if self.scored else {}
        left_out = [f"{method_info(name).label} can't be tried on such data. {why}" for name, why in refused.items()]
        return [*self.changes, f"The climatology is {self.climatology}.", *withheld, self.why, *left_out]

    @property
    def cube(self) -> Cube:
        """The complete field, whose attributes say how it came about."""
        cube = self.complete.copy()
        cube.attributes.update(
            {
                "esmlearn_method": self.output.method,
                "esmlearn_role": method_info(self.output.method).role,
                "esmlearn_frequency": self.output.field.frequency,
                "esmlearn_dataset": self.dataset,
                "esmlearn_parameters": json.dumps(self.output.parameters),
                "esmlearn_climatology": self.climatology,
                "esmlearn_why": self.why,
            }
        )
        if self.scored:
            cube.attributes["esmlearn_rmse"] = json.dumps({name: round(e, 4) for name, e in self.scored.rmse.items()})
        return cube


def fill(
    data: Given,
    *,
    model: str | Path | None = None,
    method: str | None = None,
    climatology: Source = None,
    land: Bool[np.ndarray, "lat lon"] | None = None,
    variable: str | None = None,
    withhold: WithholdSettings | None = WithholdSettings(),  # noqa: B008
    settings: BaselineSettings = BaselineSettings(),  # noqa: B008
    input: InputSettings = InputSettings(),  # noqa: A002, B008
    report: str | Path | None = None,
    quiet: bool = False,
) -> Cube | xr.DataArray | xr.Dataset:
    """Fill the gaps of observations, without recipe and without training.

    Parameters
    ----------
    data
        Files of any archive that `esmlearn.read` knows, a cube, a DataArray or a Dataset.
    model
        Folder of a trained model that fills gaps, which is then the method; the baselines are scored beside it.
    method
        Baseline to fill with; by default the one with the smallest error on withheld clouds.
    climatology
        `packaged`, a file, a model folder or a cube; by default that of the data themselves where their record is long
        enough, else for the temperature of the sea surface the packaged one.
    land
        True on land, shape (lat, lon), rows from south to north; by default where Natural Earth has land and nothing
        was ever observed.
    variable
        Which one, where the data have several.
    withhold
        Observations that are withheld to choose and to score; None to fill only, which needs a `method` or a `model`.
    settings
        Parameters of the baselines.
    input
        How times and values are put in order.
    report
        HTML file for a short report; by default none is written.
    quiet
        Whether no progress is shown.

    Returns
    -------
    Cube, DataArray or Dataset
        The complete field on the times and cells of the data, put in order; of files and cubes a cube with its standard
        deviation and the flag for what was observed as ancillary variables, of a DataArray a DataArray, and of a
        Dataset a Dataset that has all three.

    Raises
    ------
    DataError
        If the data have no regular grid, no observation, several levels, or no climatology.
    SettingsError
        If there is no such method.
    ModelFolderError
        If the folder holds no model that fills gaps.

    Examples
    --------
    In a notebook: ``filled = esmlearn.fill("archive/*.nc", report="report.html")``.
    """
    methods = Methods(tuple(BASELINES), settings, climatology, None if model is None else _load(model))
    check_method(method, methods.names)
    if withhold is None and method is None and model is None:
        raise SettingsError("withhold: without withheld clouds no method can be chosen; name one by `method`.")
    with progress(2 * len(methods.names) + 1, quiet=quiet) as step:
        given, dataset = read_given(data, variable)
        cube = only_observations(put_in_order(given, input))
        field = _field(cube, methods, land, dataset)
        trials = _try(methods, field, cube, dataset, withhold, step) if withhold else None
        name = method or (methods.model[0] if methods.model else next(iter(trials[0].rmse)))
        step(f"Filling by {method_info(name).words}")
        (output,) = methods.run(field, (name,))
    filled = Filled(
        complete=output.result.to_cubes(field)[0],
        output=output,
        dataset=dataset,
        climatology=climatology_of(field, climatology)[1],
        why=_why(name, trials, asked=method is not None or model is not None),
        changes=tuple(json.loads(str(cube.attributes.get("esmlearn_changes", "[]")))),
        chosen=trials[0] if trials else None,
        scored=trials[1] if trials else None,
    )
    for sentence in filled.sentences[len(filled.changes) :]:  # the changes are logged where they are made
        logger.info(sentence)
    if report is not None:
        write_report(filled, Path(report))
    return as_given(filled.cube, data)


def _field(cube: Cube, methods: Methods, land: Bool[np.ndarray, "lat lon"] | None, dataset: str) -> Field:
    """Read the observations in the units of the model, or their own."""
    units = methods.model[1].units if methods.model else None
    field = Field.from_cube(cube, units=units, land=land_of(cube) if land is None else land)
    if field.values.shape[1] > 1:
        raise DataError(f"{dataset} has {field.values.shape[1]} levels; give one of them, such as cube[:, 0].")
    return field


def _load(folder: str | Path) -> tuple[str, GapFiller]:
    """Load a model that fills gaps, with the name of its method."""
    trained = load_model(folder)
    task = TASKS[trained.task]
    ready = task.ready(trained)
    if not isinstance(ready, GapFiller):
        raise ModelFolderError(
            f"The model in {folder} is for the task '{trained.task}' and fills no gaps; give one of the tasks"
            " `reconstruct` or `fill`."
        )
    return task.method, ready


def _try(
    methods: Methods,
    field: Field,
    cube: Cube,
    dataset: str,
    withhold: WithholdSettings,
    step: Callable[[str], None],
) -> tuple[Trial, Trial]:
    """Try all methods on withheld clouds, by which one is chosen, and on others, by which all are scored.

    No observation counts for both. Each set is withheld by itself: short records could not spare both at once.
    """
    some = stretch_to_try(field)
    to_score, how = withhold_somewhere(some, withhold)
    to_choose, how_else = withhold_somewhere(some, withhold.model_copy(update={"seed": withhold.seed + 1}))
    known = only_where(cube, to_score)
    return (
        try_methods(methods, to_choose, how_else, known, dataset, lambda name: step(f"Choosing: {name}")),
        try_methods(methods, to_score, how, cube, dataset, lambda name: step(f"Scoring: {name}")),
    )


def _why(name: str, trials: tuple[Trial, Trial] | None, *, asked: bool) -> str:
    """Say why the gaps were filled by this method."""
    label = method_info(name).words
    label = label[0].upper() + label[1:]
    if asked or trials is None:
        return f"{label} was asked for."
    errors = trials[0].rmse
    others = ", ".join(f"{method_info(other).words} {error:.3g}" for other, error in errors.items() if other != name)
    return (
        f"{label} was chosen: on withheld clouds that are not among those of the scores its root-mean-square error is"
        f" {errors[name]:.3g}{f' ({others})' if others else ''}."
    )
