"""The card of a model is written whatever its data lack: fixed fields have no period, some datasets no version."""

import math

import pytest

from esmlearn.tasks.densify.model import TrainedDensifier
from esmlearn.tasks.downscale.model import TrainedDownscaler
from esmlearn.tasks.fill.model import TrainedFiller
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.trained.card import render_card
from tests.small import small_settings
from tests.tasks.densify.test_densify import densify_settings
from tests.tasks.downscale.test_downscale import downscale_settings
from tests.tasks.fill.test_fill import fill_settings

CONDITIONS = {"coarse": ["wind"], "static": ["height"]}
WITHOUT_TARGET = small_settings(target=False).data.model_dump(exclude={"further_targets"})
CARDS = {
    "reconstruct": (TrainedTransformer, small_settings()),
    "self-supervised": (TrainedTransformer, small_settings(target=False)),
    "fill": (TrainedFiller, fill_settings()),
    "fill from the climatology": (TrainedFiller, fill_settings(first_guess="climatology")),
    "fill without a target": (TrainedFiller, fill_settings(data=WITHOUT_TARGET)),
    "densify": (TrainedDensifier, densify_settings()),
    "densify without a surface": (TrainedDensifier, densify_settings(surface=None, first_guess="climatology")),
    "downscale": (TrainedDownscaler, downscale_settings()),
    "downscale by diffusion alone": (TrainedDownscaler, downscale_settings(learning="field")),
    "downscale with conditions": (TrainedDownscaler, downscale_settings(conditions=CONDITIONS)),
}  # fmt: skip

DATASET = {
    "dataset": "Ocean", "project": "OBS6", "mip": "Oday", "type": "sat", "version": "v2", "tier": "2",
    "short_name": "tos", "timerange": "2001/2002", "file": "tos.nc", "sha256": "ab" * 32,
}  # fmt: skip
VARIABLE = {"short_name": "tos", "standard_name": "sea_surface_temperature", "long_name": "SST", "frequency": "day"}
RECORD = {
    "data": [DATASET],
    "variable": VARIABLE,
    "recipe": "recipe_x.yml",
    "training": {"steps": 6, "best_step": 3, "seconds": 1.5, "skipped": 0, "device": "cpu", "parameters": 99},
    "grid": {"cells": [12, 16], "latitude": [30.0, 41.0], "longitude": [140.0, 155.0]},
    "validation": {"denoising": 0.5},
    "validation_rmse": {"days": 0.2},
    "versions": {"esmlearn": "1"},
}


def card(kind, record):
    trained, settings = CARDS[kind]
    return render_card(trained.card, settings, record, parameters=99, sha256={"model.safetensors": "cd" * 32})


def without(facets, key):
    return {name: value for name, value in facets.items() if name != key}


@pytest.mark.parametrize("kind", CARDS)
def test_every_facet_may_be_missing_or_empty(kind):
    whole = card(kind, RECORD)
    assert "sea_surface_temperature" in whole and "Ocean, version v2, tos, 2001/2002 (sha256" in whole
    for key in DATASET:
        for less in (without(DATASET, key), DATASET | {key: ""}):
            assert ("Ocean" if key != "dataset" else "2001/2002") in card(kind, RECORD | {"data": [less]})
    for key in VARIABLE:
        for less in (without(VARIABLE, key), VARIABLE | {key: ""}, VARIABLE | {key: None}):
            title = card(kind, RECORD | {"variable": less}).splitlines()[0]
            assert title.endswith(" SST" if key == "standard_name" else " sea_surface_temperature")
    assert "None" not in card(kind, without(RECORD, "recipe") | {"data": [{}], "variable": {}})


@pytest.mark.parametrize("kind", CARDS)
@pytest.mark.parametrize("value", [math.nan, 0.0, 1e9])
def test_scores_that_are_not_known_yet_are_written(kind, value):
    """So the card is tried before a training."""
    scores = {"denoising": value}
    assert card(kind, RECORD | {"validation": scores, "validation_rmse": scores})
