"""Complete levels with members that depart from a regression, or from the climatology."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from einops import rearrange
from iris.cube import Cube
from jaxtyping import Bool, Float, Int

from esmlearn.cubes.convert import Gridded, like_input
from esmlearn.cubes.order import put_in_order
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.land import settle_land
from esmlearn.fields.member_cubes import levels_cube, members_cube
from esmlearn.fields.reconstruction import Reconstruction, deviation_of_members
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
from esmlearn.tasks.ensembles.errors import check_errors
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
    values, error
        Scaled observations, and the standard deviations of their errors where these are an input; zero elsewhere.
    surface, surface_observed
        Scaled values of the surface, and where they count; no channel for networks that are not conditioned on it.
    analysis
        Optimal interpolation of the profiles of all times, and the weight of observations in it.
    first_guess
        Of the regression; None where members depart from the climatology.
    errors
        Whether the networks are conditioned on errors.
    without
        Coordinates that are left out, of `place` and `date`.
    smooth
        Whether members may differ from observations with an error; else they have what was observed.
    """

    field: Field
    climates: tuple[Climate, ...]
    values: Float[np.ndarray, "time var lat lon"]
    error: Float[np.ndarray, "time var lat lon"]
    surface: Float[np.ndarray, "time surface lat lon"]
    surface_observed: Bool[np.ndarray, "time surface lat lon"]
    analysis: tuple[Float[torch.Tensor, "time var lat lon"], Float[torch.Tensor, "time var lat lon"]]
    first_guess: FirstGuess | None = None
    errors: bool = False
    without: Collection[str] = ()
    smooth: bool = False

    def exact(self, times: Int[np.ndarray, " time"]) -> Bool[np.ndarray, "time var lat lon"]:
        """Where the truth is taken to be what was observed: members never differ from it there."""
        return self.field.observed[times] & (self.error[times] == 0)

    def maps(self, times: Int[np.ndarray, " time"]) -> Float[torch.Tensor, "time channel lat lon"]:
        """Channels that the regression is conditioned on at some times."""
        land = np.broadcast_to(self.field.land, (len(times), *self.field.land.shape)).copy()
        parts = (self.values, self.field.observed, self.surface, self.surface_observed)
        values, observed, surface, surface_observed = (torch.from_numpy(part[times]) for part in parts)
        analysis = (self.analysis[0][times], self.analysis[1][times])
        error = torch.from_numpy(self.error[times]) if self.errors else None
        return level_maps(values, observed, surface, surface_observed, torch.from_numpy(land), analysis, error)

    def inputs(self, times: Int[np.ndarray, " time"]) -> Inputs:
        """Inputs of the denoiser at some times."""
        maps, exact = self.maps(times), torch.from_numpy(self.exact(times))
        if self.first_guess is None:
            return Inputs(maps, torch.from_numpy(self.values[times]), exact)
        maps = torch.cat([maps, *(part[times] for part in self.first_guess)], dim=1)
        return Inputs(maps, torch.zeros_like(exact, dtype=torch.float32), exact)

    def members(
        self, states: Float[np.ndarray, "member time var lat lon"], times: Int[np.ndarray, " time"]
    ) -> Float[np.ndarray, "member time var lat lon"]:
        """Members in the units of the field: observations keep their values (of `smooth` exact ones), land is NaN."""
        mean, std = self._first_guess(times)
        members = mean + std * states
        part_of_year = self.field.year_fraction[times]
        for level, (climatology, scaling) in enumerate(self.climates):
            unit = rearrange(scaling.at(part_of_year), "time -> time 1 1")
            members[:, :, level] = members[:, :, level] * unit + climatology.at(part_of_year)
        kept = self.exact(times) if self.smooth else self.field.observed[times]
        members[:, kept] = self.field.values[times][kept]
        members[..., self.field.land] = np.nan
        return members

    def true_states(self, truth: Field, times: Int[np.ndarray, " time"]) -> TrueStates:
        """Clean states of the truth at some times."""
        mean, std = self._first_guess(times)
        anomalies = LevelFields(truth[times], self.climates, None).anomalies()
        known = truth.observed[times]
        clean = np.where(known, (anomalies - mean) / std, np.float32(0.0))
        return TrueStates(clean, known & ~self.exact(times), std)

    def _first_guess(self, times: Int[np.ndarray, " time"]) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the first guess in scaled units."""
        if self.first_guess is None:
            parts = (self.values, self.field.observed, self.error)
            guess = FirstGuess.climatology(*(torch.from_numpy(part[times]) for part in parts))
        else:
            guess = FirstGuess(*(part[times] for part in self.first_guess))
        return guess.mean.numpy(), np.exp(guess.log_std.numpy())


def prepare(
    trained: TrainedDensifier,
    field: Field,
    surface: Field | None,
    settings: EnsembleSettings | None = None,
    *,
    without: Collection[str] = (),
    smooth: bool = False,
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
    smooth
        Whether members may differ from observations with an error.

    Raises
    ------
    DataError
        If levels or grid are not those of the training, or errors are an input that are not known.
    SettingsError
        If observations shall be smoothed by an ensemble that has not learned to.
    """
    check_levels(trained, field)
    check_errors(trained.settings, field, smooth=smooth)
    settings = settings or EnsembleSettings()
    sees_surface = trained.settings.surface is not None
    climates = trained.climates[: trained.n_levels]
    given = None if surface is None or not sees_surface or "surface" in without else same_dates(surface, field)
    levels = LevelFields(field, trained.climates if given else climates, given)
    values, surfaces, surfaces_observed = levels.anomalies(), levels.surface_anomalies(), levels.surface_observed()
    if sees_surface and given is None:
        surfaces = np.zeros((len(field.dates), 1, *field.land.shape), np.float32)
        surfaces_observed = np.zeros_like(surfaces, bool)
    error, errors = np.zeros_like(values), trained.settings.observation_errors
    if errors:
        error = field.deviation / rearrange(levels.units(), "time var -> time var 1 1")
    analysis = analyse_domain(field, values, trained.covariance, trained.settings.window, error)
    task = LevelSampling(
        field,
        climates,
        values,
        error,
        surfaces,
        surfaces_observed,
        analysis,
        errors=errors,
        without=without,
        smooth=smooth,
    )
    if trained.regression is None:
        return task
    coordinates = coordinates_of(field, without)
    guesses = []
    for times in in_chunks(np.arange(len(field.dates)), settings.members):
        observations = (torch.from_numpy(part[times]) for part in (values, field.observed, error))
        guess = regress_domain(
            trained.regression,
            Condition(task.maps(times), None, coordinates.season[times], coordinates.hour[times]),
            analysis[0][times],
            tile=settings.tile,
            position=coordinates.position,
            ring=field.closes,
        )
        guesses.append(guess.keep_observations(*observations))
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
    trained: TrainedDensifier,
    field: Field,
    surface: Field | None,
    settings: EnsembleSettings,
    *,
    smooth: bool = False,
) -> Float[np.ndarray, "member time var lat lon"]:
    """Sample members of complete levels.

    Parameters
    ----------
    trained, field, surface, smooth
        As of `prepare`.
    settings
        Members, sampler, tiles.

    Returns
    -------
    numpy.ndarray
        In the units of the field, NaN on land. Where a value was observed all members have it, unless it is smoothed.
    """
    return sample_members(trained, prepare(trained, field, surface, settings, smooth=smooth), settings)


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

    def reconstruct(
        self,
        data: Gridded,
        surface: Gridded | None = None,
        *,
        error: float | Cube | None = None,
        smooth_observed: bool = False,
    ) -> Gridded:
        """Complete the levels of a cube, or of an array of xarray.

        Parameters
        ----------
        data
            Sparse values with the dimensions time, depth, latitude, longitude; missing values are masked.
        surface
            The surface at the same times; none if nothing is known of it.
        error
            Standard deviation of the errors of the values: a number as a difference in the `units` of the ensemble, or
            a cube. Default: what the data carry.
        smooth_observed
            Whether members may differ from what was observed, as far as its error allows; by default they have it.

        Returns
        -------
        Cube
            The mean of the members, with their standard deviation and a flag for observed values as ancillary
            variables.

        Raises
        ------
        DataError
            If levels, grid, times, units or errors do not fit.
        SettingsError
            If observed values are to be smoothed by an ensemble that has not learned to.
        """
        field, members = self._sample(data, surface, error, smooth=smooth_observed)
        return like_input(levels_cube(field, members.mean(axis=0), deviation_of_members(members, field)), data)

    def reconstruct_members(
        self,
        data: Gridded,
        surface: Gridded | None = None,
        *,
        error: float | Cube | None = None,
        smooth_observed: bool = False,
    ) -> Gridded:
        """Complete the levels with members, which have the dimension `realization` in front.

        Arguments and errors are those of `reconstruct`.
        """
        return like_input(members_cube(*self._sample(data, surface, error, smooth=smooth_observed)), data)

    def _sample(
        self, data: Gridded, surface: Gridded | None, error: float | Cube | None, *, smooth: bool
    ) -> tuple[Field, Float[np.ndarray, "member time var lat lon"]]:
        """Sample members for cubes, in the units of the quantity."""
        field = Field.from_cube(put_in_order(data), units=self.units).with_error(error)
        field = settle_land(field, known=self.trained.land)
        units = self.trained.settings.surface_units
        above = None
        if surface is not None:
            above = Field.from_cube(put_in_order(surface), units=units, land=self.trained.land)
        members = densify(self.trained, field, above, self.settings, smooth=smooth)
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
    check_errors(trained.settings, observations.field, smooth=settings.smooth_observed)
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
    smooth = settings.smooth_observed
    task = prepare(trained, field, surface, ensemble, smooth=smooth)
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
            varied = prepare(trained, given, surface, sampling, without=ablation.without, smooth=smooth)
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
