"""Tables of the report, as plain values for the template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from esmlearn.plots import method_label
from esmlearn.plots.style import pretty_units
from esmlearn.report.content import Row
from esmlearn.report.summary import number

TITLES = {"day": "Daily fields", "mon": "Monthly means"}


@dataclass(frozen=True)
class Line:
    """One method in a table: its label, whether it is a model, and its cells as (text, emphasis)."""

    label: str
    model: bool
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table of methods: title, column heads, lines."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


def skill_tables(rows: Sequence[Row]) -> list[Table]:
    """RMSE, MAE, bias, correlation of every method, the best first, and each model's lead over each baseline."""
    tables = []
    for dataset, frequency, found in _groups(rows):
        models = [method for method, metrics in found.items() if metrics["rmse"]["role"] == "model"]
        units = pretty_units(next(iter(found.values()))["rmse"]["units"])
        heads = (
            "RMSE",
            "MAE",
            "Bias",
            "Correlation",
            *(f"Lead of {method_label(model)}" for model in models),
        )
        ranked = sorted(found, key=lambda method: found[method]["rmse"]["value"])
        best = {
            metric: min((found[m][metric]["value"] for m in ranked if metric in found[m]), key=sign, default=None)
            for metric, sign in (
                ("rmse", abs),
                ("mae", abs),
                ("bias", abs),
                ("correlation", lambda value: -value),
            )
        }
        lines = []
        for method in ranked:
            cells = [_cell(found[method], metric, best[metric]) for metric in best]
            for model in models:
                ahead = 1 - found[model]["rmse"]["value"] / max(found[method]["rmse"]["value"], 1e-12)
                baseline = found[method]["rmse"]["role"] == "baseline"
                cells.append(
                    (f"{100 * ahead:+.0f} %".replace("-", "−"), "bad" if ahead < 0 else "") if baseline else ("", "")
                )
            lines.append(Line(method_label(method), found[method]["rmse"]["role"] == "model", tuple(cells)))
        n = next(iter(found.values()))["rmse"]["n"]
        title = f"{dataset}: {TITLES.get(frequency, frequency)}, {n:,} hidden points" + (
            f", in {units}" if units else ""
        )
        tables.append(Table(title, heads, tuple(lines)))
    return tables


def uncertainty_tables(rows: Sequence[Row]) -> list[Table]:
    """Coverage, CRPS and spread-skill ratio of every method that knows its error."""
    tables = []
    heads = ("50 % interval holds", "90 % interval holds", "Spread / skill", "CRPS", "MAE")
    for dataset, frequency, found in _groups(rows):
        lines = [
            Line(
                method_label(method),
                metrics["rmse"]["role"] == "model",
                (
                    _percent(metrics, "coverage_50"),
                    _percent(metrics, "coverage_90"),
                    _cell(metrics, "spread_skill_ratio", None),
                    _cell(metrics, "crps", None),
                    _cell(metrics, "mae", None),
                ),
            )
            for method, metrics in found.items()
            if "crps" in metrics
        ]
        if lines:
            tables.append(Table(f"{dataset}: {TITLES.get(frequency, frequency)}", heads, tuple(lines)))
    return tables


def _groups(rows: Iterable[Row]) -> list[tuple[str, str, dict[str, dict[str, Row]]]]:
    """Rows of the whole domain by dataset and frequency, and in each by method and metric."""
    groups: dict[tuple[str, str], dict[str, dict[str, Row]]] = {}
    for row in rows:
        if "bin" not in row and "against" not in row and row["region"] == "all":
            methods = groups.setdefault((row["dataset"], row["frequency"]), {})
            methods.setdefault(row["method"], {})[row["metric"]] = row
    return [
        (*key, {method: metrics for method, metrics in methods.items() if "rmse" in metrics})
        for key, methods in groups.items()
    ]


def _cell(metrics: dict[str, Row], metric: str, best: float | None) -> tuple[str, str]:
    """Text of one score, emphasized if it is the best; a dash where there is none."""
    if metric not in metrics:
        return "–", ""
    value = metrics[metric]["value"]
    return number(value).replace("-", "−"), "best" if best is not None and value == best else ""


def _percent(metrics: dict[str, Row], metric: str) -> tuple[str, str]:
    """Text of a share in percent."""
    return (f"{100 * metrics[metric]['value']:.1f} %" if metric in metrics else "–"), ""
