"""One registry knows every method that settings, models and tasks name, and every paper that it cites is there."""

from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

from esmlearn.methods import METHODS, method_info
from esmlearn.settings import Baseline, Interpolation

REFERENCES = Path(__file__).parents[1] / "references"
MODELS = ("SpatioTemporalModel", "ResidualUNet", "ConditionalDiffusion")


def test_every_method_is_registered_with_its_role():
    baselines = dict.fromkeys((*get_args(Baseline), *get_args(Interpolation)), "baseline")
    assert {name: info.role for name, info in METHODS.items()} == baselines | dict.fromkeys(MODELS, "model")


@pytest.mark.parametrize("name", METHODS)
def test_every_paper_is_in_the_folder_of_references(name):
    info = METHODS[name]
    for tag in (*info.references, *chain.from_iterable(info.training_references.values())):
        assert (REFERENCES / f"{tag}.bibtex").is_file(), tag


@pytest.mark.parametrize(("name", "label"), [("MyNet", "MyNet"), ("my_own_method", "My own method")])
def test_a_method_that_nobody_registered_goes_by_its_name(name, label):
    info = method_info(name)
    assert (info.label, info.words, info.references) == (label, label, ())
