"""What the script `evaluate` reads: every dataset that was reconstructed, with all methods, beside what is right."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
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
from esmlearn.settings import EvaluateSettings, Region

logger = logging.getLogger(__name__)

# A truth with fewer gaps than this is shown as complete; one with more is withheld observations, and no map of its own.
COMPLETE = 0.99


@dataclass(frozen=True)
class Result:
    """What one method says of one dataset, as the script `reconstruct` left it.

    Attributes
    ----------
    daily, monthly, members
        The files; those of the members of an ensemble last.
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
    members: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Case:
    """One dataset that was reconstructed, with all that the methods say of it.

    Attributes
    ----------
    settings
        How it is evaluated.
    dataset, split, quantity
        Names: of the dataset (with its depth where there are levels), of the part of the period, and of what is
        reconstructed.
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
    truth_name, truth_file
        Dataset that the truth comes from, and its file.
    observations_file
        File of the observations; None if the script was not given it.
    synthetic
        Whether a file says that the data are synthetic.
    """

    settings: EvaluateSettings
    dataset: str
    split: str
    quantity: str
    results: tuple[Result, ...]
    observed: Bool[np.ndarray, "time lat lon"]
    grid: Field
    seen: Float[np.ndarray, "time lat lon"]
    truth: Float[np.ndarray, "time lat lon"] | None
    truth_name: str | None
    truth_file: str | None
    observations_file: str | None
    synthetic: bool

    @property
    def label(self) -> str:
        """Name of the dataset and its depth, as a part of file names."""
        return self.dataset.replace(" at ", "_").replace(" ", "")

    @property
    def level(self) -> float | None:
        """Depth in metres; None where there are no levels."""
        return None if self.grid.levels is None else float(self.grid.levels[0])

    @property
    def ocean(self) -> Bool[np.ndarray, "lat lon"]:
        """Cells that are ocean for the methods and, if there is one, for the truth."""
        ocean = ~self.grid.land
        return ocean if self.truth is None else ocean & np.isfinite(self.truth).any(axis=0)

    @property
    def hidden(self) -> Bool[np.ndarray, "time lat lon"]:
        """Ocean that the methods were not given."""
        return ~self.observed & self.ocean

    @cached_property
    def distance(self) -> Float[np.ndarray, "time lat lon"]:
        """Distance (km) to the nearest observation of the same day."""
        return scores.distance_to_observation(self.observed, self.grid.lat, self.grid.lon)

    @cached_property
    def days_away(self) -> Float[np.ndarray, "time lat lon"]:
        """Days to the nearest observation at the same place."""
        day = np.asarray(self.grid.like[0].coord("time").points, float)
        return np.round(scores.days_to_observation(self.observed, day))

    @property
    def counted(self) -> Bool[np.ndarray, "time lat lon"]:
        """Hidden ocean that lies beyond the buffers."""
        far = self.hidden
        if self.settings.buffer_km:
            far &= self.distance >= self.settings.buffer_km
        if self.settings.buffer_days:
            far &= self.days_away >= self.settings.buffer_days
        return far

    @property
    def complete(self) -> bool:
        """Whether the truth is known nearly everywhere, and not at some withheld observations only."""
        return self.truth is not None and bool(np.isfinite(self.truth[:, self.ocean]).mean() >= COMPLETE)

    @property
    def withheld(self) -> bool:
        """Whether nothing is known but observations of the same dataset that were withheld from the methods."""
        return self.truth is not None and self.truth_file == self.observations_file and not self.complete

    @property
    def ancestors(self) -> list[str]:
        """Files that every product of the evaluation comes from."""
        left = [str(path) for result in self.results for path in (result.daily, result.monthly, *result.members)]
        return left + sorted({file for file in (self.truth_file, self.observations_file) if file})


def read_cases(cfg: dict[str, Any], settings: EvaluateSettings) -> list[Case]:
    """Read every dataset that an ancestor script reconstructed.

    Parameters
    ----------
    cfg
        What `run_diagnostic` gave.
    settings
        Settings of the script. Without a `truth` it is the withheld values of the reconstructed dataset itself.

    Raises
    ------
    DataError
        If there is no reconstruction, or files do not fit together.
    SettingsError
        If the truth, a region or the buffers ask for what is not there.
    """
    split = settings.split
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
    files: dict[tuple[str, str, float], list[tuple[Path, Cube]]] = {}
    for path, cube in found:
        if cube.attributes.get("esmlearn_split", split) == chosen:
            key = (str(cube.attributes["esmlearn_dataset"]), str(cube.var_name), _depth(cube))
            files.setdefault(key, []).append((path, cube))
    return [_read_case(key[0], files[key], cfg["input_data"], settings, chosen) for key in sorted(files)]


def read_baseline(case: Case) -> Field | None:
    """Read the truth on the days that were not reconstructed; None where there are none."""
    cube = iris.load_cube(case.truth_file)
    if cube.shape[0] <= case.grid.dates.size:
        return None
    field = _at_level(Field.from_cube(cube, units=case.grid.units), case.grid, Path(str(case.truth_file)).name)
    reconstructed = {_day(date) for date in case.grid.dates}
    return field[np.array([_day(date) not in reconstructed for date in field.dates])]


def cells_within(region: Region, grid: Field) -> Bool[np.ndarray, "lat lon"]:
    """Cells whose centre lies in a region, which may cross the date line."""
    width = (region.end_longitude - region.start_longitude) % 360 or 360
    east = (grid.lon - region.start_longitude) % 360 <= width
    north = (grid.lat >= region.start_latitude) & (grid.lat <= region.end_latitude)
    return north[:, None] & east[None, :]


def _read_case(
    dataset: str,
    found: list[tuple[Path, Cube]],
    input_data: dict[str, dict[str, Any]],
    settings: EvaluateSettings,
    split: str,
) -> Case:
    """Read all methods of one dataset, and the truth on their dates."""
    truth = settings.truth
    first = found[0][1]
    _, _, observed = read_cube(first)
    grid = Field.from_cube(first)
    results = []
    for path, cube in found:
        monthly = path.with_name(path.name.removesuffix("_day.nc") + "_mon.nc")
        if not monthly.is_file():
            raise DataError(f"{path.name} has no monthly counterpart {monthly.name}; run the reconstruction again.")
        beside = (file.with_name(f"{file.stem}_members.nc") for file in (path, monthly))
        members = tuple(file for file in beside if file.is_file())
        drawn = [iris.load_cube(file) for file in members]
        reconstruction = Reconstruction.from_cubes(cube, iris.load_cube(monthly), *drawn)
        if cube.shape != first.shape or not np.array_equal(read_cube(cube)[2], observed):
            raise DataError(f"{path.name} was made from other observations than {found[0][0].name}; reconstruct again.")
        if len(reconstruction.monthly) != len(grid.months):
            raise DataError(f"{monthly.name} does not have the months of {path.name}; run the reconstruction again.")
        name, role = (str(cube.attributes[f"esmlearn_{key}"]) for key in ("method", "role"))
        results.append(Result(path, monthly, name, role, reconstruction, members))
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
        settings=settings,
        dataset=dataset if grid.levels is None else f"{dataset} at {grid.levels[0]:g} m",
        split=split,
        quantity=str(first.long_name or first.name()).replace("_", " "),
        results=tuple(results),
        observed=observed,
        grid=grid,
        seen=np.where(observed, values, np.float32(np.nan)),
        truth=right,
        truth_name=(truth or dataset) if known else None,
        truth_file=known,
        observations_file=given,
        synthetic=any(_says_synthetic(cube) for cube in (first, *(field.like[0] for field in fields.values()))),
    )
    if truth is None and right is not None and not np.isfinite(right[case.hidden]).any():
        logger.warning("%s: nothing that is known was hidden, so there is nothing to score; name a `truth`.", dataset)
        case = replace(case, truth=None, truth_name=None, truth_file=None)
    _check(case)
    return case


def _check(case: Case) -> None:
    """Refuse regions without ocean, and buffers that leave nothing to score on."""
    grid = case.grid
    for name, region in case.settings.regions.items():
        if not (case.ocean & cells_within(region, grid)).any():
            raise SettingsError(
                f"regions.{name} holds no ocean of {case.dataset}, which covers {grid.lat[0]:g} to {grid.lat[-1]:g}"
                f" degrees north and {grid.lon[0]:g} to {grid.lon[-1]:g} degrees east; move the region or leave it out."
            )
    if case.truth is None:
        return
    known = np.isfinite(case.truth)
    if known[case.hidden].any() and not known[case.counted].any():
        buffers = f"buffer_km {case.settings.buffer_km:g} and buffer_days {case.settings.buffer_days}"
        raise SettingsError(f"{buffers} leave no hidden point of {case.dataset} to score on; lower them.")


def _find(name: str, short_name: str, input_data: dict[str, dict[str, Any]]) -> str | None:
    """Find the preprocessed file of a dataset by its name or alias."""
    for file, facets in input_data.items():
        if facets.get("short_name") == short_name and name in (facets.get("dataset"), facets.get("alias")):
            return file
    return None


def _read_on(file: str, grid: Field, dataset: str) -> Field:
    """Read a preprocessed file on the grid and the dates of a reconstruction."""
    name = Path(file).name
    field = _at_level(Field.from_cube(iris.load_cube(file), units=grid.units), grid, name)
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


def _depth(cube: Cube) -> float:
    """Depth of a cube of one level in metres; 0 for one that knows of none."""
    return float(cube.coord("depth").points[0]) if cube.coords("depth") else 0.0


def _at_level(field: Field, grid: Field, name: str) -> Field:
    """Take the level of a grid out of a field with levels."""
    if grid.levels is None or field.levels is None:
        return field
    near = int(np.abs(field.levels - grid.levels[0]).argmin())
    if not np.isclose(field.levels[near], grid.levels[0], rtol=1e-3):
        raise DataError(f"{name} has no level at {grid.levels[0]:g} m; extract the same levels of all datasets.")
    return field.level(near)


def _day(date: Any) -> tuple[int, int, int]:
    """Year, month and day of a date of any calendar."""
    return date.year, date.month, date.day


def _says_synthetic(cube: Cube) -> bool:
    """Whether an attribute of a cube calls its data synthetic."""
    texts: Iterable[str] = (value for value in cube.attributes.values() if isinstance(value, str))
    return any("synthetic" in text.lower() for text in texts)
