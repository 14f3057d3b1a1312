"""Sentences about scores in which a model is worse, or not clearly better, than a baseline."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from esmlearn.methods import method_info
from esmlearn.report.words import Row, fields, frequency, percent, span, value, where, who

# Without an interval, a lead of less than this share of the baseline's error is not clear: in years of daily fields,
# equally good methods often differ by a few percent.
CLEAR_LEAD = 0.05
# A group of points gets a sentence if the model's error is larger than the baseline's by more than this share.
WEAK = 0.01
# A greater relative difference of power gets a sentence.
FAIR_POWER = 0.2
# Greatest number of sentences about groups of points.
MOST_GROUPS = 8

# Scores other than the RMSE, their names in sentences, and the function that gives the best value.
OTHERS: dict[str, tuple[str, Callable[[Iterable[float]], float]]] = {
    "crps": ("continuous ranked probability score", min),
    "effective_resolution": ("effective resolution", min),
    "heatwave_critical_success_index": ("critical success index for days of marine heatwave", max),
}


def weaknesses(rows: Iterable[Row], breakdown: Iterable[Row] = ()) -> list[str]:
    """Write sentences about all scores and points where a model is worse, or not clearly better, than a baseline.

    `rows` and `breakdown` are rows of `scores.json` and `breakdown.json`.
    """
    rows, breakdown = list(rows), list(breakdown)
    return [*_in_rmse(rows), *_in_other_scores(rows), *_in_crps(rows), *_in_power(rows), *_in_groups(breakdown)]


def contests(rows: Iterable[Row], metric: str = "rmse") -> Iterator[tuple[Row, list[Row]]]:
    """Give each score of a model with those of all baselines on the same points."""
    found = [row for row in rows if row["metric"] == metric]
    for model in found:
        if model["role"] == "model":
            yield model, [row for row in found if row["role"] == "baseline" and points_of(row) == points_of(model)]


def skill_against(model: Row, other: Row, rows: Iterable[Row], *, metric: str = "skill") -> Row | None:
    """Find the row with the skill (or `crpss`) of a model against another method on the same points, if any."""
    pair = (model["method"], other["method"])
    found = (row for row in rows if row["metric"] == metric and (row["method"], row["against"]) == pair)
    return next((row for row in found if points_of(row) == points_of(model)), None)


def points_of(row: Row) -> tuple:
    """Identify the points of a row."""
    limits = row.get("bin", {})
    keys = ("dataset", "frequency", "split", "region")
    return (*(row[key] for key in keys), limits.get("by"), limits.get("from"), limits.get("to"))


def _in_rmse(rows: Sequence[Row]) -> Iterator[str]:
    """Find baselines whose RMSE is not clearly larger, in the whole domain or in a region."""
    for model, baselines in contests(rows):
        for other in sorted(baselines, key=lambda row: row["value"]):
            skill = 1 - model["value"] / other["value"] if other["value"] > 0 else -1.0
            lead = skill_against(model, other, rows)
            significant = None if lead is None else lead.get("significant")
            if skill > 0 and (skill >= CLEAR_LEAD if significant is None else significant):
                continue
            verdict = "worse than" if skill < 0 else "not clearly better than"
            yield (
                f"On {fields(model)}, {who(model)} is {verdict} {who(other)}"
                f" ({value(model)} against {value(other)}{_chance(lead)})."
            )


def _in_other_scores(rows: Sequence[Row]) -> Iterator[str]:
    """Find other scores in which the best baseline is better."""
    for metric, (words, best_of) in OTHERS.items():
        for model, baselines in contests(rows, metric):
            best = best_of(row["value"] for row in baselines) if baselines else model["value"]
            if best_of((model["value"], best)) != model["value"]:
                other = next(row for row in baselines if row["value"] == best)
                yield (
                    f"On {fields(model)}, the {words} of {who(model)} is worse than that of"
                    f" {who(other)} ({value(model)} against {value(other)})."
                )


def _in_crps(rows: Sequence[Row]) -> Iterator[str]:
    """Find methods without members whose CRPS is not clearly larger than that of an ensemble."""
    for row in rows:
        significant = row.get("significant")
        if row["metric"] != "crpss" or (row["value"] > 0 and (significant is not False)):
            continue
        verdict = "worse than" if row["value"] < 0 else "not clearly better than"
        yield (
            f"On {fields(row)}, the CRPS of {who(row)} is {verdict} that of"
            f" {method_info(row['against']).words}, which is its mean absolute error if it is sure"
            f" (lead {percent(row['value'])}{_chance(row)})."
        )


def _in_power(rows: Sequence[Row]) -> Iterator[str]:
    """Find ensembles whose members have too little or too much power at the scales that interpolation loses."""
    ensembles = {row["method"] for row in rows if row["metric"] == "crps_plain"}
    for row in (row for row in rows if row["metric"] == "spectral_power_ratio"):
        if row["method"] in ensembles and abs(row["value"] - 1) > FAIR_POWER:
            yield (
                f"On {fields(row)}, the members of {who(row)} have {percent(row['value'])} of the"
                " truth's power at the scales that interpolation loses."
            )


def _in_groups(breakdown: Sequence[Row]) -> Iterator[str]:
    """Find groups of points at which the best baseline is better, the worst first."""
    weak = [
        (model, best)
        for model, baselines in contests(breakdown)
        if baselines
        if model["value"] > (1 + WEAK) * (best := min(baselines, key=lambda row: row["value"]))["value"]
    ]
    weak.sort(key=lambda pair: pair[1]["value"] / pair[0]["value"])
    for model, best in weak[:MOST_GROUPS]:
        chance = _chance(skill_against(model, best, breakdown))
        yield (
            f"{method_info(model['method']).label} is worse than {who(best)} {where(model)}"
            f" ({frequency(model)}: {value(model)} against {value(best)}{chance})."
        )
    if len(weak) > MOST_GROUPS:
        yield f"The same holds for {len(weak) - MOST_GROUPS} more groups of points; see the figures."


def _chance(lead: Row | None) -> str:
    """Write whether a difference is significant; nothing if there is no interval."""
    if lead is None or lead.get("significant") is None:
        return ""
    if lead["significant"]:
        return "; the difference is significant"
    return f"; that may be chance, for the 95 % interval of the lead is {span(lead)}"
