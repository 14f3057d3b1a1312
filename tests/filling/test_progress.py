"""Progress in a notebook and a terminal, as a kernel or a terminal gets it."""

import sys
from types import ModuleType

import pytest
from rich.console import Console

from esmlearn.filling import progress as room
from esmlearn.filling.progress import progress


class Display(ModuleType):
    """What of `IPython.display` a notebook shows: one line, which is written over."""

    lines: list

    def display(self, data, *, raw, display_id):
        """Show the first text."""
        assert raw and display_id
        self.lines = [data["text/plain"]]
        return self

    def update(self, data, *, raw):
        """Write over it."""
        assert raw
        self.lines.append(data["text/plain"])


@pytest.mark.parametrize("fails", [False, True])
def test_a_notebook_shows_one_line_that_goes_at_the_end(fails, monkeypatch, recwarn):
    """Without ipywidgets, which are no part of a plain notebook."""
    shown = Display("IPython.display")
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    monkeypatch.setattr(room, "Console", lambda **given: Console(force_jupyter=True, **given))
    try:
        with progress(2, quiet=False) as step:
            step("Scoring DINEOF")
            step("Filling by DINEOF")
            if fails:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert fails
    assert shown.lines == ["Reading (1 of 3)", "Scoring DINEOF (2 of 3)", "Filling by DINEOF (3 of 3)", ""]
    assert not recwarn.list
    with progress(2, quiet=True) as step:
        step("Filling")
    assert len(shown.lines) == 4


def test_a_terminal_shows_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(room, "Console", lambda **given: Console(force_terminal=True, width=80, **given))
    with progress(2, quiet=False) as step:
        step("Scoring DINEOF")
    shown = capsys.readouterr()
    assert "Scoring DINEOF" in shown.err and not shown.out
