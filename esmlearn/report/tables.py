"""Tables of the report, as plain values for the template."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from esmlearn.methods import method_info
from esmlearn.report.weaknesses import skill_against
from esmlearn.report.words import NO_BREAK, Row, interval, number, percent
from esmlearn.words import frequency_words, pretty_units

# Frequencies of means; of others there are fields.
MEANS = {"mon": "monthly means"}

# Quantiles of all values, and those above which they are extreme, in percent.
QUANTILES = ("01", "05", "50", "95", "99")
EXTREMES = (95, 99)

# Which value of each score is best.
BEST: dict[str, Callable[[float], float]] = {
    "rmse": abs,
    "mae": abs,
    "bias": abs,
    "correlation": lambda value: -value,
    "crps": abs,
    "effective_resolution": abs,
    "heatwave_hit_rate": lambda value: -value,
    "heatwave_false_alarm_ratio": abs,
    "heatwave_critical_success_index": lambda value: -value,
    "psnr": lambda value: -value,
    "ssim": lambda value: -value,
    "spectral_power_ratio": lambda value: abs(value - 1),
    "coarse_consistency": abs,
    **{f"quantile_bias_{level}": abs for level in QUANTILES},
    **{f"frequency_bias_{level}": lambda value: abs(value - 1) for level in EXTREMES},
    **{f"sedi_{level}": lambda value: -value for level in EXTREMES},
    **{f"brier_{level}": abs for level in EXTREMES},
}
HEADS = {
    "rmse": "RMSE",
    "mae": "MAE",
    "bias": "Bias",
    "correlation": "Correlation",
    "coverage_50": "50 % interval holds",
    "coverage_90": "90 % interval holds",
    "spread_skill_ratio": "Spread / skill",
    "sharpness": "Mean std. dev.",
    "crps": "CRPS",
    "effective_resolution": "Effective resolution (km)",
    "heatwave_hit_rate": "Heatwave days found",
    "heatwave_false_alarm_ratio": "False alarms",
    "heatwave_critical_success_index": "Critical success index",
    "energy_score": "Energy score",
    "psnr": "PSNR (dB)",
    "ssim": "SSIM",
    "spectral_power_ratio": "Power / truth’s",
    "coarse_consistency": "Off the coarse field",
    **{f"quantile_bias_{level}": f"{int(level)}{NO_BREAK}%" for level in QUANTILES},
    **{f"frequency_bias_{level}": f"Frequency bias, {level}{NO_BREAK}%" for level in EXTREMES},
    **{f"sedi_{level}": f"SEDI, {level}{NO_BREAK}%" for level in EXTREMES},
    **{f"brier_{level}": f"Brier score, {level}{NO_BREAK}%" for level in EXTREMES},
}
SKILL = ("rmse", "mae", "bias", "correlation")
UNCERTAINTY = ("coverage_50", "coverage_90", "spread_skill_ratio", "sharpness", "crps", "mae")
OF_ENSEMBLES = ("energy_score",)
SCALES = (
    "effective_resolution",
    "spectral_power_ratio",
    "coarse_consistency",
    "heatwave_hit_rate",
    "heatwave_false_alarm_ratio",
    "heatwave_critical_success_index",
    "psnr",
    "ssim",
)
SHARES = {"coverage_50", "coverage_90", "heatwave_hit_rate", "heatwave_false_alarm_ratio"}


@dataclass(frozen=True)
class Cell:
    """Text of a cell, its interval below it, and how it is emphasized: `best`, `bad`, `unsure` or not."""

    text: str
    interval: str = ""
    emphasis: str = ""


@dataclass(frozen=True)
class Line:
    """One method in a table: its label, whether it is a model, and its cells."""

    label: str
    model: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table of methods, or of what `first` says: title, column heads, lines."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    first: str = "Method"


# Head of a column, and its cell for each method.
Column = tuple[str, Callable[[str], Cell]]


@dataclass(frozen=True)
class Group:
    """Scores of all methods on the same points: by method, the best RMSE first, and in each by metric."""

    dataset: str
    frequency: str
    region: str
    methods: dict[str, dict[str, Row]]

    @property
    def models(self) -> list[str]:
        """Names of the models."""
        return [name for name, metrics in self.methods.items() if metrics["rmse"]["role"] == "model"]

    @property
    def title(self) -> str:
        """Dataset and frequency in words."""
        return f"{self.dataset}, {MEANS.get(self.frequency) or frequency_words(self.frequency) + ' fields'}"

    @property
    def units(self) -> str:
        """Units of the RMSE, for the end of a title."""
        units = pretty_units(next(iter(self.methods.values()))["rmse"]["units"])
        return f", in {units}" if units else ""

    def scored(self, metrics: Iterable[str]) -> list[str]:
        """Those metrics that any method has."""
        return [metric for metric in metrics if any(metric in found for found in self.methods.values())]

    @property
    def n(self) -> int:
        """Number of points."""
        return next(iter(self.methods.values()))["rmse"]["n"]


def skill_tables(rows: Sequence[Row], points: str = "hidden points") -> list[Table]:
    """RMSE, MAE, bias, correlation of every method, the best first, and each model's lead over each baseline.

    Parameters
    ----------
    rows
        Rows of `scores.json`.
    points
        What to call the points that count.
    """
    tables = []
    for group in _groups(rows):
        alone = len(group.models) == 1
        leads = [
            ("Lead of the model" if alone else _lead_of(model), partial(_lead, group, model, rows=rows))
            for model in group.models
        ]
        title = f"error on {group.n:,} {points}{group.units}"
        tables.append(_table(group, title, [*_columns(group, SKILL), *leads]))
    return tables


def region_tables(rows: Sequence[Row]) -> list[Table]:
    """RMSE of every method in each region that the recipe names."""
    tables = []
    names = list(dict.fromkeys(row["region"] for row in rows))
    for group in _groups(rows) if len(names) > 1 else []:
        columns = [
            ("Whole domain" if name == "all" else name, partial(_cell, part, metric="rmse"))
            for name in names
            for part in _groups(rows, name)
            if (part.dataset, part.frequency) == (group.dataset, group.frequency)
        ]
        tables.append(_table(group, f"RMSE by region{group.units}", columns))
    return tables


def uncertainty_tables(rows: Sequence[Row]) -> list[Table]:
    """Coverage, spread against skill, and CRPS of every method that knows its error."""
    tables = []
    for group in _groups(rows):
        names = [name for name, metrics in group.methods.items() if "crps" in metrics]
        if names:
            columns = _columns(group, (*UNCERTAINTY, *group.scored(OF_ENSEMBLES)))
            tables.append(_table(group, f"predicted and actual error{group.units}", columns, names))
    return tables


def scale_tables(rows: Sequence[Row], shortest: Mapping[str, float]) -> list[Table]:
    """Effective resolution, marine heatwave days and likeness of images of every method.

    Parameters
    ----------
    rows
        Rows of `scores.json`.
    shortest
        Shortest wavelength (km) in the spectra of each dataset: what is resolved down to there may go further.
    """
    tables = []
    for group in _groups(rows):
        metrics = group.scored(SCALES)
        if metrics:
            units = group.units if "coarse_consistency" in metrics else ""
            columns = _columns(group, metrics, shortest.get(group.dataset, 0.0))
            tables.append(_table(group, f"scales and extremes{units}", columns))
    return tables


def crps_tables(rows: Sequence[Row]) -> list[Table]:
    """CRPS of ensembles beside that of all other methods, and by how much it is below."""
    tables = []
    for group in _groups(rows):
        ensembles = [name for name, metrics in group.methods.items() if "crps_plain" in metrics]
        if ensembles:
            leads = [(_lead_of(name), partial(_lead_by_crps, group, name, rows=rows)) for name in ensembles]
            title = f"CRPS, which is the MAE of a method that is sure{group.units}"
            tables.append(_table(group, title, [("CRPS", partial(_crps, group)), *leads]))
    return tables


def distribution_tables(rows: Sequence[Row]) -> list[Table]:
    """Bias of quantiles, and how well every method has what is above the truth's 95 and 99 % quantile."""
    quantiles = tuple(f"quantile_bias_{level}" for level in QUANTILES)
    extremes = tuple(f"{name}_{level}" for name in ("frequency_bias", "sedi", "brier") for level in EXTREMES)
    return [
        _table(group, title, _columns(group, shown))
        for group in _groups(rows)
        for metrics, title in ((quantiles, f"bias of quantiles{group.units}"), (extremes, "extremes"))
        if (shown := group.scored(metrics))
    ]


def _groups(rows: Iterable[Row], region: str = "all") -> list[Group]:
    """Rows of a region by dataset and frequency."""
    found: dict[tuple[str, str], dict[str, dict[str, Row]]] = {}
    for row in rows:
        if "bin" not in row and "against" not in row and row["region"] == region:
            methods = found.setdefault((row["dataset"], row["frequency"]), {})
            methods.setdefault(row["method"], {})[row["metric"]] = row
    groups = []
    for (dataset, frequency), methods in found.items():
        ranked = sorted(
            ((name, metrics) for name, metrics in methods.items() if "rmse" in metrics),
            key=lambda item: item[1]["rmse"]["value"],
        )
        if ranked:  # scores of profiles as wholes belong to no level, and stand in a sentence
            groups.append(Group(dataset, frequency, region, dict(ranked)))
    return groups


def _table(group: Group, title: str, columns: Sequence[Column], names: Iterable[str] | None = None) -> Table:
    """Make a table with a line for each method, or for those named."""
    lines = [
        Line(method_info(name).label, name in group.models, tuple(cell(name) for _, cell in columns))
        for name in (group.methods if names is None else names)
    ]
    return Table(f"{group.title}: {title}", tuple(head for head, _ in columns), tuple(lines))


def _columns(group: Group, metrics: Iterable[str], at_most: float = 0.0) -> list[Column]:
    """One column for each score."""
    return [(HEADS[metric], partial(_cell, group, metric=metric, at_most=at_most)) for metric in metrics]


def _lead_of(name: str) -> str:
    """Head of the column with the lead of a method."""
    return f"Lead of {method_info(name).words}"


def _cell(group: Group, name: str, metric: str, at_most: float = 0.0) -> Cell:
    """One score, emphasized if it is the best; a dash where there is none."""
    row = group.methods.get(name, {}).get(metric)
    if row is None:
        return Cell("–")
    rows = [metrics[metric] for metrics in group.methods.values() if metric in metrics]
    best = (
        metric in BEST and len(rows) > 1 and row["value"] == min((other["value"] for other in rows), key=BEST[metric])
    )
    if metric in SHARES:
        text = percent(row["value"], digits=1)
        bounds = "" if row.get("low") is None else f"[{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
    elif metric == "effective_resolution":
        text = f"{'≤ ' if row['value'] <= at_most else ''}{row['value']:.0f}"
        bounds = "" if row.get("low") is None or row["low"] == row["high"] else f"[{row['low']:.0f}, {row['high']:.0f}]"
    else:
        text, bounds = number(row["value"]), interval(row)
    return Cell(text, bounds, "best" if best else "")


def _crps(group: Group, name: str) -> Cell:
    """CRPS of a method; of one that is sure it is the MAE."""
    return _cell(group, name, "crps" if "crps" in group.methods[name] else "mae")


def _lead(group: Group, model: str, other: str, rows: Iterable[Row]) -> Cell:
    """By how much a model's RMSE is below that of a baseline, and whether that may be chance."""
    own, its = (group.methods[name]["rmse"] for name in (model, other))
    if its["role"] != "baseline" or its["value"] <= 0:
        return Cell("")
    return _cell_of_lead(1 - own["value"] / its["value"], skill_against(own, its, rows))


def _lead_by_crps(group: Group, ensemble: str, other: str, rows: Iterable[Row]) -> Cell:
    """By how much the CRPS of an ensemble is below that of another method, and whether that may be chance."""
    own, its = (group.methods[name]["rmse"] for name in (ensemble, other))
    row = skill_against(own, its, rows, metric="crpss")
    return Cell("") if row is None else _cell_of_lead(row["value"], row)


def _cell_of_lead(ahead: float, row: Row | None) -> Cell:
    """A lead in percent, with its interval if there is one."""
    text = f"{100 * ahead:+.0f}{NO_BREAK}%".replace("-", "−")
    if row is None or row.get("significant") is None:
        return Cell(text, emphasis="bad" if ahead < 0 else "")
    emphasis = "unsure" if not row["significant"] else "bad" if ahead < 0 else ""
    return Cell(text, f"[{100 * row['low']:.0f}, {100 * row['high']:.0f}]".replace("-", "−"), emphasis)
