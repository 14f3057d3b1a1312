"""The page is written whatever of a run is not there: its templates are strict, and its end comes after hours."""

from dataclasses import MISSING, fields, replace

import pytest

from esmlearn.report import Cost, Dataset, Method, Model, Report, Training, render
from tests.report.test_page import full_report
from tests.score_rows import lead, row

OPTIONAL_FACTS = (
    "gaps", "withhold", "outliers", "climatology", "image_range", "regions", "heatwaves", "downscaled", "left_out",
    "left_open", "points", "buffer_km", "buffer_days", "block_days", "quantity", "domain", "withheld", "synthetic",
)  # fmt: skip
GRIDS = {
    "fine_step": [0.25, 0.25], "coarse": {"name": "c", "cells": [3, 4], "step": [1.0, 1.0]}, "lost_km": 100.0,
    "truth_consistency": 0.01, "interpolation": "bicubic",
}  # fmt: skip
FACT = full_report().facts[0] | {
    "outliers": {"outliers": 2, "observations": 1500, "threshold": 4.0, "masked": False},
    "climatology": "of the training",
    "left_open": {"Net": 5}, "domain": "ocean", "frequency": "day", "withhold": None, "downscaled": None,
    "heatwaves": {"baseline": "2001/2003", "share": 0.1},
}  # fmt: skip
BIN = {"by": "month", "from": 1, "to": 1, "units": ""}


def whole() -> Report:
    """A report with something in every field."""
    rows = (*full_report().rows, row("Net", "model", "crps_plain", 0.1), row("Net", "model", "rmse", 0.2, level=5.0))
    sampled = {None: {}, "without place": {"without": ["place"]}, "half": {"share": 0.5}}
    return replace(
        full_report(),
        rows=(*rows, lead(0.1, 0.2), row("time_interpolation", "baseline", "rmse", 0.3)),
        breakdown=(row("Net", "model", "rmse", 0.3, bin=BIN), row("b", "baseline", "rmse", 0.2, bin=BIN)),
        ablations=tuple(
            row("Net", "model", metric, 0.1, ablation=name, varied=varied)
            for name, varied in sampled.items()
            for metric in ("rmse", "bias", "crps", "spread_skill_ratio")
        ),
        left_out=({"dataset": "Ocean", "what": "dineof", "why": "Nothing varies.", "fault": False},),
        shortest={"Ocean": 50.0},
        changes={"Ocean": ("Days were put in order.",)},
    )


def test_the_whole_report_is_written():
    assert "Days were put in order." in render(whole())


@pytest.mark.parametrize("name", [one.name for one in fields(Report) if one.name != "title"])
def test_every_field_may_be_empty(name):
    (field,) = (one for one in fields(Report) if one.name == name)
    empty = field.default if field.default is not MISSING else field.default_factory()
    assert "<h1>" in render(replace(whole(), **{name: empty}))
    assert "<h1>" in render(Report("t", **{name: getattr(whole(), name)}))


@pytest.mark.parametrize("key", OPTIONAL_FACTS)
@pytest.mark.parametrize("downscaled", [None, GRIDS])
@pytest.mark.parametrize("truth", [None, "Ocean"])
def test_every_optional_fact_may_be_missing_or_none(key, downscaled, truth):
    fact = FACT | {"truth": truth, "downscaled": downscaled}
    for less in ({name: value for name, value in fact.items() if name != key}, fact | {key: None}):
        assert "<h1>" in render(replace(whole(), facts=(less,)))


@pytest.mark.parametrize("key", ["coarse", "truth_consistency"])
def test_every_optional_fact_of_grids_may_be_missing(key):
    for less in ({name: value for name, value in GRIDS.items() if name != key}, GRIDS | {key: None}):
        assert "<h1>" in render(replace(whole(), facts=(FACT | {"downscaled": less},)))


def test_scores_may_have_no_intervals():
    def less(rows):
        return tuple(one | {key: None for key in ("low", "high", "significant") if key in one} for one in rows)

    report = whole()
    changed = {name: less(getattr(report, name)) for name in ("rows", "breakdown", "ablations")}
    assert "<h1>" in render(replace(report, **changed))


@pytest.mark.parametrize("metric", ["rmse", "bias", "crps", "spread_skill_ratio"])
def test_scores_of_ablations_may_be_undefined_or_zero(metric):
    """Where nothing varies there is no error, and no spread over it."""
    report = whole()
    without = tuple(one for one in report.ablations if one["metric"] != metric)
    zero = tuple(one | {"value": 0.0} if one["metric"] == metric else one for one in report.ablations)
    for rows in (without, zero):
        assert "<h1>" in render(replace(report, ablations=rows))


@pytest.mark.parametrize("metric", sorted({one["metric"] for one in whole().rows}))
def test_every_score_may_be_undefined_or_zero(metric):
    report = whole()
    without = tuple(one for one in report.rows if one["metric"] != metric)
    zero = tuple(one | {"value": 0.0} if one["metric"] == metric else one for one in report.rows)
    for rows in (without, zero):
        assert "<h1>" in render(replace(report, rows=rows))


@pytest.mark.parametrize(
    "part",
    [
        {"datasets": (Dataset({}),)},
        {"datasets": (Dataset({"dataset": "Ocean"}), Dataset({"alias": "b", "timerange": None}, {"source": ""}))},
        {"models": (Model("m"),)},
        {"models": (Model("m", None, {"settings": {}, "record": {}}, Training((), {})),)},
        {"models": (Model("m", "", {"settings": {"data": {"split": {"train": "2001/2001"}}}}),)},
        {"models": (Model("m", None, {}, Training(({"step": 1},), {"state": "stopped", "best": None})),)},
        {"methods": (Method("own", "model", "", {}), Method("own", "model", "", {"a": None, "b": [1], "c": {"d": 1}}))},
        {"costs": (Cost("train", 0.0, 0.0, 0.0),)},
        {"bibtex": ("", "@misc{x}", "@misc{x, title = {T}}", "no entry")},
        {"facts": ()},
    ],
)
def test_parts_may_lack_what_they_need_not_have(part):
    assert "<h1>" in render(replace(whole(), **part))
