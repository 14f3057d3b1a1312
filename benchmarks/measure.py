"""What all benchmarks need: time and memory of a call, tables, and the settings of a recipe."""

import contextlib
import ctypes
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import yaml

RECIPES = Path(__file__).parents[1] / "recipes"


@dataclass(frozen=True)
class Measured[T]:
    """Result of a call, its time and its memory."""

    result: T
    seconds: float
    gigabytes: float


def measure[T](call: Callable[[], T], *, repeats: int = 1) -> Measured[T]:
    """Measure the median time of some calls, and the largest memory of the process in them beyond that before."""
    before = _forget_peak()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - start)
    return Measured(result, median(seconds), _memory("VmHWM") - before)


def _forget_peak() -> float:
    """Free unused memory, let Linux start a new count of the peak, and return the memory in use, gigabytes."""
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # another C library, or another system
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(key: str) -> float:
    """Read how many gigabytes the process uses (VmRSS) or used at most (VmHWM); NaN where there is no /proc."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith(key))
    return int(line.split()[1]) / 1e6


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table.

    >>> print(table(["method", "RMSE"], [["model", "0.21"]]))
    | method | RMSE |
    |---|---|
    | model | 0.21 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"|{'|'.join(line)}|" if line[0] == "---" else f"| {' | '.join(line)} |" for line in lines)


def read_recipe(name: str) -> dict[str, Any]:
    """Read a recipe: benchmarks use the settings that a user runs."""
    return yaml.safe_load((RECIPES / name).read_text(encoding="utf-8"))
