"""The scores of all cases together, and the files that hold them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
from iris.cube import Cube

from esmlearn import metrics
from esmlearn.evaluation.ablations import score_ablations
from esmlearn.evaluation.case import Case
from esmlearn.evaluation.facts import facts
from esmlearn.evaluation.figures import plot_case
from esmlearn.evaluation.profile_scores import score_profiles
from esmlearn.evaluation.scoring import CaseScores, score_case
from esmlearn.metrics import Row
from esmlearn.plots.captioned import CaptionedFigure


@dataclass(frozen=True)
class Evaluation:
    """Scores of all methods, for one dataset or several.

    Attributes
    ----------
    cases
        What was evaluated: one for each dataset and level.
    scores
        All scores of each case.
    profiles
        Scores of profiles as wholes, which several levels have.
    ablations
        Scores of the members of an ensemble that were sampled otherwise: rows of `ablations.json`.
    left_out
        What is missing of each dataset, and why: methods that failed.
    """

    cases: Sequence[Case]
    scores: Sequence[CaseScores]
    profiles: Sequence[Row]
    ablations: Sequence[Row]
    left_out: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def of(
        cls, cases: Sequence[Case], ablations: Sequence[Cube] = (), left_out: Sequence[Mapping[str, Any]] = ()
    ) -> "Evaluation":
        """Score all cases, and the ablations of their ensembles."""
        scores = [score_case(case) for case in cases]
        return cls(cases, scores, score_profiles(cases), score_ablations(ablations, cases), left_out)

    @cached_property
    def rows(self) -> list[Row]:
        """Rows of `scores.json`: one for each method, metric, frequency and region."""
        return [row for row in self._all_rows if "bin" not in row]

    @cached_property
    def breakdown(self) -> list[Row]:
        """Rows of `breakdown.json`: scores in groups of points, by season and other measures, under the key `bin`."""
        return [row for row in self._all_rows if "bin" in row]

    def table(self) -> pd.DataFrame:
        """Scores as a table, one line for each of `rows`."""
        return pd.DataFrame(self.rows)

    def figures(self) -> Iterator[tuple[Case, CaptionedFigure]]:
        """Plot all figures, one after the other, each with the case that it shows."""
        for case, scores in zip(self.cases, self.scores, strict=True):
            for figure in plot_case(case, scores):
                yield case, figure

    def facts(self) -> list[dict[str, Any]]:
        """Records of `evaluation.json`: what was evaluated, and what is missing."""
        return [
            facts(case, scores)
            | {"methods_left_out": {one["what"]: one["why"] for one in self.left_out if one["dataset"] == case.dataset}}
            for case, scores in zip(self.cases, self.scores, strict=True)
        ]

    @property
    def _all_rows(self) -> list[Row]:
        return [*(row for scores in self.scores for row in scores.rows), *self.profiles]


@dataclass(frozen=True)
class ScoreFile:
    """A file of scores: its name, what it holds, and its text; None where there is nothing to write.

    A file without a caption goes with the one before: ESMValCore names its records by the stem of a file, so that one
    for the .csv would take the place of that for the .json.
    """

    name: str
    caption: str | None
    text: Callable[[Evaluation], str | None]


FILES = (
    ScoreFile(
        "scores.json",
        "Scores of all methods on the points that count (also as a table: scores.csv).",
        lambda found: rows_json(found.rows),
    ),
    ScoreFile("scores.csv", None, lambda found: metrics.as_csv(found.rows)),
    ScoreFile(
        "breakdown.json",
        "Scores in groups of points, by season and other measures (also as a table: breakdown.csv).",
        lambda found: rows_json(found.breakdown),
    ),
    ScoreFile("breakdown.csv", None, lambda found: metrics.as_csv(found.breakdown)),
    ScoreFile(
        "spectra.json",
        "Power spectra of the truth, of all methods and of their errors, along longitude.",
        lambda found: rows_json(record for scores in found.scores for record in scores.spectra),
    ),
    ScoreFile(
        "reliability.json",
        "How often the truth lies within the intervals that methods give.",
        lambda found: rows_json(record for scores in found.scores for record in scores.reliability),
    ),
    ScoreFile(
        "ensemble.json",
        "Ranks of the truth among members, their spread against skill, and their spectra.",
        lambda found: rows_json(ensemble.record() for scores in found.scores for ensemble in scores.ensembles),
    ),
    ScoreFile(
        "evaluation.json",
        "What was evaluated, and what the methods were given.",
        lambda found: json.dumps(found.facts(), indent=1),
    ),
    ScoreFile(
        "ablations.json",
        "Scores of the ensemble without some of its inputs, with other gaps or steps.",
        lambda found: rows_json(found.ablations) if found.ablations else None,
    ),
    ScoreFile(
        "radial_spectra.json",
        "Radial power spectra of the truth and all methods, and their coherence with it.",
        lambda found: _of_downscaling(found, "radial"),
    ),
    ScoreFile(
        "quantiles.json",
        "Quantiles of the values of the truth and of all methods.",
        lambda found: _of_downscaling(found, "quantiles"),
    ),
)
"""All files of an evaluation. Breakdowns lie apart: `scores.json` has one RMSE for each method and region."""


def rows_json(rows: Iterable[dict[str, Any]]) -> str:
    """Write rows with one on each line, which reads and compares well."""
    lines = [json.dumps(row, allow_nan=False) for row in rows]
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def _of_downscaling(found: Evaluation, name: str) -> str | None:
    """Records of all cases, if any is of super-resolution."""
    if not any(case.downscaled for case in found.cases):
        return None
    return rows_json(record for scores in found.scores for record in getattr(scores.downscaling, name))
