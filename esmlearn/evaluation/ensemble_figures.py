"""Figures of the ensembles in the script `evaluate`, each with its caption."""

from collections.abc import Iterator, Sequence
from datetime import date

from esmlearn import plots
from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.choices import day_of_maps
from esmlearn.evaluation.drawing import Drawing, day_label, map_grid, points_of
from esmlearn.evaluation.ensemble_scores import EnsembleFindings
from esmlearn.methods import method_info
from esmlearn.words import frequency_words


def draw_members(case: Case, results: Sequence[Result], dates: Sequence[date], note: str) -> Iterator[Drawing]:
    """One day of each ensemble, member by member."""
    drawn = {result.name: result.reconstruction.members for result in results}
    ensembles = {name: members for name, members in drawn.items() if members is not None}
    day = day_of_maps(case, dates)
    truth = case.truth[day] if case.truth is not None and case.complete else None
    errors = "" if truth is None else " The error of the mean should be of like size there, though not point by point."
    for name, members in ensembles.items():
        yield Drawing(
            _named("ensemble_members", name, len(ensembles)),
            plots.maps_ensemble(
                members[:, day],
                case.seen[day],
                truth,
                map_grid(case),
                label=day_label(case, day).replace("\n", ": "),
                quantity=case.quantity,
                units=case.grid.units,
            ),
            f"{case.quantity} of {case.dataset} by {method_info(name).words}: some of {len(members)} members, their"
            " mean, and their standard deviation (spread). The mean loses small scales that each member has; where the"
            f" spread is large the members disagree.{errors}{note}",
            ("map", "geo"),
            ("mean", "stddev"),
        )


def draw_spectra(case: Case, found: Sequence[EnsembleFindings], note: str) -> Iterator[Drawing]:
    """Scales of the members and of their mean."""
    drawn = {findings.method: findings.spectra for findings in found if findings.spectra is not None}
    for name, spectra in drawn.items():
        yield Drawing(
            _named("ensemble_spectra", name, len(drawn)),
            plots.ensemble_spectra(spectra, units=case.grid.units),
            f"Left: power spectra along latitude circles of the daily anomalies of {case.dataset} from climatology, for"
            f" the truth, the members of {method_info(name).words} and their mean. Members should lie on the truth;"
            " their mean falls below it at the scales on which they disagree. Right: coherence with the truth, 1 where"
            " every wave is right and 0 where waves lie at random. A member's is lower than the mean's, in a right"
            f" ensemble its square: small scales of a member are likely ones, and not known ones.{note}",
            ("line",),
            ("other",),
        )


def draw_reliability(case: Case, found: Sequence[EnsembleFindings], note: str) -> Iterator[Drawing]:
    """Ranks of the truth, and spread against skill."""
    if not found:
        return
    methods = dict.fromkeys(method_info(findings.method).words for findings in found)
    names = [
        _fields(findings).capitalize()
        if len(methods) == 1
        else f"{method_info(findings.method).label}, {_fields(findings)}"
        for findings in found
    ]
    band = (
        " Grey: where a right ensemble would lie 95 % of the time (bootstrap over blocks of days)."
        if any(len(findings.ranks) > 1 for findings in found)
        else ""
    )
    yield Drawing(
        "rank_histogram",
        plots.rank_histograms({name: findings.ranks for name, findings in zip(names, found, strict=True)}),
        f"How often so many members of {' and '.join(methods)} are below the truth, on the {points_of(case)} of"
        f" {case.dataset}. Flat is right. Full ends: the spread is too small; a full middle: it is too large; one full"
        f" end: the members are too cold (right) or too warm (left).{band}{note}",
        ("histogram",),
        ("other",),
    )
    yield Drawing(
        "spread_skill",
        plots.spread_skill(
            {name: findings.spread_skill for name, findings in zip(names, found, strict=True)}, units=case.grid.units
        ),
        f"Error of the mean of {' and '.join(methods)} against the spread of its members, in bins of {points_of(case)}"
        f" of {case.dataset} with about the same spread. On the dashed line they know the error of their mean; above it"
        f" they are too sure. The further a line reaches, the better they tell easy points from hard ones.{note}",
        ("scatter",),
        ("stddev", "rmsd"),
    )


def _fields(findings: EnsembleFindings) -> str:
    """Say which fields were looked into."""
    return "monthly means" if findings.frequency == "mon" else f"{frequency_words(findings.frequency)} fields"


def _named(name: str, method: str, number: int) -> str:
    """Name of a figure, with that of the method if there are several."""
    return name if number == 1 else f"{name}_{method}"
