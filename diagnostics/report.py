"""Show the results of a run on one page that opens without a network.

Ancestors: the scripts whose products the page shows, such as train, reconstruct and evaluate. Leaves report.html, and a
figure whose caption in ESMValCore's index.html gives the path of the page.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from esmlearn import plots
from esmlearn.bridge.diagnostic import log_provenance, run_diagnostic, save_figure
from esmlearn.bridge.left_out import check_faults
from esmlearn.files import atomic_write, write_text
from esmlearn.report import Figure, collect, render
from esmlearn.settings import ReportSettings, from_script


def main(cfg: dict[str, Any]) -> None:
    """Write the report."""
    settings = from_script(ReportSettings, cfg)
    report = collect(cfg, title=settings.title, words=settings.summary)
    direct = {Path(path).name for path in cfg["input_files"] if Path(path).is_dir()}
    ancestors = [str(product.path) for product in report.products if product.task in direct]

    def record(caption: str, *plot_types: str) -> dict[str, Any]:
        tags = {"plot_types": list(plot_types)} if plot_types else {}
        return {"caption": caption, "ancestors": ancestors, "authors": ["esmlearn_team"], "domains": ["reg"], **tags}

    curves = {model.name: plots.training_curve(model.training.rows) for model in report.models if model.training}
    for script, figure in curves.items():
        suffix, words = (f"_{script}", f" by the script {script}") if len(curves) > 1 else ("", "")
        name = f"training_curve{suffix}"
        caption = f"Loss, learning rate and validation over the steps of the training{words}."
        file = save_figure(name, record(caption, "line"), cfg | {"output_file_type": "png"}, figure, dpi=220)
        report = replace(report, figures=(*report.figures, Figure(name, file.read_bytes(), caption)))

    page = Path(cfg["work_dir"], "report.html")
    write_text(page, render(report))
    log_provenance(page, record(f"Report: {report.title}."), cfg)
    # ESMValCore's index.html lists pictures and netCDF only, and escapes captions: a link would show as text. It does
    # not exist yet, either: `esmvaltool learn report` adds the link after the run.
    lead = next((figure for figure in report.figures if figure.name.startswith("skill_ranked")), None)
    for figure in [lead] if lead else report.figures[:1]:
        poster = Path(cfg["plot_dir"], "report.png")
        with atomic_write(poster) as aside:
            aside.write_bytes(figure.png)
        where = "/".join(page.parts[-4:])
        caption = f"The whole report is beside this page at {where}. {figure.caption}"
        log_provenance(poster, record(caption, "bar"), cfg)
    check_faults(report.left_out, page)


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
