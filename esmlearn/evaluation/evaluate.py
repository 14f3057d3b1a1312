"""Scores of cubes in a notebook: those that the script `evaluate` gives, without a recipe and without files."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from iris.cube import Cube
from jaxtyping import Bool

from esmlearn.cubes.convert import Gridded, as_cube
from esmlearn.cubes.order import put_in_order
from esmlearn.errors import DataError
from esmlearn.evaluation.assemble import make_case
from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.evaluation import Evaluation
from esmlearn.evaluation.inputs import Source
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction, observed_of, read_values
from esmlearn.methods import method_info
from esmlearn.settings import EvaluateSettings, from_script


def evaluate(
    methods: Mapping[str, Gridded],
    *,
    truth: Gridded | None = None,
    observed: Gridded | None = None,
    monthly: Mapping[str, Gridded] | None = None,
    coarse: Gridded | None = None,
    height: Gridded | None = None,
    land: Gridded | None = None,
    dataset: str | None = None,
    **settings: Any,
) -> Evaluation:
    """Score reconstructions where they were not given an observation.

    Parameters
    ----------
    methods
        Cube (or array of xarray, as for all arguments) of each method by its name, with dimensions time, latitude,
        longitude, and depth where there are levels, as ``esmlearn.load(...).reconstruct(cube)`` and
        ``baselines.fit(...).reconstruct(cube)`` give them: their standard deviation is scored too. All must share grid,
        times and units. An ensemble may be one cube of its members, with the dimension `realization` in front. What
        `esmlearn.methods` has as a baseline is compared as one, and every other method as a model.
    truth
        What is right, on the same grid, at these times at least, in units that convert; of other years the baseline of
        heatwaves is made. By default, `observed`: what the methods were not given of it counts.
    observed
        Observations. Where no cube has the flag `observed`, all of them were given to the methods; else the flag says
        what was given.
    monthly
        Monthly means of methods that have their own; those of others are made from their days.
    coarse
        Super-resolution: the coarse field that the methods were given.
    height, land
        Super-resolution: height of the surface (orog) on the fine grid, and percentage of land (sftlf).
    dataset
        Name in the rows; by default as the cubes say it.
    **settings
        As of the script `evaluate`: `buffer_km`, `buffer_days`, `block_days`, `regions`, `dates`, `place`, `split`.

    Returns
    -------
    Evaluation
        ``.rows`` are those of `scores.json`, ``.table()`` is a pandas DataFrame of them, and ``.figures()`` plots.

    Raises
    ------
    DataError
        If cubes do not fit together, or nothing is known to score on.
    SettingsError
        If there is no such setting, a region holds no ocean, or the buffers leave no point.

    Examples
    --------
    In a notebook::

        methods = {
            "MyMethod": esmlearn.load("model").reconstruct(cloudy),
            "climatology": baselines.fit("climatology", training).reconstruct(cloudy),
        }
        found = esmlearn.evaluate(methods, truth=complete, observed=cloudy, buffer_km=50)
        found.table().query("metric == 'rmse'")
    """
    if not methods or (truth is None and (observed is None or coarse is not None)):
        raise DataError(
            "There is nothing to score: give at least one method, and `truth`, the field that is right, or `observed`"
            " with values that no method was given."
        )
    given = {"truth": None if truth is None else "truth", "coarse": None if coarse is None else "coarse"}
    block = from_script(EvaluateSettings, given | settings)
    days, months = ({name: as_cube(data) for name, data in (part or {}).items()} for part in (methods, monthly))
    unknown = sorted(set(months) - set(methods))
    if unknown:
        raise DataError(f"monthly has {', '.join(unknown)}, but the methods are {', '.join(methods)}; use their names.")

    own = None if observed is None else Source("observed", put_in_order(observed, block.input))
    further = {
        name: None if data is None else Source(name, as_cube(data))
        for name, data in {"coarse": coarse, "height": height, "land": land}.items()
    }

    def case_of(cubes: dict[str, Cube], monthly: dict[str, Cube]) -> Case:
        first = next(iter(cubes.values()))
        field = _days(first)
        return make_case(
            [_result(method, cube, monthly.get(method), field) for method, cube in cubes.items()],
            field,
            _observed(cubes, field, own, downscaled=coarse is not None),
            block,
            dataset=dataset or str(first.attributes.get("esmlearn_dataset", first.name())),
            split=block.split,
            truth=own if truth is None else Source("truth", put_in_order(truth, block.input)),
            observations=own if coarse is None else None,
            downscaled=coarse is not None,
            **further,
        )

    return Evaluation.of([case_of(*level) for level in _levels(days, months)])


def _levels(methods: Mapping[str, Cube], monthly: Mapping[str, Cube]) -> Iterator[tuple[dict[str, Cube], ...]]:
    """Cubes and monthly means of all methods, level by level."""
    parts = [
        {name: list(cube.slices_over("depth")) if cube.coords("depth") else [cube] for name, cube in cubes.items()}
        for cubes in (methods, monthly)
    ]
    number = len(next(iter(parts[0].values())))
    for name, levels in (item for part in parts for item in part.items()):
        if len(levels) != number:
            raise DataError(f"{name} has {len(levels)} levels, but the first method {number}; extract the same ones.")
    for level in range(number):
        yield tuple({name: levels[level] for name, levels in part.items()} for part in parts)


def _days(cube: Cube) -> Field:
    """The days of a cube, or of its first member."""
    return Field.from_cube(cube[0] if _has_members(cube) else cube, complete=True)


def _has_members(cube: Cube) -> bool:
    return bool(cube.coords("realization", dim_coords=True))


def _observed(
    cubes: Mapping[str, Cube], field: Field, given: Source | None, *, downscaled: bool
) -> Bool[np.ndarray, "time lat lon"]:
    """What the methods were given: as their flags have it; without any, what is observed."""
    flags = {name: flag for name, cube in cubes.items() if (flag := observed_of(cube)) is not None}
    if flags:
        first, *others = flags
        for name in others:
            if not np.array_equal(flags[name], flags[first]):
                raise DataError(f"{name} was made from other observations than {first}; reconstruct again.")
        return flags[first]
    if given is not None:
        return given.on(field, "the methods").observed[:, 0] & ~field.land
    if downscaled:
        return np.zeros(field.values[:, 0].shape, bool)
    raise DataError("No cube has the flag `observed`: give `observed`, the observations that the methods were given.")


def _result(name: str, cube: Cube, monthly: Cube | None, field: Field) -> Result:
    """Values of one method, if they are on the grid and times of the first."""
    own = _days(cube)
    alike = own.units == field.units and own.grid.same_as(field.grid) and np.array_equal(own.dates, field.dates)
    if not alike:
        raise DataError(f"{name} differs from the first method in units, grid or times; bring all methods to the same.")
    values, std = read_values(cube)
    if _has_members(cube):
        made = Reconstruction.of_members(values, field)
    elif monthly is None:
        made = Reconstruction.of_days(values, field, std)
    else:
        means, std_of_means = read_values(monthly)
        if len(means) != len(field.months):
            raise DataError(f"monthly has {len(means)} months of {name}, but its days lie in {len(field.months)}.")
        made = Reconstruction(values, means, std, std_of_means)
    role = str(cube.attributes.get("esmlearn_role", method_info(name).role))
    return Result(name, role, made)
