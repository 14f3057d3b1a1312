"""Provenance as a drawing: files of one type from one script are one box; arrows lead from ancestors to products."""

from collections.abc import Sequence
from dataclasses import dataclass

from esmlearn.report.content import Product

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 168, 38, 56, 12, 24


@dataclass(frozen=True)
class Box:
    """Place and texts of one group of files."""

    x: int
    y: int
    label: str
    note: str


@dataclass(frozen=True)
class Graph:
    """Boxes, arrows (as SVG paths), column titles with their x, and the size of the drawing."""

    boxes: tuple[Box, ...]
    arrows: tuple[str, ...]
    columns: tuple[tuple[int, str], ...]
    width: int
    height: int


def draw(products: Sequence[Product]) -> Graph:
    """Arrange products in one column for each script, in their order.

    Ancestors that are not among the products have no arrow; the list of files below the drawing has them.
    """
    groups: dict[tuple[str, str], list[Product]] = {}
    for product in products:
        groups.setdefault((product.task, product.path.suffix), []).append(product)
    tasks = list(dict.fromkeys(task for task, _ in groups))
    boxes: dict[tuple[str, str], Box] = {}
    for column, task in enumerate(tasks):
        here = [key for key in groups if key[0] == task]
        for row, key in enumerate(here):
            label, note = _words(groups[key])
            boxes[key] = Box(column * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y), label, note)
    group_of = {product.path: (product.task, product.path.suffix) for product in products}
    pairs = dict.fromkeys(
        (group_of[ancestor], key)
        for key, group in groups.items()
        for product in group
        for ancestor in product.ancestors
        if ancestor in group_of and group_of[ancestor] != key
    )
    return Graph(
        boxes=tuple(boxes.values()),
        arrows=tuple(_arrow(boxes[start], boxes[end]) for start, end in pairs),
        columns=tuple((column * (WIDTH + GAP_X), task) for column, task in enumerate(tasks)),
        width=max(1, len(tasks)) * (WIDTH + GAP_X) - GAP_X,
        height=max((box.y for box in boxes.values()), default=0) + HEIGHT + 2,
    )


def _words(group: Sequence[Product]) -> tuple[str, str]:
    """Give the label of a box, and a note below it."""
    suffix = group[0].path.suffix or "no suffix"
    if len(group) > 1:
        return f"{len(group)} files", suffix
    name = group[0].path.name
    return (name if len(name) <= 26 else f"{name[:14]}…{name[-11:]}"), group[0].sha256[:12]


def _arrow(start: Box, end: Box) -> str:
    """Draw a curve from the right side of one box to the left side of another; in one column from left to left."""
    same, reach = end.x <= start.x, GAP_X // 2
    x1, y1 = start.x + (0 if same else WIDTH), start.y + HEIGHT // 2
    x2, y2 = end.x - 4, end.y + HEIGHT // 2
    return f"M{x1},{y1} C{x1 + (-reach if same else reach)},{y1} {x2 - reach},{y2} {x2},{y2}"
