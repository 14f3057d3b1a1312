"""Floats in the demo ocean, as a file like those of Argo: in-situ temperature, salinity and pressure with their flags.

They measure what `DemoOceanDepth` has, but on their own days, at their own places and depths, with errors. So they have
to go the way of real ones: `esmvaltool learn format argo`.
"""

from itertools import count
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from netCDF4 import Dataset

from esmlearn.datasets.demo_depth import DRIFT, EVERY
from esmlearn.datasets.demo_ocean import FIRST_DAY, LAST_DAY, SEED, is_whole, values_sha256
from esmlearn.datasets.demo_salinity import GENERATOR as SALINITY_GENERATOR
from esmlearn.datasets.demo_salinity import write_demo_salinity
from esmlearn.datasets.ocean_depth import DEPTHS
from esmlearn.datasets.ocean_simulation import LAT, LON, STEP
from esmlearn.files import atomic_write
from esmlearn.readers.profiles_seawater import depth_of, in_situ_temperature

# Raise this with every change of the numbers: files of another version are written anew.
GENERATOR = "1"
FILE = Path("floats", "demo_floats_prof.nc")
N_FLOATS = 200
CYCLE = 10  # days between two profiles of a float
PRESSURES = np.array([3.0, 5, 7, 10, 13, 16, 20, 25, 30, 40, 50, 60, 75, 90, 98])  # dbar
ACCURACY = {"PRES": 2.4, "TEMP": 0.002, "PSAL": 0.01}  # of delayed-mode values of Argo
OFFSET = {"PRES": 0.4, "TEMP": 0.0, "PSAL": 0.03}  # of raw values, which the adjusted ones lack
SPIKES = 0.01  # share of the values that are wrong by far, and flagged
UNCHECKED = 365  # last days, whose values nobody has adjusted yet
FILL = 99999.0


def write_demo_floats(
    folder: Path,
    *,
    seed: int = SEED,
    first_day: str = FIRST_DAY,
    last_day: str = LAST_DAY,
    n_floats: int = N_FLOATS,
) -> list[Path]:
    """Write the profiles of all floats as a file like those of Argo for a region, unless it is there and whole.

    The arguments are those of `write_demo_ocean`; `n_floats` drift at any time. Returns the files of temperature and
    salinity that they measured, and theirs.
    """
    files, path = write_demo_salinity(folder, seed=seed, first_day=first_day, last_day=last_day), folder / FILE
    origin = {
        "generator": "esmlearn.datasets.demo_floats",
        "generator_version": f"{SALINITY_GENERATOR}.{GENERATOR}",
        "seed": str(seed),
        "period": f"{first_day}/{last_day}",
        "floats": str(n_floats),
    }
    if is_whole(path, origin, "TEMP"):
        return [*files, path]
    ocean = []
    for complete, name in zip(files, ("thetao", "so"), strict=True):
        with Dataset(complete) as file:
            ocean.append(np.ma.filled(file[name][:].astype(float), np.nan))
    rng = np.random.default_rng(seed + 5)
    n_days = (len(ocean[0]) - 1) * EVERY
    number, day, places = drift(n_days, np.isnan(ocean[0][0, 0]), n_floats, rng)
    values = _measure(ocean, day, places, rng)
    time = np.datetime64(first_day, "s") + (day * 86_400).astype("timedelta64[s]")
    place = tuple(axis[0] + STEP * part for axis, part in zip((LAT, LON), places.T, strict=True))
    # No float of Argo has a number of this range.
    _write_argo(path, 9_000_000 + number, time, place, values, day < n_days - UNCHECKED, rng, origin)
    return [*files, path]


def drift(
    n_days: int, land: Bool[np.ndarray, "lat lon"], n_floats: int, rng: np.random.Generator
) -> tuple[Int[np.ndarray, " profile"], Float[np.ndarray, " profile"], Float[np.ndarray, "profile 2"]]:
    """Let floats drift in a random walk, and rise every ten days; where one strands or leaves, a new one is deployed.

    Returns the number of the float, the day with its part, and the place in cells of each profile.
    """
    sea, numbers = np.argwhere(~land), count()
    found: list[tuple[int, float, np.ndarray]] = []
    for _ in range(n_floats):
        number, place, day = next(numbers), rng.choice(sea) + rng.uniform(-0.5, 0.5, 2), rng.uniform(0, CYCLE)
        while day < n_days:
            cell = np.rint(place).astype(int)
            if (cell < 0).any() or (cell >= land.shape).any() or land[tuple(cell)]:
                number, place = next(numbers), rng.choice(sea) + rng.uniform(-0.5, 0.5, 2)
            found.append((number, day, place))
            place = place + DRIFT * np.sqrt(CYCLE / EVERY) * rng.standard_normal(2)
            day += CYCLE
    risen, days, places = (np.array(part) for part in zip(*found, strict=True))
    return risen, days, places


def _measure(
    ocean: list[np.ndarray],
    day: Float[np.ndarray, " profile"],
    places: Float[np.ndarray, "profile 2"],
    rng: np.random.Generator,
) -> dict[str, Float[np.ndarray, "profile level"]]:
    """Pressure, in-situ temperature and salinity of the profiles, with the errors of their instruments.

    A profile has the value of its cell, linear in time between the fifth days and in depth between the levels.
    """
    row, column = np.rint(places).astype(int).T
    lat, lon = (LAT[0] + STEP * places[:, 0])[:, None], (LON[0] + STEP * places[:, 1])[:, None]
    pressure = PRESSURES + rng.uniform(-0.3, 0.3, (len(day), len(PRESSURES)))
    before, part = (day // EVERY).astype(int), ((day % EVERY) / EVERY)[:, None]
    depth = depth_of(pressure, lat)
    values = []
    for field in ocean:
        column_then = (1 - part) * field[before, :, row, column] + part * field[before + 1, :, row, column]
        values.append(np.stack([np.interp(z, DEPTHS, v) for z, v in zip(depth, column_then, strict=True)]))
    temperature = in_situ_temperature(values[0], values[1], pressure, lat, lon)
    exact = {"PRES": pressure, "TEMP": temperature, "PSAL": values[1]}
    noise = {"PRES": 0.0, "TEMP": ACCURACY["TEMP"], "PSAL": ACCURACY["PSAL"]}
    return {name: part + noise[name] * rng.standard_normal(part.shape) for name, part in exact.items()}


def _write_argo(
    path: Path,
    number: Int[np.ndarray, " profile"],
    time: np.ndarray,
    place: tuple[np.ndarray, np.ndarray],
    values: dict[str, np.ndarray],
    checked: Bool[np.ndarray, " profile"],
    rng: np.random.Generator,
    about: dict[str, str],
) -> None:
    """Write profiles as Argo's files are: raw values and, where they were checked, adjusted ones with errors."""
    days = (time - np.datetime64("1950-01-01", "s")).astype(float) / 86_400
    profile, level = ("N_PROF",), ("N_PROF", "N_LEVELS")
    with atomic_write(path) as aside, Dataset(aside, "w") as file:
        file.setncatts(
            {
                "title": "SYNTHETIC floats in the demo ocean, laid out as Argo's; nothing here was measured",
                "source": "SYNTHETIC: simulated floats in a simulated ocean",
                "license": "CC0-1.0; coast from Natural Earth, public domain",
                **about,
            }
        )
        sizes = {"N_PROF": len(time), "N_LEVELS": len(PRESSURES), "STRING8": 8, "STRING64": 64}
        for dimension, size in sizes.items():
            file.createDimension(dimension, size)

        def put(key: str, kind: str, axes: tuple[str, ...], content: np.ndarray) -> None:
            fill = b" " if kind == "S1" else FILL
            file.createVariable(key, kind, axes, fill_value=fill, zlib=True)[:] = content

        def put_words(key: str, axis: str, words: list[str]) -> None:
            put(key, "S1", ("N_PROF", axis), np.array([list(word.ljust(sizes[axis])) for word in words], "S1"))

        put_words("PLATFORM_NUMBER", "STRING8", [str(one) for one in number])
        put_words("VERTICAL_SAMPLING_SCHEME", "STRING64", ["Primary sampling: discrete"] * len(time))
        put("DATA_MODE", "S1", profile, np.where(checked, b"D", b"R").astype("S1"))
        put("JULD", "f8", profile, days)
        file["JULD"].units = "days since 1950-01-01 00:00:00 UTC"
        for key, content in zip(("LATITUDE", "LONGITUDE"), place, strict=True):
            put(key, "f8", profile, content)
        for key in ("JULD_QC", "POSITION_QC"):
            put(key, "S1", profile, np.full(len(time), b"1", "S1"))
        for key, exact in values.items():
            spike = (rng.random(exact.shape) < SPIKES) & (key != "PRES")
            raw = np.where(checked[:, None], exact + OFFSET[key], exact) + np.where(spike, 20.0, 0.0)
            if key == "TEMP":
                file.values_sha256 = values_sha256(raw)
            good = checked[:, None] & ~spike
            flags = np.where(spike, b"4", b"1").astype("S1")
            put(key, "f4", level, raw)
            put(f"{key}_QC", "S1", level, flags)
            put(f"{key}_ADJUSTED", "f4", level, np.where(good, exact, FILL))
            put(f"{key}_ADJUSTED_QC", "S1", level, np.where(checked[:, None], flags, b" ").astype("S1"))
            put(f"{key}_ADJUSTED_ERROR", "f4", level, np.where(good, ACCURACY[key], FILL))
