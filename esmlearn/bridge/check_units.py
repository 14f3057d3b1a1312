"""Find units in the settings of a training that its datasets don't convert to, by the CMOR tables of ESMValCore."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from esmlearn.bridge.ancestors import Ancestors
from esmlearn.bridge.recipes import scripts_of, section
from esmlearn.errors import SettingsError
from esmlearn.settings import TrainDensifySettings, TrainDownscaleSettings, from_script, settings_of
from esmlearn.settings.scripts import NAMES

type Facets = Mapping[str, Any]

OTHER_UNITS = ("accumulate_coordinate", "anomalies", "cumulative_sum", "histogram", "linear_trend")
OTHER_OPERATORS = ("count", "sum", "variance")
"""Steps of ESMValCore's preprocessor, and operators of its statistics, that change units."""


def check_units(recipe: dict[str, Any], datasets: Sequence[Facets]) -> Iterator[str]:
    """List the units that no dataset of a training converts to, each in one sentence.

    Parameters
    ----------
    recipe
        What the recipe holds.
    datasets
        Facets of all its datasets, with the units of the CMOR tables.
    """
    from cf_units import Unit

    ancestors = Ancestors(recipe)
    for diagnostic, name, settings in scripts_of(recipe):
        if Path(str(settings.get("script"))).stem != "train":
            continue
        own = ancestors.of[diagnostic, name]
        inputs = [one for one in datasets if (one["diagnostic"], one["variable_group"]) in own]
        for key, units, of in _wanted(settings):
            known = {_units(recipe, one) for one in inputs if of in [one.get(facet) for facet in NAMES]}
            there = sorted(unit for unit in known if unit)
            if len(there) == len(known) > 0 and not any(Unit(unit).is_convertible(units) for unit in there):
                yield (
                    f"{diagnostic}/{name}: {key} is {units}, but {of} is in {' or '.join(there)}, which does not "
                    f"convert to it; set {key}, or choose another dataset."
                )


def _units(recipe: dict[str, Any], facets: Facets) -> str | None:
    """Return the units of a dataset after its preprocessor; None where the recipe does not tell them."""
    steps = section(recipe, "preprocessors", facets.get("preprocessor"))
    operators = [step.get("operator") for step in steps.values() if isinstance(step, dict)]
    if any(step in steps for step in OTHER_UNITS) or any(operator in operators for operator in OTHER_OPERATORS):
        return None
    return section(steps, "convert_units").get("units") or facets.get("units")


def _wanted(settings: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the keys of units in a training, the units, and the name of a dataset that is converted to them."""
    try:
        block: Any = from_script(settings_of("train", settings), settings)
    except SettingsError:  # listed by the check of the settings
        return
    if isinstance(block, TrainDownscaleSettings):
        if block.data.units:
            yield "data.units", block.data.units, block.data.fine
            yield "data.units", block.data.units, block.data.coarse
        return
    for dataset in (block.data.observations, block.data.target, *getattr(block.data, "further_targets", ())):
        if dataset:
            yield "data.units", block.data.units, dataset
    if isinstance(block, TrainDensifySettings) and block.surface:
        yield "surface.units", block.surface_units, block.surface.dataset
