"""Table of the report about climate models beside a reconstruction."""

from collections.abc import Sequence

from esmlearn.report.tables import Cell, Line, Table
from esmlearn.report.words import Row, number, percent
from esmlearn.words import pretty_units

HEADS = {
    "bias": "Bias",
    "rmse": "RMSE",
    "rmse_beyond_error": "Beyond error",
    "correlation": "Correlation",
    "significant_share": "Significant",
    "reference_error": "Error of the reconstruction",
}


def climate_model_table(rows: Sequence[Row]) -> Table | None:
    """Make the table of `model_scores.json`, one line for each climate model; None without rows."""
    if not rows:
        return None
    lines = []
    for dataset in dict.fromkeys(row["dataset"] for row in rows):
        found = {row["metric"]: row for row in rows if row["dataset"] == dataset}
        cells = [_shown(metric, found[metric]["value"]) if metric in found else "–" for metric in HEADS]
        years = (f"{found['bias'][key]}" for key in ("years", "reference_years"))
        lines.append(Line(dataset, True, tuple(map(Cell, (*cells, *years)))))
    units = pretty_units(rows[0]["units"])
    heads = (*HEADS.values(), "Years", "Years of the reconstruction")
    return Table(
        f"Climate models less the reconstruction{f', in {units}' if units else ''}", heads, tuple(lines), first="Model"
    )


def _shown(metric: str, value: float) -> str:
    """Write a score; a share in percent."""
    return percent(value) if metric == "significant_share" else number(value)
