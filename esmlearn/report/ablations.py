"""Tables and sentences about the ablations of an ensemble: the change of its scores without one of its inputs."""

from collections.abc import Iterable, Sequence

from esmlearn.methods import method_info
from esmlearn.report.tables import SCORES, Cell, Line, Table
from esmlearn.report.words import NO_BREAK, Row, interval, percent, value
from esmlearn.words import number, pretty_units

SHOWN = ("rmse", "bias", "crps", "spread_skill_ratio")

# Rows of one ablation by their metrics; the first ablation of a dataset is the unchanged ensemble.
Metrics = dict[str, Row]

LITTLE = 0.005
"""A smaller relative change of the CRPS counts as none."""


def ablation_tables(rows: Sequence[Row]) -> list[Table]:
    """Make a table for each dataset or level: scores of each ablation below those of the unchanged ensemble."""
    tables = []
    for dataset, found in _by_dataset(rows):
        usual = found[0]["crps"]
        units = pretty_units(usual["units"])
        lines = [
            Line(
                _name(metrics),
                row is usual,
                (
                    *(_cell(metrics.get(metric)) for metric in SHOWN),
                    _change(usual, row),
                    Cell(f"{row['n']:,}"),
                ),
            )
            for metrics in found
            if (row := metrics["crps"])
        ]
        title = f"{dataset}: {method_info(usual['method']).label} sampled otherwise{f', in {units}' if units else ''}"
        heads = (*(SCORES[metric][0] for metric in SHOWN), "Change of CRPS", "Points")
        tables.append(Table(title, heads, tuple(lines), first="Sampled"))
    return tables


def ablation_sentences(rows: Sequence[Row]) -> list[str]:
    """Write one sentence for each ablation about the change of the CRPS, with all levels."""
    changes: dict[tuple[str, str], list[str]] = {}
    by_dataset = _by_dataset(rows)
    for dataset, found in by_dataset:
        for metrics in found[1:]:
            row = metrics["crps"]
            place = "" if len(by_dataset) == 1 else f" at {row['level']:g} m" if "level" in row else f" of {dataset}"
            end = ", on its own hidden points" if _other_gaps(row) else ""
            changes.setdefault((_name(metrics), end), []).append(_change_in_words(found[0]["crps"], row) + place)
    return [f"{name[0].upper()}{name[1:]}: the CRPS {', '.join(words)}{end}." for (name, end), words in changes.items()]


def _change_in_words(usual: Row, row: Row) -> str:
    """Write the change of the CRPS by an ablation; the CRPS itself if other points were hidden."""
    if _other_gaps(row):
        return f"is {value(row)}"
    change = _relative_change(usual, row)
    if abs(change) < LITTLE:
        return "stays the same"
    return f"{'rises' if change > 0 else 'falls'} by {percent(abs(change), digits=1)}"


def _change(usual: Row, row: Row) -> Cell:
    """Write the change of the CRPS; nothing if other points were hidden."""
    if row is usual or _other_gaps(row):
        return Cell("")
    change = _relative_change(usual, row)
    text = f"{100 * change:+.1f}{NO_BREAK}%".replace("-", "−")
    return Cell(text, emphasis="bad" if change > LITTLE else "")


def _relative_change(usual: Row, row: Row) -> float:
    """Relative change of a score; none of one that is zero, as where nothing varies."""
    return row["value"] / usual["value"] - 1 if usual["value"] else 0.0


def _cell(row: Row | None) -> Cell:
    """Write a score; a dash for one that is not defined, such as the spread over the skill without an error."""
    return Cell("–") if row is None else Cell(number(row["value"]), interval(row))


def _other_gaps(row: Row) -> bool:
    """Tell whether the ablation has other gaps than the unchanged ensemble."""
    return row["varied"].get("share") is not None


def _name(metrics: Metrics) -> str:
    return metrics["crps"]["ablation"] or "as usual"


def _by_dataset(rows: Iterable[Row]) -> list[tuple[str, list[Metrics]]]:
    """Sort rows by dataset, and in each by ablation."""
    found: dict[str, dict[str | None, Metrics]] = {}
    for row in rows:
        found.setdefault(row["dataset"], {}).setdefault(row["ablation"], {})[row["metric"]] = row
    scored = {dataset: [one for one in by_name.values() if "crps" in one] for dataset, by_name in found.items()}
    return [(dataset, ablations) for dataset, ablations in scored.items() if ablations]
