"""Sentences and lists about the data of an evaluation: gaps, withheld observations, periods, grids."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esmlearn.methods import method_info
from esmlearn.report.words import NO_BREAK, area, domain, frequency, grid_step, percent
from esmlearn.words import number, outlier_words, pretty_units

GAPS = {
    "data": "The gaps are those that the data have.",
    "dataset": "The gaps are those of the dataset {dataset}, laid over the observations.",
    "clouds": "Simulated clouds, which travel and change, hide about {percent} of the {domain} (seed {seed}).",
    "rectangles": "Simulated rectangles, anew on each day, hide about {percent} of the {domain} (seed {seed}).",
    "swaths": (
        "About {percent} of the {domain} is hidden, what lies between a satellite's simulated swaths (seed {seed})."
    ),
    "profiles": "All but single cells is hidden, others on each day: {percent} of the {domain} (seed {seed}).",
}
WITHHELD = {
    "clouds": (
        "{percent} of the observations were withheld from all methods: over stretches of {days} days the gaps of other"
        " days were laid over them (seed {seed}), so that whole clouds are missing."
    ),
    "pixels": (
        "{percent} of the observations were withheld from all methods, single values here and there (seed {seed}). They"
        " have neighbours that were seen on the same day, so that scores on them flatter every method."
    ),
    "profiles": (
        "{percent} of the profiles were withheld from all methods at all levels, each with all within {cells} cells and"
        " {days} days of it (seed {seed}), so that no float tells of itself."
    ),
}


def how_hidden(fact: Mapping[str, Any]) -> list[str]:
    """Write sentences about the gaps, the withheld observations and the points that count.

    `fact` describes one evaluated dataset, see `esmlearn.evaluation.facts.facts`.
    """
    if fact.get("downscaled"):
        return list(_how_downscaled(fact))
    sentences = []
    for block, words in ((fact.get("gaps"), GAPS), (fact.get("withhold"), WITHHELD)):
        if block:
            share = percent(block["share"]) if "share" in block else ""
            sentences.append(words[block["kind"]].format(**block, percent=share, domain=domain(fact)))
    if outliers := fact.get("outliers"):
        sentences.append(outlier_words(outliers))
    if climatology := fact.get("climatology"):
        sentences.append(f"Anomalies are from a climatology: {climatology}.")
    if fact["truth"]:
        sentences.append(
            "Only withheld observations are known to be right, so that scores are made on these alone."
            if fact.get("withheld")
            else f"What was hidden is known from {fact['truth']}."
        )
        sentences += _buffers(fact)
    else:
        sentences.append("Nothing that was hidden is known, and no observation was withheld: there are no scores.")
    return sentences


def fact_lines(fact: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the dataset, period, region, gaps and grids of an evaluation."""
    rows, columns = fact["cells"]
    downscaled = fact.get("downscaled")
    times = "" if fact.get("frequency", "day") == "day" else f"{frequency(fact)}, "
    split, cells = f"split “{fact['split']}”", "with values" if downscaled else domain(fact)
    lines = [
        ("Dataset", fact["dataset"]),
        ("Period", f"{fact['start']} to {fact['end']} ({fact['days']} days, {times}{fact['calendar']}), {split}"),
        ("Region", f"{area(*fact['region'])}, {rows} × {columns} cells, {fact['ocean_cells']} of them {cells}"),
        *(_lines_of_grids(downscaled, fact["units"]) if downscaled else [_line_of_gaps(fact)]),
    ]
    if fact.get("points"):
        lines.append(("Points that count", f"{fact['points']:,}"))
    lines += [(f"Region “{name}”", area(*edges)) for name, edges in (fact.get("regions") or {}).items()]
    if fact.get("heatwaves"):
        baseline, share = _period(fact["heatwaves"]["baseline"]), percent(fact["heatwaves"]["share"], digits=1)
        definition = f"above the 90th percentile of {baseline} for five days or more"
        lines.append(("Marine heatwaves", f"{definition}; {share} of the points that count are such days"))
    return lines


def split_lines(split: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the periods of training, validation and test, and the days between them."""
    words = {"train": "To fit", "validation": "To choose", "test": "To judge"}
    lines = [(words[role], _period(split[role])) for role in words if role in split]
    days = split.get("buffer_days")
    return lines + ([("Left out between them", f"{days} days")] if days is not None else [])


def missing(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Write sentences about methods, and other things, that failed."""
    return [f"Left out: {method_info(entry['what']).words} of {entry['dataset']}. {entry['why']}" for entry in entries]


def left_out(fact: Mapping[str, Any]) -> list[str]:
    """Write sentences about scores that are missing, with the reasons."""
    names = {
        "intervals": "95 % intervals",
        "coast": "distance to the coast",
        "heatwaves": "marine heatwaves",
        "images": "PSNR and SSIM",
        "distance to observations": "scores by distance to observations",
        "land and sea": "scores by land and sea",
        "height": "scores by height",
        "power of lost scales": "power at the scales that interpolation loses",
    }
    return [
        f"No {names.get(what, what)} of {fact['dataset']}: {why[0].lower() + why[1:]}"
        for what, why in (fact.get("left_out") or {}).items()
    ]


def _period(text: str) -> str:
    """Write a period; a single year once."""
    start, _, end = text.partition("/")
    return start if start == end else f"{start} to {end}"


def _line_of_gaps(fact: Mapping[str, Any]) -> tuple[str, str]:
    """Write how much was hidden."""
    mean, least, most, unseen = (
        100 * fact[key] for key in ("share_hidden", "share_hidden_least", "share_hidden_most", "months_unseen")
    )
    return (
        "Hidden",
        f"{mean:.1f} % of the {domain(fact)} in the mean, {least:.0f} to {most:.0f} % on a day; {unseen:.1f} % of the"
        " cells have no observation in a month, in the mean over the months",
    )


def _lines_of_grids(grids: Mapping[str, Any], units: str) -> Iterator[tuple[str, str]]:
    """List the fine and coarse cells, and the difference of truth and coarse field."""
    yield "Fine cells", grid_step(grids["fine_step"])
    if coarse := grids.get("coarse"):
        rows, columns = coarse["cells"]
        yield "Coarse field", f"{coarse['name']}, {rows} × {columns} cells of {grid_step(coarse['step'])}"
    if grids.get("truth_consistency") is not None:
        missed = f"{number(grids['truth_consistency'])}{NO_BREAK}{pretty_units(units)}".strip()
        yield "Truth and coarse field", f"averages of the truth over coarse cells differ by {missed} (root mean square)"


def _how_downscaled(fact: Mapping[str, Any]) -> Iterator[str]:
    """Write sentences about the inputs and the truth of a downscaling."""
    seen = 1 - fact["share_hidden"]
    also = f", and observations of {percent(seen, digits=1)} of the fine values, which do not count" if seen else ""
    yield f"The methods were given the coarse field{also}."
    if fact["truth"]:
        yield f"The fine field is known from {fact['truth']}."
        yield from _buffers(fact)
    else:
        yield "The fine field is not known: there are no scores."


def _buffers(fact: Mapping[str, Any]) -> Iterator[str]:
    """Write sentences about the points near observations that do not count, and about the intervals."""
    near = []
    if fact.get("buffer_km"):
        near.append(f"{fact['buffer_km']:g} km to an observation of the same day")
    if fact.get("buffer_days"):
        near.append(f"{fact['buffer_days']} days to one at the same place")
    if near:
        yield f"Hidden points nearer than {' or '.join(near)} do not count."
    elif "buffer_km" in fact and not fact.get("downscaled"):
        yield "Every hidden point counts, however near an observation is."
    for name, count in (fact.get("left_open") or {}).items():
        yield (
            f"{method_info(name).label} has no value at {count:,} of the points that would count, where it was not"
            " given what it needs; they count for no method."
        )
    if fact.get("block_days") and "intervals" not in (fact.get("left_out") or {}):
        yield (
            f"Intervals hold 95 % of what a bootstrap gives that draws blocks of {fact['block_days']} days; all methods"
            " are drawn alike, so that the intervals of leads are those of paired differences."
        )
