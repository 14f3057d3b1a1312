"""Figures are not drawn here: it would take longer than all else, and how they look is tested elsewhere."""

from pathlib import Path

import matplotlib.figure
import pytest
from PIL import Image

pytest.register_assert_rewrite("tests.tasks.promises")


def _scribble(_figure, file, **_options):
    Image.new("L", (1, 1)).save(Path(file), "png")


@pytest.fixture(autouse=True, scope="module")
def _no_drawing():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matplotlib.figure.Figure, "savefig", _scribble)
        yield
