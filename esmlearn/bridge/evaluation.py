"""What the script `evaluate` does: read what the methods say, put it beside the truth, score it, draw it."""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import iris
import numpy as np
from iris.cube import Cube
from jaxtyping import Bool, Float

from esmlearn import scores
from esmlearn.data.field import Field
from esmlearn.data.reconstruction import Reconstruction, read_cube
from esmlearn.errors import DataError, SettingsError

logger = logging.getLogger(__name__)

# A truth with fewer gaps than this is shown as complete; one with more is withheld observations, and no map of its own.
COMPLETE = 0.99


@dataclass(frozen=True)
class Result:
    """What one method says of one dataset, as the script `reconstruct` left it.

    Attributes
    ----------
    daily, monthly
        The files.
    name, role
        The method.
    reconstruction
        Its values.
    """

    daily: Path
    monthly: Path
    name: str
    role: str
    reconstruction: Reconstruction


@dataclass(frozen=True)
class Case:
    """One dataset that was reconstructed, with all that the methods say of it.

    Attributes
    ----------
    dataset, split, quantity
        Names: of the dataset, of the part of the period, and of what is reconstructed.
    results
        One for each method.
    observed
        What the methods were given, shape (time, lat, lon).
    grid
        The daily field that the first method left: grid, dates, months, units.
    truth
        What is known to be right on these dates, shape (time, lat, lon), NaN elsewhere; None if nothing is.
    seen
        The observations that the methods were given, NaN elsewhere; a truth may differ from them by their noise.
    truth_name
        Dataset that the truth comes from.
    files
        Files of the truth and of the observations, for provenance.
    synthetic
        Whether a file says that the data are synthetic.
    """

    dataset: str
    split: str
    quantity: str
    results: tuple[Result, ...]
    observed: Bool[np.ndarray, "time lat lon"]
    grid: Field
    seen: Float[np.ndarray, "time lat lon"]
    truth: Float[np.ndarray, "time lat lon"] | None
    truth_name: str | None
    files: tuple[str, ...]
    synthetic: bool

    @property
    def ocean(self) -> Bool[np.ndarray, "lat lon"]:
        """Cells that are ocean for the methods and, if there is one, for the truth."""
        ocean = ~self.grid.land
        return ocean if self.truth is None else ocean & np.isfinite(self.truth).any(axis=0)

    @property
    def hidden(self) -> Bool[np.ndarray, "time lat lon"]:
        """Ocean that the methods were not given."""
        return ~self.observed & self.ocean

    @property
    def complete(self) -> bool:
        """Whether the truth is known nearly everywhere, and not at some withheld observations only."""
        return self.truth is not None and bool(np.isfinite(self.truth[:, self.ocean]).mean() >= COMPLETE)

    @property
    def ancestors(self) -> list[str]:
        """Files that every product of the evaluation comes from."""
        return [str(path) for result in self.results for path in (result.daily, result.monthly)] + list(self.files)

    @property
    def best(self) -> Result:
        """The method to show on maps: the model, if there is one."""
        return next((result for result in self.results if result.role == "model"), self.results[-1])


def read_cases(cfg: dict[str, Any], *, truth: str | None, split: str) -> list[Case]:
    """Read every dataset that an ancestor script reconstructed.

    Parameters
    ----------
    cfg
        Settings of the script, from `run_diagnostic`.
    truth
        Dataset or alias of the truth; without it, withheld values of the reconstructed dataset itself.
    split
        Part of the period that counts.
    """
    folders = [Path(path) for path in cfg.get("input_files", []) if Path(path).is_dir()]
    found = []
    for path in sorted(path for folder in folders for path in folder.glob("*_day.nc")):
        cube = iris.load_cube(path)
        if "esmlearn_method" in cube.attributes:
            found.append((path, cube))
    splits = {str(cube.attributes.get("esmlearn_split", split)) for _, cube in found}
    if split not in splits and len(splits) != 1:
        there = f"; those there are: {', '.join(sorted(splits))}" if splits else ""
        raise DataError(
            f"There is no reconstruction of the split '{split}' to evaluate{there}; let `ancestors` of this script name"
            " the script that reconstructs, and `split` one that it wrote."
        )
    # Where there is only one, as after the setting `period: all`, it counts, and the scores carry its own name.
    chosen = split if split in splits else splits.pop()
    files: dict[tuple[str, str], list[tuple[Path, Cube]]] = {}
    for path, cube in found:
        if cube.attributes.get("esmlearn_split", split) == chosen:
            files.setdefault((str(cube.attributes["esmlearn_dataset"]), str(cube.var_name)), []).append((path, cube))
    return [_read_case(dataset, found, cfg["input_data"], truth, chosen) for (dataset, _), found in files.items()]


def score_case(case: Case) -> list[scores.Row]:
    """Score all methods, daily and monthly, as a whole and broken down; no rows if no truth is known."""
    if case.truth is None:
        return []
    months = list(case.grid.months.values())
    daily = _comparison(case, "day", case.truth, case.hidden)
    rows = scores.score(daily)
    day = np.asarray(case.grid.like[0].coord("time").points, float)
    grid = case.grid
    for bins in (
        scores.by_month(grid.dates),
        scores.by_share_hidden(scores.share_hidden(case.hidden, case.ocean)),
        scores.by_distance(scores.distance_to_observation(case.observed, grid.lat, grid.lon)),
        scores.by_days(np.round(scores.days_to_observation(case.observed, day))),
    ):
        rows += scores.break_down(daily, bins)
    share = scores.hidden_share_of_month(case.hidden, months)
    monthly = _comparison(case, "mon", scores.monthly_truth(case.truth, months), share > 0)
    if not np.isfinite(monthly.truth[monthly.hidden]).any():
        logger.warning("%s: no month has a truth for all of its days, so months are not scored.", case.dataset)
        return rows
    rows += scores.score(monthly)
    first_days = grid.dates[[days.start for days in months]]
    for bins in (scores.by_month(first_days), scores.by_share_hidden(share)):
        rows += scores.break_down(monthly, bins)
    return rows


def hidden_points(case: Case) -> scores.Comparison:
    """Give the daily comparison, for figures that need the single points."""
    if case.truth is None:
        raise DataError(f"Nothing is known to be right about {case.dataset}; name a `truth`.")
    return _comparison(case, "day", case.truth, case.hidden)


def facts(case: Case) -> dict[str, Any]:
    """Tell what was evaluated and what was hidden, for the report."""
    grid = case.grid
    return {
        "dataset": case.dataset,
        "quantity": case.quantity,
        "units": grid.units,
        "split": case.split,
        "truth": case.truth_name,
        "complete": case.complete,
        "synthetic": case.synthetic,
        "start": grid.dates[0].strftime("%Y-%m-%d"),
        "end": grid.dates[-1].strftime("%Y-%m-%d"),
        "calendar": grid.dates[0].calendar,
        "days": int(grid.dates.size),
        "cells": [int(size) for size in grid.land.shape],
        "ocean_cells": int(case.ocean.sum()),
        "region": [float(grid.lat[0]), float(grid.lat[-1]), float(grid.lon[0]), float(grid.lon[-1])],
        "share_hidden": float(case.hidden[:, case.ocean].mean()),
        "share_hidden_least": float(case.hidden[:, case.ocean].mean(axis=1).min()),
        "share_hidden_most": float(case.hidden[:, case.ocean].mean(axis=1).max()),
        "months_unseen": float(
            np.mean([~case.observed[days][:, case.ocean].any(axis=0) for days in grid.months.values()])
        ),
    }


def scores_json(rows: list[scores.Row]) -> str:
    """Write rows with one on each line, which reads and compares well."""
    if not rows:
        return "[]\n"
    return "[\n" + ",\n".join(json.dumps(row, allow_nan=False) for row in rows) + "\n]\n"


def _read_case(
    dataset: str,
    found: list[tuple[Path, Cube]],
    input_data: dict[str, dict[str, Any]],
    truth: str | None,
    split: str,
) -> Case:
    """Read all methods of one dataset, and the truth on their dates."""
    first = found[0][1]
    _, _, observed = read_cube(first)
    grid = Field.from_cube(first)
    results = []
    for path, cube in found:
        monthly = path.with_name(path.name.removesuffix("_day.nc") + "_mon.nc")
        if not monthly.is_file():
            raise DataError(f"{path.name} has no monthly counterpart {monthly.name}; run the reconstruction again.")
        reconstruction = Reconstruction.from_cubes(cube, iris.load_cube(monthly))
        if cube.shape != first.shape or not np.array_equal(read_cube(cube)[2], observed):
            raise DataError(f"{path.name} was made from other observations than {found[0][0].name}; reconstruct again.")
        if len(reconstruction.monthly) != len(grid.months):
            raise DataError(f"{monthly.name} does not have the months of {path.name}; run the reconstruction again.")
        name, role = (str(cube.attributes[f"esmlearn_{key}"]) for key in ("method", "role"))
        results.append(Result(path, monthly, name, role, reconstruction))
    results.sort(key=lambda result: (result.role == "model", result.name))
    short_name = str(first.var_name)
    given = _find(dataset, short_name, input_data)
    known = _find(truth or dataset, short_name, input_data)
    if truth and not known:
        there = {str(facets.get("alias", facets.get("dataset"))) for facets in input_data.values()}
        raise SettingsError(
            f"truth: no dataset '{truth}' with {short_name} is among the ancestors of this script;"
            f" those there are: {', '.join(sorted(there)) or 'none'}."
        )
    fields = {file: _read_on(file, grid, dataset) for file in {given, known} if file}
    right = fields[known].values[:, 0] if known else None
    values = fields[given].values[:, 0] if given else results[-1].reconstruction.daily if right is None else right
    case = Case(
        dataset=dataset,
        split=split,
        quantity=str(first.long_name or first.name()).replace("_", " "),
        results=tuple(results),
        observed=observed,
        grid=grid,
        seen=np.where(observed, values, np.float32(np.nan)),
        truth=right,
        truth_name=(truth or dataset) if known else None,
        files=tuple(sorted(fields)),
        synthetic=any(_says_synthetic(cube) for cube in (first, *(field.like[0] for field in fields.values()))),
    )
    if truth is None and right is not None and not np.isfinite(right[case.hidden]).any():
        logger.warning("%s: nothing that is known was hidden, so there is nothing to score; name a `truth`.", dataset)
        case = replace(case, truth=None, truth_name=None)
    return case


def _find(name: str, short_name: str, input_data: dict[str, dict[str, Any]]) -> str | None:
    """Find the preprocessed file of a dataset by its name or alias."""
    for file, facets in input_data.items():
        if facets.get("short_name") == short_name and name in (facets.get("dataset"), facets.get("alias")):
            return file
    return None


def _read_on(file: str, grid: Field, dataset: str) -> Field:
    """Read a preprocessed file on the grid and the dates of a reconstruction."""
    field = Field.from_cube(iris.load_cube(file), units=grid.units)
    name = Path(file).name
    same = field.land.shape == grid.land.shape and np.allclose(field.lat, grid.lat, atol=1e-3)
    if not same or not np.allclose((field.lon - grid.lon + 180) % 360, 180, atol=1e-3):
        raise DataError(f"{name} is not on the grid of the reconstruction of {dataset}; regrid both alike.")
    places = {_day(date): index for index, date in enumerate(field.dates)}
    missing = [date for date in grid.dates if _day(date) not in places]
    if missing:
        raise DataError(
            f"{name} lacks {len(missing)} of the {grid.dates.size} dates of the reconstruction of {dataset},"
            f" the first of them {missing[0]:%Y-%m-%d}; give both the same timerange."
        )
    return field[np.array([places[_day(date)] for date in grid.dates])]


def _comparison(
    case: Case,
    frequency: str,
    truth: Float[np.ndarray, "time lat lon"],
    hidden: Bool[np.ndarray, "time lat lon"],
) -> scores.Comparison:
    """Put all methods beside the truth."""
    daily = frequency == "day"
    methods = []
    for result in case.results:
        said = result.reconstruction
        values, std = (said.daily, said.daily_std) if daily else (said.monthly, said.monthly_std)
        methods.append(scores.Method(result.name, result.role, values, std))
    return scores.Comparison(
        dataset=case.dataset,
        frequency=frequency,
        units=case.grid.units,
        truth=truth,
        hidden=hidden,
        weights=case.grid.area_weights,
        methods=tuple(methods),
        split=case.split,
    )


def _day(date: Any) -> tuple[int, int, int]:
    """Year, month and day of a date of any calendar."""
    return date.year, date.month, date.day


def _says_synthetic(cube: Cube) -> bool:
    """Whether an attribute of a cube calls its data synthetic."""
    texts: Iterable[str] = (value for value in cube.attributes.values() if isinstance(value, str))
    return any("synthetic" in text.lower() for text in texts)
