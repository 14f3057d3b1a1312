"""What the figures of super-resolution show if the settings do not say: where and when the fine structure is strong."""

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from esmlearn.evaluation.case import Case, Result
from esmlearn.metrics.radial import INTERPOLATIONS

# Sides of the box of the zoom: this share of those of the domain, and at least so many cells.
PART = 0.3
FEWEST_CELLS = 12


def interpolation_of(case: Case) -> Result | None:
    """Choose the interpolation beside which models are shown: bicubic, if it is there."""
    by_name = {result.name: result for result in case.results}
    first = next((by_name[name] for name in INTERPOLATIONS if name in by_name), None)
    return first or next((result for result in case.results if result.role == "baseline"), None)


def fine_structure(case: Case) -> Float[np.ndarray, "time lat lon"]:
    """Square of what interpolation lacks of the truth, or of the best guess of it; zero where that is not known."""
    smooth = interpolation_of(case) or case.results[0]
    fine = case.results[-1].reconstruction.daily if case.truth is None else case.truth
    lacking = (fine - smooth.reconstruction.daily) ** 2
    return np.where(np.isfinite(lacking), lacking, 0.0)


def richest_box(structure: Float[np.ndarray, "lat lon"]) -> tuple[slice, slice]:
    """Rows and columns of the box in which the fine structure is strongest."""
    sides = [min(size, max(FEWEST_CELLS, round(PART * size))) for size in structure.shape]
    # Each value is the mean of the box that begins so many cells before it.
    means = ndimage.uniform_filter(structure.astype(float), sides, mode="constant")
    inside = tuple(
        slice(side // 2, size - (side - side // 2) + 1) for side, size in zip(sides, structure.shape, strict=True)
    )
    south, west = np.unravel_index(int(np.argmax(means[inside])), means[inside].shape)
    return slice(int(south), int(south) + sides[0]), slice(int(west), int(west) + sides[1])


def rich_times(structure: Float[np.ndarray, "time lat lon"]) -> list[int]:
    """Two times: one with a typical amount of fine structure, and the one with most."""
    strength = structure.mean(axis=(1, 2))
    typical = int(np.argsort(strength)[(strength.size - 1) // 2])
    return list(dict.fromkeys([typical, int(np.argmax(strength))]))


def richest_cell(case: Case) -> tuple[int, int]:
    """Cell of the time series: where interpolation lacks most, away from the coast if it may be."""
    strength = fine_structure(case).mean(axis=0)
    inland = ndimage.binary_erosion(case.ocean, iterations=2)
    row, column = np.unravel_index(int(np.argmax(np.where(inland, strength, -1.0))), case.ocean.shape)
    return int(row), int(column)
