"""Find the datasets of a recipe that have no file, no file of some years, or no fitting units, by ESMValCore."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from esmlearn.bridge.check_units import check_units
from esmlearn.bridge.recipes import read_recipe

if TYPE_CHECKING:
    from esmvalcore.dataset import Dataset


def check_datasets(recipe: Path) -> list[str]:
    """List what is wrong with the datasets of a recipe, each in one sentence: missing files, and units.

    Takes some seconds, as it loads ESMValCore. A recipe that ESMValCore can't read gives its message.
    """
    from esmvalcore.config import CFG
    from esmvalcore.dataset import Dataset
    from esmvalcore.exceptions import Error

    # ESMValCore logs each missing dataset in forty lines.
    logging.getLogger("esmvalcore").setLevel(logging.CRITICAL)
    try:
        datasets = Dataset.from_recipe(recipe, CFG.start_session(recipe.stem))
        missing = [problem for dataset in datasets for problem in _missing(dataset)]
        for dataset in datasets:
            dataset.augment_facets()  # adds the units of the tables
    except Error as error:
        return [f"{recipe}: {' '.join(str(error).split())}."]
    return [*missing, *check_units(read_recipe(recipe), [dataset.facets for dataset in datasets])]


def _missing(dataset: "Dataset") -> Iterator[str]:
    """Say what one dataset lacks."""
    facets = dataset.facets
    name = f"{facets['diagnostic']}/{facets['variable_group']}: {facets['dataset']} ({facets['mip']})"
    if not dataset.files:
        yield f"{name} has no file; correct the dataset, or the folders in ESMValCore's configuration."
        return
    covered = [str(file.facets.get("timerange", "*")).split("/") for file in dataset.files]
    wanted = str(facets.get("timerange", "*")).split("/")
    # Wildcards and durations, such as 2001/P5Y, are resolved by ESMValCore.
    if not all(_year(date) for dates in (wanted, *covered) for date in dates):
        return
    years = {year for first, last in covered for year in range(_year(first), _year(last) + 1)}
    lacking = sorted(set(range(_year(wanted[0]), _year(wanted[-1]) + 1)) - years)
    if lacking:
        years_lacking = ", ".join(map(str, lacking[:5])) + (", ..." if len(lacking) > 5 else "")
        yield f"{name} has no file of the years {years_lacking}; change `timerange`, or get those files too."


def _year(date: str) -> int:
    """Year of a date; 0 for what is no date."""
    return int(date[:4]) if date[:4].isdigit() else 0
