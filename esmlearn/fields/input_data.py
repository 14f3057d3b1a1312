"""Input datasets of a script, found by their names in the recipe."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import iris
import numpy as np
from iris.cube import Cube
from jaxtyping import Bool

from esmlearn.cubes.convert import as_cube
from esmlearn.cubes.order import put_in_order
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.settings.input import InputSettings
from esmlearn.settings.scripts import NAMES, names_of

Facets = Mapping[str, Any]

ERRORS = "Stderr"
"""End of the names that ESMValCore gives to the standard errors of variables, such as tosStderr."""


class InputData:
    """Datasets by name; all scripts use it to find the file of a name in the settings.

    Entries are the facets of each dataset by its file, as in ESMValCore's `metadata.yml`; at least `filename`, and one
    of `dataset`, `alias` and `variable_group`.
    """

    def __init__(self, entries: Mapping[str, Facets]) -> None:
        self.entries = dict(entries)

    def __iter__(self) -> Iterator[Facets]:
        """Iterate over the facets of all datasets."""
        return iter(self.entries.values())

    @property
    def names(self) -> list[str]:
        """Name of each dataset; where several have one name, their aliases."""
        count = Counter(facets["dataset"] for facets in self)
        return [str(facets["dataset"] if count[facets["dataset"]] == 1 else facets["alias"]) for facets in self]

    @property
    def all_names(self) -> list[str]:
        """Every name that a setting may use: of datasets, aliases and variables of the recipe."""
        return names_of(self)

    @property
    def files(self) -> list[str]:
        """All files."""
        return list(self.entries)

    def find(
        self,
        name: str | None,
        *,
        short_name: str | None = None,
        grid: RectilinearGrid | None = None,
        key: str | None = None,
    ) -> Facets:
        """Find the facets of a dataset.

        Parameters
        ----------
        name
            Name of the dataset, its alias, or its variable group in the recipe; None for any. If several datasets fit,
            that with this variable group is chosen; errors of a variable are not, unless they are named so.
        short_name
            Variable; None for any.
        grid
            Grid of the dataset, if several fit.
        key
            The setting of the name, for the error.

        Raises
        ------
        DataError
            If no dataset has the name, or several fit it.
        """
        found = self._fitting(name, short_name)
        if len(found) > 1:
            found = [facets for facets in found if facets.get("variable_group") == name] or found
        if len(found) > 1 and short_name is None:
            found = [facets for facets in found if not str(facets.get("short_name")).endswith(ERRORS)] or found
        if len(found) > 1 and grid is not None:
            found = [facets for facets in found if _is_on(grid, facets)] or found
        if len(found) == 1:
            return found[0]
        setting = f"{key}: the" if key else "The"
        of = f" with {short_name}" if short_name else ""
        if not found:
            raise DataError(
                f"{setting} script has no dataset '{name}'{of} among its ancestors, which give "
                f"{', '.join(self.all_names) or 'none'}; change the name or the ancestors."
            )
        files = ", ".join(Path(facets["filename"]).name for facets in found)
        what, how = (
            (f"variable {short_name}", "leave all but one out of the ancestors")
            if name is None
            else (f"name '{name}'", "use an alias, or the variable group of the recipe")
        )
        raise DataError(f"{setting} {what} fits several files ({files}); {how}.")

    def has(self, name: str | None, *, short_name: str | None = None, grid: RectilinearGrid | None = None) -> bool:
        """Whether any dataset has the name (None: any name) and the variable, and lies on the grid if one is given."""
        return any(grid is None or _is_on(grid, facets) for facets in self._fitting(name, short_name))

    def _fitting(self, name: str | None, short_name: str | None) -> list[Facets]:
        """Datasets that a name and a variable fit."""
        named = [facets for facets in self if name is None or name in (facets.get(facet) for facet in NAMES)]
        return [facets for facets in named if short_name in (None, facets.get("short_name"))]

    def cube(self, name: str | None, *, order: InputSettings = InputSettings(), **options: Any) -> Cube:  # noqa: B008
        """Read the cube of a dataset and put it in order; options are those of `find`."""
        return put_in_order(iris.load_cube(self.find(name, **options)["filename"]), order)

    def field(
        self,
        name: str,
        *,
        units: str | None = None,
        land: Bool[np.ndarray, "lat lon"] | None = None,
        **options: Any,
    ) -> Field:
        """Read the field of a dataset, in its own units if none are given; further options are those of `cube`."""
        return Field.from_cube(self.cube(name, **options), units=units, land=land)

    def without(self, short_name: str | None) -> "InputData":
        """Leave out a variable, so that the name of a dataset is that of its other variable."""
        if short_name is None:
            return self
        return InputData({file: facets for file, facets in self.entries.items() if facets["short_name"] != short_name})


def _is_on(grid: RectilinearGrid, facets: Facets) -> bool:
    """Whether a dataset lies on a grid."""
    return RectilinearGrid.of(as_cube(iris.load_cube(facets["filename"]))).same_as(grid)
