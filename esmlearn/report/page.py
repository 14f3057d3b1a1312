"""Write a report as one self-contained HTML page."""

import base64
import io
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from PIL import Image

from esmlearn.methods import method_info
from esmlearn.report.ablations import ablation_sentences, ablation_tables
from esmlearn.report.climate_models import climate_model_sentences, climate_model_table
from esmlearn.report.content import Dataset, Figure, Method, Model, Report
from esmlearn.report.graph import HEIGHT, WIDTH, draw
from esmlearn.report.hiding import fact_lines, how_hidden, left_out, missing, split_lines
from esmlearn.report.references import read_references
from esmlearn.report.summary import ensembles_of, summarize
from esmlearn.report.tables import (
    crps_tables,
    distribution_tables,
    region_tables,
    scale_tables,
    skill_tables,
    uncertainty_tables,
)
from esmlearn.report.weaknesses import weaknesses
from esmlearn.report.words import image_range, points_words, profile_score
from esmlearn.words import duration

# Figures of each section in their order, by the beginning of their names.
SECTIONS = {
    "skill": ("skill_ranked",),
    "maps": ("showcase", "maps_methods", "maps_day", "ensemble_members", "maps_month", "time_series"),
    "difficulty": ("skill_by_difficulty", "maps_bias"),
    "scales": ("radial_spectra", "spectra", "ensemble_spectra", "quantiles", "heatwaves"),
    "uncertainty": ("calibration", "rank_histogram", "spread_skill"),
    "diffusion": ("diffusion_estimates", "diffusion_error", "diffusion_schedules"),
    "climate_models": ("maps_model_bias", "seasonal_cycles"),
    "training": ("training",),
}
# Keys of progress.json that matter only during a training, or that the page has elsewhere.
PASSING = {"step", "steps", "seconds", "seconds_left", "updated", "loss", "best", "best_step"}
FACETS = ("project", "type", "version", "mip", "frequency", "short_name", "timerange", "reference")


def render(report: Report) -> str:
    """Render a report as HTML.

    All texts from files are escaped, and a content security policy keeps the page from loading or running anything; its
    pictures are inside the file.
    """
    environment = _environment()
    style = environment.loader.get_source(environment, "page.css")[0] if environment.loader else ""
    return environment.get_template("page.html.j2").render(
        report=report,
        style=Markup(style),  # our own file, which must not be escaped
        summary=[
            *_summary(report),
            *climate_model_sentences(report.climate_models),
            *missing(report.left_out),
        ],
        weak=weaknesses(report.rows, report.breakdown),
        figures=_sections(report.figures),
        widths=_widths(report.figures),
        n_models=len({row["method"] for row in report.rows if row["role"] == "model"}),
        ensembles=[method_info(name).label for name in ensembles_of(report.rows)],
        ranges=[image_range(fact) for fact in report.facts if fact.get("image_range")],
        downscaled=any(fact.get("downscaled") for fact in report.facts),
        heatwaves=any(row["metric"].startswith("heatwave") for row in report.rows),
        skill_tables=skill_tables(report.rows, points_words(report.facts[0]) if report.facts else "hidden points"),
        profiles=[profile_score(row) for row in report.rows if row["metric"] == "energy_score_profile"],
        uncertainty_tables=uncertainty_tables(report.rows),
        crps_tables=crps_tables(report.rows),
        distribution_tables=distribution_tables(report.rows),
        region_tables=region_tables(report.rows),
        ablation_tables=ablation_tables(report.ablations),
        ablation_sentences=ablation_sentences(report.ablations),
        scale_tables=scale_tables(report.rows, report.shortest),
        climate_models=climate_model_table(report.climate_models),
        hidden=[(how_hidden(fact), fact_lines(fact), left_out(fact)) for fact in report.facts],
        split=split_lines(_split(report.models)),
        facets=[name for name in FACETS if any(name in data.facets for data in report.datasets)],
        origins=_origins(report.datasets),
        trainings=[(model.name, lines) for model in report.models if (lines := _training_lines(model))],
        parameters=[(method_info(each.name).label, _parameters(each)) for each in report.methods if each.parameters],
        costs=[
            (cost.script, duration(cost.seconds), duration(cost.cpu_seconds), f"{cost.memory:.1f} GB")
            for cost in report.costs
        ],
        references=read_references(report.bibtex),
        cards=[(model.name, _card(model.card)) for model in report.models if model.card is not None],
        graph=draw(report.products) if report.products else None,
        box={"width": WIDTH, "height": HEIGHT},
        command=f"esmvaltool run recipes/{report.recipe}" if report.recipe else "",
        data_uri=_data_uri,
    )


@cache
def _environment() -> Environment:
    """Templates of the page, compiled once."""
    return Environment(
        loader=PackageLoader("esmlearn.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _summary(report: Report) -> list[str]:
    """Write one paragraph for each dataset, or level of a dataset."""
    parts = (report.facts, report.rows, report.breakdown)
    names = dict.fromkeys(item["dataset"] for part in parts for item in part)
    paragraphs = []
    for name in names:
        facts, rows, breakdown = ([item for item in part if item["dataset"] == name] for part in parts)
        paragraphs.append(" ".join(summarize(rows, breakdown, facts)))
    return [words for words in paragraphs if words]


def _origins(datasets: Sequence[Dataset]) -> list[tuple[list[str], Mapping[str, str]]]:
    """Give attributes of files, each with the names of all datasets that have the same."""
    found: list[tuple[list[str], Mapping[str, str]]] = []
    for data in datasets:
        same = next((names for names, attributes in found if attributes == data.attributes), None)
        if same is not None:
            same.append(data.label)
        elif data.attributes:
            found.append(([data.label], data.attributes))
    return found


def _sections(figures: Sequence[Figure]) -> dict[str, list[Figure]]:
    """Sort figures into sections; those without a section are in `more`."""
    sorted_: dict[str, list[Figure]] = {name: [] for name in (*SECTIONS, "more")}
    for figure in figures:
        section = next((name for name, starts in SECTIONS.items() if figure.name.startswith(starts)), "more")
        sorted_[section].append(figure)
    for section, starts in SECTIONS.items():
        sorted_[section].sort(key=lambda figure: [figure.name.startswith(start) for start in starts].index(True))
    return sorted_


def _widths(figures: Sequence[Figure]) -> dict[str, int]:
    """Give the width of each picture in percent of the widest, so that all have the same font size."""
    pixels = {figure.name: Image.open(io.BytesIO(figure.png)).width for figure in figures}
    widest = max(pixels.values(), default=0)
    return {name: max(30, round(100 * width / widest)) if widest else 100 for name, width in pixels.items()}


def _data_uri(figure: Figure) -> str:
    """Encode a picture for the page."""
    return f"data:image/png;base64,{base64.b64encode(figure.png).decode('ascii')}"


def _split(models: Sequence[Model]) -> Mapping[str, Any]:
    """Give the periods of the first model; all models of a run have the same."""
    splits = (model.content.get("settings", {}).get("data", {}).get("split") for model in models)
    return next((split for split in splits if split), {})


def _training_lines(model: Model) -> list[tuple[str, str]]:
    """List facts about a training from the record of the model, or from its log if the training did not end."""
    trained = model.content.get("record", {}).get("training", {})
    rows = model.training.rows if model.training else ()
    steps = trained.get("steps") or max((row["step"] for row in rows), default=None)
    seconds = trained.get("seconds") or max((row.get("seconds") or 0.0 for row in rows), default=0.0)
    checks = [row for row in rows if row.get("validation") is not None]
    lines = []
    if "parameters" in trained:
        lines.append(("Parameters", f"{trained['parameters']:,}"))
    if steps:
        lines.append(("Steps", f"{steps:,}"))
    if seconds:
        lines.append(("Duration", duration(seconds) + (f" on {trained['device']}" if "device" in trained else "")))
    if checks:
        best = min(checks, key=lambda row: row["validation"])
        lines.append(("Best validation", f"{best['validation']:.4g} at step {best['step']}"))
    for key, value in (model.training.progress if model.training else {}).items():
        if isinstance(value, str | int | float) and not isinstance(value, bool) and key not in PASSING:
            text = f"{value:.4g}" if isinstance(value, float) else str(value)
            lines.append((key.replace("_", " ").capitalize(), text))
    return lines


def _parameters(method: Method) -> str:
    """Write the parameters of a method in one line."""
    words = []
    for name, value in method.parameters.items():
        text = json.dumps(value) if isinstance(value, dict) else str(value)
        words.append(f"{name.replace('_', ' ')} {f'{value:.4g}' if isinstance(value, float) else text}")
    return "; ".join(words)


def _card(text: str) -> Markup:
    """Render a model card: Markdown without raw HTML and without pictures, which would have to be loaded.

    Raw HTML becomes escaped text; markdown-it refuses links to scripts. Metadata at the top is shown as plain text.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "html_block", "html_inline"])
    head = re.match(r"---\n(.*?)\n---\n", text, flags=re.DOTALL)
    body = text[head.end() :] if head else text
    shown = Markup("<pre>{}</pre>").format(head[1]) if head else Markup("")
    return shown + Markup(markdown.render(body))
