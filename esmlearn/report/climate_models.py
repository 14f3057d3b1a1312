"""Table of the report about climate models beside a reconstruction."""

from collections.abc import Sequence

from esmlearn.report.tables import Cell, Line, Table
from esmlearn.report.words import NO_BREAK, Row, interval, percent
from esmlearn.words import number, pretty_units

HEADS = {
    "bias": "Bias",
    "rmse": "RMSE",
    "rmse_beyond_error": "Beyond error",
    "correlation": "Correlation",
    "significant_share": "Significant",
    "reference_error": "Reference error",
}


def climate_model_table(rows: Sequence[Row]) -> Table | None:
    """Make the table of `model_scores.json`, one line for each climate model; None without rows."""
    if not rows:
        return None
    lines = []
    for dataset in dict.fromkeys(row["dataset"] for row in rows):
        found = {row["metric"]: row for row in rows if row["dataset"] == dataset}
        cells = [_cell(found[metric]) if metric in found else Cell("–") for metric in HEADS]
        years = (f"{found['bias'][key]}" for key in ("years", "reference_years"))
        lines.append(Line(dataset, True, (*cells, *map(Cell, years))))
    units = pretty_units(rows[0]["units"])
    heads = (*HEADS.values(), "Years", "Reference years")
    return Table(
        f"Climate models less the reconstruction{f', in {units}' if units else ''}", heads, tuple(lines), first="Model"
    )


def climate_model_sentences(rows: Sequence[Row]) -> list[str]:
    """Say in one sentence for each climate model how far it is off, and where that is more than chance."""
    sentences = []
    for dataset in dict.fromkeys(row["dataset"] for row in rows):
        found = {row["metric"]: row for row in rows if row["dataset"] == dataset}
        bias, share = found["bias"], found["significant_share"]["value"]
        side = "above" if bias["value"] > 0 else "below"
        units = pretty_units(bias["units"])
        sentences.append(
            f"The annual mean of {dataset} is {number(abs(bias['value']))}{NO_BREAK}{units} {side} that of the "
            f"reconstruction, with a 95 % interval of {interval(bias)}{NO_BREAK}{units} for the difference; cell by "
            f"cell the difference is significant on {percent(share)} of the area."
        )
    return sentences


def _cell(row: Row) -> Cell:
    """Write a score with its interval; a share in percent."""
    shown = percent if row["metric"] == "significant_share" else number
    return Cell(shown(row["value"]), interval(row))
