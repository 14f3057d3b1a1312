"""A small run as ESMValTool leaves it, without running ESMValTool: inputs, a model folder, reconstructions, records."""

import json
from pathlib import Path

import iris
import numpy as np
import pytest
import yaml
from iris.coords import DimCoord
from iris.cube import Cube

from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction, monthly_means

DIAGNOSTIC = "reconstruction"


def ocean_cube(name="tos", *, days=60, source="synthetic ocean"):
    """Make temperature of an ocean with some land, from mid-January on; latitudes descend, as in many files."""
    rng = np.random.default_rng(0)
    lat, lon = np.linspace(36, 33, 7), np.linspace(140, 144, 9)
    data = 15 + lat[:, None] / 10 + np.sin(np.arange(days) / 8)[:, None, None] + 0.3 * rng.standard_normal((days, 7, 9))
    data = np.ma.masked_array(data.astype(np.float32), mask=np.zeros(data.shape, bool))
    data[:, :2, :2] = np.ma.masked
    time = DimCoord(np.arange(days) + 14.5, standard_name="time", units="days since 2004-01-01")
    places = [DimCoord(points, standard_name=axis, units="degrees") for axis, points in
              (("latitude", lat), ("longitude", lon))]  # fmt: skip
    coords = [(coord, dim) for dim, coord in enumerate((time, *places))]
    return Cube(data, "sea_surface_temperature", "Sea surface temperature", name, "degC",
                dim_coords_and_dims=coords, attributes={"source": source})  # fmt: skip


def save(cube, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with iris.FUTURE.context(save_split_attrs=True):
        iris.save(cube, path)


class Session:
    """Folders of one run, and settings of its scripts."""

    def __init__(self, root: Path, *, name: str = "Gappy", source: str = "synthetic ocean") -> None:
        self.root = root
        self.name = name
        self.full = Field.from_cube(ocean_cube(source=source))
        hidden = np.random.default_rng(1).random(self.full.values[:, 0].shape) < 0.6
        self.gappy = self.full.hide(hidden)
        self.inputs = {}
        for dataset, field in (("Complete", self.full), (name, self.gappy)):
            path = root / "preproc" / DIAGNOSTIC / "tos" / f"{'complete' if field is self.full else 'gappy'}.nc"
            save(field.to_cubes()[0], path)
            self.inputs[str(path)] = {
                "dataset": dataset,
                "alias": dataset,
                "short_name": "tos",
                "project": "OBS6",
                "version": "1",
                "filename": str(path),
                "timerange": "2004",
            }
        self.metadata = path.with_name("metadata.yml")
        self.metadata.write_text(yaml.safe_dump(self.inputs), encoding="utf-8")

    def work(self, script: str) -> Path:
        """Give the folder of a script's products."""
        return self.root / "work" / DIAGNOSTIC / script

    def cfg(self, script: str, ancestors: list[str], **own) -> dict:
        """Write the settings of a script, and give them as `run_diagnostic` would."""
        folders = {
            name: str(self.root / name.removesuffix("_dir") / DIAGNOSTIC / script) for name in ("run_dir", "work_dir")
        }
        folders["plot_dir"] = str(self.root / "plots" / DIAGNOSTIC / script)
        for folder in folders.values():
            Path(folder).mkdir(parents=True, exist_ok=True)
        files = [str(self.metadata), *(str(self.work(name)) for name in ancestors)]
        cfg = {"script": script, "recipe": "recipe_mock.yml", "version": "2.15.0", "output_file_type": "png",
               "input_files": files, **folders, **own}  # fmt: skip
        (Path(cfg["run_dir"]) / "settings.yml").write_text(yaml.safe_dump(cfg), encoding="utf-8")
        return cfg | {"input_data": self.inputs}

    def train(self, card: str = "# Net\n\nA model.\n", *, script: str = "train", **own) -> None:
        """Leave what a training leaves, its log cut off by a kill."""
        cfg = self.cfg(script, [], data={"observations": self.name}, training={"seed": 3}, **own)
        model = Path(cfg["work_dir"]) / "model"
        model.mkdir()
        (model / "README.md").write_text(card, encoding="utf-8")
        split = {"train": "2001/2003", "validation": "2004/2004", "test": "2005/2005", "buffer_days": 7}
        content = {"settings": {"data": {"split": split}}, "record": {"training": {"steps": 29, "device": "abacus"}}}
        (model / "settings.json").write_text(json.dumps(content), encoding="utf-8")
        (model / "model_citation.bibtex").write_text(
            "@misc{net,\n author = {Anna Net},\n title = {On nets},\n doi = {10.1/net}\n}\n", encoding="utf-8"
        )
        (Path(cfg["run_dir"]) / "resource_usage.txt").write_text(
            "Date and time (UTC)\tReal time (s)\tCPU time (s)\tCPU (%)\tMemory (GB)\n"
            "now\t1.0\t1.0\t0\t3.5\nthen\t300.0\t540.0\t98\t0.2\n",
            encoding="utf-8",
        )
        (model / "model.safetensors").write_bytes(b"weights")
        record = {"caption": "Weights of the model.", "ancestors": list(self.inputs)}
        self._record(cfg, {str(model / "model.safetensors"): record})
        rows = [{"step": step, "loss": 1 / step, "lr": 1e-3, "seconds": 0.5 * step} for step in range(1, 30)]
        rows.append({"step": 29, "validation": 0.1, "validation_rmse": 0.3})
        lines = [json.dumps(row) for row in rows]
        (Path(cfg["run_dir"]) / "train.jsonl").write_text("\n".join([*lines, '{"step": 30, "lo']), encoding="utf-8")

    def reconstruct(self, members: int = 0) -> None:
        """Leave methods that are 1, 0.5 and 0.2 degrees too warm everywhere, and members around the truth if asked."""
        cfg = self.cfg("reconstruct", [name for name in ("train", "draw") if self.work(name).is_dir()])
        truth = np.nan_to_num(self.full.values[:, 0])
        table = {}
        for method, role, error in (
            ("climatology", "baseline", 1.0),
            ("time_interpolation", "baseline", 0.5),
            ("Net", "model", 0.2),
        ):
            daily = np.where(self.full.land, np.nan, truth + error).astype(np.float32)
            std = np.full_like(daily, error) if role == "model" else None
            monthly = monthly_means(self.gappy, daily)
            monthly_std = None if std is None else np.full_like(monthly, error)
            made = Reconstruction(daily, monthly, std, monthly_std)
            parameters = {"memory_days": 12.5} if method == "time_interpolation" else {}
            table |= self._leave(
                method, role, parameters, dict(zip(("day", "mon"), made.to_cubes(self.gappy), strict=True))
            )
        if members:
            noise = 0.15 * np.random.default_rng(2).standard_normal((members + 1, *truth.shape))
            drawn = np.where(self.full.land, np.nan, truth - noise[0] + noise[1:]).astype(np.float32)
            made = Reconstruction.of_members(drawn, self.gappy)
            cubes = dict(zip(("day", "mon"), made.to_cubes(self.gappy), strict=True))
            cubes |= dict(zip(("day_members", "mon_members"), made.member_cubes(self.gappy), strict=True))
            table |= self._leave("ConditionalDiffusion", "model", {"members": members}, cubes)
        self._record(cfg, table)

    def _leave(self, method: str, role: str, parameters: dict, cubes: dict[str, Cube]) -> dict:
        """Save the reconstruction of a method, and give the records of the files."""
        table = {}
        for part, cube in cubes.items():
            cube.attributes.update(esmlearn_method=method, esmlearn_role=role, esmlearn_dataset=self.name,
                                   esmlearn_split="test", esmlearn_parameters=json.dumps(parameters))  # fmt: skip
            path = self.work("reconstruct") / f"tos_gappy_{method}_{part}.nc"
            save(cube, path)
            table[str(path)] = {"caption": f"Reconstruction by {method}.", "ancestors": list(self.inputs)}
        return table

    @staticmethod
    def _record(cfg: dict, table: dict) -> None:
        (Path(cfg["run_dir"]) / "diagnostic_provenance.yml").write_text(yaml.safe_dump(table), encoding="utf-8")


@pytest.fixture
def session(tmp_path):
    made = Session(tmp_path / "session")
    made.train()
    made.reconstruct()
    return made


@pytest.fixture
def make_session(tmp_path):
    return lambda **options: Session(tmp_path / "session", **options)
