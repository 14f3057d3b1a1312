"""The best method at hand: the one with the smallest error on clouds that are withheld to find out."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.gaps.withhold import withhold_somewhere
from esmlearn.methods import method_info
from esmlearn.settings import WithholdSettings
from esmlearn.tasks.left_out import LeftOut
from esmlearn.tasks.outputs import MethodOutput

MOST_VALUES = 3_000_000
"""Cells times days on which methods are tried; of a longer record it is the stretch in the middle."""

Run = Callable[[Field, str], Iterator[MethodOutput | LeftOut]]


class Choice(NamedTuple):
    """Methods beside withheld observations.

    Attributes
    ----------
    errors
        Root-mean-square error of each method that could fill, in the units of the field, the best first.
    refused
        Why some methods could not.
    """

    errors: dict[str, float]
    refused: dict[str, str]

    @property
    def best(self) -> str:
        """The method with the smallest error."""
        return next(iter(self.errors))

    @property
    def why(self) -> str:
        """Why the gaps are filled by this method, in a sentence."""
        label = method_info(self.best).words
        others = ", ".join(
            f"{method_info(name).words} {error:.3g}" for name, error in self.errors.items() if name != self.best
        )
        return (
            f"{label[0].upper()}{label[1:]} was chosen: on withheld clouds that are not among those of the scores its "
            f"root-mean-square error is {self.errors[self.best]:.3g}{f' ({others})' if others else ''}."
        )


def choose(field: Field, names: Sequence[str], run: Run, withhold: WithholdSettings) -> Choice:
    """Try methods on withheld clouds; of equal errors the first name counts.

    What `withhold` hides for the scores does not count here, so that the choice does not flatter them: other clouds are
    withheld, by the next seed. Each set is withheld by itself, as short records could not spare both at once.

    Parameters
    ----------
    field
        Observations.
    names
        Methods.
    run
        Fills a field by a method.
    withhold
        How observations are withheld for the scores.

    Raises
    ------
    DataError
        If no method can fill such data, or nothing can be withheld that does not count for the scores.
    """
    field = stretch_to_try(field)
    scored, _ = withhold_somewhere(field, withhold)
    left, _ = withhold_somewhere(field, withhold.model_copy(update={"seed": withhold.seed + 1}))
    counted = (scored.observed & ~left.observed)[:, 0]
    if not counted.any():
        raise DataError("There are too few observations to choose a method on withheld ones; name one by `method`.")
    errors, refused = {}, {}
    for name in names:
        for output in run(left, name):
            if isinstance(output, LeftOut):
                refused[name] = output.why
            else:
                errors[name] = _rmse(output.result, field, counted)
    if not errors:
        raise DataError(f"No method can fill the data. {next(iter(refused.values()))}")
    return Choice(dict(sorted(errors.items(), key=lambda item: item[1])), refused)


def _rmse(result: Reconstruction, field: Field, counted: np.ndarray) -> float:
    """Root-mean-square error at some points, each weighted by its area."""
    weights = (counted * field.area_weights)[counted].astype(np.float64)
    square = (result.daily[counted].astype(np.float64) - field.values[:, 0][counted]) ** 2
    return float(np.sqrt(np.average(square, weights=weights)))


def stretch_to_try(field: Field) -> Field:
    """Times in the middle of a field, as many as methods are tried on."""
    times = max(1, MOST_VALUES // field.land.size)
    first = max(0, (len(field.dates) - times) // 2)
    return field[slice(first, first + times)]
