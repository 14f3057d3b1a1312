"""A short report on a filled record: one page that opens in any browser without a network."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing

from esmlearn import plots
from esmlearn.evaluation.facts import facts
from esmlearn.files import write_text
from esmlearn.filling.filled import Filled
from esmlearn.filling.trials import Trial
from esmlearn.methods import method_info
from esmlearn.report import Dataset, Figure, Method, Report, render
from esmlearn.report.collect import ATTRIBUTES, software_versions
from esmlearn.words import pretty_units

ROWS = 3
"""Days on the maps."""


def write_report(filled: Filled, path: Path) -> None:
    """Write what was read, changed and filled, by which method and why, and the scores of all methods."""
    field, cube, scored = filled.output.field, filled.complete, filled.scored
    quantity = str(cube.long_name or cube.name()).replace("_", " ")
    of = "" if filled.dataset == cube.name() else f" of {filled.dataset}"
    first, last = (f"{field.dates[place]:%Y-%m-%d}" for place in (0, -1))
    report = Report(
        title=f"{quantity[0].upper()}{quantity[1:]}{of}, its gaps filled",
        words=" ".join([*filled.changes, *filled.sentences]),
        rows=tuple(scored.evaluation.rows) if scored else (),
        facts=(_facts(scored),) if scored else (),
        figures=tuple(_figures(filled, quantity)),
        datasets=(
            Dataset(
                {"dataset": filled.dataset, "short_name": cube.var_name, "timerange": f"{first}/{last}"},
                {key: str(cube.attributes[key]) for key in ATTRIBUTES if key in cube.attributes},
            ),
        ),
        methods=tuple(
            Method(name, method_info(name).role, filled.dataset, parameters)
            for name, parameters in filled.parameters.items()
        ),
        versions=software_versions(),
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    write_text(path, render(report))


def _figures(filled: Filled, quantity: str) -> list[Figure]:
    """Maps of some days, and all methods ranked by their error."""
    field, result = filled.output.field, filled.output.result
    # From the least to the most observed day.
    order = np.argsort(field.observed[:, 0][:, ~field.land].mean(axis=1), kind="stable")
    days = sorted(order[np.linspace(0, len(order) - 1, min(ROWS, len(order))).round().astype(int)].tolist())
    label = method_info(filled.output.method).words
    maps = plots.maps_filled(
        [
            plots.FilledDay(
                f"{field.dates[day]:%d %b %Y}",
                field.values[day, 0],
                result.daily[day],
                None if result.daily_std is None else result.daily_std[day],
            )
            for day in days
        ],
        plots.Grid(field.lat, field.lon, field.land),
        quantity=quantity,
        units=field.units,
    )
    caption = f"{quantity} as observed and as filled by {label}"
    known = " with the standard deviation of its error" if result.daily_std is not None else ""
    made = [_figure("maps_day", maps, f"{caption[0].upper()}{caption[1:]}{known}. Land is grey, gaps are white.")]
    if filled.scored:
        ranked = plots.ranked_skill(filled.scored.evaluation.rows, label="RMSE on withheld clouds")
        lines = "; lines are 95 % intervals" if _has_intervals(filled.scored) else ""
        words = f"Root-mean-square error of all methods on withheld clouds, in {pretty_units(field.units)}{lines}."
        made.append(_figure("skill_ranked", ranked, words))
    return made


def _facts(scored: Trial) -> dict[str, Any]:
    """Describe what was withheld."""
    found = facts(scored.evaluation.cases[0], scored.evaluation.scores[0])
    if not _has_intervals(scored):
        found["left_out"]["intervals"] = "What was withheld lies on too few days."
    return found


def _has_intervals(scored: Trial) -> bool:
    """Whether any score has an interval."""
    return any(row.get("low") is not None for row in scored.evaluation.rows)


def _figure(name: str, drawing: Drawing, caption: str) -> Figure:
    """Draw a figure into a picture for the page."""
    png = io.BytesIO()
    drawing.savefig(png, dpi=220, format="png")
    return Figure(name, png.getvalue(), caption)
