"""A filled record, and how it came about."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from iris.cube import Cube

from esmlearn.filling.trials import Trial
from esmlearn.methods import method_info
from esmlearn.tasks.choice import Choice
from esmlearn.tasks.outliers import OUTLIERS, OutlierCount
from esmlearn.tasks.outputs import MethodOutput


@dataclass(frozen=True)
class Filled:
    """A filled record, and how it came about.

    Attributes
    ----------
    complete
        With its standard deviation and the flag for what was observed.
    output
        Of the method that filled it, with the observations.
    dataset
        Name of the data.
    climatology
        Where it comes from, in words.
    changes
        What was changed of the data before anything else, a sentence each.
    outliers, about_outliers
        How many observations are outliers, None where they were not counted, and a sentence on it.
    chosen, scored
        All methods on the withheld clouds by which the method was chosen, and on those by which all are scored; None
        where the method was asked for, or nothing was withheld.
    """

    complete: Cube
    output: MethodOutput
    dataset: str
    climatology: str
    changes: tuple[str, ...]
    outliers: OutlierCount | None
    about_outliers: str
    chosen: Choice | None
    scored: Trial | None

    @property
    def why(self) -> str:
        """Why the gaps were filled by this method, in a sentence."""
        if self.chosen is not None:
            return self.chosen.why
        label = method_info(self.output.method).words
        return f"{label[0].upper()}{label[1:]} was asked for."

    @property
    def parameters(self) -> dict[str, Mapping[str, Any]]:
        """Parameters of each method: of the one that filled the record those of the whole, of others those scored."""
        scored = self.scored.parameters if self.scored else {}
        return {**scored, self.output.method: self.output.parameters}

    @property
    def sentences(self) -> list[str]:
        """What was done, after the changes, in the order in which it was done."""
        withheld = [self.scored.how] if self.scored else []
        refused = self.scored.refused if self.scored else {}
        left_out = [f"{method_info(name).label} can't be tried on such data. {why}" for name, why in refused.items()]
        outliers = [self.about_outliers] if self.about_outliers else []
        return [f"The climatology is {self.climatology}.", *outliers, *withheld, self.why, *left_out]

    @property
    def cube(self) -> Cube:
        """The complete field, whose attributes say how it came about."""
        cube = self.complete.copy()
        cube.attributes.update(
            {
                "esmlearn_method": self.output.method,
                "esmlearn_role": method_info(self.output.method).role,
                "esmlearn_frequency": self.output.field.frequency,
                "esmlearn_dataset": self.dataset,
                "esmlearn_parameters": json.dumps(self.output.parameters),
                "esmlearn_climatology": self.climatology,
                "esmlearn_why": self.why,
            }
        )
        if self.outliers:
            cube.attributes[OUTLIERS] = json.dumps(asdict(self.outliers))
        if self.scored:
            errors = {name: float(f"{error:.4g}") for name, error in self.scored.rmse.items()}
            cube.attributes["esmlearn_rmse"] = json.dumps(errors)
        return cube
