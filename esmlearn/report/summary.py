"""What the scores say in words, chosen by the program: also where the model is no better than a baseline."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from esmlearn.plots import method_label
from esmlearn.plots.style import pretty_units

Row = Mapping[str, Any]

# A lead of less than this share of the baseline's error is called no clear lead. Between two methods that are equally
# good, years of daily fields with correlated errors easily show differences of a few percent.
CLEAR_LEAD = 0.05
# A group of points is called weak if the model's error is larger by more than this share: less is not worth a sentence.
WEAK = 0.01
# Percentage points by which the coverage of an interval may be off before it is called too wide or too narrow.
FAIR_COVERAGE = 0.03

FREQUENCIES = {"day": "daily", "mon": "monthly"}
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def summarize(rows: Sequence[Row], breakdown: Sequence[Row] = (), facts: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Say in a few sentences how good the model is, and how far its own uncertainty holds.

    Parameters
    ----------
    rows, breakdown
        Rows of `scores.json` and `breakdown.json`.
    facts
        What was evaluated and hidden, for each dataset.
    """
    sentences = [_what_was_hidden(fact) for fact in facts]
    scored = {row["dataset"] for row in rows}
    sentences += [
        f"Nothing is known to be right about the gaps of {fact['dataset']}, so the reconstruction can be looked at,"
        " but not scored."
        for fact in facts
        if fact["dataset"] not in scored
    ]
    for model, baselines in _contests(rows):
        best = min(baselines, key=lambda row: row["value"], default=None)
        sentences.append(_lead(model, best))
    sentences += [_coverage(row) for row in rows if row["metric"] == "coverage_90" and row["role"] == "model"]
    groups = sum(1 for _ in _contests(breakdown))
    if groups and not weaknesses([], breakdown):
        sentences.append(
            f"Sorted by month, share hidden and nearness of observations into {groups} groups of points, it is"
            " nowhere worse than a baseline by more than 1 %."
        )
    return sentences


def weaknesses(rows: Iterable[Row], breakdown: Iterable[Row] = ()) -> list[str]:
    """Say against which baselines, and at which points, a model is worse or not clearly better.

    Returns
    -------
    list of str
        Sentences; none if there is nothing of the kind.
    """
    sentences = []
    for model, baselines in _contests(rows):
        for other in sorted(baselines, key=lambda row: row["value"]):
            skill = 1 - model["value"] / other["value"] if other["value"] > 0 else -1.0
            verdict = "worse than" if skill < 0 else "not clearly better than" if skill < CLEAR_LEAD else None
            if verdict:
                sentences.append(
                    f"On {_frequency(model)} fields of {model['dataset']}, {method_label(model['method'])} is {verdict}"
                    f" {_baseline(other['method'])} ({_value(model)} against {_value(other)})."
                )
    weak = [
        (model, best)
        for model, baselines in _contests(breakdown)
        if baselines
        if model["value"] > (1 + WEAK) * (best := min(baselines, key=lambda row: row["value"]))["value"]
    ]
    weak.sort(key=lambda pair: pair[1]["value"] / pair[0]["value"])
    for model, best in weak[:8]:
        sentences.append(
            f"{method_label(model['method'])} is worse than {_baseline(best['method'])} {_where(model)}"
            f" ({_frequency(model)}: {_value(model)} against {_value(best)})."
        )
    if len(weak) > 8:
        sentences.append(f"The same holds for {len(weak) - 8} more groups of points; see the figures.")
    return sentences


def number(value: int | float) -> str:
    """Write a score with three significant digits, and at most three decimals."""
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.3g}"


def _contests(rows: Iterable[Row]) -> Iterable[tuple[Row, list[Row]]]:
    """Each RMSE of a model beside those of all baselines on the same points."""

    def place(row: Row) -> tuple:
        limits = row.get("bin", {})
        keys = ("dataset", "frequency", "split", "region")
        return (*(row[key] for key in keys), limits.get("by"), limits.get("from"), limits.get("to"))

    rmse = [row for row in rows if row["metric"] == "rmse"]
    for model in rmse:
        if model["role"] == "model":
            yield model, [row for row in rmse if row["role"] == "baseline" and place(row) == place(model)]


def _what_was_hidden(fact: Mapping[str, Any]) -> str:
    """One sentence on what was evaluated."""
    return (
        f"{fact['dataset']} was reconstructed on {fact['days']} days from {fact['start']} to {fact['end']}, with"
        f" {100 * fact['share_hidden']:.0f} % of its ocean hidden"
        f" (from {100 * fact['share_hidden_least']:.0f} to {100 * fact['share_hidden_most']:.0f} % on a day)."
    )


def _lead(model: Row, best: Row | None) -> str:
    """One sentence on a model beside the best baseline."""
    says = (
        f"On {_frequency(model)} fields of {model['dataset']}, {method_label(model['method'])} has an error (RMSE) of"
        f" {_value(model)} on the {model['n']:,} hidden points"
    )
    if best is None or best["value"] <= 0:
        return says + "; no baseline was run beside it."
    skill = 1 - model["value"] / best["value"]
    if abs(skill) < 0.005:
        return f"{says}, no different from that of the best baseline, {_baseline(best['method'])}."
    than = f"that of the best baseline, {_baseline(best['method'])} ({_value(best)})"
    return f"{says}, {abs(100 * skill):.0f} % {'below' if skill >= 0 else 'above'} {than}."


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
    held = f"{100 * row['value']:.0f} %"
    return f"Its {_frequency(row)} intervals that should hold 90 % of the truth hold {held}, {verdict}."


def _where(row: Row) -> str:
    """Which points a bin holds, in words."""
    limits = row["bin"]
    low, high = limits["from"], limits["to"]
    if limits["by"] == "month":
        return f"in {MONTHS[int(low) - 1]}"
    if limits["by"] == "share_hidden":
        what = "of the ocean is hidden" if row["frequency"] == "day" else "of the days are hidden"
        return f"where {100 * low:.0f} to {100 * high:.0f} % {what}"
    span = f"{low:g} or more" if high is None else f"{low:g}" if low == high else f"{low:g} to {high:g}"
    kind = "of the day" if limits["by"] == "distance_to_observation" else "at the place"
    unit = "day" if span == "1" and limits["units"] == "days" else limits["units"]
    return f"{span} {unit} from the nearest observation {kind}"


def _frequency(row: Row) -> str:
    return FREQUENCIES.get(row["frequency"]) or str(row["frequency"])


def _baseline(name: str) -> str:
    """Name of a baseline within a sentence."""
    words: dict[str, str] = {
        "climatology": "climatology",
        "observed_mean": "the mean of the observed days",
        "time_interpolation": "linear interpolation in time",
    }
    return words.get(name) or method_label(name)


def _value(row: Row) -> str:
    return f"{number(row['value'])}\N{NO-BREAK SPACE}{pretty_units(row['units'])}".strip()
