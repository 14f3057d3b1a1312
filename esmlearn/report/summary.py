"""Summary of the scores in sentences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from esmlearn.methods import method_info
from esmlearn.report.weaknesses import contests, points_of, skill_against, weaknesses
from esmlearn.report.words import (
    NO_BREAK,
    Row,
    domain,
    fields,
    frequency,
    grid_step,
    percent,
    points_words,
    span,
    value,
    who,
)

# A greater difference between nominal and actual coverage makes an interval too wide or too narrow.
FAIR_COVERAGE = 0.03
# A smaller relative difference of scores counts as none.
SAME = 0.005


def summarize(rows: Sequence[Row], breakdown: Sequence[Row] = (), facts: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Write some sentences about the scores of the models, the best first, and about their predicted uncertainty.

    Parameters
    ----------
    rows, breakdown
        Rows of `scores.json` and `breakdown.json`.
    facts
        Facts about each evaluated dataset, see `esmlearn.evaluation.facts.facts`.
    """
    whole = [row for row in rows if row["region"] == "all"]
    sentences = [_what_was_hidden(fact) for fact in facts]
    sentences += list(_what_is_known(facts, {row["dataset"] for row in rows}))
    ranked = _best_first(whole)
    points = points_words(facts[0]) if facts else "hidden points"
    for model, baselines in ranked:
        sentences.append(_lead(model, min(baselines, key=lambda row: row["value"], default=None), whole, points))
    for fact in facts:
        sentences += list(_how_fine(fact, whole))
    sentences += list(_beside_ensembles(whole))
    several = len({model["method"] for model, _ in ranked}) > 1
    for model, _ in ranked:
        sentences += [_coverage(row, several) for row in _scores_beside(model, "coverage_90", whole)]
    groups = {points_of(model) for model, _ in contests(breakdown)}
    if groups and not weaknesses([], breakdown):
        sorted_by = _sorted_by({row["bin"]["by"] for row in breakdown})
        nowhere = "none of the models is anywhere" if several else "it is nowhere"
        sentences.append(
            f"Sorted by {sorted_by} into {len(groups)} groups of points, {nowhere} worse than a baseline by more than"
            " 1 %."
        )
    return sentences


def ensembles_of(rows: Iterable[Row]) -> list[str]:
    """Give the names of the methods that have members."""
    return list(dict.fromkeys(row["method"] for row in rows if row["metric"] == "crps_plain"))


def _best_first(rows: Sequence[Row]) -> list[tuple[Row, list[Row]]]:
    """Give the RMSE of each model with those of the baselines; of models on the same points the best comes first."""
    found = list(contests(rows))
    order = list(dict.fromkeys(points_of(model) for model, _ in found))
    return sorted(found, key=lambda pair: (order.index(points_of(pair[0])), pair[0]["value"]))


def _scores_beside(model: Row, metric: str, rows: Iterable[Row]) -> list[Row]:
    """Give another score of a model on the same points."""
    same = (row for row in rows if row["metric"] == metric and row["method"] == model["method"])
    return [row for row in same if points_of(row) == points_of(model)]


def _beside_ensembles(rows: Sequence[Row]) -> Iterator[str]:
    """Write one sentence for each ensemble, compared with the best other model that has a standard deviation."""
    ensembles = ensembles_of(rows)
    scored = [row for row in rows if row["metric"] == "crps" and row["role"] == "model"]
    for row in scored:
        others = [other for other in scored if other["method"] not in ensembles and points_of(other) == points_of(row)]
        if row["method"] in ensembles and others:
            yield _crps(row, min(others, key=lambda other: other["value"]))


def _crps(ensemble: Row, other: Row) -> str:
    """Compare the CRPS of an ensemble with that of a standard deviation, in one sentence."""
    return (
        f"On {fields(ensemble)}, the CRPS of {who(ensemble)} ({value(ensemble)}) is {_than(ensemble, other)} that of"
        f" {who(other)} ({value(other)}), which comes from its own standard deviation."
    )


def _than(one: Row, other: Row) -> str:
    """Write by how much one score is below or above another."""
    lead = 1 - one["value"] / other["value"] if other["value"] > 0 else 0.0
    return "no different from" if abs(lead) < SAME else f"{percent(abs(lead))} {'below' if lead > 0 else 'above'}"


def _what_was_hidden(fact: Mapping[str, Any]) -> str:
    """Write one sentence about the evaluated dataset."""
    grids = fact.get("downscaled")
    if grids:
        coarse = f" from {grid_step(grids['coarse']['step'])}" if grids.get("coarse") else ""
        return (
            f"{fact['dataset']} was downscaled{coarse} to {grid_step(grids['fine_step'])} on {fact['days']} days from"
            f" {fact['start']} to {fact['end']}."
        )
    return (
        f"{fact['dataset']} was reconstructed on {fact['days']} days from {fact['start']} to {fact['end']}, with"
        f" {100 * fact['share_hidden']:.0f} % of its {domain(fact)} hidden"
        f" (from {100 * fact['share_hidden_least']:.0f} to {100 * fact['share_hidden_most']:.0f} % on a day)."
    )


def _what_is_known(facts: Sequence[Mapping[str, Any]], scored: set[str]) -> Iterator[str]:
    """Write sentences about datasets whose truth is not known, or only at withheld observations."""
    for fact in facts:
        if fact["dataset"] not in scored:
            what = "fine field" if fact.get("downscaled") else "gaps"
            yield (
                f"Nothing is known to be right about the {what} of {fact['dataset']}, so the reconstruction can be"
                " looked at, but not scored."
            )
        elif fact.get("withheld"):
            yield (
                f"What lies under the real gaps of {fact['dataset']} is not known: the scores are those on observations"
                " that were withheld from all methods, and hold for such points only."
            )


def _how_fine(fact: Mapping[str, Any], rows: Sequence[Row]) -> Iterator[str]:
    """Write sentences about downscaling: CRPS against MAE, power at small scales, averages over coarse cells."""
    grids = fact.get("downscaled")
    if not grids:
        return
    here = [row for row in rows if (row["dataset"], row["frequency"]) == (fact["dataset"], fact["frequency"])]
    scored = {(row["method"], row["metric"]): row for row in here}
    models = [name for (name, metric), row in scored.items() if metric == "rmse" and row["role"] == "model"]
    ensembles = ensembles_of(here)
    for name in ensembles:
        others = [row for row in here if row["metric"] == "mae" and row["method"] not in ensembles]
        best = {row["role"]: row for row in sorted(others, key=lambda row: -row["value"])}
        # The CRPS of a method without members is its mean absolute error.
        than = [
            f"{_than(scored[name, 'crps'], best[role])} the mean absolute error of {who(best[role])}"
            for role in ("model", "baseline")
            if role in best
        ]
        if than:
            yield f"The CRPS of {method_info(name).words} is {' and '.join(than)}."
    powers = [
        (name, scored[name, "spectral_power_ratio"]) for name in models if (name, "spectral_power_ratio") in scored
    ]
    if powers:
        shares = [f"{_with_members(name, ensembles)} {percent(row['value'])}" for name, row in powers]
        yield (
            f"Of the truth's power at the scales of which {method_info(grids['interpolation']).words} has lost half"
            f" ({grids['lost_km']:.0f}{NO_BREAK}km and less), {' and '.join(shares)}."
        )
    missed = [(name, scored[name, "coarse_consistency"]) for name in models if (name, "coarse_consistency") in scored]
    if missed:
        words = [f"{value(row)} for {method_info(name).words}" for name, row in missed]
        yield f"Averages over coarse cells miss the coarse field by {' and '.join(words)} (root mean square)."


def _with_members(name: str, ensembles: Sequence[str]) -> str:
    """Name a method, or its members if it has any."""
    return f"the members of {method_info(name).words} have" if name in ensembles else f"{method_info(name).words} has"


def _lead(model: Row, best: Row | None, rows: Iterable[Row], points: str) -> str:
    """Compare a model with the best baseline in one sentence."""
    start = f"On {fields(model)}, {who(model)} has an error (RMSE) of {value(model)} on the {model['n']:,} {points}"
    if best is None or best["value"] <= 0:
        return start + "; no baseline was run beside it."
    skill = 1 - model["value"] / best["value"]
    if abs(skill) < SAME:
        return f"{start}, no different from that of the best baseline, {who(best)}."
    than = f"that of the best baseline, {who(best)} ({value(best)})"
    lead = skill_against(model, best, rows)
    interval = "" if lead is None or lead.get("low") is None else f"; 95 % interval of the lead {span(lead)}"
    return f"{start}, {percent(abs(skill))} {'below' if skill >= 0 else 'above'} {than}{interval}."


def _coverage(row: Row, several: bool) -> str:
    """Write one sentence about the coverage of a model's intervals; with its name if there are several models."""
    off = row["value"] - 0.9
    verdict = f"so they are too {'wide' if off > 0 else 'narrow'}" if abs(off) > FAIR_COVERAGE else "as they should"
    held = percent(row["value"], digits=1)
    whose = f"The {frequency(row)} intervals of {who(row)}" if several else f"Its {frequency(row)} intervals"
    return f"{whose} that should hold 90 % of the truth hold {held}, {verdict}."


def _sorted_by(names: Iterable[str]) -> str:
    """List the quantities by which points are sorted."""
    words = {
        "month": "month",
        "season": "season",
        "share_hidden": "share hidden",
        "distance_to_observation": "distance to observations",
        "days_to_observation": "days to observations",
        "distance_to_coast": "distance to the coast",
        "hour": "hour",
        "surface": "land and sea",
        "height": "height",
    }
    *first, last = [word for name, word in words.items() if name in names]
    return f"{', '.join(first)} and {last}" if first else last
