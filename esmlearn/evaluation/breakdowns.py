"""What scores are broken down by: seasons, distances, and whatever else makes a point difficult."""

from collections.abc import Iterator

import numpy as np

from esmlearn import metrics
from esmlearn.evaluation.case import Case


def daily_bins(case: Case, left_out: dict[str, str]) -> Iterator[metrics.Bins]:
    """Give everything that daily scores are broken down by."""
    field = case.field
    yield metrics.by_month(field.dates)
    yield metrics.by_season(field.dates)
    if case.frequency.endswith("hr"):
        yield metrics.by_hour(field.dates)
    if not case.downscaled:
        yield metrics.by_share_hidden(metrics.share_hidden(case.hidden, case.ocean))
    if case.observed.any():
        yield metrics.by_distance(case.distance)
        yield metrics.by_days(case.days_away)
    else:
        left_out["distance to observations"] = "No method was given any."
    if field.land.any():
        yield metrics.by_coast(metrics.distance_to_coast(field.land, field.lat, field.lon))
    else:
        left_out["coast"] = "There is no land in the domain."
    if case.downscaled:
        yield from _surface_bins(case, left_out)


def _surface_bins(case: Case, left_out: dict[str, str]) -> Iterator[metrics.Bins]:
    """Give what fields on land and sea are broken down by."""
    if case.on_land is None:
        left_out["land and sea"] = "The quantity is known on one of them only, or there is but one in the domain."
    else:
        yield metrics.by_surface(case.on_land)
    if case.height is None:
        left_out["height"] = "The recipe names no field of it (height)."
    else:
        on_sea = False if case.on_land is None else ~case.on_land
        yield metrics.by_height(np.where(on_sea, np.nan, case.height))


def monthly_bins(case: Case) -> Iterator[metrics.Bins]:
    """Give everything that monthly scores are broken down by."""
    months = list(case.field.months.values())
    first_days = case.field.dates[[days.start for days in months]]
    yield metrics.by_month(first_days)
    yield metrics.by_season(first_days)
    if not case.downscaled:
        yield metrics.by_share_hidden(metrics.hidden_share_of_month(case.hidden, months))
