"""Climatology from elsewhere, for observations that are too few for one of their own."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import cf_units
import iris
import numpy as np
from iris.cube import Cube
from iris.exceptions import IrisError
from jaxtyping import Float
from safetensors import SafetensorError, safe_open

from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.ancillaries import convert_deviation
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.climatology_error import year_waves
from esmlearn.fields.coverage import MONTHS
from esmlearn.fields.field import Field, rows_northward
from esmlearn.fields.large_scale import fit_to_observations
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import interpolator
from esmlearn.settings.data import PACKAGED, ZERO
from esmlearn.words import is_logarithm, logarithm_of

type Source = str | Path | Cube | Climatology
"""`packaged`, `zero`, a file or a model folder by its path, a cube, or a climatology."""

PACKAGED_FILE = Path(__file__).parent / "data" / "sst_climatology.nc"

SEA_SURFACE = "sea_surface", "surface_temperature", "sea_water"
"""Parts of the standard names of temperatures that the packaged climatology is for."""

SURFACE_METRES = 15.0
"""Levels down to this depth have the seasonal cycle of the surface."""

HARMONICS = 3
"""Harmonics that are fitted to a climatology by month."""

FILL_KM = 2000.0
"""A cell without a value in a climatology takes that of the nearest cell, up to this distance."""


@dataclass(frozen=True)
class Reference:
    """Climatology on its own grid, and the standard deviation of anomalies by month if it is known."""

    climatology: Climatology
    spread: Float[np.ndarray, "12 lat lon"] | None = None


def reference_climatology(source: Source, field: Field) -> Climatology:
    """Make a climatology for the grid and the units of a field from one of elsewhere.

    It is interpolated bilinearly, then an offset and trends of large scale are fitted to the observations, see
    `esmlearn.fields.large_scale`.

    Parameters
    ----------
    source
        `packaged`: sea-surface temperature by month on a global 2 degree grid, from ERSST v5, 2010 to 2019 (Huang et
        al. 2017, https://doi.org/10.1175/JCLI-D-16-0836.1). `zero`: for data that are anomalies. Or a file or cube with
        the months of a climatology, or with whole years of values; a model folder; a climatology.
    field
        Observations of one variable.

    Raises
    ------
    SettingsError
        If the source is no file, folder or known name.
    DataError
        If it is of another quantity, or does not cover the grid.
    """
    if isinstance(source, str) and source == ZERO:
        return Climatology(np.zeros((1, *field.land.shape), np.float32), field.lat, field.lon)
    reference = _read(source, field)
    on_grid = _to_grid(reference, field)
    return fit_to_observations(on_grid.climatology, on_grid.spread, field)


def is_anomaly(field: Field) -> bool:
    """Whether a field is one of anomalies, by its names: sea level above its mean, or what calls itself so."""
    cube = field.like[0]
    return cube.standard_name == "sea_surface_height_above_sea_level" or "anomal" in str(cube.long_name).lower()


def climatology_for(field: Field, source: Source | None, *, harmonics: int = 2) -> Climatology:
    """Climatology of a field: one from elsewhere, or if there is none, one that is fitted to the field."""
    return Climatology.fit(field, harmonics=harmonics) if source is None else reference_climatology(source, field)


def _read(source: Source, field: Field) -> Reference:
    """Read a source in the units of a field."""
    if isinstance(source, Climatology):
        return Reference(source)
    if isinstance(source, Cube):
        return _of_cube(source, field)
    if str(source) == PACKAGED:
        _check_sea_surface(field)
        return _of_cube(iris.load_cube(str(PACKAGED_FILE)), field)
    path = find_climatology(source)
    if path.is_dir():
        return _of_model(path, field)
    try:
        return _of_cube(iris.load_cube(str(path)), field)
    except (IrisError, OSError, ValueError) as error:
        raise DataError(f"The climatology {path} can't be read as one cube: {str(error).splitlines()[0]}") from error


def find_climatology(source: str | Path) -> Path:
    """Return the file or the model folder at a path.

    Raises
    ------
    SettingsError
        If there is neither.
    """
    path = Path(source).expanduser()
    if not (path.is_file() or (path / "settings.json").is_file()):
        raise SettingsError(
            f"climatology is '{source}', which is no file and no model folder; give one, a dataset of the recipe, or "
            f"`{PACKAGED}`."
        )
    return path


def _check_sea_surface(field: Field) -> None:
    """Refuse what the packaged climatology is not for."""
    name = field.like[0].standard_name or ""
    deep = field.levels is not None and field.levels.min() > SURFACE_METRES
    known = not name or any(part in name for part in SEA_SURFACE)
    if deep or not known or not cf_units.Unit(field.units).is_convertible("degC"):
        raise DataError(
            f"The packaged climatology is of sea-surface temperature, but the data are {field.like[0].name()} in "
            f"{field.units}{' at depth' if deep else ''}; set climatology to a file or dataset of that quantity."
        )


def _of_cube(cube: Cube, field: Field) -> Reference:
    """Fit harmonics to values by month, or to days."""
    values = Field.from_cube(cube, units=field.units)
    if values.values.shape[1] > 1:
        raise DataError(f"The climatology {cube.name()} has {values.values.shape[1]} levels; extract one.")
    month = np.array([date.month for date in values.dates])
    by_month = len(set(month)) == 12 and len(values.months) == len(month)
    if not by_month:
        climatology = Climatology.fit(values)
        return Reference(replace(climatology, error=None), _spread(values, month, climatology.of(values)))
    seen = values.values[:, 0]
    groups = [seen[month == number] for number in range(1, 13)]
    means = np.stack([group.mean(axis=0) for group in groups])  # NaN where a month is missing
    waves = year_waves(MONTHS, HARMONICS, average_days=365.25 / 12)
    coefficients = np.tensordot(np.linalg.pinv(waves), means, axes=1).astype(np.float32)
    spread = _spread(values, month, means[month - 1])
    given = next(
        (part for part in cube.ancillary_variables() if (part.var_name or "").endswith("_standard_deviation")), None
    )
    if spread is None and given is not None:
        own = np.ma.filled(given.data.astype(np.float32), np.nan)
        spread = rows_northward(convert_deviation(own, given.units, field.units, name=cube.name()), cube)
    return Reference(Climatology(coefficients, values.lat, values.lon), spread)


def _spread(values: Field, month: np.ndarray, cycle: np.ndarray) -> Float[np.ndarray, "12 lat lon"] | None:
    """Standard deviation of the anomalies by month; None if there are fewer than three years of each."""
    years = [len({date.year for date in values.dates[month == number]}) for number in range(1, 13)]
    if min(years) < 3:
        return None
    square = np.where(values.observed[:, 0], values.values[:, 0] - cycle, np.float32(0.0)) ** 2
    count = np.stack([values.observed[month == number, 0].sum(axis=0) for number in range(1, 13)])
    total = np.stack([square[month == number].sum(axis=0) for number in range(1, 13)])
    return np.where(count > 1, np.sqrt(total / np.maximum(count - 1, 1)), np.nan).astype(np.float32)


def _of_model(folder: Path, field: Field) -> Reference:
    """Climatology and scaling of a model folder of one variable."""
    try:
        data = json.loads((folder / "settings.json").read_text())["settings"]["data"]
        units = logarithm_of(data["units"]) if data.get("transform") == "log" else data["units"]
        with safe_open(folder / "model.safetensors", framework="numpy") as file:
            names = [name for name in file.keys() if name.startswith("climatology.")]  # noqa: SIM118 (no mapping)
            arrays = {name.removeprefix("climatology.0."): file.get_tensor(name) for name in names}
            log_std = file.get_tensor("scaling.0.log_std")
        own = Climatology(*(arrays[name] for name in ("coefficients", "lat", "lon")))
    except (ValueError, KeyError, OSError, SafetensorError) as error:
        raise DataError(f"The model folder {folder} has no climatology; give another one.") from error
    if any(not name.startswith("climatology.0.") for name in names):
        raise DataError(f"The model in {folder} has the climatologies of several levels; give a model of one variable.")
    if is_logarithm(units) != is_logarithm(field.units) or not cf_units.Unit(units).is_convertible(field.units):
        raise DataError(f"The climatology of {folder} is in {units}, which does not convert to {field.units}.")
    zero, one = cf_units.Unit(units).convert(np.array([0.0, 1.0]), field.units)
    coefficients = own.coefficients * (one - zero)
    coefficients[0] += zero
    std = Scaling(log_std).at(MONTHS)[:, None, None] * (one - zero)
    spread = np.broadcast_to(std, (12, *coefficients.shape[1:]))
    return Reference(replace(own, coefficients=coefficients.astype(np.float32)), spread.astype(np.float32))


def _to_grid(reference: Reference, field: Field) -> Reference:
    """Interpolate to the grid of a field; cells of land take the nearest value."""
    own = reference.climatology
    source = RectilinearGrid(own.lat, own.lon)
    try:
        regrid = interpolator(source, field.grid, "bilinear", fill_km=FILL_KM)
    except DataError as error:
        raise DataError(f"The climatology does not cover the data. {error}") from error
    coefficients = regrid(own.coefficients)
    if np.isnan(coefficients[:, ~field.land]).any():
        raise DataError(f"The climatology has no value within {FILL_KM:g} km of some cells of the data.")
    coefficients = np.where(np.isnan(coefficients), np.float32(0.0), coefficients)
    spread = None if reference.spread is None else np.nan_to_num(regrid(reference.spread))
    return Reference(Climatology(coefficients, field.lat, field.lon, trend=own.trend), spread)
