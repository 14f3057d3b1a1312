"""Tables of the report, as texts for the template."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from esmlearn.methods import method_info
from esmlearn.report.weaknesses import skill_against
from esmlearn.report.words import NO_BREAK, Row, interval, percent
from esmlearn.words import frequency_words, number, pretty_units

# Frequencies with monthly means; other frequencies have fields.
MEANS = {"mon": "monthly means"}

# Levels of the quantiles, and of those above which values are extreme, in percent.
QUANTILES = ("01", "05", "50", "95", "99")
EXTREMES = (95, 99)

Key = Callable[[float], float]
LOWEST: Key = abs
HIGHEST: Key = lambda value: -value
ONE: Key = lambda value: abs(value - 1)

# Column head of each score, and the function that is smallest for the best value; None if no value is best.
SCORES: dict[str, tuple[str, Key | None]] = {
    "rmse": ("RMSE", LOWEST),
    "mae": ("MAE", LOWEST),
    "bias": ("Bias", LOWEST),
    "correlation": ("Correlation", HIGHEST),
    "coverage_50": ("50 % interval holds", None),
    "coverage_90": ("90 % interval holds", None),
    "spread_skill_ratio": ("Spread / skill", None),
    "sharpness": ("Mean std. dev.", None),
    "crps": ("CRPS", LOWEST),
    "effective_resolution": ("Effective resolution (km)", LOWEST),
    "heatwave_hit_rate": ("Heatwave days found", HIGHEST),
    "heatwave_false_alarm_ratio": ("False alarms", LOWEST),
    "heatwave_critical_success_index": ("Critical success index", HIGHEST),
    "energy_score": ("Energy score", None),
    "psnr": ("PSNR (dB)", HIGHEST),
    "ssim": ("SSIM", HIGHEST),
    "spectral_power_ratio": ("Power / truth’s", ONE),
    "coarse_consistency": ("Off the coarse field", LOWEST),
    **{f"quantile_bias_{level}": (f"{int(level)}{NO_BREAK}%", LOWEST) for level in QUANTILES},
    **{f"frequency_bias_{level}": (f"Frequency bias, {level}{NO_BREAK}%", ONE) for level in EXTREMES},
    **{f"sedi_{level}": (f"SEDI, {level}{NO_BREAK}%", HIGHEST) for level in EXTREMES},
    **{f"brier_{level}": (f"Brier score, {level}{NO_BREAK}%", LOWEST) for level in EXTREMES},
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
    """Text of a cell, the interval below it, and its emphasis: `best`, `bad`, `unsure` or none."""

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
    """A table: title, column heads, lines, and the head of the first column."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    first: str = "Method"


# Head of a column, and the function that gives its cell for a method.
Column = tuple[str, Callable[[str], Cell]]


@dataclass(frozen=True)
class Group:
    """Scores of all methods on the same points: by method, the best RMSE first, and in each by metric."""

    dataset: str
    frequency: str
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
    def first(self) -> Row:
        """Row with the RMSE of the first method; all have the same units and number of points."""
        return next(iter(self.methods.values()))["rmse"]

    @property
    def units(self) -> str:
        """Units of the RMSE, for the end of a title."""
        units = pretty_units(self.first["units"])
        return f", in {units}" if units else ""

    def scored(self, metrics: Iterable[str]) -> list[str]:
        """Give the metrics that any method has."""
        return [metric for metric in metrics if any(metric in found for found in self.methods.values())]


def skill_tables(rows: Sequence[Row], points: str = "hidden points") -> list[Table]:
    """Make tables of RMSE, MAE, bias and correlation, the best method first, and of each model's lead over baselines.

    `points` is the name of the points that count.
    """
    tables = []
    for group in _groups(rows):
        alone = len(group.models) == 1
        leads = [
            ("Lead of the model" if alone else _lead_of(model), partial(_lead, group, model, rows=rows))
            for model in group.models
        ]
        title = f"error on {group.first['n']:,} {points}{group.units}"
        tables.append(_table(group, title, [*_columns(group, SKILL), *leads]))
    return tables


def region_tables(rows: Sequence[Row]) -> list[Table]:
    """Make tables of the RMSE of every method in each region of the recipe."""
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
    """Make tables of coverage, spread / skill and CRPS of every method with members or a standard deviation."""
    tables = []
    for group in _groups(rows):
        names = [name for name, metrics in group.methods.items() if "crps" in metrics]
        if names:
            columns = _columns(group, (*UNCERTAINTY, *group.scored(OF_ENSEMBLES)))
            tables.append(_table(group, f"predicted and actual error{group.units}", columns, names))
    return tables


def scale_tables(rows: Sequence[Row], shortest: Mapping[str, float]) -> list[Table]:
    """Make tables of effective resolution, marine heatwave days and image scores of every method.

    `shortest` is the shortest wavelength (km) in the spectra of each dataset; effective resolutions down to it may be
    finer.
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
    """Make tables of the CRPS of all methods, and of the lead of ensembles by CRPS."""
    tables = []
    for group in _groups(rows):
        ensembles = [name for name, metrics in group.methods.items() if "crps_plain" in metrics]
        if ensembles:
            leads = [(_lead_of(name), partial(_lead_by_crps, group, name, rows=rows)) for name in ensembles]
            title = f"CRPS, which is the MAE of a method that is sure{group.units}"
            tables.append(_table(group, title, [("CRPS", partial(_crps, group)), *leads]))
    return tables


def distribution_tables(rows: Sequence[Row]) -> list[Table]:
    """Make tables of the bias of quantiles, and of scores of values above the truth's 95 and 99 % quantiles."""
    quantiles = tuple(f"quantile_bias_{level}" for level in QUANTILES)
    extremes = tuple(f"{name}_{level}" for name in ("frequency_bias", "sedi", "brier") for level in EXTREMES)
    return [
        _table(group, title, _columns(group, shown))
        for group in _groups(rows)
        for metrics, title in ((quantiles, f"bias of quantiles{group.units}"), (extremes, "extremes"))
        if (shown := group.scored(metrics))
    ]


def _groups(rows: Iterable[Row], region: str = "all") -> list[Group]:
    """Group the rows of a region by dataset and frequency."""
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
        if ranked:  # scores of whole profiles have no RMSE; they are in a sentence
            groups.append(Group(dataset, frequency, dict(ranked)))
    return groups


def _table(group: Group, title: str, columns: Sequence[Column], names: Iterable[str] | None = None) -> Table:
    """Make a table with a line for each method, or for those in `names`."""
    lines = [
        Line(method_info(name).label, name in group.models, tuple(cell(name) for _, cell in columns))
        for name in (group.methods if names is None else names)
    ]
    return Table(f"{group.title}: {title}", tuple(head for head, _ in columns), tuple(lines))


def _columns(group: Group, metrics: Iterable[str], at_most: float = 0.0) -> list[Column]:
    """Make one column for each score."""
    return [(SCORES[metric][0], partial(_cell, group, metric=metric, at_most=at_most)) for metric in metrics]


def _lead_of(name: str) -> str:
    """Give the head of the column with the lead of a method."""
    return f"Lead of {method_info(name).words}"


def _cell(group: Group, name: str, metric: str, at_most: float = 0.0) -> Cell:
    """Write one score, emphasized if it is the best; a dash if there is none."""
    row = group.methods.get(name, {}).get(metric)
    if row is None:
        return Cell("–")
    values = [metrics[metric]["value"] for metrics in group.methods.values() if metric in metrics]
    key = SCORES[metric][1]
    best = key is not None and len(values) > 1 and row["value"] == min(values, key=key)
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
    """Write the CRPS of a method; without a standard deviation it is the MAE."""
    return _cell(group, name, "crps" if "crps" in group.methods[name] else "mae")


def _lead(group: Group, model: str, other: str, rows: Iterable[Row]) -> Cell:
    """Write by how much a model's RMSE is below that of a baseline, and whether that is significant."""
    own, its = (group.methods[name]["rmse"] for name in (model, other))
    if its["role"] != "baseline" or its["value"] <= 0:
        return Cell("")
    return _cell_of_lead(1 - own["value"] / its["value"], skill_against(own, its, rows))


def _lead_by_crps(group: Group, ensemble: str, other: str, rows: Iterable[Row]) -> Cell:
    """Write by how much the CRPS of an ensemble is below that of another method, and whether that is significant."""
    own, its = (group.methods[name]["rmse"] for name in (ensemble, other))
    row = skill_against(own, its, rows, metric="crpss")
    return Cell("") if row is None else _cell_of_lead(row["value"], row)


def _cell_of_lead(ahead: float, row: Row | None) -> Cell:
    """Write a lead in percent, with its interval if there is one."""
    text = f"{100 * ahead:+.0f}{NO_BREAK}%".replace("-", "−")
    if row is None or row.get("significant") is None:
        return Cell(text, emphasis="bad" if ahead < 0 else "")
    emphasis = "unsure" if not row["significant"] else "bad" if ahead < 0 else ""
    return Cell(text, f"[{100 * row['low']:.0f}, {100 * row['high']:.0f}]".replace("-", "−"), emphasis)
