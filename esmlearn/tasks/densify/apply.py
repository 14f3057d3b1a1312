"""Complete levels with members that depart from a regression, or from the climatology."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int

from esmlearn.cubes.convert import Gridded, like_input
from esmlearn.cubes.order import put_in_order
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.land import settle_land
from esmlearn.fields.member_cubes import levels_cube, members_cube
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.gaps.corrupt import hide_levels
from esmlearn.models.denoisers.condition import Condition
from esmlearn.settings import (
    AblationSettings,
    EnsembleSettings,
    HideSettings,
    ReconstructSettings,
    TrainDensifySettings,
)
from esmlearn.tasks.densify.analysis import analyse_domain
from esmlearn.tasks.densify.inputs import level_maps
from esmlearn.tasks.densify.model import TrainedDensifier
from esmlearn.tasks.densify.samples import LevelFields, same_dates
from esmlearn.tasks.ensembles.ablation import ablate
from esmlearn.tasks.ensembles.figures import plot_sampling
from esmlearn.tasks.ensembles.regression import FirstGuess, regress_domain
from esmlearn.tasks.ensembles.sampling import Inputs, TrueStates, coordinates_of, in_chunks, sample_members
from esmlearn.tasks.left_out import MORE, leaving_out
from esmlearn.tasks.observations import Observations, find_truth, run_baselines
from esmlearn.tasks.outputs import Application, MethodOutput, Output
from esmlearn.trained.arrays import Climate

METHOD = "ConditionalDiffusion"


@dataclass(frozen=True)
class LevelSampling:
    """Sparse levels, as they are sampled.

    Attributes
    ----------
    field
        What was observed of the levels.
    climates
        Climatology and scaling of each level.
    values
        Scaled observations; zero where there are none.
    surface, surface_observed
        Scaled values of the surface, and where they count; no channel for networks that are not conditioned on it.
    analysis
        Optimal interpolation of the profiles of all times, and the weight of observations in it.
    first_guess
        Of the regression; None where members depart from the climatology.
    without
        Coordinates that are left out, of `place` and `date`.
    """

    field: Field
    climates: tuple[Climate, ...]
    values: Float[np.ndarray, "time var lat lon"]
    surface: Float[np.ndarray, "time surface lat lon"]
    surface_observed: Bool[np.ndarray, "time surface lat lon"]
    analysis: tuple[Float[torch.Tensor, "time var lat lon"], Float[torch.Tensor, "time var lat lon"]]
    first_guess: FirstGuess | None = None
    without: Collection[str] = ()

    def maps(self, times: Int[np.ndarray, " time"]) -> Float[torch.Tensor, "time channel lat lon"]:
        """Channels that the regression is conditioned on at some times."""
        land = np.broadcast_to(self.field.land, (len(times), *self.field.land.shape)).copy()
        parts = (self.values, self.field.observed, self.surface, self.surface_observed)
        values, observed, surface, surface_observed = (torch.from_numpy(part[times]) for part in parts)
        analysis = (self.analysis[0][times], self.analysis[1][times])
        return level_maps(values, observed, surface, surface_observed, torch.from_numpy(land), analysis)

    def inputs(self, times: Int[np.ndarray, " time"]) -> Inputs:
        """Inputs of the denoiser at some times."""
        maps, values = self.maps(times), torch.from_numpy(self.values[times])
        observed = torch.from_numpy(self.field.observed[times])
        if self.first_guess is None:
            return Inputs(maps, values, observed)
        maps = torch.cat([maps, *(part[times] for part in self.first_guess)], dim=1)
        return Inputs(maps, torch.zeros_like(values), observed)

    def members(
        self, states: Float[np.ndarray, "member time var lat lon"], times: Int[np.ndarray, " time"]
    ) -> Float[np.ndarray, "member time var lat lon"]:
        """Members in the units of the field: observations keep their values, land is NaN."""
        mean, std = self._first_guess(times)
        members = mean + std * states
        part_of_year = self.field.year_fraction[times]
        for level, (climatology, scaling) in enumerate(self.climates):
            unit = rearrange(scaling.at(part_of_year), "time -> time 1 1")
            members[:, :, level] = members[:, :, level] * unit + climatology.at(part_of_year)
        observed = self.field.observed[times]
        members[:, observed] = self.field.values[times][observed]
        members[..., self.field.land] = np.nan
        return members

    def true_states(self, truth: Field, times: Int[np.ndarray, " time"]) -> TrueStates:
        """Clean states of the truth at some times."""
        mean, std = self._first_guess(times)
        anomalies = LevelFields(truth[times], self.climates, None).anomalies()
        known = truth.observed[times]
        clean = np.where(known, (anomalies - mean) / std, np.float32(0.0))
        return TrueStates(clean, known & ~self.field.observed[times], std)

    def _first_guess(self, times: Int[np.ndarray, " time"]) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the first guess in scaled units."""
        if self.first_guess is None:
            nothing = np.zeros(self.values[times].shape, np.float32)
            return nothing, np.ones_like(nothing)
        mean, log_std = (part[times].numpy() for part in self.first_guess)
        return mean, np.exp(log_std)


def prepare(
    trained: TrainedDensifier,
    field: Field,
    surface: Field | None,
    settings: EnsembleSettings | None = None,
    *,
    without: Collection[str] = (),
) -> LevelSampling:
    """Prepare sparse levels for sampling: their inputs, and the first guess of the regression.

    Parameters
    ----------
    trained
        The ensemble.
    field
        What was observed of the levels that it was trained on, on the grid of the training.
    surface
        The surface, at least at the same times; None if nothing is known of it.
    settings
        Tiles of the regression; default as of `EnsembleSettings`.
    without
        Conditions that are left out, of `surface`, `place`, `date`.

    Raises
    ------
    DataError
        If levels or grid are not those of the training.
    """
    check_levels(trained, field)
    settings = settings or EnsembleSettings()
    sees_surface = trained.settings.surface is not None
    climates = trained.climates[: trained.n_levels]
    given = None if surface is None or not sees_surface or "surface" in without else same_dates(surface, field)
    levels = LevelFields(field, trained.climates if given else climates, given)
    values, surfaces, surfaces_observed = levels.anomalies(), levels.surface_anomalies(), levels.surface_observed()
    if sees_surface and given is None:
        surfaces = np.zeros((len(field.dates), 1, *field.land.shape), np.float32)
        surfaces_observed = np.zeros_like(surfaces, bool)
    analysis = analyse_domain(field, values, trained.covariance, trained.settings.window)
    task = LevelSampling(field, climates, values, surfaces, surfaces_observed, analysis, without=without)
    if trained.regression is None:
        return task
    coordinates = coordinates_of(field, without)
    guesses = []
    for times in in_chunks(np.arange(len(field.dates)), settings.members):
        observations = torch.from_numpy(values[times])
        guess = regress_domain(
            trained.regression,
            Condition(task.maps(times), None, coordinates.season[times], coordinates.hour[times]),
            analysis[0][times],
            tile=settings.tile,
            position=coordinates.position,
            ring=field.closes,
        )
        guesses.append(guess.keep_observations(observations, torch.from_numpy(field.observed[times])))
    return replace(task, first_guess=FirstGuess(*map(torch.cat, zip(*guesses, strict=True))))


def check_levels(trained: TrainedDensifier, field: Field) -> None:
    """Refuse a field of other levels, or on another grid, than the training."""
    n_levels = field.values.shape[1]
    if n_levels != trained.n_levels or not trained.climates[0][0].covers(field.like[0]):
        raise DataError(
            f"The ensemble was trained on {trained.n_levels} levels on its own grid, but the data have {n_levels} "
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


def densify(
    trained: TrainedDensifier, field: Field, surface: Field | None, settings: EnsembleSettings
) -> Float[np.ndarray, "member time var lat lon"]:
    """Sample members of complete levels.

    Parameters
    ----------
    trained, field, surface
        As of `prepare`.
    settings
        Members, sampler, tiles.

    Returns
    -------
    numpy.ndarray
        In the units of the field, NaN on land. Where a value was observed all members have it.
    """
    return sample_members(trained, prepare(trained, field, surface, settings), settings)


class Densifier:
    """A trained ensemble that completes levels, ready for cubes.

    Examples
    --------
    In a notebook: ``esmlearn.load("model").reconstruct(profiles, surface)`` gives the mean of the members, with their
    standard deviation as an ancillary variable; ``.reconstruct_members(profiles, surface)`` gives the members.
    """

    def __init__(self, trained: TrainedDensifier, settings: EnsembleSettings | None = None) -> None:
        self.trained, self.settings = trained, settings or EnsembleSettings()
        self.units = trained.settings.data.field_units

    def reconstruct(self, data: Gridded, surface: Gridded | None = None) -> Gridded:
        """Complete the levels of a cube, or of an array of xarray.

        Parameters
        ----------
        data
            Sparse values with the dimensions time, depth, latitude, longitude; missing values are masked.
        surface
            The surface at the same times; none if nothing is known of it.

        Returns
        -------
        Cube
            The mean of the members, with their standard deviation and a flag for observed values as ancillary
            variables.

        Raises
        ------
        DataError
            If levels, grid, times or units do not fit.
        """
        field, members = self._sample(data, surface)
        return like_input(levels_cube(field, members.mean(axis=0), members.std(axis=0, ddof=1)), data)

    def reconstruct_members(self, data: Gridded, surface: Gridded | None = None) -> Gridded:
        """Complete the levels with members, which have the dimension `realization` in front.

        Arguments and errors are those of `reconstruct`.
        """
        return like_input(members_cube(*self._sample(data, surface)), data)

    def _sample(
        self, data: Gridded, surface: Gridded | None
    ) -> tuple[Field, Float[np.ndarray, "member time var lat lon"]]:
        """Sample members for cubes, in the units of the quantity."""
        field = settle_land(Field.from_cube(put_in_order(data), units=self.units), known=self.trained.land)
        units = self.trained.settings.surface_units
        above = None
        if surface is not None:
            above = Field.from_cube(put_in_order(surface), units=units, land=self.trained.land)
        members = densify(self.trained, field, above, self.settings)
        plain = field.without_logarithm()
        return plain, members if plain is field else np.exp(members)


Ready = Densifier


def apply(models: Mapping[str, Any], data: InputData, settings: ReconstructSettings) -> Application:
    """Complete the levels of the recipe with an ensemble, and each level by itself with the baselines."""
    trained: TrainedDensifier = models["densify"]
    surface = load_surface(data, trained.settings)
    below = data.without(trained.settings.surface_variable)
    observations = Observations.of(below, trained.settings.data, settings, trained.land)
    check_levels(trained, observations.field)
    short_name = str(below.find(observations.name)["short_name"])
    outputs = _outputs(trained, observations, surface, below, settings)
    return Application(observations.name, short_name, observations.attributes, outputs)


def _outputs(
    trained: TrainedDensifier,
    observations: Observations,
    surface: Field | None,
    data: InputData,
    settings: ReconstructSettings,
) -> Iterator[Output]:
    """Give the fields of all methods level by level, ablations, and figures of the sampling."""
    field, ensemble = observations.field, settings.ensemble
    task = prepare(trained, field, surface, ensemble)
    with leaving_out(METHOD) as failed:
        members = sample_members(trained, task, ensemble)
    yield from failed
    for index, (climatology, _) in enumerate(task.climates):
        level = observations.level(index)
        if not failed:
            result = Reconstruction.of_members(members[:, :, index], level.field)
            yield MethodOutput(METHOD, level.field, result, ensemble.model_dump(mode="json"))
        yield from run_baselines(level, trained.settings.data.split, climatology, settings)
    if failed:
        return
    with leaving_out(MORE) as failed:
        truth = find_truth(data, trained.settings.data.target, field, needed=settings.hides_anew)

        def vary(ablation: AblationSettings, times: Int[np.ndarray, " chosen"]) -> tuple[Field, np.ndarray]:
            given = field
            if ablation.share is not None and truth is not None:
                given = hide_anew(truth, trained.settings.hide, ablation.share, seed=ensemble.seed)
            sampling = ablation.sampling(ensemble)
            varied = prepare(trained, given, surface, sampling, without=ablation.without)
            return given[times], sample_members(trained, varied, sampling, times=times)

        yield from ablate(settings, field, members, vary)
        yield from plot_sampling(trained, task, ensemble, truth, dataset=observations.name)
    yield from failed


def hide_anew(complete: Field, hide: HideSettings, share: float, *, seed: int) -> Field:
    """Hide a share of complete levels at each time, in the shape that a training hides."""
    shape = complete.values.shape[1:]
    rng = np.random.default_rng(seed)
    hidden = [
        hide_levels(hide.kind, shape, share=(share, share), rng=rng, alike=False, **hide.options)
        for _ in complete.values
    ]
    return complete.hide(np.stack(hidden))


def load_surface(data: InputData, settings: TrainDensifySettings) -> Field | None:
    """Load the surface above the levels; None if the settings have none."""
    surface = settings.surface
    if surface is None:
        return None
    return data.field(surface.dataset, short_name=surface.short_name, units=settings.surface_units)
