"""Try methods on withheld clouds: on some the method is chosen, on others all are scored."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from iris.cube import Cube

from esmlearn.errors import DataError, SettingsError
from esmlearn.evaluation.assemble import make_case
from esmlearn.evaluation.case import Result
from esmlearn.evaluation.evaluation import Evaluation
from esmlearn.evaluation.inputs import Source as Truth
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import GapFiller
from esmlearn.methods import method_info
from esmlearn.metrics.uncertainty import FEWEST_BLOCKS
from esmlearn.settings import BaselineSettings, EvaluateSettings
from esmlearn.tasks.outputs import MethodOutput
from esmlearn.tasks.without_model import Source, climatology_of, run_methods

MOST_VALUES = 3_000_000
"""Cells times days on which methods are tried; of a longer record it is the stretch in the middle."""

BLOCK_DAYS = 30
"""Times in a block of the bootstrap of a long record; a short one has the fewest blocks that give an interval."""


@dataclass(frozen=True)
class Methods:
    """What may fill the gaps.

    Attributes
    ----------
    baselines
        Their names.
    settings
        Their parameters.
    climatology
        Where it comes from, see `esmlearn.tasks.without_model.Source`.
    model
        A trained model by its name; None for the baselines alone.
    """

    baselines: tuple[str, ...]
    settings: BaselineSettings
    climatology: Source
    model: tuple[str, GapFiller] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All methods, the model first."""
        return (*([self.model[0]] if self.model else []), *self.baselines)

    def run(
        self, field: Field, names: tuple[str, ...], refused: dict[str, str] | None = None
    ) -> Iterator[MethodOutput]:
        """Fill the gaps of a field with some of the methods; for `refused` see `run_methods`."""
        if self.model and self.model[0] in names:
            name, filler = self.model
            yield MethodOutput(name, field, filler.reconstruct_field(field), {})
        if chosen := tuple(name for name in self.baselines if name in names):
            climatology, _ = climatology_of(field, self.climatology)
            yield from run_methods(field, climatology, chosen, self.settings, refused=refused)


@dataclass(frozen=True)
class Trial:
    """Methods beside observations that were withheld from all of them.

    Attributes
    ----------
    how
        What was withheld, in words.
    evaluation
        Scores on it.
    refused
        Why some methods can't fill such data.
    parameters
        Of each method.
    """

    how: str
    evaluation: Evaluation
    refused: Mapping[str, str]
    parameters: Mapping[str, Mapping[str, object]]

    @property
    def rmse(self) -> dict[str, float]:
        """Root-mean-square error of each method, the best first; of equal ones the first in the registry."""
        rows = [row for row in self.evaluation.rows if row["metric"] == "rmse" and row["region"] == "all"]
        return {row["method"]: row["value"] for row in sorted(rows, key=lambda row: row["value"])}


def try_methods(
    methods: Methods, left: Field, how: str, observed: Cube, dataset: str, step: Callable[[str], None]
) -> Trial:
    """Fill with all methods what was withheld, and score them there.

    Parameters
    ----------
    methods
        All of them.
    left
        What was not withheld.
    how
        What was withheld, in words.
    observed
        All observations.
    dataset
        Its name in the scores.
    step
        Is called with the name of each method before it starts.

    Raises
    ------
    DataError
        If no method can fill such data.
    """
    refused: dict[str, str] = {}
    outputs: list[MethodOutput] = []
    for name in methods.names:
        step(method_info(name).words)
        outputs += methods.run(left, (name,), refused)
    if not outputs:
        raise DataError(f"No method can fill {dataset}. {next(iter(refused.values()))}")
    truth = Truth("observed", observed)
    block = max(1, min(BLOCK_DAYS, len(left.dates) // FEWEST_BLOCKS))
    case = make_case(
        [Result(output.method, method_info(output.method).role, output.result) for output in outputs],
        left,
        left.observed[:, 0],
        EvaluateSettings(truth="observed", block_days=block, split="withheld"),
        dataset=dataset,
        split="withheld",
        truth=truth,
        observations=truth,
    )
    return Trial(how, Evaluation.of([case]), refused, {output.method: output.parameters for output in outputs})


def stretch_to_try(field: Field) -> Field:
    """Times in the middle of a field, as many as methods are tried on."""
    times = max(1, MOST_VALUES // field.land.size)
    first = max(0, (len(field.dates) - times) // 2)
    return field[slice(first, first + times)]


def check_method(method: str | None, known: tuple[str, ...]) -> None:
    """Refuse a method that there is none of."""
    if method is not None and method not in known:
        raise SettingsError(f"method: there is no '{method}'; choose one of {', '.join(known)}.")
