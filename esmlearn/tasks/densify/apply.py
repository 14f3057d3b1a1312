"""LevelFields completed by members that depart from a regression, or from the climatology."""

from collections.abc import Collection

import numpy as np
import torch
from einops import rearrange
from iris.cube import Cube
from jaxtyping import Float

from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.models.denoisers.condition import Condition
from esmlearn.settings import EnsembleSettings
from esmlearn.tasks.densify.inputs import densify_maps
from esmlearn.tasks.densify.samples import LevelFields, same_dates
from esmlearn.tasks.ensembles.guess import sure_of_observations
from esmlearn.tasks.ensembles.sampling import Aim, Told, coordinates_of, draw
from esmlearn.tasks.ensembles.tiles import guess_in_tiles
from esmlearn.trained.trained import TrainedEnsemble


class Densifier:
    """A trained ensemble that completes levels, ready for cubes and fields.

    Examples
    --------
    In a notebook: ``esmlearn.load("model").reconstruct(profiles, surface)`` gives the mean of the members.
    """

    def __init__(self, trained: TrainedEnsemble, settings: EnsembleSettings | None = None) -> None:
        self.trained, self.settings = trained, settings or EnsembleSettings()
        self.units = trained.settings.data.units

    def reconstruct(self, cube: Cube, surface: Cube | None = None) -> Cube:
        """Complete the levels of a cube.

        Parameters
        ----------
        cube
            Sparse values with the dimensions time, depth, latitude, longitude; missing values are masked.
        surface
            The surface at the same times; none if nothing is known of it.
        """
        field = Field.from_cube(cube, units=self.units, land=self.trained.land)
        above = None if surface is None else Field.from_cube(surface, units=self.units, land=self.trained.land)
        return field.as_cube(densify(self.trained, field, above, self.settings).mean(axis=0))


def densify(
    trained: TrainedEnsemble, field: Field, surface: Field | None, settings: EnsembleSettings
) -> Float[np.ndarray, "member time var lat lon"]:
    """Draw members of complete levels.

    Parameters
    ----------
    trained, field, surface
        As of `aim_at_levels`.
    settings
        Members, sampler, tiles.

    Returns
    -------
    numpy.ndarray
        In the units of the field, NaN on land. Where a value was observed all members have it.
    """
    return draw(trained, aim_at_levels(trained, field, surface, tile=settings.tile), settings)


def aim_at_levels(
    trained: TrainedEnsemble,
    field: Field,
    surface: Field | None,
    *,
    tile: tuple[int, int],
    without: Collection[str] = (),
) -> Aim:
    """Say what complete levels are drawn from.

    Parameters
    ----------
    trained
        The denoiser.
    field
        What was observed of the levels that it was trained on, on the grid of the training.
    surface
        The surface, at least at the same times; None if nothing is known of it.
    tile
        Cells that go through the regression at once.
    without
        What the networks are not told, of `surface`, `place`, `date`.

    Raises
    ------
    DataError
        If levels or grid are not those of the training.
    """
    surface = None if "surface" in without else surface
    sees_surface = trained.settings.surface is not None
    climates = tuple(zip(trained.climatologies, trained.scalings, strict=True))
    n_levels = len(climates) - sees_surface
    if field.values.shape[1] != n_levels or not trained.climatologies[0].covers(field.like[0]):
        raise DataError(
            f"The ensemble was trained on {n_levels} levels on its own grid, but the data have {field.values.shape[1]} "
            "or lie on another: extract the same levels, and regrid."
        )
    learned = trained.record["levels"]
    if field.levels is None or not np.allclose(field.levels, learned, rtol=1e-3):
        here = "none" if field.levels is None else ", ".join(f"{level:g}" for level in field.levels)
        there = ", ".join(f"{level:g}" for level in learned)
        raise DataError(
            f"The ensemble was trained on the levels {there} m, but the data have {here}: extract the same ones in the "
            "preprocessor."
        )
    above = None if surface is None or not sees_surface else same_dates(surface, field)
    levels = LevelFields(field, climates if above else climates[:n_levels], above)
    values, seen = levels.anomalies(), field.observed
    surfaces, surfaces_seen = levels.surface_anomalies(), levels.surface_observed()
    if sees_surface and above is None:
        surfaces = np.zeros((len(field.dates), 1, *field.land.shape), np.float32)
        surfaces_seen = np.zeros_like(surfaces, bool)

    told = coordinates_of(field, without)
    guesses = [np.zeros_like(values), np.zeros_like(values)]

    def tell(chosen: np.ndarray) -> Told:
        land = np.broadcast_to(field.land, (len(chosen), *field.land.shape)).copy()
        parts = (part[chosen] for part in (values, seen, surfaces, surfaces_seen))
        maps = densify_maps(*(torch.from_numpy(part) for part in (*parts, land)))
        given, where = torch.from_numpy(values[chosen]), torch.from_numpy(seen[chosen])
        if trained.regression is None:
            return Told(maps, given, where)
        condition = Condition(maps, None, told.season[chosen], told.hour[chosen])
        nothing = torch.zeros_like(given)
        guess = guess_in_tiles(
            trained.regression, condition, nothing, tile=tile, position=told.position, ring=field.closes
        )
        guess = sure_of_observations(guess, given, where)
        for whole, part in zip(guesses, guess, strict=True):
            whole[chosen] = part.numpy()
        return Told(torch.cat([maps, *guess], dim=1), torch.zeros_like(given), where)

    def finish(states: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        mean, log_std = (whole[chosen] for whole in guesses)
        members = mean + np.exp(log_std) * states
        part_of_year = field.year_fraction[chosen]
        for level, (climatology, scaling) in enumerate(climates[:n_levels]):
            unit = rearrange(scaling.at(part_of_year), "time -> time 1 1")
            members[:, :, level] = members[:, :, level] * unit + climatology.at(part_of_year)
        members[:, seen[chosen]] = field.values[chosen][seen[chosen]]
        members[..., field.land] = np.nan
        return members

    return Aim(field, tell, finish, without)
