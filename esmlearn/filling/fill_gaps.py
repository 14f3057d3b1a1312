"""Fill the gaps of observations: read, put in order, choose a method on withheld clouds, fill, score."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import xarray as xr
from iris.cube import Cube

from esmlearn.cubes.convert import Gridded, like_input
from esmlearn.cubes.order import changes_of
from esmlearn.errors import SettingsError
from esmlearn.fields.field import Field
from esmlearn.fields.reference import Source
from esmlearn.filling.filled import Filled
from esmlearn.filling.given import read_record
from esmlearn.filling.methods import Methods
from esmlearn.filling.outliers import check_outliers
from esmlearn.filling.progress import progress
from esmlearn.filling.report import write_report
from esmlearn.filling.trials import score
from esmlearn.methods import method_info
from esmlearn.settings import BaselineSettings, InputSettings, WithholdSettings
from esmlearn.tasks.choice import choose
from esmlearn.tasks.left_out import LeftOut
from esmlearn.tasks.outputs import MethodOutput

logger = logging.getLogger(__name__)

type Given = str | Path | Sequence[str | Path] | Gridded
"""What can be filled: files, a cube, or the data of xarray."""


OUTLIERS, TRANSFORMS = ("ignore", "report", "mask"), ("none", "log")
"""What can be done with outliers, and what the baselines can work on."""


def fill(
    data: Given,
    *,
    model: str | Path | None = None,
    method: str | None = None,
    climatology: Source | None = None,
    error: float | Cube | xr.DataArray | None = None,
    smooth_observed: bool = False,
    land: Literal["natural_earth", "data"] | Cube | None = None,
    outliers: str = "report",
    outlier_threshold: float | int = 4.0,
    transform: str = "none",
    variable: str | None = None,
    withhold: WithholdSettings | None = WithholdSettings(),  # noqa: B008
    settings: BaselineSettings = BaselineSettings(),  # noqa: B008
    input: InputSettings = InputSettings(),  # noqa: A002, B008
    report: str | Path | None = None,
    quiet: bool = False,
) -> Gridded:
    """Fill the gaps of observations, without recipe and without training.

    Parameters
    ----------
    data
        Files of any archive that `esmlearn.read` knows, a cube, a DataArray or a Dataset, with dimensions time,
        latitude, longitude. Where it is a filled field of ours, only what was observed counts.
    model
        Folder of a trained model that fills gaps, which is then the method; the baselines are scored beside it.
    method
        Baseline to fill with; by default the one with the smallest error on withheld clouds.
    climatology
        `packaged`, a file, a model folder, a cube or a climatology; by default that of the data themselves where they
        cover the seasons, else of a model that of its training, adapted to them, and for the temperature of the sea
        surface the packaged one. `training`: that of the training of the model as it is.
    error
        Standard deviation of the errors of the observations: a number, as a difference in their units, or a field; by
        default what the data say.
    smooth_observed
        Whether a method that can gives its analysis in place of what was observed.
    land
        What is land: `natural_earth`, `data`, or a mask, see `esmlearn.fields.land.settle_land`; by default where
        Natural Earth has land and nothing was observed.
    outliers
        What is done with observations that disagree with the analysis of those around them: `report` counts them,
        `mask` takes them out, so that they are filled like gaps, and `ignore` does not look for them. By default they
        are counted only: at fronts and eddies good values are among them, and none shall vanish unasked.
    outlier_threshold
        Disagreement in expected standard deviations from which an observation is an outlier.
    transform
        `log`: the baselines work on the logarithm, as for chlorophyll.
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
        If there is no such method or action, the threshold is not above 0, or the climatology of the training is asked
        for without a model.
    ModelFolderError
        If the folder holds no model that fills gaps.

    Examples
    --------
    In a notebook: ``filled = esmlearn.fill("archive/*.nc", report="report.html")``.
    """
    methods = Methods.of(model, climatology, settings)
    if method is not None and method not in methods.baselines:
        raise SettingsError(f"method: there is no '{method}'; choose one of {', '.join(methods.baselines)}.")
    asked = method or methods.model_name
    if withhold is None and not asked:
        raise SettingsError("withhold: without withheld clouds no method can be chosen; name one by `method`.")
    for option, given, known in (("outliers", outliers, OUTLIERS), ("transform", transform, TRANSFORMS)):
        if given not in known:
            raise SettingsError(f"{option}: '{given}' is not known; write one of {', '.join(known)}.")
    if not isinstance(outlier_threshold, float | int) or not outlier_threshold > 0:
        raise SettingsError(
            f"outlier_threshold: it is a number of standard deviations above 0, not {outlier_threshold}."
        )
    with progress(2 * len(methods.names) + 2, quiet=quiet) as step:
        record = read_record(data, variable, input, units=methods.units, transform=transform, error=error, land=land)
        count, about_outliers = None, ""
        if outliers != "ignore":
            step("Looking for outliers")
            record, count, about_outliers = check_outliers(
                methods, record, threshold=float(outlier_threshold), masked=outliers == "mask"
            )
        scored = score(methods, record, withhold, step) if withhold else None

        def tried(field: Field, name: str) -> Iterator[MethodOutput | LeftOut]:
            step(f"Choosing: {method_info(name).words}")
            return methods.run(field, (name,))

        chosen = choose(record.field, methods.names, tried, withhold) if withhold and not asked else None
        name = chosen.best if chosen else str(asked)
        step(f"Filling by {method_info(name).words}")
        (output,) = methods.run(record.field, (name,), smooth=smooth_observed)
    if isinstance(output, LeftOut):
        raise output.error
    filled = Filled(
        complete=output.result.to_cubes(record.field)[0],
        output=output,
        dataset=record.name,
        climatology=methods.climatology_words(record.field, name),
        changes=tuple(changes_of(record.cube)),
        outliers=count,
        about_outliers=about_outliers,
        chosen=chosen,
        scored=scored,
    )
    for sentence in filled.sentences:
        logger.info(sentence)
    if report is not None:
        write_report(filled, Path(report))
    return like_input(filled.cube, data) if isinstance(data, xr.DataArray | xr.Dataset) else filled.cube
