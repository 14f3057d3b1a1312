"""What all figures of the script `evaluate` share."""

from dataclasses import dataclass

from matplotlib.figure import Figure

from esmlearn import plots
from esmlearn.bridge.cases import Case


@dataclass(frozen=True)
class Drawing:
    """A figure, what it is called, what it shows, and its tags for ESMValTool."""

    name: str
    figure: Figure
    caption: str
    plot_types: tuple[str, ...]
    statistics: tuple[str, ...]


def map_grid(case: Case) -> plots.Grid:
    """Grid of the maps."""
    return plots.Grid(case.grid.lat, case.grid.lon, ~case.ocean)


def date_of(case: Case, day: int) -> str:
    """Date of a day, as captions write it."""
    return f"{case.grid.dates[day]:%d %b %Y}".lstrip("0")


def day_label(case: Case, day: int) -> str:
    """Date of a day, and how much of it was hidden, for the title of a figure."""
    return f"{date_of(case, day)}\n{100 * case.hidden[day][case.ocean].mean():.0f} % of the ocean hidden"
