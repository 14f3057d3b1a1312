"""The datasets that a script was given, found by the names that a recipe has for them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import iris
import numpy as np
from iris.cube import Cube
from jaxtyping import Bool

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.settings.scripts import NAMES

Facets = Mapping[str, Any]


class InputData:
    """Datasets by name: the one place that decides which file a name in the settings means.

    Parameters
    ----------
    entries
        Facets of each dataset by its file, as ESMValCore's `metadata.yml` has them; at least `filename`, and one of
        `dataset`, `alias` and `variable_group`.
    """

    def __init__(self, entries: Mapping[str, Facets]) -> None:
        self.entries = dict(entries)

    def __iter__(self) -> Iterator[Facets]:
        """Go through the facets of all datasets."""
        return iter(self.entries.values())

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
        """Facets of the one dataset that a name means.

        A name is that of a dataset, its alias, or its variable group in the recipe. Where several datasets fit, the
        variable group decides, then the grid that is asked for.

        Parameters
        ----------
        name
            Name in the settings; None for any.
        short_name
            Of which variable; None for any.
        grid
            On which grid, if several fit.
        key
            The setting that holds the name, for the error.

        Raises
        ------
        DataError
            If no dataset has the name, or several fit it.
        """
        found = self._fitting(name, short_name)
        if len(found) > 1:
            found = [facets for facets in found if facets.get("variable_group") == name] or found
        if len(found) > 1 and grid is not None:
            found = [facets for facets in found if _is_on(grid, facets)] or found
        if len(found) == 1:
            return found[0]
        setting = f"{key}: the" if key else "The"
        of = f" with {short_name}" if short_name else ""
        if not found:
            known = {str(facets[facet]) for facets in self for facet in NAMES if facet in facets}
            raise DataError(
                f"{setting} script has no dataset '{name}'{of} among its ancestors, which give "
                f"{', '.join(sorted(known)) or 'none'}; change the name or the ancestors."
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
        return [
            facets
            for facets in self
            if (name is None or name in (facets.get(facet) for facet in NAMES))
            and short_name in (None, facets.get("short_name"))
        ]

    def cube(self, name: str, **options: Any) -> Cube:
        """Read the cube of a dataset; options as of `find`."""
        return read_cube_of(self.find(name, **options))

    def field(
        self,
        name: str,
        *,
        units: str | None = None,
        land: Bool[np.ndarray, "lat lon"] | None = None,
        **options: Any,
    ) -> Field:
        """Read the field of a dataset, in its own units if none are given; further options as of `find`."""
        return Field.from_cube(self.cube(name, **options), units=units, land=land)

    def without(self, short_name: str | None) -> "InputData":
        """Leave out a variable: the name of a dataset then means what else it has."""
        if short_name is None:
            return self
        return InputData({file: facets for file, facets in self.entries.items() if facets["short_name"] != short_name})


def read_cube_of(facets: Facets) -> Cube:
    """Read the file of a dataset."""
    return iris.load_cube(facets["filename"])


def _is_on(grid: RectilinearGrid, facets: Facets) -> bool:
    """Whether a dataset lies on a grid."""
    return RectilinearGrid.of(read_cube_of(facets)).same_as(grid)
