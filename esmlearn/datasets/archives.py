"""Write any archive that esmlearn reads as OBS6 files, which recipes name: file by file, with every day there."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from iris.cube import Cube

from esmlearn.datasets.cmor_table import write_table
from esmlearn.datasets.obs6 import EPOCH, FILL, OWN, Obs6
from esmlearn.datasets.targets import converter, is_monthly, mip, short_name
from esmlearn.datasets.years import INPUTS, ONE_DAY, hash_of, is_made_of, last_day_of_month, outdated, years_of
from esmlearn.errors import DataError, SettingsError
from esmlearn.readers.binning import Cells, Sums, means, needs_cells, plan_cells
from esmlearn.readers.cleaning import Rules
from esmlearn.readers.cubes import make_cube
from esmlearn.readers.maps import maps_of
from esmlearn.readers.opening import find_files
from esmlearn.readers.parts import Part, Request, as_region, open_part
from esmlearn.readers.read import check_alike, sentences
from esmlearn.settings.sources import FormatSettings

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """An archive before it is written: files in order of time, each with its days, and the grid to put them on."""

    files: dict[Path, np.ndarray]
    first: Part
    monthly: bool
    cells: Cells | None
    request: Request

    def steps(self, days: np.ndarray) -> np.ndarray:
        """Return the day, or first day of the month, of times."""
        dates = EPOCH + np.floor(days + 1e-4).astype(int)
        return dates.astype("datetime64[M]").astype("datetime64[D]") if self.monthly else dates


def format_archive(
    files: str | Path | Iterable[str | Path],
    folder: Path,
    settings: FormatSettings = FormatSettings(),  # noqa: B008
    *,
    source: str | Path | None = None,
    dataset: str | None = None,
    version: str | None = None,
) -> list[Path]:
    """Write an archive as OBS6, one file for each variable and year; days that the archive lacks are there as missing.

    Where the archive has errors of sea-surface temperature, they are written as `tosStderr` beside `tos`. Several maps
    of a day become their mean, weighted by one over the variance of their errors. One map after the other is in
    memory. A year whose file is there, made from the same files with the same settings, is not written again.

    Parameters
    ----------
    files
        As for `esmlearn.read`.
    folder
        Where ESMValCore looks for OBS6 data; the files go to ``Tier2/DATASET`` below.
    settings
        Variable, quality levels, bias, region, grid.
    source
        As for `esmlearn.read`.
    dataset, version
        Names in recipes; default: the attributes `id` and `product_version` of the files.

    Returns
    -------
    list of pathlib.Path
        The files of all years, whether they were written now or before.

    Raises
    ------
    DataError
        If files can't be read or do not fit together, if ESMValCore has no table for the quantity or the steps, or if
        the folder has other files of the same dataset with some of the same days.
    SettingsError
        If no name of the dataset is given and none is in the files.
    """
    request = Request(
        source, settings.variable, Rules(settings.quality, settings.bias), as_region(settings.region), settings.interval
    )
    plan = _plan(find_files(files), request, settings.step)
    name = _facet(dataset or plan.first.dataset.attrs.get("id"))
    if not name:
        raise SettingsError(f"{plan.first.path} does not say which dataset it is of; name it with `dataset`.")
    version = _facet(version or plan.first.dataset.attrs.get("product_version") or "1")
    cube = _template(plan)
    short = short_name(plan.first.path, cube.standard_name)
    error = "tosStderr" if short == "tos" and plan.first.has_error else None
    targets = [
        Obs6(name, settings.kind, version, one, mip(short, monthly=plan.monthly)) for one in (short, error) if one
    ]
    steps = np.unique(np.concatenate([plan.steps(days) for days in plan.files.values()]))
    if short in OWN:
        LOGGER.warning(
            "ESMValCore has no table with %s; run recipes with `esmvaltool run --config_dir=%s RECIPE`: it adds ours.",
            short,
            write_table(folder),
        )
    written = []
    for year, following in years_of(steps[0], steps[-1]):
        begin, end = max(steps[0], year), min(steps[-1] + ONE_DAY, following)
        unit = "datetime64[M]" if plan.monthly else "datetime64[D]"
        dates = np.arange(begin.astype(unit), (end - ONE_DAY).astype(unit) + 1).astype("datetime64[D]")
        written += _write_year(plan, folder, targets, cube, dates, settings.step)
    return written


def _plan(paths: list[Path], request: Request, step: float | None) -> Plan:
    """Look at all files: days and grid."""
    first = open_part(paths[0], request)
    on_cells = needs_cells(first, step)
    found, parts = {}, []
    for path in paths:
        part = open_part(path, request)
        check_alike([first, part], one_grid=not on_cells)
        if part.calendar != "standard":
            raise DataError(f"{path} has the calendar {part.calendar}; ESMValCore reads model output as it is.")
        found[path] = part.days
        if on_cells:
            parts.append(part)
        else:
            part.dataset.close()
    ordered = dict(sorted(found.items(), key=lambda item: item[1][0]))
    cells = plan_cells(parts, step, request.region) if on_cells else None
    days = np.floor(np.concatenate(list(found.values())) + 1e-4)
    covered = None if first.bounds is None else float(np.median(np.diff(first.bounds)))
    if covered is None and first.is_grid and np.unique(days).size == 1:
        LOGGER.warning("%s does not tell what it stands for; it was taken as a day. Else set `--interval`.", paths[0])
    return Plan(ordered, open_part(next(iter(ordered)), request), is_monthly(days, covered), cells, request)


def _template(plan: Plan) -> Cube:
    """Return a cube with ordered axes, whose values are the numbers of the cells in the order of the files."""
    first = plan.first
    axes = {"latitude": first.lat, "longitude": first.lon}
    if plan.cells is not None:
        axes = {"latitude": plan.cells.lat, "longitude": plan.cells.lon}
    elif first.depth is not None:
        axes = {"depth": first.depth} | axes
    shape = (1, *(points.size for points in axes.values()))
    cube = make_cube(first, first.days[:1], axes, np.arange(float(np.prod(shape))).reshape(shape))
    if cube.coord("latitude").points[0] > cube.coord("latitude").points[-1]:
        cube = cube[..., ::-1, :]
    return cube


def _write_year(
    plan: Plan, folder: Path, targets: list[Obs6], cube: Cube, dates: np.ndarray, step: float | None
) -> list[Path]:
    """Write all variables of a year, unless they are there."""
    inside = [path for path, days in plan.files.items() if np.isin(plan.steps(days), dates).any()]
    # A swath that begins before midnight may end in the new year.
    if plan.cells is not None:
        after = [path for path, days in plan.files.items() if dates[0] - plan.steps(days)[-1] == ONE_DAY]
        inside = after + inside
    last = last_day_of_month(dates[-1]) if plan.monthly else dates[-1]
    paths = [target.path(folder, dates[0], last) for target in targets]
    lat, lon = cube.coord("latitude").points, cube.coord("longitude").points % 360
    inputs = hash_of(inside, plan.request, step)
    replaced = [old for path in paths for old in outdated(path, lat, lon, dates[0], last)]
    if all(is_made_of(path, inputs) for path in paths):
        LOGGER.info("%s is there already, made from the same files.", paths[0])
        return paths
    about = _attributes(plan, inside, inputs)
    # CMOR's longitudes rise from 0 to 360. ESMValCore's own fix keeps a cell that touches Greenwich below 0.
    columns = np.argsort(lon)
    lon, order = lon[columns], np.ma.getdata(cube.data[0]).astype(np.int64)[..., columns]
    size = max(1, 4_000_000 // (4 * lat.size * lon.size))
    path = plan.first.path
    convert = [converter(path, cube.units, targets[0].variable)]
    convert += [converter(path, cube.units, target.variable, difference=True) for target in targets[1:]]
    with ExitStack() as stack:
        variables = [
            stack.enter_context(
                target.write(
                    path, dates, lat, lon, about=about, depths=_depths(cube), days_in_chunk=size, monthly=plan.monthly
                )
            )
            for target, path in zip(targets, paths, strict=True)
        ]
        for date, sums in _days(plan, inside, dates):
            index = int(np.searchsorted(dates, date))
            for variable, values, units in zip(variables, means(sums), convert, strict=False):
                ready = units(values[order])
                variable[index] = np.where(np.isfinite(ready), ready, FILL).astype(np.float32)
    for old in replaced:
        old.unlink()
    LOGGER.info("Wrote %s.", paths[0])
    return paths


def _days(plan: Plan, inside: list[Path], dates: np.ndarray) -> Iterator[tuple[np.datetime64, Sums]]:
    """Yield each day of a year that has values, when all of its maps were read."""
    pending: dict[np.datetime64, Sums] = {}
    for path in inside:
        part = open_part(path, plan.request)
        # A day before this file's first is complete: files are in order of time.
        for date in [date for date in pending if date < plan.steps(part.days)[0]]:
            yield date, pending.pop(date)
        counted: Counter[str] = Counter()
        for time, sums in maps_of(part, plan.cells, counted):
            date = plan.steps(np.array([time]))[0]
            if date in dates:
                pending[date] = pending[date] + sums if date in pending else sums
        part.dataset.close()
        for sentence in sentences(counted):
            LOGGER.info("%s: %s", path.name, sentence)
    yield from pending.items()


def _attributes(plan: Plan, inside: list[Path], inputs: str) -> dict[str, str]:
    attributes = plan.first.dataset.attrs
    copied = {key: str(attributes[key]) for key in ("title", "institution", "source", "license") if key in attributes}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    names = " to ".join(dict.fromkeys(path.name for path in (*inside[:1], *inside[-1:]))) or "no file of this year"
    return copied | {
        "history": f"{now}: made of {names} by esmlearn (esmvaltool learn format)",
        "frequency": "mon" if plan.monthly else "day",
        "reference": str(attributes.get("references", attributes.get("reference", ""))) or "see the archive",
        INPUTS: inputs,
    }


def _depths(cube: Cube) -> dict[float, tuple[float, float]] | None:
    """Return the depths of a cube with bounds halfway between them, or None at the surface."""
    if not cube.coords("depth", dim_coords=True):
        return None
    depths = cube.coord("depth").points
    edges = np.concatenate([[0.0], (depths[1:] + depths[:-1]) / 2, [depths[-1] + (depths[-1] - depths[-2]) / 2]])
    return {
        float(depth): (float(top), float(bottom)) for depth, top, bottom in zip(depths, edges, edges[1:], strict=False)
    }


def _facet(text: object) -> str:
    """Return a name without the underscores and blanks that separate facets in names of files."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", str(text or "")).strip("-").removesuffix(".nc")
