"""Make one self-contained HTML page of a report."""

import base64
import re
from collections.abc import Sequence
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from esmlearn.report.content import Figure, Report, Row
from esmlearn.report.graph import HEIGHT, WIDTH, draw
from esmlearn.report.summary import summarize, weaknesses
from esmlearn.report.tables import skill_tables, uncertainty_tables

# Which figures stand in which section and in which order, by the beginning of their names.
SECTIONS = {
    "skill": ("skill",),
    "maps": ("maps_day", "maps_month", "maps", "time_series"),
    "difficulty": ("rmse_by_month", "rmse_by_share", "rmse_by_distance", "rmse_by_days", "rmse_by"),
    "uncertainty": ("standard_deviation",),
    "training": ("training",),
}
# What progress.json says while it is still going on, or what the page says already.
PASSING = {"step", "steps", "seconds", "seconds_left", "updated", "loss", "best", "best_step"}
FACETS = ("project", "type", "version", "mip", "frequency", "short_name", "timerange", "reference")


def render(report: Report) -> str:
    """Render a report as HTML.

    Everything that comes from outside is escaped, and a content policy forbids the page to load or to run anything: its
    pictures are within it.
    """
    environment = Environment(
        loader=PackageLoader("esmlearn.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.loader.get_source(environment, "page.css")[0] if environment.loader else ""
    return environment.get_template("page.html.j2").render(
        report=report,
        style=Markup(style),  # our own file; as text of the template it would be escaped
        sentences=summarize(report.rows, report.breakdown, report.facts),
        weak=weaknesses(report.rows, report.breakdown),
        figures=_sections(report.figures),
        widths=_widths(report.figures),
        skill_tables=skill_tables(report.rows),
        uncertainty_tables=uncertainty_tables(report.rows),
        facts=[_fact_lines(fact) for fact in report.facts],
        hiding=_hiding(report),
        facets=FACETS,
        cost=_cost(report),
        card=None if report.model_card is None else _card(report.model_card),
        graph=draw(report.products) if report.products else None,
        box={"width": WIDTH, "height": HEIGHT},
        command=f"esmvaltool run recipes/{report.recipe}" if report.recipe else "",
        data_uri=_data_uri,
    )


def _sections(figures: Sequence[Figure]) -> dict[str, list[Figure]]:
    """Sort figures into sections; what belongs to none comes last."""
    sorted_: dict[str, list[Figure]] = {name: [] for name in (*SECTIONS, "more")}
    for figure in figures:
        home = next((name for name, starts in SECTIONS.items() if figure.name.startswith(starts)), "more")
        sorted_[home].append(figure)
    for home, starts in SECTIONS.items():
        sorted_[home].sort(
            key=lambda figure: next(i for i, start in enumerate(starts) if figure.name.startswith(start))
        )
    return sorted_


def _widths(figures: Sequence[Figure]) -> dict[str, int]:
    """Width of each picture in percent of the widest, so that type has one size in all of them."""
    # A PNG holds its width in pixels in the bytes 16 to 20.
    pixels = {figure.name: int.from_bytes(figure.png[16:20], "big") for figure in figures}
    widest = max(pixels.values(), default=0)
    return {name: max(30, round(100 * width / widest)) if widest else 100 for name, width in pixels.items()}


def _data_uri(figure: Figure) -> str:
    """Write a picture into the page."""
    return f"data:image/png;base64,{base64.b64encode(figure.png).decode('ascii')}"


def _fact_lines(fact: Row) -> list[tuple[str, str]]:
    """What was evaluated, as lines of a list."""
    south, north, west, east = fact["region"]
    rows, columns = fact["cells"]
    mean, least, most, unseen = (
        100 * fact[key] for key in ("share_hidden", "share_hidden_least", "share_hidden_most", "months_unseen")
    )
    known = "complete" if fact["complete"] else "withheld observations"
    period = f"{fact['start']} to {fact['end']} ({fact['days']} days, {fact['calendar']}), split “{fact['split']}”"
    region = f"{_degrees(south, 'NS')} to {_degrees(north, 'NS')}, {_degrees(west, 'EW')} to {_degrees(east, 'EW')}"
    hidden = f"{mean:.1f} % of the ocean in the mean, {least:.0f} to {most:.0f} % on a day"
    nothing = "none: the gaps are real, and no observation was withheld"
    return [
        ("Dataset", fact["dataset"]),
        ("Period", period),
        ("Region", f"{region}, {rows} × {columns} cells, {fact['ocean_cells']} of them ocean"),
        (
            "Hidden",
            f"{hidden}; {unseen:.1f} % of the cells have no observation in a month, in the mean over the months",
        ),
        ("Truth", f"{fact['truth']} ({known})" if fact["truth"] else nothing),
    ]


def _degrees(value: int | float, signs: str) -> str:
    """Write a latitude or longitude with its direction."""
    value = value if signs == "NS" else (value + 180) % 360 - 180
    return f"{abs(value):g}°{signs[0] if value >= 0 else signs[1]}"


def _hiding(report: Report) -> str:
    """Settings that say what was hidden, how, and how the period was split; from whichever script has them."""
    found = {}
    for name, text in report.settings.items():
        block: dict[str, Any] = yaml.safe_load(text) or {}
        inner = block.get("data")
        data = inner if isinstance(inner, dict) else block
        parts = {key: data[key] for key in ("gaps", "split", "period") if data.get(key) is not None}
        if parts and parts != {"split": "test"}:
            found[name] = parts
    return yaml.safe_dump(found, sort_keys=False, allow_unicode=True) if found else ""


def _cost(report: Report) -> list[tuple[str, str]]:
    """What the training took, and where it ended."""
    if report.training is None:
        return []
    rows = report.training.rows
    steps = [row for row in rows if "loss" in row]
    seconds = [row["seconds"] for row in rows if isinstance(row.get("seconds"), int | float)]
    checks = [row for row in rows if row.get("validation") is not None]
    lines = [("Steps", f"{steps[-1]['step']}")] if steps else []
    if seconds:
        lines.append(("Duration", _duration(max(seconds))))
    if checks:
        best = min(checks, key=lambda row: row["validation"])
        lines.append(("Best validation", f"{best['validation']:.4g} at step {best['step']}"))
    for key, value in report.training.progress.items():
        if isinstance(value, str | int | float) and not isinstance(value, bool) and key not in PASSING:
            text = f"{value:.4g}" if isinstance(value, float) else str(value)
            lines.append((key.replace("_", " ").capitalize(), text))
    return lines


def _duration(seconds: int | float) -> str:
    """Write a duration as people say it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _card(text: str) -> Markup:
    """Render a model card: Markdown without raw HTML and without pictures, which could come from the network.

    What is not plain Markdown comes out as escaped text; markdown-it refuses links to scripts. A block of metadata at
    the top is shown as it is.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "html_block", "html_inline"])
    head = re.match(r"---\n(.*?)\n---\n", text, flags=re.DOTALL)
    body = text[head.end() :] if head else text
    shown = Markup("<pre>{}</pre>").format(head[1]) if head else Markup("")
    return shown + Markup(markdown.render(body))
