"""A run as ESMValTool lays it out, its scripts in process, and what they leave as any other program reads it.

Nothing here imports the package: what is tested through it are promises to users, wherever the code lies.
"""

import json
import runpy
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import iris
import numpy as np
import yaml
from iris.cube import Cube
from netCDF4 import Dataset

SCRIPTS = Path(__file__).parents[2] / "diagnostics"
DIAGNOSTIC = "ocean"


class Run:
    """Folders of one run, its preprocessed files, and its scripts.

    Attributes
    ----------
    records
        What each script has recorded of its products, by the script's name in the recipe.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.inputs: dict[str, dict[str, Any]] = {}
        self.records: dict[str, dict[str, dict[str, Any]]] = {}

    def give(self, group: str, dataset: str, cube: Cube) -> None:
        """Leave a file of a variable group as the preprocessor does, with its facets."""
        folder = self.root / "preproc" / DIAGNOSTIC / group
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"OBS6_{dataset}_{cube.var_name}.nc"
        with iris.FUTURE.context(save_split_attrs=True):
            iris.save(cube, file)
        self.inputs[str(file)] = {
            "alias": dataset,
            "dataset": dataset,
            "diagnostic": DIAGNOSTIC,
            "filename": str(file),
            "frequency": "day",
            "long_name": cube.long_name,
            "mip": "Oday",
            "project": "OBS6",
            "short_name": cube.var_name,
            "standard_name": cube.standard_name,
            "tier": 2,
            "timerange": "2001/2002",
            "type": "synthetic",
            "units": str(cube.units),
            "variable_group": group,
            "version": 1,
        }
        of_group = {name: facets for name, facets in self.inputs.items() if facets["variable_group"] == group}
        (folder / "metadata.yml").write_text(yaml.safe_dump(of_group), encoding="utf-8")

    def run(self, script: str, *ancestors: str, name: str | None = None, **settings: Any) -> Path:
        """Run a file of `diagnostics/` with the settings of a recipe, and give its folder of products."""
        name = name or script
        cfg = self._cfg(name, ancestors, settings)
        runpy.run_path(str(SCRIPTS / f"{script}.py"))["main"](cfg)
        self.records[name] = yaml.safe_load(Path(cfg["run_dir"], "diagnostic_provenance.yml").read_text("utf-8"))
        return self.folder("work", name)

    def folder(self, part: str, name: str) -> Path:
        """Give the folder of a script: `run`, `work` or `plots`."""
        return self.root / part / DIAGNOSTIC / name

    def products(self, name: str) -> set[str]:
        """Files that a script has left; a table beside a .json has part in its record."""
        folders = (self.folder(part, name) for part in ("work", "plots"))
        files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return {str(file) for file in files if not (file.suffix == ".csv" and file.with_suffix(".json").is_file())}

    def copy_model(self, name: str) -> Path:
        """Copy a model folder to where nothing lies beside it."""
        return Path(shutil.copytree(self.folder("work", name) / "model", self.root / "elsewhere" / name))

    def _cfg(self, name: str, ancestors: tuple[str, ...], settings: dict[str, Any]) -> dict[str, Any]:
        """Write the settings of a script as ESMValCore does, and give them with the facets of the files."""
        folders = {part: self.folder(part, name) for part in ("run", "work", "plots")}
        for folder in folders.values():
            folder.mkdir(parents=True)
        groups = sorted({facets["variable_group"] for facets in self.inputs.values()})
        metadata = [self.root / "preproc" / DIAGNOSTIC / group / "metadata.yml" for group in groups]
        cfg = {
            "auxiliary_data_dir": str(self.root / "auxiliary"),
            "input_files": [str(path) for path in (*metadata, *(self.folder("work", one) for one in ancestors))],
            "log_level": "info",
            "output_file_type": "png",
            "recipe": "recipe_test.yml",
            "script": name,
            "version": "2.15.0",
            **{f"{part.removesuffix('s')}_dir": str(folder) for part, folder in folders.items()},
            **settings,
        }
        # Through YAML, as ESMValCore hands them over: what a recipe can't say fails here.
        text = yaml.safe_dump(cfg)
        (folders["run"] / "settings.yml").write_text(text, encoding="utf-8")
        return yaml.safe_load(text) | {"input_data": self.inputs}


@dataclass(frozen=True)
class Product:
    """A netCDF file of a reconstruction.

    Attributes
    ----------
    dims
        Names of the dimensions.
    axis, days
        Points of the first dimension, and of time, in days since the data begin.
    values, std
        NaN where the file has none; no `std` where the method knows none.
    observed
        The flag: 0, 1, or -1 on land; None in files of members.
    said
        Attributes of the file and the variable.
    months
        The monthly file beside a daily one.
    """

    dims: tuple[str, ...]
    axis: list[float]
    days: np.ndarray
    values: np.ndarray
    std: np.ndarray | None
    observed: np.ndarray | None
    said: dict[str, Any]
    months: "Product | None" = None

    def each_month(self) -> list[np.ndarray]:
        """Indices of the days of each month."""
        month = (np.datetime64("2001-01-01") + self.days).astype("datetime64[M]")
        return [np.flatnonzero(month == one) for one in np.unique(month)]

    @classmethod
    def read(cls, file: Path, short_name: str = "tos") -> "Product":
        """Read a file as any program does that knows netCDF."""
        with Dataset(file) as data:
            variable = data[short_name]
            std, flag = (data.variables.get(name) for name in (f"{short_name}_standard_deviation", "observed"))
            return cls(
                variable.dimensions,
                data[variable.dimensions[0]][:].tolist(),
                np.floor(data["time"][:].filled()).astype(int),
                variable[:].filled(np.nan),
                None if std is None else std[:].filled(np.nan),
                None if flag is None else flag[:].filled(-1),
                {key: part.getncattr(key) for part in (data, variable) for key in part.ncattrs()},
            )

    @classmethod
    def read_both(cls, stem: Path, short_name: str = "tos") -> "Product":
        """Read the files of a method's days and months, named by what their names have in common."""
        days, months = (cls.read(Path(f"{stem}_{part}.nc"), short_name) for part in ("day", "mon"))
        return replace(days, months=months)


def read_json(file: Path) -> Any:
    """Read a file of scores."""
    return json.loads(file.read_text(encoding="utf-8"))
