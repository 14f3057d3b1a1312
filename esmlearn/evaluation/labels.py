"""Words and grids that all figures share."""

import numpy as np
from jaxtyping import Float

from esmlearn import plots
from esmlearn.evaluation.case import Case


def map_grid(case: Case) -> plots.Grid:
    """Grid of the maps."""
    return plots.Grid(case.field.lat, case.field.lon, ~case.ocean)


def date_of(case: Case, day: int) -> str:
    """Date of a day as captions write it; of sub-daily data with the hour."""
    hour = "" if case.frequency == "day" else " %H:%M UTC"
    return f"{case.field.dates[day]:%d %b %Y{hour}}".lstrip("0")


def day_label(case: Case, day: int) -> str:
    """Date of a day, and how much of it was hidden, for the title of a figure."""
    if case.downscaled:
        return date_of(case, day)
    return f"{date_of(case, day)}\n{100 * case.hidden[day][case.ocean].mean():.0f} % of the {case.domain} hidden"


def coarse_map(case: Case, day: int, grid: plots.Grid) -> tuple[Float[np.ndarray, "y x"], plots.Grid] | None:
    """The coarse field of a time with its cells, for the map of a grid; None where it is not at hand."""
    if case.coarse is None:
        return None
    values, cells = case.coarse.values, case.coarse.grid
    land = ~np.isfinite(values).any(axis=0)
    return values[day], plots.Grid(cells.lat, cells.unrolled, land, grid.middle)


def points_of(case: Case) -> str:
    """Say which points count."""
    return "points" if case.downscaled else "hidden points"


def rmse_label(case: Case) -> str:
    """Label of an axis with the error on the points that count."""
    return "RMSE" if case.downscaled else "RMSE on hidden points"
