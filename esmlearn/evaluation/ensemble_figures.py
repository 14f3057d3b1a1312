"""Figures of ensembles, each with its caption."""

from collections.abc import Iterator, Sequence

from esmlearn import plots
from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.choices import day_of_maps
from esmlearn.evaluation.ensemble_scores import EnsembleScores
from esmlearn.evaluation.labels import day_label, map_grid, points_of
from esmlearn.methods import method_info
from esmlearn.plots.captioned import CaptionedFigure
from esmlearn.words import frequency_words


def plot_members(case: Case, results: Sequence[Result], note: str) -> Iterator[CaptionedFigure]:
    """One day of each ensemble, member by member."""
    members_of = {result.name: result.reconstruction.members for result in results}
    ensembles = {name: members for name, members in members_of.items() if members is not None}
    day = day_of_maps(case)
    truth = case.truth[day] if case.truth is not None and case.complete else None
    errors = "" if truth is None else " The error of the mean should be of like size there, though not point by point."
    for name, members in ensembles.items():
        yield CaptionedFigure(
            _named("ensemble_members", name, len(ensembles)),
            plots.maps_ensemble(
                members[:, day],
                case.seen[day],
                truth,
                map_grid(case),
                label=day_label(case, day).replace("\n", ": "),
                quantity=case.quantity,
                units=case.field.units,
            ),
            f"{case.quantity} of {case.dataset} by {method_info(name).words}: some of {len(members)} members, their"
            " mean, and their standard deviation (spread). The mean loses small scales that each member has; where the"
            f" spread is large the members disagree.{errors}{note}",
            ("map", "geo"),
            ("mean", "stddev"),
        )


def plot_ensemble_spectra(case: Case, scores: Sequence[EnsembleScores], note: str) -> Iterator[CaptionedFigure]:
    """Scales of the members and of their mean."""
    found = {one.method: one.spectra for one in scores if one.spectra is not None}
    for name, spectra in found.items():
        yield CaptionedFigure(
            _named("ensemble_spectra", name, len(found)),
            plots.ensemble_spectra(spectra, units=case.field.units),
            f"Left: power spectra along latitude circles of the daily anomalies of {case.dataset} from climatology, for"
            f" the truth, the members of {method_info(name).words} and their mean. Members should lie on the truth;"
            " their mean falls below it at the scales on which they disagree. Right: coherence with the truth, 1 where"
            " every wave is right and 0 where waves lie at random. A member's is lower than the mean's, in a right"
            f" ensemble its square: small scales of a member are likely ones, and not known ones.{note}",
            ("line",),
            ("other",),
        )


def plot_ranks_and_spread(case: Case, scores: Sequence[EnsembleScores], note: str) -> Iterator[CaptionedFigure]:
    """Ranks of the truth, and spread against skill."""
    if not scores:
        return
    methods = dict.fromkeys(method_info(one.method).words for one in scores)
    names = [
        _fields(one).capitalize() if len(methods) == 1 else f"{method_info(one.method).label}, {_fields(one)}"
        for one in scores
    ]
    band = (
        " Grey: where a right ensemble would lie 95 % of the time (bootstrap over blocks of days)."
        if any(len(one.ranks) > 1 for one in scores)
        else ""
    )
    yield CaptionedFigure(
        "rank_histogram",
        plots.rank_histograms({name: one.ranks for name, one in zip(names, scores, strict=True)}),
        f"How often so many members of {' and '.join(methods)} are below the truth, on the {points_of(case)} of"
        f" {case.dataset}. Flat is right. Full ends: the spread is too small; a full middle: it is too large; one full"
        f" end: the members are too cold (right) or too warm (left).{band}{note}",
        ("histogram",),
        ("other",),
    )
    yield CaptionedFigure(
        "spread_skill",
        plots.spread_skill(
            {name: one.spread_skill for name, one in zip(names, scores, strict=True)}, units=case.field.units
        ),
        f"Error of the mean of {' and '.join(methods)} against the spread of its members, in bins of {points_of(case)}"
        f" of {case.dataset} with about the same spread. On the dashed line they know the error of their mean; above it"
        f" they are too sure. The further a line reaches, the better they tell easy points from hard ones.{note}",
        ("scatter",),
        ("stddev", "rmsd"),
    )


def _fields(scores: EnsembleScores) -> str:
    """Which fields were scored."""
    return "monthly means" if scores.frequency == "mon" else f"{frequency_words(scores.frequency)} fields"


def _named(name: str, method: str, number: int) -> str:
    """Name of a figure, with that of the method if there are several."""
    return name if number == 1 else f"{name}_{method}"
