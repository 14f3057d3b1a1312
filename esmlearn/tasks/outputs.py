"""What applying models to a dataset gives: fields of all methods, ablations of an ensemble, figures of its sampling."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.plots.captioned import CaptionedFigure
from esmlearn.tasks.left_out import LeftOut


class MethodOutput(NamedTuple):
    """Complete fields of one method.

    Attributes
    ----------
    method
        Its name, see `esmlearn.methods`.
    field
        What the method was given: dates, cells, and what was observed.
    result
        Values in the units of the field.
    parameters
        What was fitted or set, as JSON can hold it.
    """

    method: str
    field: Field
    result: Reconstruction
    parameters: Mapping[str, Any]


class AblationOutput(NamedTuple):
    """Members that were sampled otherwise than those of the script, at some times.

    Attributes
    ----------
    number
        Its place in the recipe; 0 for members that were drawn as usual.
    name
        As the recipe has it; empty for members that were drawn as usual.
    varied
        What differs.
    field
        What the ensemble was given at these times.
    members
        In the units of the field.
    """

    number: int
    name: str
    varied: Mapping[str, Any]
    field: Field
    members: Float[np.ndarray, "member time var lat lon"]


Output = MethodOutput | AblationOutput | CaptionedFigure | LeftOut


@dataclass(frozen=True)
class Application:
    """Models applied to one dataset.

    Attributes
    ----------
    dataset
        Name of the dataset in files and reports.
    short_name
        Of its variable.
    attributes
        What every file says of what was given.
    outputs
        Made one after the other as they are asked for, so that each can be saved before the next is computed. A method
        that fails is among them as `LeftOut`.
    """

    dataset: str
    short_name: str
    attributes: Mapping[str, str]
    outputs: Iterator[Output]
