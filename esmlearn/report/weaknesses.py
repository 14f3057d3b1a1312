"""Where a model is worse, or not clearly better, than a baseline: found and said by the program."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from esmlearn.methods import method_info
from esmlearn.report.words import Row, fields, frequency, percent, span, value, where, who

# Where no interval separates chance from lead: one of less than this share of the baseline's error is called not clear.
# Between two methods that are equally good, years of daily fields easily show differences of a few percent.
CLEAR_LEAD = 0.05
# A group of points is called weak if the model's error is larger by more than this share: less is not worth a sentence.
WEAK = 0.01
# Share by which power may be off before it is called wrong.
FAIR_POWER = 0.2
# Most sentences on groups of points.
MOST_GROUPS = 8

# Scores beside the RMSE, what they are called, and whether less is better.
OTHERS: dict[str, tuple[str, Callable[[Iterable[float]], float]]] = {
    "crps": ("continuous ranked probability score", min),
    "effective_resolution": ("effective resolution", min),
    "heatwave_critical_success_index": ("critical success index for days of marine heatwave", max),
}


def weaknesses(rows: Iterable[Row], breakdown: Iterable[Row] = ()) -> list[str]:
    """Say against which baselines, in which scores, and at which points a model is worse or not clearly better.

    Parameters
    ----------
    rows, breakdown
        Rows of `scores.json` and `breakdown.json`.

    Returns
    -------
    list of str
        Sentences; none if there is nothing of the kind.
    """
    rows, breakdown = list(rows), list(breakdown)
    return [*_in_rmse(rows), *_in_other_scores(rows), *_in_crps(rows), *_in_power(rows), *_in_groups(breakdown)]


def contests(rows: Iterable[Row], metric: str = "rmse") -> Iterator[tuple[Row, list[Row]]]:
    """Each score of a model beside those of all baselines on the same points."""
    found = [row for row in rows if row["metric"] == metric]
    for model in found:
        if model["role"] == "model":
            yield model, [row for row in found if row["role"] == "baseline" and points_of(row) == points_of(model)]


def skill_against(model: Row, other: Row, rows: Iterable[Row], *, metric: str = "skill") -> Row | None:
    """Row with a model's skill (`crpss`: by CRPS) against another method on the same points; None if there is none."""
    pair = (model["method"], other["method"])
    found = (row for row in rows if row["metric"] == metric and (row["method"], row["against"]) == pair)
    return next((row for row in found if points_of(row) == points_of(model)), None)


def points_of(row: Row) -> tuple:
    """Which points a row is about."""
    limits = row.get("bin", {})
    keys = ("dataset", "frequency", "split", "region")
    return (*(row[key] for key in keys), limits.get("by"), limits.get("from"), limits.get("to"))


def _in_rmse(rows: Sequence[Row]) -> Iterator[str]:
    """Baselines that the model does not clearly beat, over the whole domain or in a region."""
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
    """Scores in which the best baseline does better."""
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
    """Methods without members that an ensemble does not clearly beat by its CRPS."""
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
    """Ensembles whose members have too little or too much power at the scales that interpolation loses."""
    ensembles = {row["method"] for row in rows if row["metric"] == "crps_plain"}
    for row in (row for row in rows if row["metric"] == "spectral_power_ratio"):
        if row["method"] in ensembles and abs(row["value"] - 1) > FAIR_POWER:
            yield (
                f"On {fields(row)}, the members of {who(row)} have {percent(row['value'])} of the"
                " truth's power at the scales that interpolation loses."
            )


def _in_groups(breakdown: Sequence[Row]) -> Iterator[str]:
    """Groups of points at which the best baseline is better, the worst first."""
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
    """Say whether a difference may be chance; nothing where no interval tells."""
    if lead is None or lead.get("significant") is None:
        return ""
    if lead["significant"]:
        return "; the difference is significant"
    return f"; that may be chance, for the 95 % interval of the lead is {span(lead)}"
