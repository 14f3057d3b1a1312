"""Hold climate models against a reconstruction of the observations, with the uncertainty of the comparison.

Ancestors: monthly data of the climate models, and the script that reconstructs. Leaves model_scores.json, the same as a
table (.csv), and figures: biases on maps, dotted where they are within the uncertainty, and seasonal cycles.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from esmlearn.bridge.diagnostic import log_provenance, run_diagnostic, save_figure
from esmlearn.bridge.reconstructions import ancestor_folders, find_reference
from esmlearn.errors import DataError
from esmlearn.evaluation.climate_models import ModelEvaluation
from esmlearn.fields.input_data import InputData
from esmlearn.files import write_text
from esmlearn.settings import CompareSettings, from_script


def main(cfg: dict[str, Any]) -> None:
    """Compare all climate models of the ancestors."""
    settings = from_script(CompareSettings, cfg)
    path, reference = find_reference(ancestor_folders(cfg), settings.reference)
    data = InputData(cfg["input_data"])
    reconstructed = str(reference.attributes["esmlearn_dataset"])
    names = settings.models or tuple(name for name in data.names if name != reconstructed)
    if not names:
        raise DataError("compare has no climate model among its ancestors; add the variable of the models to them.")
    evaluation = ModelEvaluation.of(reference, {name: data.cube(name) for name in names})
    files = [str(path), *(str(data.find(name)["filename"]) for name in names)]
    scores = Path(cfg["work_dir"], "model_scores.json")
    write_text(scores, json.dumps(evaluation.rows, indent=1))
    log_provenance(scores, _record("Scores of the climate models", files), cfg)
    # ESMValCore names records by the stem: the table has part in that of the scores.
    write_text(scores.with_suffix(".csv"), pd.DataFrame(evaluation.rows).to_csv(index=False))
    for figure in evaluation.figures():
        tags = {"plot_types": list(figure.plot_types), "statistics": list(figure.statistics)}
        save_figure(figure.name, _record(figure.caption, files, **tags), cfg, figure=figure.figure, dpi=220)


def _record(caption: str, ancestors: list[str], **tags: list[str]) -> dict[str, Any]:
    """Provenance of one product."""
    return {"caption": caption, "ancestors": ancestors, "authors": ["esmlearn_team"], "domains": ["reg"], **tags}


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
