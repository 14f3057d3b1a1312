"""Registry of all methods: labels, colours and papers by the name of the method.

The names are those in `scores.json`, in file names and in recipes. A new method is one entry of `METHODS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class MethodInfo:
    """Labels, look and papers of a method.

    Attributes
    ----------
    label, words
        Name in figures and tables, and name within a sentence.
    role
        `model`, or `baseline` for a method that models are compared with.
    colour, mark
        Colour and marker of lines and points in matplotlib; without a colour, figures choose one.
    references
        Papers that its products cite: names of files in the folder `references`, without suffix.
    training_references
        Papers that a trained model cites, by the task that it was trained for.
    """

    label: str
    words: str
    role: Literal["model", "baseline"]
    colour: str | None = None
    mark: str = "o"
    references: tuple[str, ...] = ()
    training_references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_DIFFUSION = ("ho2020", "karras2022")
_CONVNEXT = ("liu2022", "perez2018")

# The palette of Okabe & Ito can be distinguished with any colour vision; in grey, the markers differ. Deterministic
# models are strong blue, ensembles violet.
METHODS: Mapping[str, MethodInfo] = {
    "climatology": MethodInfo("Climatology", "climatology", "baseline", "#8c8c8c", "s"),
    "calendar_day_climatology": MethodInfo(
        "Climatology by day", "the climatology of the calendar day", "baseline", "#b9b9b9", "D", ("hobday2016",)
    ),
    "observed_mean": MethodInfo("Mean of observed days", "the mean of the observed days", "baseline", "#E69F00", "^"),
    "persistence": MethodInfo("Persistence", "persistence", "baseline", "#56B4E9", "v"),
    "time_interpolation": MethodInfo("Linear in time", "linear interpolation in time", "baseline", "#009E73", "P"),
    "optimal_interpolation": MethodInfo(
        "Optimal interpolation", "optimal interpolation", "baseline", "#CC79A7", "X", ("bretherton1976", "cressie1985")
    ),
    "kriging": MethodInfo(
        "Kriging, all observations",
        "kriging with all observations",
        "baseline",
        "#8B1A4A",
        "p",
        ("bretherton1976", "vecchia1988", "schafer2021"),
    ),
    "dineof": MethodInfo("DINEOF", "DINEOF", "baseline", "#D55E00", "d", ("beckers2003", "alvera2005", "alvera2009")),
    "nearest": MethodInfo("Nearest cell", "the nearest coarse cell", "baseline", "#8c8c8c", "s"),
    "bilinear": MethodInfo("Bilinear", "bilinear interpolation", "baseline", "#E69F00", "^"),
    "bicubic": MethodInfo("Bicubic", "bicubic interpolation", "baseline", "#8a6d00", "D", ("keys1981",)),
    "SpatioTemporalModel": MethodInfo(
        "SpatioTemporalModel",
        "SpatioTemporalModel",
        "model",
        "#0072B2",
        references=("goh2024",),
        training_references={
            "reconstruct": (
                *("cressman1959", "barnes1964", "bratseth1986"),
                *("vaswani2017", "bertasius2021", "tong2022", "ronneberger2015", "seitzer2022", "goh2024"),
            )
        },
    ),
    "ResidualUNet": MethodInfo("Regression (U-Net)", "the regression", "model", "#0072B2", references=("mardani2025",)),
    "ConditionalDiffusion": MethodInfo(
        "Conditional diffusion",
        "conditional diffusion",
        "model",
        "#5b3a8c",
        "h",
        references=("karras2022", "lu2022"),
        training_references={
            "fill": _DIFFUSION + _CONVNEXT,
            "densify": _DIFFUSION + _CONVNEXT,
            "downscale": (*_DIFFUSION, "mardani2025"),
        },
    ),
}


def method_info(name: str) -> MethodInfo:
    """Look up a method; one that is not registered, such as a user's own, gets its name as label and no papers."""
    if name in METHODS:
        return METHODS[name]
    label = name if name != name.lower() else name.replace("_", " ").capitalize()
    return MethodInfo(label, label, "model")
