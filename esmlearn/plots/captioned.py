"""Figures with what they need to be saved and shown in a report."""

from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True)
class CaptionedFigure:
    """A figure, the name of its file, its caption, and its tags for ESMValTool."""

    name: str
    figure: Figure
    caption: str
    plot_types: tuple[str, ...]
    statistics: tuple[str, ...]
