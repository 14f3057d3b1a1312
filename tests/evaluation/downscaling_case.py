"""What a script that downscales leaves, with members as likely as the truth, for tests of evaluation and report."""

import json
from pathlib import Path

import iris
import numpy as np
import yaml
from cf_units import Unit
from iris.coords import DimCoord
from iris.cube import Cube

from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction, monthly_means
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import averager, interpolator

DIAGNOSTIC = "downscaling"
RATIO = 4
N_MEMBERS = 6
NAMES = {
    "tos": ("sea_surface_temperature", "Sea Surface Temperature"),
    "tas": ("air_temperature", "Near-Surface Air Temperature"),
    "orog": ("surface_altitude", "Surface Altitude"),
}


def save(cube, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with iris.FUTURE.context(save_split_attrs=True):
        iris.save(cube, path)


def cube_on(grid, values, short_name="tos", *, steps_a_day=1):
    """Dress values on a grid as a cube; latitudes descend, as in many files, and the times begin with November 2003."""
    standard_name, long_name = NAMES[short_name]
    axes = [("latitude", grid.lat[::-1], grid.lat_edges[::-1]), ("longitude", grid.lon, grid.lon_edges)]
    places = [DimCoord(points, standard_name=name, units="degrees", bounds=edges) for name, points, edges in axes]
    coords = [(coord, dim) for dim, coord in enumerate(places, values.ndim - 2)]
    if values.ndim == 3:
        edges = np.arange(len(values) + 1) / steps_a_day
        bounds = np.stack([edges[:-1], edges[1:]], axis=1)
        points = bounds.mean(axis=1) if steps_a_day == 1 else edges[:-1]
        unit = Unit("days since 2003-11-01", calendar="standard")
        coords.append((DimCoord(points, standard_name="time", units=unit, bounds=bounds), 0))
    data = np.ma.masked_invalid(values[..., ::-1, :].astype(np.float32))
    return Cube(data, standard_name, long_name, short_name, "m" if short_name == "orog" else "degC",
                dim_coords_and_dims=coords, attributes={"source": "synthetic, made for a test"})  # fmt: skip


def random_fields(shape, *, slope, seed):
    """Fields of deviation 1 whose power falls with the wave number, from fast to slow changes in time."""
    n_time, n_lat, n_lon = shape
    k = np.hypot(np.fft.fftfreq(n_lat)[:, None], np.fft.rfftfreq(n_lon))
    k[0, 0] = np.inf
    rng = np.random.default_rng(seed)
    fields = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * k**-slope, (n_lat, n_lon))
    for step in range(1, n_time):
        fields[step] = 0.8 * fields[step - 1] + 0.6 * fields[step]
    return fields / fields.std()


class Downscaled:
    """Folders of one run whose scripts have trained and reconstructed.

    Attributes
    ----------
    truth
        The fine field.
    inputs
        Facets of the preprocessed files, as `run_diagnostic` gives them.
    """

    def __init__(self, root, *, short_name="tos", part="day", n_days=60, cells=(32, 48), land=True, in_situ=0.0):
        self.root = Path(root)
        self.part = part
        self.short_name = short_name
        steps = {"day": 1, "6hr": 4, "3hr": 8}[part]
        shape = (n_days * steps, *cells)
        fine = RectilinearGrid(30.125 + 0.25 * np.arange(cells[0]), 140.125 + 0.25 * np.arange(cells[1]))
        coarse = RectilinearGrid(*(points.reshape(-1, RATIO).mean(axis=1) for points in (fine.lat, fine.lon)))
        average, bicubic = averager(fine, coarse), interpolator(coarse, fine, "bicubic", fill_km=500.0)
        # What the coarse field does not tell: averaged, it is next to nothing.
        noise = [0.4 * random_fields(shape, slope=1.0, seed=seed) for seed in range(N_MEMBERS + 1)]
        noise = [each - bicubic(average(each)) for each in noise]
        known = 20 - 0.5 * (fine.lat[:, None] - 30) + 1.5 * random_fields(shape, slope=2.0, seed=99)
        if land:
            known[:, :6, :9] = np.nan
        truth = known + noise[0]
        self.truth = Field.from_cube(cube_on(fine, truth, short_name, steps_a_day=steps))
        given = self.truth.hide(np.random.default_rng(5).random(shape) >= in_situ) if in_situ else self.truth
        self.given = given if in_situ else self._with_nothing()
        self.coarse = average(truth)
        self.inputs = {}
        for name, grid, values in (("coarse", coarse, self.coarse), ("fine", fine, truth)):
            self._add(f"{short_name}_{name}", cube_on(grid, values, short_name, steps_a_day=steps))
        if not land:
            self._add("orog", cube_on(fine, np.maximum(300 * (142 - fine.lon) + 0 * fine.lat[:, None], 0), "orog"))
        methods = {name: interpolator(coarse, fine, name, fill_km=500.0)(self.coarse)
                   for name in ("nearest", "bilinear", "bicubic")}  # fmt: skip
        methods["ResidualUNet"] = known
        members = np.stack([known + each for each in noise[1:]])
        self.left = {name: self._made(values) for name, values in methods.items()}
        self.left["ConditionalDiffusion"] = Reconstruction.of_members(self._masked(members), self.given)
        for name, made in self.left.items():
            self._leave(name, made)

    def cfg(self, script, ancestors, **own):
        """Write the settings of a script, and give them as `run_diagnostic` would."""
        folders = {
            name: str(self.root / part / DIAGNOSTIC / script)
            for name, part in (("run_dir", "run"), ("work_dir", "work"), ("plot_dir", "plots"))
        }
        for folder in folders.values():
            Path(folder).mkdir(parents=True, exist_ok=True)
        metadata = self.root / "preproc" / "metadata.yml"
        metadata.write_text(yaml.safe_dump(self.inputs), encoding="utf-8")
        files = [str(metadata), *(str(self.work(name)) for name in ancestors)]
        cfg = {"script": script, "recipe": "recipe_mock.yml", "version": "2.15.0", "output_file_type": "png",
               "input_files": files, **folders, **own}  # fmt: skip
        (Path(cfg["run_dir"]) / "settings.yml").write_text(yaml.safe_dump(cfg), encoding="utf-8")
        return cfg | {"input_data": self.inputs}

    def work(self, script):
        """Give the folder of a script's products."""
        return self.root / "work" / DIAGNOSTIC / script

    def _add(self, group, cube):
        """Save a preprocessed file: all are of one dataset, and told apart by the variable group alone."""
        path = self.root / "preproc" / f"{group}.nc"
        save(cube, path)
        self.inputs[str(path)] = {"dataset": "DemoOcean", "alias": "DemoOcean", "short_name": cube.var_name,
                                  "variable_group": group, "filename": str(path), "project": "OBS6"}  # fmt: skip

    def _with_nothing(self):
        """The fine grid without any observation: a field must have one, so that it is taken away afterwards."""
        return self.truth.hide(np.ones(self.truth.values[:, 0].shape, bool))

    def _masked(self, values):
        return np.where(self.truth.land, np.nan, values).astype(np.float32)

    def _made(self, values):
        daily = self._masked(values)
        return Reconstruction(daily, monthly_means(self.given, daily))

    def _leave(self, name, made):
        """Save what a method says, as the script `reconstruct` does."""
        role = "model" if name in ("ResidualUNet", "ConditionalDiffusion") else "baseline"
        cubes = dict(zip((self.part, "mon"), made.to_cubes(self.given), strict=True))
        if made.members is not None:
            cubes |= dict(zip((f"{self.part}_members", "mon_members"), made.member_cubes(self.given), strict=True))
        for part, cube in cubes.items():
            cube.attributes.update(
                esmlearn_method=name, esmlearn_role=role, esmlearn_dataset=f"{self.short_name}_fine",
                esmlearn_task="downscale", esmlearn_coarse=f"{self.short_name}_coarse", esmlearn_split="test",
                esmlearn_parameters=json.dumps({}),
            )  # fmt: skip
            if self.part != "day":
                cube.attributes["esmlearn_frequency"] = self.part
            save(cube, self.work("reconstruct") / f"{self.short_name}_DemoOcean_{name}_{part}.nc")
