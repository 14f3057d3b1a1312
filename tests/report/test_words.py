"""Sentences of the report about scores and gaps."""

import re
from typing import get_args

import pytest

from esmlearn.report import summarize, weaknesses
from esmlearn.report.hiding import GAPS, WITHHELD, how_hidden, left_out, split_lines
from esmlearn.report.words import number
from esmlearn.settings import GapSettings, WithholdSettings
from tests.score_rows import contest, lead, row

NBSP = "\N{NO-BREAK SPACE}"
CLOUDS = {"kind": "clouds", "share": 0.67, "seed": 3}


def fact(**own):
    return {
        "dataset": "Ocean", "start": "2004-01-01", "end": "2004-12-31", "days": 366, "truth": "Truth",
        "share_hidden": 0.7, "share_hidden_least": 0.2, "share_hidden_most": 1.0, **own,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.123"),
        (1.2, "1.20"),
        (12.34, "12.3"),
        (-123.4, "−123"),
        (-0.0, "0.000"),
        (-0.0001, "−1.00 × 10⁻⁴"),
        (2.346e-7, "2.35 × 10⁻⁷"),
        (1.5e9, "1.50 × 10⁹"),
        (float("nan"), "nan"),
    ],
)
def test_numbers_have_three_digits_and_no_negative_zero(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("model", "words"),
    [(0.5, None), (0.98, "is not clearly better than linear interpolation in time"), (1.2, "is worse than linear")],
)
def test_program_says_where_the_model_is_no_better(model, words):
    sentences = weaknesses(contest(model, 1.0))
    assert (words is None) == (sentences == [])
    assert words is None or words in sentences[0]


@pytest.mark.parametrize(
    ("model", "interval", "words"),
    [
        (0.98, (0.01, 0.03), None),  # small, and no chance
        (0.90, (-0.02, 0.22), f"not clearly better than .* may be chance, .* interval of the lead is −2 to 22{NBSP}%"),
        (1.02, (-0.05, 0.01), f"worse than .* may be chance, .* is −5 to 1{NBSP}%"),
        (1.20, (-0.25, -0.15), "worse than .*; the difference is significant"),
    ],
)
def test_an_interval_tells_chance_from_lead(model, interval, words):
    sentences = weaknesses([*contest(model, 1.0), lead(*interval)])
    assert len(sentences) == (words is not None)
    if words:
        assert re.search(words, sentences[0])


def test_a_lead_elsewhere_does_not_count():
    """The interval of a region is not that of the whole domain."""
    rows = [*contest(0.98, 1.0), lead(0.01, 0.03, region="Bay"), lead(0.01, 0.03, frequency="mon")]
    assert "not clearly better" in weaknesses(rows)[0]


def test_a_region_is_named():
    (sentence,) = weaknesses([*contest(0.5, 1.0), *contest(1.5, 1.0, region="Bay")])
    assert sentence.startswith("On daily fields of Ocean in the region Bay, Net is worse")
    assert "Bay" not in " ".join(summarize([*contest(0.5, 1.0), *contest(1.5, 1.0, region="Bay")]))


@pytest.mark.parametrize(
    ("metric", "model", "baseline", "units", "words"),
    [
        ("crps", 0.2, 0.1, "degC", f"probability score of Net is worse .* (0.200{NBSP}°C against 0.100{NBSP}°C)"),
        ("effective_resolution", 90.0, 60.0, "km", f"effective resolution of Net is worse .* (90.0{NBSP}km"),
        ("heatwave_critical_success_index", 0.6, 0.7, "1", "days of marine heatwave of Net is worse .* (0.600 against"),
    ],
)
def test_other_scores_count_too(metric, model, baseline, units, words):
    (sentence,) = weaknesses(contest(model, baseline, metric, units=units))
    before, after = words.split(" .* ")
    assert before in sentence
    assert after in sentence
    assert weaknesses(contest(baseline, model, metric, units=units)) == []
    assert weaknesses(contest(model, model, metric, units=units)) == []


def test_weak_points_are_named():
    month = {"by": "month", "from": 7, "to": 7, "units": "1"}
    never = {"by": "days_to_observation", "from": 17, "to": None, "units": "days"}
    coast = {"by": "distance_to_coast", "from": 0.0, "to": 25.0, "units": "km"}
    summer = {"by": "season", "from": 3, "to": 3, "units": "1"}
    sentences = weaknesses(
        [],
        [
            *contest(1.0, 0.5, bin=month),
            *contest(1.0, 0.6, bin=never),
            *contest(1.0, 0.7, bin=coast),
            *contest(1.0, 0.8, bin=summer),
            lead(-0.9, -0.1, bin=month),
            lead(-0.9, 0.1, bin=summer),
            *contest(0.4, 0.5, bin=never | {"from": 1, "to": 1}),
        ],
    )
    assert len(sentences) == 4
    assert f"in July (daily: 1.00{NBSP}°C against 0.500{NBSP}°C; the difference is significant)" in sentences[0]
    assert "17 or more days from the nearest observation at the place" in sentences[1]
    assert "0 to 25 km from the coast" in sentences[2]
    assert "from June to August" in sentences[3]
    assert "may be chance" in sentences[3]


def test_a_hair_is_no_weakness():
    july = {"by": "month", "from": 7, "to": 7, "units": "1"}
    assert weaknesses([], contest(0.501, 0.5, bin=july)) == []
    assert "no different from that of the best baseline" in " ".join(summarize(contest(0.501, 0.5)))
    text = " ".join(summarize(contest(0.3, 0.5), contest(0.501, 0.5, bin=july)))
    assert "Sorted by month into 1 groups of points, it is nowhere worse" in text


def test_summary_tells_lead_and_calibration():
    text = " ".join(summarize([*contest(0.3, 0.6), lead(0.45, 0.55), row("Net", "model", "coverage_90", 0.7)]))
    assert f"50{NBSP}% below that of the best baseline, linear interpolation in time (0.600{NBSP}°C)" in text
    assert f"95 % interval of the lead 45 to 55{NBSP}%" in text
    assert "1,234 hidden points" in text
    assert f"hold 70.0{NBSP}%, so they are too narrow" in text


def ensemble(rmse, crps):
    """Scores of an ensemble beside those of `contest`."""
    return [
        row("ConditionalDiffusion", "model", "rmse", rmse),
        row("ConditionalDiffusion", "model", "crps", crps),
        row("ConditionalDiffusion", "model", "crps_plain", 1.1 * crps),
        row("ConditionalDiffusion", "model", "coverage_90", 0.9),
    ]


def test_of_two_models_the_better_one_comes_first_and_each_is_named():
    july = {"by": "month", "from": 7, "to": 7, "units": "1"}
    bins = [*contest(0.3, 0.5, bin=july), row("ConditionalDiffusion", "model", "rmse", 0.2, bin=july)]
    rows = [*contest(0.3, 0.6), row("Net", "model", "coverage_90", 0.7)]
    for rmse, first in ((0.2, "conditional diffusion"), (0.4, "Net")):
        sentences = summarize([*rows, *ensemble(rmse, 0.1)], bins)
        assert sentences[0].startswith(f"On daily fields of Ocean, {first} has an error")
        assert f"The daily intervals of {first} that should hold" in sentences[2]
        assert not any(sentence.startswith("Its ") for sentence in sentences)
        assert "into 1 groups of points, none of the models is anywhere worse" in sentences[-1]


@pytest.mark.parametrize(
    ("crps", "words"),
    [
        (0.09, f"(0.090{NBSP}°C) is 10{NBSP}% below that of Net (0.100{NBSP}°C), which comes from its own standard"),
        (0.11, f"is 10{NBSP}% above that of Net"),
        (0.1001, "is no different from that of Net"),
    ],
)
def test_the_crps_of_an_ensemble_stands_beside_that_of_the_model(crps, words):
    rows = [*contest(0.3, 0.6), row("Net", "model", "crps", 0.1)]
    (found,) = [sentence for sentence in summarize([*rows, *ensemble(0.2, crps)]) if "CRPS" in sentence]
    assert found.startswith("On daily fields of Ocean, the CRPS of conditional diffusion")
    assert words in found
    assert not any("CRPS" in sentence for sentence in summarize(rows))


def test_real_gaps_are_called_unknown():
    assert "can be looked at, but not scored" in " ".join(summarize([], facts=[fact(truth=None)]))
    text = " ".join(summarize(contest(0.3, 0.6), facts=[fact(withheld=True)]))
    assert "observations that were withheld from all methods, and hold for such points only" in text


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"gaps": {"kind": "data"}}, "The gaps are those that the data have."),
        ({"gaps": {"kind": "dataset", "dataset": "Clouds"}}, "those of the dataset Clouds"),
        ({"gaps": CLOUDS}, f"hide about 67{NBSP}% of the ocean (seed 3)"),
        (
            {"withhold": CLOUDS | {"share": 0.12, "days": 10}, "withheld": True},
            f"12{NBSP}% of the observations were withheld from all methods: over stretches of 10 days",
        ),
        ({"withhold": {"kind": "pixels", "share": 0.1, "days": 10, "seed": 0}}, "flatter every method"),
        (
            {"withhold": {"kind": "profiles", "share": 0.2, "days": 10, "cells": 2, "seed": 0}},
            "within 2 cells and 10 days",
        ),
        ({"withheld": True}, "scores are made on these alone"),
        ({"withheld": False}, "What was hidden is known from Truth."),
        ({"truth": None}, "there are no scores"),
        ({"buffer_km": 25.0, "buffer_days": 3}, "nearer than 25 km to an observation of the same day or 3 days to one"),
        ({"buffer_km": 0.0, "buffer_days": 0}, "Every hidden point counts"),
        ({"block_days": 30}, "draws blocks of 30 days"),
        ({"left_open": {"bicubic": 1234}}, "has no value at 1,234 of the points that would count"),
    ],
)
def test_what_was_hidden_is_said_in_words(own, words):
    assert words in " ".join(how_hidden(fact(**own)))


@pytest.mark.parametrize(("block", "words"), [(GapSettings, GAPS), (WithholdSettings, WITHHELD)])
def test_there_are_words_for_every_kind_of_gap(block, words):
    assert set(words) == set(get_args(block.model_fields["kind"].annotation))


def test_no_interval_is_explained_where_there_is_none():
    short = fact(block_days=30, left_out={"intervals": "The 60 days are fewer than 5 blocks of 30 days (block_days)."})
    assert "blocks" not in " ".join(how_hidden(short))
    assert left_out(short) == [
        "No 95 % intervals of Ocean: the 60 days are fewer than 5 blocks of 30 days (block_days)."
    ]


def test_periods_of_the_training_are_listed():
    split = {"train": "2001/2003", "validation": "2004/2004", "test": "2005-01-01/2005-06-30", "buffer_days": 10}
    assert split_lines(split) == [
        ("To fit", "2001 to 2003"),
        ("To choose", "2004"),
        ("To judge", "2005-01-01 to 2005-06-30"),
        ("Left out between them", "10 days"),
    ]
