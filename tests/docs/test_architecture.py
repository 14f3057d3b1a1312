"""What the page on the architecture says is so: the tasks, the layers, and the picture of both."""

import re
import runpy
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from esmlearn.settings import SCRIPTS
from esmlearn.tasks import TASKS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "architecture.md").read_text(encoding="utf-8")
house = SimpleNamespace(**runpy.run_path(str(DOCS / "house.py")))


def cells(line):
    return [cell.strip().strip("`") for cell in line.strip("|").split("|")]


def table_of_tasks():
    """Rows of the table of tasks by the words they begin with, and in them cells by the name of the task."""
    lines = re.search(r"^\| \| `.*?\n\n", PAGE, re.MULTILINE | re.DOTALL)[0].splitlines()
    header, _, *rows = map(cells, (line for line in lines if line))
    assert header[1:] == list(TASKS)
    return {name: dict(zip(TASKS, row, strict=True)) for name, *row in rows}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_table_of_tasks_agrees_with_the_registry(task):
    rows = {name: row[task.name] for name, row in table_of_tasks().items()}
    modules = {
        name: import_module(f"{task.package}.{task.name}.{name}") for name in ("samples", "model", "train", "apply")
    }
    for name, module in modules.items():
        assert hasattr(module, rows[name]), f"esmlearn/tasks/{task.name}/{name}.py has no {rows[name]}"
    assert getattr(modules["model"], rows["model"]).task == task.name
    assert modules["apply"].Ready.__name__ == rows["apply"]
    assert rows["settings"] == task.settings.__name__
    assert rows["method"] == task.method
    assert rows["base model"] == (task.base or "")


def test_the_table_of_rooms_agrees_with_the_contract_on_imports():
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| .+ \|$", PAGE, re.MULTILINE)
    wanted = [(str(number), room) for number, rooms in enumerate(house.layers(), 1) for room in rooms]
    assert rows == wanted


@pytest.mark.parametrize("theme", house.THEMES.values(), ids=house.THEMES)
def test_the_picture_shows_every_room_task_and_script_within_its_frame(theme):
    figure = house.draw_house(theme)
    (axes,) = figure.axes
    shown = {text.get_text() for text in axes.texts}
    rooms = {room for rooms in house.layers() for room in rooms}
    assert {*rooms, *TASKS, *(f"diagnostics/{script}.py" for script in SCRIPTS)} <= shown
    frame = figure.bbox
    for text in axes.texts:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1 and frame.y0 <= box.y0 < box.y1 <= frame.y1, text.get_text()
