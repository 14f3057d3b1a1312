"""Fill the gaps of days with members that depart from a first guess."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from einops import rearrange
from iris.cube import Cube
from jaxtyping import Bool, Float, Int

from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.periods import check_daily
from esmlearn.fields.reconstruction import GapFiller, Reconstruction
from esmlearn.fields.reference import Source
from esmlearn.gaps.apply import apply_gaps
from esmlearn.gaps.simulate import KINDS
from esmlearn.settings import AblationSettings, EnsembleSettings, GapSettings, ReconstructSettings
from esmlearn.tasks.climate import Reference
from esmlearn.tasks.ensembles.ablation import ablate
from esmlearn.tasks.ensembles.errors import check_errors
from esmlearn.tasks.ensembles.figures import plot_sampling
from esmlearn.tasks.ensembles.sampling import Inputs, TrueStates, sample_members
from esmlearn.tasks.fill.model import TrainedFiller
from esmlearn.tasks.fill.samples import FirstGuessDays
from esmlearn.tasks.left_out import MORE, leaving_out
from esmlearn.tasks.observations import Observations, find_truth, run_baselines
from esmlearn.tasks.outputs import Application, MethodOutput, Output
from esmlearn.tasks.reconstruct.apply import METHOD as TRANSFORMER
from esmlearn.tasks.reconstruct.apply import Reconstructor, reconstruct
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.trained.arrays import Climate

METHOD = "ConditionalDiffusion"


@dataclass(frozen=True)
class GapSampling:
    """Gaps of days, as they are sampled.

    Attributes
    ----------
    field
        What was observed, one variable, day by day.
    days
        The same in scaled units, with the first guess.
    climatology, scaling
        On the grid of the field.
    neighbour_days
        Days before and after each day that the denoiser is conditioned on.
    power
        Where the standard deviation of the first guess is s, states are also stretched by s^power.
    without
        Conditions that are left out, of `place` and `date`; the base model knows what it always knows.
    smooth
        Whether members may differ from observations with an error; else they have what was observed.
    """

    field: Field
    days: FirstGuessDays
    climatology: Climatology
    scaling: Scaling
    neighbour_days: int
    power: float = 0.0
    without: Collection[str] = ()
    smooth: bool = False

    @cached_property
    def cycle(self) -> Float[np.ndarray, "time lat lon"]:
        """Climatology of each day."""
        return self.climatology.of(self.field)

    @cached_property
    def unit(self) -> Float[np.ndarray, "time 1 1"]:
        """Standard deviation of the anomalies on each day."""
        return self.scaling.at(self.field.year_fraction)[:, None, None]

    def inputs(self, times: Int[np.ndarray, " time"]) -> Inputs:
        """Inputs of the denoiser on some days."""
        exact = self.days.exact[times]
        known = np.where(exact, self.days.residuals(self.days.observations.values[times], times), np.float32(0.0))
        maps = self.days.maps(times, self.neighbour_days)
        return Inputs(maps, torch.from_numpy(known)[:, None], torch.from_numpy(exact)[:, None])

    def members(
        self, states: Float[np.ndarray, "member time 1 lat lon"], times: Int[np.ndarray, " time"]
    ) -> Float[np.ndarray, "member time 1 lat lon"]:
        """Members in the units of the field: observations keep their values (of `smooth` exact ones), land is NaN."""
        residual = np.exp((1 + self.power) * self.days.log_std[times]) * states[:, :, 0]
        members = (self.days.guess[times] + residual) * self.unit[times] + self.cycle[times]
        kept = self.days.exact[times] if self.smooth else self.field.observed[times, 0]
        members[:, kept] = self.field.values[times, 0][kept]
        members[:, :, self.field.land] = np.nan
        return members[:, :, None]

    def true_states(self, truth: Field, times: Int[np.ndarray, " time"]) -> TrueStates:
        """Clean states of the truth on some days."""
        known = truth.observed[times, 0]
        anomalies = np.where(known, (truth.values[times, 0] - self.cycle[times]) / self.unit[times], np.float32(0.0))
        hidden = known & ~self.days.exact[times]
        parts = self.days.residuals(anomalies.astype(np.float32), times), hidden, np.exp(self.days.log_std[times])
        return TrueStates(*(rearrange(part, "time y x -> time 1 y x") for part in parts))


def prepare(
    trained: TrainedFiller,
    field: Field,
    *,
    base: Reconstruction | None = None,
    climate: Climate | None = None,
    without: Collection[str] = (),
    smooth: bool = False,
) -> GapSampling:
    """Prepare the gaps of a field for sampling.

    Parameters
    ----------
    trained
        The ensemble.
    field
        What was observed, one variable, day by day.
    base
        Reconstruction by the base model, if there is one already.
    climate
        Climatology and scaling on the grid of the field; default: those of new data, as of `climate_of`.
    without
        Conditions that are left out, of `place` and `date`.
    smooth
        Whether members may differ from observations with an error.

    Raises
    ------
    DataError
        If the field is not daily, lacks errors that are an input, or is on another grid than the training and there is
        no base model.
    SettingsError
        If observations shall be smoothed by an ensemble that has not learned to.
    """
    check_daily(field)
    check_errors(trained.settings, field, smooth=smooth)
    cycle, scaling = climate_of(trained, field) if climate is None else climate
    if trained.base_model and base is None:
        base = reconstruct(trained.base_model, field, cycle, scaling)
    days = FirstGuessDays.of(field, cycle, scaling, base, trained.settings)
    neighbour_days = trained.settings.neighbour_days
    return GapSampling(field, days, cycle, scaling, neighbour_days, trained.power, without, smooth)


def climate_of(
    trained: TrainedFiller, field: Field, source: Source | None = None, *, years: Field | None = None
) -> Climate:
    """Climatology and scaling for a field; an ensemble around the climatology keeps the scaling of its training.

    Parameters
    ----------
    trained, field
        The ensemble, and what was observed.
    source, years
        As of `Reconstructor`.

    Raises
    ------
    DataError
        If the field is on another grid than that of the training, and there is no base model to depart from.
    """
    if trained.base_model:
        return Reconstructor(trained.base_model, source, years=years).climate(field)
    if not trained.climatology.covers(field.like[0]):
        raise DataError(
            "The ensemble was trained on another grid, and departs from the climatology there: regrid the data to its "
            "grid, or use an ensemble that departs from a model."
        )
    climatology, _ = Reference.of_new(trained, field if years is None else years, source).climate(trained)
    return climatology, trained.scaling


def fill(
    trained: TrainedFiller,
    field: Field,
    settings: EnsembleSettings,
    *,
    base: Reconstruction | None = None,
    climate: Climate | None = None,
    smooth: bool = False,
) -> Reconstruction:
    """Sample members of what the gaps of a field hide.

    Parameters
    ----------
    trained, field, base, climate, smooth
        As of `prepare`.
    settings
        Members, sampler, tiles.

    Returns
    -------
    Reconstruction
        Mean, standard deviation and members of days and months. Where a value was observed all members have it, unless
        it is smoothed.
    """
    task = prepare(trained, field, base=base, climate=climate, smooth=smooth)
    members = sample_members(trained, task, settings)
    return Reconstruction.of_members(members[:, :, 0], field)


class Filler(GapFiller):
    """A trained ensemble, ready for cubes and fields.

    Examples
    --------
    In a notebook: ``esmlearn.load("model").reconstruct(cube)`` gives the mean of the members, with their standard
    deviation as an ancillary variable; ``.reconstruct_field(field).members`` are the members themselves.
    """

    def __init__(
        self, trained: TrainedFiller, settings: EnsembleSettings | None = None, climatology: Source | None = None
    ) -> None:
        self.trained, self.settings, self.climatology = trained, settings or EnsembleSettings(), climatology
        self.units = trained.settings.data.field_units

    def land_of(self, cube: Cube) -> Bool[np.ndarray, "lat lon"] | None:
        """Land of the training if a cube is on its grid; else unknown, so that land is what was never observed."""
        return self.trained.land if self.trained.climatology.covers(cube) else None

    def reconstruct_field(self, field: Field) -> Reconstruction:
        """Fill the gaps of a field with members, their mean, and their standard deviation."""
        return self._fill(field, smooth=False)

    def smooth_field(self, field: Field) -> Reconstruction:
        """The same, with members that differ from noisy observations, for an ensemble that has learned their errors."""
        return self._fill(field, smooth=True)

    def _fill(self, field: Field, *, smooth: bool) -> Reconstruction:
        check_errors(self.trained.settings, field, smooth=smooth)
        climate = climate_of(self.trained, field, self.climatology)
        return fill(self.trained, field, self.settings, climate=climate, smooth=smooth)

    def climatology_words(self, field: Field) -> str:
        """Say where the climatology comes from."""
        return Reference.of_new(self.trained.base_model or self.trained, field, self.climatology).words

    def with_climatology(self, source: Source) -> "Filler":
        """The ensemble with the climatology of its training (`training`), or one from elsewhere."""
        return Filler(self.trained, self.settings, source)


Ready = Filler


def apply(models: Mapping[str, Any], data: InputData, settings: ReconstructSettings) -> Application:
    """Fill the gaps of the recipe's observations with an ensemble, its base model, and the baselines."""
    trained: TrainedFiller = models["fill"]
    transformer = _base_model(trained, models.get("reconstruct"))
    name = settings.observations or trained.settings.data.observations
    first = Reconstructor(transformer) if transformer else Filler(trained)
    known = first.land_of(data.cube(name, order=trained.settings.data.input))
    observations = Observations.of(data, trained.settings.data, settings, known)
    check_errors(trained.settings, observations.field, smooth=settings.smooth_observed)
    learned_from = transformer or trained
    reference = Reference.of(data, observations, settings, learned_from)
    outputs = _outputs(trained, transformer, observations, reference, data, settings)
    short_name = str(data.find(name)["short_name"])
    return Application(name, short_name, observations.attributes | reference.attributes, outputs)


def _base_model(trained: TrainedFiller, given: TrainedTransformer | None) -> TrainedTransformer | None:
    """Transformer that is applied, too: that of the ensemble, else the one among the ancestors.

    Raises
    ------
    SettingsError
        If they are not the same.
    """
    own = trained.base_model
    if own is None or given is None:
        return own or given
    pairs = zip(own.network.state_dict().values(), given.network.state_dict().values(), strict=False)
    if own.settings.model != given.settings.model or not all(torch.equal(*pair) for pair in pairs):
        raise SettingsError(
            "The ancestors give another SpatioTemporalModel than the one that the ensemble departs from; leave it out "
            "of `ancestors`, or train the ensemble on it."
        )
    return own


def _outputs(
    trained: TrainedFiller,
    transformer: TrainedTransformer | None,
    observations: Observations,
    reference: Reference,
    data: InputData,
    settings: ReconstructSettings,
) -> Iterator[Output]:
    """Give the fields of all methods, ablations, and figures of the sampling."""
    field, learned = observations.field, trained.settings.data
    _, source, years = reference
    climate = climate_of(trained, field, source, years=years)
    climatology = climate[0]
    reconstruction = None
    if transformer:
        with leaving_out(TRANSFORMER) as failed:
            climatology, scaling = Reconstructor(transformer, source, years=years).climate(field)
            reconstruction = reconstruct(transformer, field, climatology, scaling, overlap=settings.overlap)
            shown = reconstruction
            if settings.smooth_observed:
                shown = Reconstructor(transformer, source, years=years).smooth_field(field, overlap=settings.overlap)
            yield MethodOutput(TRANSFORMER, field, shown, {})
        yield from failed
    base = reconstruction if trained.base_model else None
    with leaving_out(METHOD) as failed:
        task = prepare(trained, field, base=base, climate=climate, smooth=settings.smooth_observed)
        members = sample_members(trained, task, settings.ensemble)
        result = Reconstruction.of_members(members[:, :, 0], field)
        yield MethodOutput(METHOD, field, result, settings.ensemble.model_dump(mode="json"))
    yield from failed
    yield from run_baselines(observations, learned.split, climatology, settings)
    if failed:
        return
    with leaving_out(MORE) as failed:
        truth = find_truth(data, learned.target, field, needed=settings.hides_anew)

        def vary(ablation: AblationSettings, times: Int[np.ndarray, " chosen"]) -> tuple[Field, np.ndarray]:
            given, first_guess = field, base
            if ablation.share is not None and truth is not None:
                # Gaps that can't be simulated are replaced by clouds.
                kind = learned.gaps.kind if learned.gaps.kind in KINDS else "clouds"
                gaps = GapSettings(kind=kind, share=ablation.share, seed=settings.ensemble.seed)
                given, first_guess = apply_gaps(truth, gaps), None
            varied = prepare(
                trained,
                given,
                base=first_guess,
                climate=climate,
                without=ablation.without,
                smooth=settings.smooth_observed,
            )
            return given[times], sample_members(trained, varied, ablation.sampling(settings.ensemble), times=times)

        yield from ablate(settings, field, members, vary)
        yield from plot_sampling(trained, task, settings.ensemble, truth, dataset=observations.name)
    yield from failed
