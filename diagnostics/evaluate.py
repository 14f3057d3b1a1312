"""Score reconstructions on the points that were hidden from them, and draw what that looks like.

Ancestors: the datasets (one of them complete), and the script that reconstructs. Leaves scores.json with the scores of
the whole domain and of regions, breakdown.json with those by month, share hidden and distances, both also as tables
(.csv), spectra.json, reliability.json, ensemble.json, ablations.json if there are any, evaluation.json with what was
hidden, and figures; of super-resolution also radial_spectra.json and quantiles.json.
"""

import json
from pathlib import Path
from typing import Any

from esmlearn import metrics
from esmlearn.bridge.diagnostic import ProvenanceLogger, run_diagnostic, save_figure
from esmlearn.evaluation.ablations import find_ablations, score_ablations
from esmlearn.evaluation.figures import draw_case
from esmlearn.evaluation.profile_scores import score_profiles
from esmlearn.evaluation.reading import read_cases
from esmlearn.evaluation.scoring import facts, score_case, scores_json
from esmlearn.files import write_text
from esmlearn.settings import EvaluateSettings, from_script


def main(cfg: dict[str, Any]) -> None:
    """Evaluate every dataset that was reconstructed."""
    settings = from_script(EvaluateSettings, cfg)
    cases = read_cases(cfg, settings)
    scored = [score_case(case) for case in cases]
    rows = [row for found in scored for row in found.rows] + score_profiles(cases)
    ancestors = sorted({file for case in cases for file in case.ancestors})
    # Kept apart, so that whoever looks up a method's RMSE in scores.json finds one, and one for each region.
    whole = [row for row in rows if "bin" not in row]
    parts = [row for row in rows if "bin" in row]
    texts = {
        "scores.json": scores_json(whole),
        "scores.csv": metrics.as_csv(whole),
        "breakdown.json": scores_json(parts),
        "breakdown.csv": metrics.as_csv(parts),
        "spectra.json": scores_json([record for found in scored for record in found.spectra]),
        "reliability.json": scores_json([record for found in scored for record in found.reliability]),
        "ensemble.json": scores_json([ensemble.record() for found in scored for ensemble in found.ensembles]),
        "evaluation.json": json.dumps([facts(*pair) for pair in zip(cases, scored, strict=True)], indent=1),
    }
    ablations = score_ablations(cfg, cases)
    if ablations:
        texts["ablations.json"] = scores_json(ablations)
    downscaled = any(case.downscaled for case in cases)
    if downscaled:
        texts["radial_spectra.json"] = scores_json([record for found in scored for record in found.refined.radial])
        texts["quantiles.json"] = scores_json([record for found in scored for record in found.refined.quantiles])
    for name, text in texts.items():
        write_text(Path(cfg["work_dir"], name), text)
    # ESMValCore names its records by the stem of a file: a record for the .csv would take the place of the .json's, and
    # the run would stop where a later script names both as ancestors.
    captions = {
        "scores.json": "Scores of all methods on the points that count (also as a table: scores.csv).",
        "breakdown.json": "Scores in groups of points, by season and other measures (also as a table: breakdown.csv).",
        "spectra.json": "Power spectra of the truth, of all methods and of their errors, along longitude.",
        "reliability.json": "How often the truth lies within the intervals that methods give.",
        "ensemble.json": "Ranks of the truth among members, their spread against skill, and their spectra.",
        "ablations.json": "Scores of the ensemble without what it is told, with other gaps or steps.",
        "evaluation.json": "What was evaluated, and what the methods were given.",
    }
    if downscaled:
        captions |= {
            "radial_spectra.json": "Radial power spectra of the truth and all methods, and their coherence with it.",
            "quantiles.json": "Quantiles of the values of the truth and of all methods.",
        }
    with ProvenanceLogger(cfg) as provenance:
        for name, caption in captions.items():
            made_of = ancestors if name != "ablations.json" else [*ancestors, *map(str, find_ablations(cfg))]
            if name in texts:
                provenance.log(Path(cfg["work_dir"], name), _record(caption, made_of, statistics=["rmsd", "corr"]))
    for case, found in zip(cases, scored, strict=True):
        suffix = "" if len(cases) == 1 else f"_{case.label}"
        for drawing in draw_case(
            case,
            found.rows,
            spectra=found.spectra,
            reliability=found.reliability,
            ensembles=found.ensembles,
            refined=found.refined,
            dates=settings.dates,
            place=settings.place,
        ):
            record = _record(
                drawing.caption,
                case.ancestors,
                plot_types=list(drawing.plot_types),
                statistics=list(drawing.statistics),
            )
            save_figure(drawing.name + suffix, record, cfg, figure=drawing.figure, dpi=220)


def _record(caption: str, ancestors: list[str], **tags: list[str]) -> dict[str, Any]:
    """Provenance of one product."""
    return {"caption": caption, "ancestors": ancestors, "authors": ["esmlearn_team"], "domains": ["reg"], **tags}


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
