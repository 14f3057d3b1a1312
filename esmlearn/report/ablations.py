"""What each ablation of an ensemble costs, as tables and as sentences."""

from collections.abc import Iterable, Sequence

from esmlearn.methods import method_info
from esmlearn.report.tables import HEADS, Cell, Line, Table
from esmlearn.report.words import NO_BREAK, Row, interval, number, percent, value
from esmlearn.words import pretty_units

SHOWN = ("rmse", "bias", "crps", "spread_skill_ratio")

# Rows of one ablation by their metrics; the first of a group is the ensemble as usual.
Metrics = dict[str, Row]

LITTLE = 0.005
"""A change of the CRPS that is called none."""


def ablation_tables(rows: Sequence[Row]) -> list[Table]:
    """Scores of each ablation below those of the ensemble as usual, one table for each dataset or level."""
    tables = []
    for dataset, found in _by_dataset(rows):
        usual = found[0]["crps"]
        units = pretty_units(usual["units"])
        lines = [
            Line(
                _name(metrics),
                row is usual,
                (
                    *(Cell(number(metrics[metric]["value"]), interval(metrics[metric])) for metric in SHOWN),
                    _change(usual, row),
                    Cell(f"{row['n']:,}"),
                ),
            )
            for metrics in found
            if (row := metrics["crps"])
        ]
        title = f"{dataset}: {method_info(usual['method']).label} drawn otherwise{f', in {units}' if units else ''}"
        heads = (*(HEADS[metric] for metric in SHOWN), "Change of CRPS", "Points")
        tables.append(Table(title, heads, tuple(lines), first="Drawn"))
    return tables


def ablation_sentences(rows: Sequence[Row]) -> list[str]:
    """Say of each ablation what it costs, in one sentence for all levels."""
    costs: dict[str, list[str]] = {}
    others: dict[str, bool] = {}
    by_dataset = _by_dataset(rows)
    for dataset, found in by_dataset:
        usual = found[0]["crps"]
        for metrics in found[1:]:
            row = metrics["crps"]
            place = "" if len(by_dataset) == 1 else f" at {row['level']:g} m" if "level" in row else f" of {dataset}"
            costs.setdefault(_name(metrics), []).append(_cost(usual, row) + place)
            others[_name(metrics)] = _other_gaps(row)
    ends = {name: ", on its own hidden points" if other else "" for name, other in others.items()}
    return [f"{name[0].upper()}{name[1:]}: the CRPS {', '.join(words)}{ends[name]}." for name, words in costs.items()]


def _cost(usual: Row, row: Row) -> str:
    """What one ablation costs."""
    if _other_gaps(row):
        return f"is {value(row)}"
    change = row["value"] / usual["value"] - 1
    if abs(change) < LITTLE:
        return "stays the same"
    return f"{'rises' if change > 0 else 'falls'} by {percent(abs(change), digits=1)}"


def _change(usual: Row, row: Row) -> Cell:
    """Change of the CRPS; nothing where other points count."""
    if row is usual or _other_gaps(row):
        return Cell("")
    change = row["value"] / usual["value"] - 1
    text = f"{100 * change:+.1f}{NO_BREAK}%".replace("-", "−")
    return Cell(text, emphasis="bad" if change > LITTLE else "")


def _other_gaps(row: Row) -> bool:
    """Whether something else was hidden than from the ensemble as usual."""
    return row["varied"].get("share") is not None


def _name(metrics: Metrics) -> str:
    return metrics["crps"]["ablation"] or "as usual"


def _by_dataset(rows: Iterable[Row]) -> list[tuple[str, list[Metrics]]]:
    """Rows by dataset, and in each by ablation."""
    found: dict[str, dict[str | None, Metrics]] = {}
    for row in rows:
        found.setdefault(row["dataset"], {}).setdefault(row["ablation"], {})[row["metric"]] = row
    return [(dataset, list(by_name.values())) for dataset, by_name in found.items()]
