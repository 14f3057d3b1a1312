"""Fine fields drawn from coarse ones."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from iris.coords import DimCoord
from iris.cube import Cube
from jaxtyping import Float, Int

from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.field import Field
from esmlearn.fields.monthly_scaling import months_of
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.fields.times import match_times
from esmlearn.grids.consistency import make_consistent
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import averager, interpolator
from esmlearn.models.denoisers.condition import Condition
from esmlearn.settings import EnsembleSettings, Interpolation
from esmlearn.settings.downscaling import IN_SITU, NEIGHBOURS
from esmlearn.tasks.downscale.conditions import FILL_KM, Channels, CoarseInput, join, scaled_channels
from esmlearn.tasks.downscale.inputs import downscale_maps
from esmlearn.tasks.ensembles.sampling import Aim, Told, coordinates_of, draw
from esmlearn.tasks.ensembles.tiles import guess_in_tiles
from esmlearn.trained.trained import TrainedDownscaler

COORDINATES = ("place", "date", "hour")


class Downscaler:
    """A trained super-resolution, ready for cubes and fields.

    Examples
    --------
    In a notebook: ``esmlearn.load("model").reconstruct(coarse)`` gives the mean of the members on the fine grid.
    """

    def __init__(self, trained: TrainedDownscaler, settings: EnsembleSettings | None = None) -> None:
        self.trained, self.settings = trained, settings or EnsembleSettings()
        self.units = trained.record["units"]

    def reconstruct(self, cube: Cube, further: Mapping[str, Cube] | None = None, in_situ: Cube | None = None) -> Cube:
        """Make fine fields of a coarse cube.

        Parameters
        ----------
        cube
            The coarse field with the dimensions time, latitude, longitude.
        further
            Further coarse variables by the names of the training; what is not given is left out.
        in_situ
            Observations on the fine grid at the same times, masked elsewhere.

        Returns
        -------
        Cube
            Mean of the members in the units of the training, with their standard deviation as an ancillary variable.
        """
        trained = self.trained
        coarse = read_coarse(trained, {trained.settings.data.coarse: cube, **(further or {})})
        fine = fine_template(trained, coarse[trained.settings.data.coarse])
        seen = None if in_situ is None else Field.from_cube(in_situ, units=self.units, land=trained.land)
        members = downscale(trained, coarse, fine, self.settings, in_situ=seen)
        return Reconstruction.of_members(members[:, :, 0], fine).to_cubes(fine)[0]


def read_coarse(trained: TrainedDownscaler, cubes: Mapping[str, Cube]) -> dict[str, Field]:
    """Read coarse cubes in the units of the training.

    Raises
    ------
    DataError
        If a name is none of the training.
    """
    names = (trained.settings.data.coarse, *trained.settings.conditions.coarse)
    unknown = sorted(set(cubes) - set(names))
    if unknown:
        raise DataError(
            f"The model knows no coarse field {', '.join(unknown)}; those of its training are {', '.join(names)}."
        )
    units = dict(zip(names, trained.record["coarse_units"], strict=True))
    return {name: Field.from_cube(cube, units=units[name]) for name, cube in cubes.items()}


def fine_template(trained: TrainedDownscaler, coarse: Field) -> Field:
    """An empty field on the fine grid of the training, at the times of a coarse one."""
    grid, variable = trained.grid, trained.record["variable"]
    shape = len(coarse.dates), *grid.shape
    axes = [
        DimCoord(
            points,
            standard_name=name,
            var_name=name[:3],
            units="degrees",
            bounds=edges,
            circular=name == "longitude" and grid.closes,
        )
        for name, points, edges in (
            ("latitude", grid.lat, grid.lat_edges),
            ("longitude", grid.unrolled, grid.lon_edges),
        )
    ]
    like = coarse.like[0]
    cube = Cube(
        np.broadcast_to(np.float32(0.0), shape),
        standard_name=variable.get("standard_name"),
        long_name=variable.get("long_name"),
        var_name=variable["short_name"],
        units=trained.record["units"],
        attributes=dict(like.attributes),
        dim_coords_and_dims=[(like.coord("time"), 0), (axes[0], 1), (axes[1], 2)],
    )
    n_variables = trained.scaling.mean.shape[1]
    nothing = np.broadcast_to(np.float32(np.nan), (shape[0], n_variables, *shape[1:]))
    return Field(nothing, np.zeros(nothing.shape, bool), trained.land, trained.record["units"], (cube,) * n_variables)


@dataclass(frozen=True)
class FineGuess:
    """What a regression says of all times; zero where it was not asked yet.

    Attributes
    ----------
    trained
        Whose it is.
    mean, log_std
        In scaled units.
    agree
        Makes fields at some times consistent with the coarse field, if that is asked for.
    """

    trained: TrainedDownscaler
    mean: Float[np.ndarray, "time var lat lon"]
    log_std: Float[np.ndarray, "time var lat lon"]
    agree: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def in_units(self, fine: Field) -> Reconstruction:
        """Values, and the standard deviation of their error, which is not known of a logarithm; NaN on land."""
        month, scaling = months_of(fine), self.trained.scaling
        values = np.where(fine.land, np.float32(np.nan), scaling.unscale(self.mean, month))
        mean = self.agree(values, np.arange(len(month)))[:, 0]
        std = None
        if scaling.log_scale is None:
            std = np.where(fine.land, np.float32(np.nan), (np.exp(self.log_std) * scaling.std[month - 1])[:, 0])
        return Reconstruction.of_days(mean, fine, std)


def aim_at_fine(
    trained: TrainedDownscaler,
    coarse: Mapping[str, Field],
    fine: Field,
    settings: EnsembleSettings,
    *,
    in_situ: Field | None = None,
    without: Collection[str] = (),
) -> tuple[Aim, FineGuess]:
    """Say what fine fields are drawn from.

    Parameters
    ----------
    trained
        The denoiser.
    coarse
        The coarse field, and further ones by the names of the training; those that are not given are left out.
    fine
        Says which times are drawn, see `fine_template`.
    settings
        Tiles, and whether members and regression shall be consistent with the coarse field.
    in_situ
        Observations on the fine grid; None if there are none.
    without
        What the networks are not told, of the conditions of the training, `place`, `date` and `hour`.

    Returns
    -------
    Aim, FineGuess
        What is drawn, and what the regression says of the times that were drawn; nothing where there is none.

    Raises
    ------
    DataError
        If the coarse field does not cover the fine grid, or times are missing.
    SettingsError
        If consistency is asked for of a logarithm.
    """
    if settings.consistent and trained.scaling.log_scale is not None:
        raise SettingsError(
            "`consistent` adds corrections, which could make what is scaled by a logarithm negative; leave it out."
        )
    inputs = _inputs(trained, {name: field for name, field in coarse.items() if name not in without}, fine)
    observed = None
    if in_situ is not None and IN_SITU not in without:
        observed = in_situ[match_times(in_situ, fine, names=("in-situ data", "coarse field"))]
    told, n_variables = coordinates_of(fine, without), fine.values.shape[1]

    def agree(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        if not settings.consistent:
            return values
        given, times = inputs[0]
        average = averager(trained.grid, given.regridder.source)
        return make_consistent(values, given.field.values[times[chosen]], average)

    mean, log_std = (np.zeros(fine.values.shape, np.float32) for _ in range(2))
    guess = FineGuess(trained, mean, log_std, agree)

    def tell(chosen: np.ndarray) -> Told:
        channels = _channels(trained, inputs, observed, fine, chosen, without)
        values, known = (torch.from_numpy(part) for part in channels)
        land = torch.from_numpy(np.broadcast_to(fine.land, (len(chosen), *fine.land.shape)).copy())
        maps = downscale_maps(values, known, land)
        base = values[:, :n_variables].masked_fill(~known[:, :n_variables], 0.0)
        nothing = torch.zeros_like(base)
        if trained.regression is None:
            return Told(maps, nothing, nothing.bool())
        condition = Condition(maps, None, told.season[chosen], told.hour[chosen])
        said = guess_in_tiles(
            trained.regression, condition, base, tile=settings.tile, position=told.position, ring=fine.closes
        )
        guess.mean[chosen], guess.log_std[chosen] = (part.numpy() for part in said)
        return Told(torch.cat([maps, *said], dim=1), nothing, nothing.bool())

    def finish(states: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        members = trained.scaling.unscale(
            guess.mean[chosen] + np.exp(guess.log_std[chosen]) * states, months_of(fine)[chosen]
        )
        members[..., fine.land] = np.nan
        return agree(members, chosen)

    return Aim(fine, tell, finish, tuple(name for name in without if name in COORDINATES)), guess


def downscale(
    trained: TrainedDownscaler,
    coarse: Mapping[str, Field],
    fine: Field,
    settings: EnsembleSettings,
    *,
    in_situ: Field | None = None,
) -> Float[np.ndarray, "member time var lat lon"]:
    """Draw members of fine fields, in their units and NaN on land; parameters and errors as of `aim_at_fine`."""
    return draw(trained, aim_at_fine(trained, coarse, fine, settings, in_situ=in_situ)[0], settings)


def interpolate(trained: TrainedDownscaler, coarse: Field, fine: Field, method: Interpolation) -> Reconstruction:
    """Carry the coarse field to the fine grid: the baselines of super-resolution."""
    carry = interpolator(RectilinearGrid.of(coarse.like[0]), trained.grid, method, fill_km=FILL_KM)
    values = carry(coarse.values[match_times(coarse, fine, names=("coarse field", "fine field")), 0])
    return Reconstruction.of_days(np.where(fine.land, np.float32(np.nan), values), fine)


def _inputs(
    trained: TrainedDownscaler, coarse: Mapping[str, Field], fine: Field
) -> list[tuple[CoarseInput, Int[np.ndarray, " time"]]]:
    """Coarse fields that are given, in the order of the training, and where the times of the fine one are in them."""
    names = (trained.settings.data.coarse, *trained.settings.conditions.coarse)
    neighbours = trained.settings.conditions.neighbours
    return [
        (
            CoarseInput.of(name, coarse[name], trained.grid, scaling, neighbours if name == names[0] else ()),
            match_times(coarse[name], fine, names=("coarse field", "fine field")),
        )
        for name, scaling in zip(names, trained.coarse_scalings, strict=True)
        if name in coarse
    ]


def _channels(
    trained: TrainedDownscaler,
    inputs: list[tuple[CoarseInput, Int[np.ndarray, " time"]]],
    in_situ: Field | None,
    fine: Field,
    chosen: np.ndarray,
    without: Collection[str],
) -> Channels:
    """All conditions at some times, in the order of the training; what is not given is left out."""
    aim, some = trained.settings, fine[chosen]
    shape = (len(chosen), 1, *fine.land.shape)
    absent = Channels(np.zeros(shape, np.float32), np.zeros(shape, bool))
    given = {told.name: told.tell(times[chosen], months_of(some)) for told, times in inputs}
    parts = [given.get(name, absent) for name in (aim.data.coarse, *aim.conditions.coarse)]
    if NEIGHBOURS in without:
        n_variables = fine.values.shape[1]
        parts[0].known[:, n_variables:] = False
    static = trained.static
    kept = np.array([name not in without for name in static.names], bool)[:, None, None]
    fixed = (np.where(kept, static.values, np.float32(0.0)), static.known & kept)
    parts.append(Channels(*(np.broadcast_to(part, (len(chosen), *part.shape)).copy() for part in fixed)))
    if aim.conditions.in_situ:
        seen = None if in_situ is None else np.where(in_situ.observed, in_situ.values, np.float32(np.nan))[chosen]
        parts.append(absent if seen is None else scaled_channels(seen, trained.scaling, months_of(some)))
    return join(parts)
