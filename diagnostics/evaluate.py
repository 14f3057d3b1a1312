"""Score reconstructions on the points that were hidden from them, and plot figures of the scores.

Ancestors: the datasets (one of them complete), and the script that reconstructs. Leaves scores.json with the scores of
the whole domain and of regions, breakdown.json with those by month, share hidden and distances, both also as tables
(.csv), spectra.json, reliability.json, ensemble.json, ablations.json if there are any, evaluation.json with what was
hidden, and figures; of super-resolution also radial_spectra.json and quantiles.json.
"""

from pathlib import Path
from typing import Any

import iris

from esmlearn.bridge.diagnostic import log_provenance, run_diagnostic, save_figure
from esmlearn.bridge.left_out import read_left_out, write_left_out
from esmlearn.bridge.reconstructions import ancestor_folders, find_ablations, find_reconstructions
from esmlearn.evaluation.evaluation import FILES, Evaluation
from esmlearn.evaluation.reading import read_cases
from esmlearn.fields.input_data import InputData
from esmlearn.files import write_text
from esmlearn.settings import EvaluateSettings, from_script
from esmlearn.tasks.left_out import leaving_out


def main(cfg: dict[str, Any]) -> None:
    """Evaluate every dataset that was reconstructed."""
    settings = from_script(EvaluateSettings, cfg)
    folders = ancestor_folders(cfg)
    ablations = find_ablations(folders)
    cases = read_cases(find_reconstructions(folders), InputData(cfg["input_data"]), settings)
    evaluation = Evaluation.of(cases, [iris.load_cube(path) for path in ablations], read_left_out(folders))
    ancestors = sorted({file for case in cases for file in case.ancestors})
    for file in FILES:
        if (text := file.text(evaluation)) is None:
            continue
        path = Path(cfg["work_dir"], file.name)
        write_text(path, text)
        if file.caption:
            made_of = [*ancestors, *map(str, ablations)] if file.name == "ablations.json" else ancestors
            log_provenance(path, _record(file.caption, made_of, statistics=["rmsd", "corr"]), cfg)
    with leaving_out("figures of the scores") as failed:
        for case, figure in evaluation.figures():
            tags = {"plot_types": list(figure.plot_types), "statistics": list(figure.statistics)}
            name = figure.name if len(cases) == 1 else f"{figure.name}_{case.label}"
            save_figure(name, _record(figure.caption, case.ancestors, **tags), cfg, figure=figure.figure, dpi=220)
    write_left_out(cfg, ", ".join(dict.fromkeys(case.dataset for case in cases)), failed, ancestors)


def _record(caption: str, ancestors: list[str], **tags: list[str]) -> dict[str, Any]:
    """Provenance of one product."""
    return {"caption": caption, "ancestors": ancestors, "authors": ["esmlearn_team"], "domains": ["reg"], **tags}


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
