"""Score methods on withheld clouds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from esmlearn.errors import DataError
from esmlearn.evaluation.assemble import make_case
from esmlearn.evaluation.case import Result
from esmlearn.evaluation.evaluation import Evaluation
from esmlearn.evaluation.inputs import Source as Truth
from esmlearn.filling.given import Record
from esmlearn.filling.methods import Methods
from esmlearn.gaps.withhold import withhold_somewhere
from esmlearn.methods import method_info
from esmlearn.metrics.uncertainty import FEWEST_BLOCKS
from esmlearn.settings import EvaluateSettings, WithholdSettings
from esmlearn.tasks.choice import stretch_to_try
from esmlearn.tasks.left_out import LeftOut
from esmlearn.tasks.outputs import MethodOutput

BLOCK_DAYS = 30
"""Times in a block of the bootstrap of a long record; a short one has the fewest blocks that give an interval."""

Step = Callable[[str], None]


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
    parameters: Mapping[str, Mapping[str, Any]]

    @property
    def rmse(self) -> dict[str, float]:
        """Root-mean-square error of each method, the best first; of equal ones the first in the registry."""
        rows = [row for row in self.evaluation.rows if row["metric"] == "rmse" and row["region"] == "all"]
        return {row["method"]: row["value"] for row in sorted(rows, key=lambda row: row["value"])}


def score(methods: Methods, record: Record, withhold: WithholdSettings, step: Step) -> Trial:
    """Fill with all methods what was withheld, and score them there.

    Raises
    ------
    DataError
        If no method can fill such data, or nothing that counts was withheld.
    """
    dataset = record.name
    left, how = withhold_somewhere(stretch_to_try(record.field), withhold)
    made: list[MethodOutput | LeftOut] = []
    for name in methods.names:
        step(f"Scoring {method_info(name).words}")
        made += methods.run(left, (name,))
    outputs = [one for one in made if isinstance(one, MethodOutput)]
    left_out = [one for one in made if isinstance(one, LeftOut)]
    if not outputs:
        raise DataError(f"No method can fill {dataset}. {left_out[0].why}") from left_out[0].error
    refused = {one.what: one.why for one in left_out}
    truth = Truth("observed", record.cube)
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
    if case.truth is None or not np.isfinite(case.truth[case.counted]).any():
        raise DataError(f"{dataset} has too few observations to withhold some; give `withhold=None` and a `method`.")
    return Trial(how, Evaluation.of([case]), refused, {output.method: output.parameters for output in outputs})
