"""Small cubes as odd as files can be: types, names, units, calendars, and axes that are short, scalar or missing."""

from dataclasses import dataclass

import numpy as np
from cf_units import Unit
from hypothesis import strategies as st
from iris.coords import AuxCoord, DimCoord
from iris.cube import Cube

STANDARD_NAMES = (
    None,
    "sea_surface_temperature",
    "mass_concentration_of_chlorophyll_in_sea_water",
    "sea_surface_height_above_sea_level",
    "precipitation_flux",
    "sea_ice_area_fraction",
)
LONG_NAMES = ("anomaly", None, "", "Anomaly [K] (daily)", "Température de l'eau, 水温", "a/b: {c} %s \\d", " ")
VAR_NAMES = ("tos", None, "sst[0]", "a(b)", "température", "tos_standard_deviation", "observed", "time")
UNITS = (
    "degC", "K", "1", "", "unknown", "no_unit", "m", "kg m-3", "J m-2", "%", "furlongs", "mg m-3", "kg m-2 s-1", "[K]",
    "days since 2000-01-01",
)  # fmt: skip
TYPES = ("float64", "float32", "float16", ">f4", ">f8", "int16", ">i2", "int32", "uint8", "int64", "bool")
VALUES = ("waves", "noise", "constant", "zero", "masked", "tiny", "huge", "freezing", "one value", "infinite")
AXES = ("axis", "scalar", "missing", "auxiliary")
"""Of a coordinate: an axis, a scalar, none, or an auxiliary coordinate on a dimension without an axis."""
CALENDARS = ("standard", "noleap", "360_day", "julian", "proleptic_gregorian", "all_leap")


@dataclass(frozen=True)
class OddCase:
    """What a cube is made of; the defaults are plain."""

    times: int = 40
    rows: int = 4
    columns: int = 5
    step: float = 1.0
    values: str = "waves"
    gaps: float = 0.4
    seed: int = 0
    dtype: str = "float64"
    nan: bool = False
    standard_name: str | None = None
    long_name: str | None = "anomaly"
    var_name: str | None = "tos"
    units: str = "degC"
    calendar: str = "standard"
    time: str = "axis"
    lat: str = "axis"
    lon: str = "axis"
    bounds: bool = True
    depth: bool = False
    realization: bool = False

    def array(self) -> np.ndarray | np.ma.MaskedArray:
        """The values as a file holds them."""
        rng = np.random.default_rng(self.seed)
        shape = self.times, self.rows, self.columns
        time, row, column = np.meshgrid(*map(np.arange, shape), indexing="ij")
        with np.errstate(all="ignore"):
            made = {
                "waves": 15 + 3 * np.sin(0.5 * row + 0.4 * column - 0.3 * time),
                "noise": rng.standard_normal(shape),
                "constant": np.full(shape, 18.0),
                "zero": np.zeros(shape),
                "masked": np.zeros(shape),
                "tiny": 1e-9 * rng.random(shape),
                "huge": 1e9 * (1 + rng.random(shape)),
                "freezing": np.full(shape, -1.8),
                "one value": np.full(shape, 3.0),
                "infinite": np.where(rng.random(shape) < 0.1, np.inf, 1 + rng.random(shape)),
            }[self.values]
            hidden = rng.random(shape) < self.gaps
            if self.values == "masked":
                hidden[:] = True
            if self.values == "one value":
                hidden[:] = True
                hidden.flat[self.seed % hidden.size] = False
            kind = np.dtype(self.dtype)
            if kind.kind == "f" and self.nan:
                return np.where(hidden, np.nan, made).astype(kind)
            return np.ma.masked_array(
                np.nan_to_num(made, posinf=9e3).astype(kind) if kind.kind != "f" else made.astype(kind), hidden
            )

    def cube(self) -> Cube:
        """The cube as iris reads it."""
        cube = Cube(self.array(), long_name=self.long_name, standard_name=self.standard_name)
        if self.var_name is not None:
            cube.var_name = self.var_name
        try:
            cube.units = self.units
        except ValueError:  # as iris does when it reads a file
            cube.attributes["invalid_units"] = self.units
        lat = 30 + 0.5 * np.arange(self.rows)
        lon = 140 + 0.5 * np.arange(self.columns)
        first = self.step * np.arange(self.times)
        axes = {
            2: ("lon", lon, {"standard_name": "longitude", "var_name": "lon", "units": "degrees_east"}),
            1: ("lat", lat, {"standard_name": "latitude", "var_name": "lat", "units": "degrees_north"}),
            0: ("time", first, {"standard_name": "time", "units": Unit("days since 2001-01-01", self.calendar)}),
        }
        for dim, (name, points, names) in axes.items():
            how = getattr(self, name)
            bounds = None
            if self.bounds:
                half = self.step if name == "time" else 0.5
                bounds = np.stack([points, points + half], axis=1) - (0 if name == "time" else 0.25)
            points = points + (self.step / 2 if name == "time" and self.bounds else 0)
            if how == "axis":
                cube.add_dim_coord(DimCoord(points, bounds=bounds, **names), dim)
            elif how == "auxiliary":
                cube.add_aux_coord(AuxCoord(points, bounds=bounds, **names), dim)
            elif how == "scalar":
                cube = cube[(slice(None),) * dim + (0,)]
                cube.add_aux_coord(AuxCoord(points[:1], bounds=None if bounds is None else bounds[:1], **names))
        if self.depth:
            cube.add_aux_coord(AuxCoord(5.0, standard_name="depth", units="m", attributes={"positive": "down"}))
        if self.realization:
            cube.add_aux_coord(AuxCoord(0, standard_name="realization", units="1"))
        return cube


@st.composite
def odd_cases(draw: st.DrawFn, *, times: int = 40) -> OddCase:
    """Draw cases that are odd in some ways and plain in all others: what is odd in all ways is refused at once."""
    odd = {
        "times": st.one_of(st.integers(1, times), st.just(1), st.just(400)),
        "rows": st.integers(1, 5),
        "columns": st.integers(1, 6),
        "step": st.sampled_from([0.25, 5.0, 30.0, 400.0, 1e-4, 0.0]),
        "values": st.sampled_from(VALUES[1:]),
        "gaps": st.sampled_from([0.0, 0.95]),
        "seed": st.integers(0, 20),
        "dtype": st.sampled_from(TYPES[1:]),
        "nan": st.just(True),
        "standard_name": st.sampled_from(STANDARD_NAMES[1:]),
        "long_name": st.sampled_from(LONG_NAMES[1:]),
        "var_name": st.sampled_from(VAR_NAMES[1:]),
        "units": st.sampled_from(UNITS[1:]),
        "calendar": st.sampled_from(CALENDARS[1:]),
        "axes": st.dictionaries(st.sampled_from(["time", "lat", "lon"]), st.sampled_from(AXES[1:]), min_size=1),
        "bounds": st.just(False),
        "depth": st.just(True),
        "realization": st.just(True),
    }
    ways = draw(st.lists(st.sampled_from(list(odd)), unique=True, max_size=6))
    drawn = {way: draw(odd[way]) for way in ways}
    return OddCase(**{"times": times} | drawn.pop("axes", {}) | drawn)
