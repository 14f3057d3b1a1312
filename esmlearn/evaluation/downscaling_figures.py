"""Figures of super-resolution, each with its caption."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from esmlearn import plots
from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.choices import best_model, chosen_days
from esmlearn.evaluation.downscaling_choices import fine_structure, interpolation_of, richest_box
from esmlearn.evaluation.downscaling_scores import DownscalingScores
from esmlearn.evaluation.labels import coarse_map, date_of, map_grid
from esmlearn.methods import method_info
from esmlearn.metrics import Row
from esmlearn.plots.captioned import CaptionedFigure

MEMBERS = 2  # shown beside their mean


def plot_showcases(case: Case, results: Sequence[Result], note: str) -> Iterator[CaptionedFigure]:
    """One or two times at full resolution, and a part of each where there is most to see."""
    grid, ensemble = map_grid(case), _ensemble(results)
    structure = fine_structure(case)
    hour = "" if case.frequency == "day" else "%H"
    lacks = "truth" if case.truth is not None else "fine structure"
    spread_words = "" if ensemble is None else "; the spread is the standard deviation of all members"
    captions = {
        "": f"the coarse field in its own cells, and what is made of it{spread_words}. The frame is the part that the"
        " next figure shows.",
        "_zoom": f"the part in which interpolation lacks most of the {lacks}. Members differ in what the coarse"
        " field does not tell; each should look like the truth, and none need be like it.",
    }
    for day in chosen_days(case):
        fields = _fields(case, results, day)
        spread = None if ensemble is None else ensemble.reconstruction.daily_std
        rows, columns = richest_box(structure[day])
        box = plots.Grid(grid.lat[rows], grid.lon[columns], grid.land[rows, columns], grid.middle)
        for (name, caption), part in zip(captions.items(), (np.s_[:, :], (rows, columns)), strict=True):
            whole = not name
            yield CaptionedFigure(
                f"showcase_{case.field.dates[day]:%Y%m%d{hour}}{name}",
                plots.maps_showcase(
                    {title: field[part] for title, field in fields.items()},
                    grid if whole else box,
                    coarse=coarse_map(case, day, grid if whole else box),
                    spread=None if spread is None else spread[day][part],
                    box=box if whole else None,
                    label=date_of(case, day),
                    quantity=case.quantity,
                    units=case.field.units,
                ),
                f"{case.quantity} of {case.dataset} on {date_of(case, day)}: {caption}{note}",
                ("map", "geo"),
                ("mean", "stddev"),
            )


def plot_scales_and_quantiles(
    case: Case, rows: Sequence[Row], scores: DownscalingScores, note: str
) -> Iterator[CaptionedFigure]:
    """Scales and distributions."""
    if scores.radial:
        lost = scores.facts.get("lost_km")
        where = (
            f" The dotted line is where {method_info(scores.facts['interpolation']).words} has lost half of the power"
            f" ({lost:.0f} km)."
            if lost
            else ""
        )
        yield CaptionedFigure(
            "radial_spectra",
            plots.radial_spectra(scores.radial, lost),
            f"Scales of {case.dataset} by discrete cosine transform (Denis et al. 2002,"
            " doi:10.1175/1520-0493(2002)130<1812:SDOTDF>2.0.CO;2), over all directions, in the largest rectangle"
            " without gaps. Left: power. Middle: power over that of the truth; within the grey band it is right to"
            " 20 %. Right: coherence with the truth, 1 where every wave is right and 0 where waves lie at random."
            " Right members have the power of the truth at small scales, and less coherence than a smooth mean."
            f"{where}{note}",
            ("line",),
            ("other",),
        )
    if scores.quantiles:
        yield CaptionedFigure(
            "quantiles",
            plots.quantiles(scores.quantiles, [row for row in rows if row["frequency"] == case.frequency]),
            f"Left: quantiles of the values of {case.dataset} over points and times, less those of the truth; of an"
            " ensemble, of all members. Right: how often each is above the truth's 95 and 99 % quantile, over how often"
            " the truth is, and the symmetric extremal dependence index (Ferro & Stephenson 2011,"
            " doi:10.1175/WAF-D-10-05030.1): 1 if it is so where and when the truth is, 0 if at random. Members are"
            f" counted one by one.{note}",
            ("line", "errorbar"),
            ("other",),
        )


def _fields(case: Case, results: Sequence[Result], day: int) -> dict[str, Float[np.ndarray, "lat lon"]]:
    """What is shown of one time, by its title: from the simplest method to the truth, then the ensemble."""
    smooth, ensemble = interpolation_of(case), _ensemble(results)
    alone = [result for result in results if result.role == "model" and result.reconstruction.members is None]
    fields = {}
    for result in (smooth, best_model(alone) if alone else None):
        if result is not None:
            fields[method_info(result.name).label] = result.reconstruction.daily[day]
    if case.truth is not None:
        fields["Truth"] = case.truth[day]
    if ensemble is not None and ensemble.reconstruction.members is not None:
        fields["Mean of the ensemble"] = ensemble.reconstruction.daily[day]
        members = ensemble.reconstruction.members[:MEMBERS, day]
        fields |= {f"Member {number}": member for number, member in enumerate(members, 1)}
    return fields


def _ensemble(results: Sequence[Result]) -> Result | None:
    """Choose the ensemble to show: of methods with the best first, the first that has members."""
    return next((result for result in results if result.reconstruction.members is not None), None)
