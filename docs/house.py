"""The picture of the page `architecture`: rooms in their layers, the tasks, and the scripts above them."""

import re
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from esmlearn.methods import method_info
from esmlearn.settings import SCRIPTS
from esmlearn.tasks import TASKS

ROOT = Path(__file__).parents[1]

# In inches, as is all below.
WIDTH, LEFT, GAP = 11.0, 0.55, 0.11
ROOM, TASK = 0.62, 1.45
MONO = "DejaVu Sans Mono"


@dataclass(frozen=True)
class Theme:
    """Colours; behind them is the page."""

    text: str
    faint: str
    room: str
    edge: str
    tasks: str
    task: str
    script: str
    on_script: str


THEMES = {
    "light": Theme("#1b2733", "#4d5b69", "#eff3f6", "#b5c2cd", "#d6e7f4", "#ffffff", "#0072B2", "#ffffff"),
    "dark": Theme("#eef3f8", "#b4c1ce", "#28323c", "#4d5c6a", "#123f5f", "#1a2732", "#56B4E9", "#0d1b26"),
}


def layers() -> list[list[str]]:
    """Rooms of each layer from the top down, as the contract on imports has them; one in brackets may be missing."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    named = [re.split(" [|:] ", layer) for layer in contract[0]["layers"]]
    there = [[room.strip("()") for room in layer if _is_there(room)] for layer in named]
    return [rooms for rooms in there if rooms]


def _is_there(room: str) -> bool:
    """Whether a room of the contract is a module or a folder of the package."""
    path = ROOT / "esmlearn" / room.strip("()")
    return path.is_dir() or path.with_suffix(".py").is_file()


def captions() -> dict[str, str]:
    """What the page says of each room and of each task."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = dict(re.findall(r"^\| \d+ \| `(\w+)` \| (.+) \|$", page, re.MULTILINE))
    (does,) = re.findall(r"^\| what it does \| (.+) \|$", page, re.MULTILINE)
    return rooms | dict(zip(TASKS, does.split(" | "), strict=True))


def draw_house(theme: Theme) -> Figure:
    """Draw all rooms, each layer above those that it may import from."""
    rows = layers()
    height = (len(rows) + 1) * (ROOM + GAP) + TASK + GAP
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, height))
    axes.set_axis_off()
    words, top = captions(), height - GAP
    for x, width, script in _side_by_side(list(SCRIPTS)):
        _box(axes, x, top, width, ROOM, theme.script, theme.script)
        _write(
            axes,
            x + width / 2,
            top - ROOM / 2,
            f"diagnostics/{script}.py",
            theme.on_script,
            8.5,
            family=MONO,
            weight="bold",
        )
    top -= ROOM + GAP
    for rooms in rows:
        tall = ROOM + TASK if rooms == ["tasks"] else ROOM
        for x, width, room in _side_by_side(rooms):
            _box(axes, x, top, width, tall, theme.tasks if rooms == ["tasks"] else theme.room, theme.edge)
            _write(axes, x + width / 2, top - 0.2, room, theme.text, 13, family=MONO, weight="bold")
            _write(axes, x + width / 2, top - 0.44, words[room], theme.faint, 11)
        if rooms == ["tasks"]:
            for x, width, task in _side_by_side(list(TASKS), inset=0.14):
                _draw_task(axes, x, top - ROOM, width, task, words[task], theme)
        top -= tall + GAP
    arrow = FancyArrowPatch((0.42, height - GAP), (0.42, GAP), arrowstyle="-|>", mutation_scale=20, lw=2)
    arrow.set_color(theme.faint)
    axes.add_patch(arrow)
    axes.text(
        0.2, height / 2, "imports go down only", color=theme.faint, size=12, rotation=90, ha="center", va="center"
    )
    return figure


def write_house(folder: Path) -> None:
    """Draw it for light and for dark pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, theme in THEMES.items():
        draw_house(theme).savefig(folder / f"house_{name}.svg", transparent=True)


def _draw_task(axes: Axes, x: float, top: float, width: float, task: str, words: str, theme: Theme) -> None:
    """Draw the folder of a task: its name, what it does, and the method that it makes."""
    _box(axes, x, top, width, TASK - 0.14, theme.task, theme.script)
    _write(axes, x + width / 2, top - 0.24, task, theme.text, 13, family=MONO, weight="bold")
    _write(axes, x + width / 2, top - 0.64, textwrap.fill(words, 17), theme.text, 11)
    _write(axes, x + width / 2, top - 1.08, method_info(TASKS[task].method).label, theme.script, 11, weight="bold")


def _side_by_side(names: Sequence[str], inset: float = 0.0) -> Iterator[tuple[float, float, str]]:
    """Left edge and width of boxes of one width in a row, with their names."""
    width = (WIDTH - LEFT - GAP - 2 * inset + GAP) / len(names) - GAP
    for number, name in enumerate(names):
        yield LEFT + inset + number * (width + GAP), width, name


def _box(axes: Axes, x: float, top: float, width: float, height: float, face: str, edge: str) -> None:
    style = "round,pad=0,rounding_size=0.07"
    axes.add_patch(FancyBboxPatch((x, top - height), width, height, style, fc=face, ec=edge, lw=1.1))


def _write(axes: Axes, x: float, y: float, text: str, colour: str, size: float, **style: Any) -> None:
    """Write lines around a height; baselines, unlike the middles of texts, stand level side by side."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        down = (1.3 * (number - (len(lines) - 1) / 2) + 0.36) * size / 72
        axes.text(x, y - down, line, color=colour, size=size, ha="center", va="baseline", **style)
