"""What the scores say in words, chosen by the program."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from esmlearn.plots import method_label
from esmlearn.report.weaknesses import contests, skill_against, weaknesses
from esmlearn.report.words import Row, baseline, fields, frequency, percent, span, value

# Share by which the coverage of an interval may be off before it is called too wide or too narrow.
FAIR_COVERAGE = 0.03


def summarize(rows: Sequence[Row], breakdown: Sequence[Row] = (), facts: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Say in a few sentences how good the model is, and how far its own uncertainty holds.

    Parameters
    ----------
    rows, breakdown
        Rows of `scores.json` and `breakdown.json`.
    facts
        What was evaluated and hidden, for each dataset.
    """
    whole = [row for row in rows if row["region"] == "all"]
    sentences = [_what_was_hidden(fact) for fact in facts]
    sentences += list(_what_is_known(facts, {row["dataset"] for row in rows}))
    for model, baselines in contests(whole):
        sentences.append(_lead(model, min(baselines, key=lambda row: row["value"], default=None), whole))
    sentences += [_coverage(row) for row in whole if row["metric"] == "coverage_90" and row["role"] == "model"]
    groups = sum(1 for _ in contests(breakdown))
    if groups and not weaknesses([], breakdown):
        sorted_by = {row["bin"]["by"] for row in breakdown}
        sentences.append(
            f"Sorted by {_sorted_by(sorted_by)} into {groups} groups of points, it is nowhere worse than a baseline by"
            " more than 1 %."
        )
    return sentences


def _what_was_hidden(fact: Mapping[str, Any]) -> str:
    """One sentence on what was evaluated."""
    return (
        f"{fact['dataset']} was reconstructed on {fact['days']} days from {fact['start']} to {fact['end']}, with"
        f" {100 * fact['share_hidden']:.0f} % of its ocean hidden"
        f" (from {100 * fact['share_hidden_least']:.0f} to {100 * fact['share_hidden_most']:.0f} % on a day)."
    )


def _what_is_known(facts: Sequence[Mapping[str, Any]], scored: set[str]) -> Iterator[str]:
    """Say where the truth is not known, or only at observations that were withheld."""
    for fact in facts:
        if fact["dataset"] not in scored:
            yield (
                f"Nothing is known to be right about the gaps of {fact['dataset']}, so the reconstruction can be looked"
                " at, but not scored."
            )
        elif fact.get("withheld"):
            yield (
                f"What lies under the real gaps of {fact['dataset']} is not known: the scores are those on observations"
                " that were withheld from all methods, and hold for such points only."
            )


def _lead(model: Row, best: Row | None, rows: Iterable[Row]) -> str:
    """One sentence on a model beside the best baseline."""
    says = (
        f"On {fields(model)}, {method_label(model['method'])} has an error (RMSE) of {value(model)} on the"
        f" {model['n']:,} hidden points"
    )
    if best is None or best["value"] <= 0:
        return says + "; no baseline was run beside it."
    skill = 1 - model["value"] / best["value"]
    if abs(skill) < 0.005:
        return f"{says}, no different from that of the best baseline, {baseline(best['method'])}."
    than = f"that of the best baseline, {baseline(best['method'])} ({value(best)})"
    lead = skill_against(model, best, rows)
    sure = "" if lead is None or lead.get("low") is None else f"; 95 % interval of the lead {span(lead)}"
    return f"{says}, {percent(abs(skill))} {'below' if skill >= 0 else 'above'} {than}{sure}."


def _coverage(row: Row) -> str:
    """One sentence on whether a standard deviation is honest."""
    off = row["value"] - 0.9
    verdict = (
        "as they should"
        if abs(off) <= FAIR_COVERAGE
        else "so they are too wide"
        if off > 0
        else "so they are too narrow"
    )
    held = percent(row["value"], digits=1)
    return f"Its {frequency(row)} intervals that should hold 90 % of the truth hold {held}, {verdict}."


def _sorted_by(names: Iterable[str]) -> str:
    """List what points are sorted by."""
    words = {
        "month": "month",
        "season": "season",
        "share_hidden": "share hidden",
        "distance_to_observation": "distance to observations",
        "days_to_observation": "days to observations",
        "distance_to_coast": "distance to the coast",
    }
    *first, last = [word for name, word in words.items() if name in names]
    return f"{', '.join(first)} and {last}" if first else last
