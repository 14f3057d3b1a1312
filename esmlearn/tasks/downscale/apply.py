"""Sample fine fields from coarse ones, with members that depart from a regression."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from iris.coords import DimCoord
from iris.cube import Cube
from jaxtyping import Bool, Float, Int

from esmlearn.cubes.convert import Gridded, as_cube, like_input
from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.monthly_scaling import months_of
from esmlearn.fields.reconstruction import Reconstruction
from esmlearn.fields.times import match_times
from esmlearn.grids.consistency import make_consistent
from esmlearn.grids.grid import RectilinearGrid
from esmlearn.grids.regridding import averager, interpolator
from esmlearn.models.denoisers.condition import Condition
from esmlearn.settings import AblationSettings, EnsembleSettings, Interpolation, ReconstructSettings
from esmlearn.settings.downscale import IN_SITU, NEIGHBOURS
from esmlearn.tasks.downscale.conditions import FILL_KM, Channels, CoarseInput, join, scaled_channels
from esmlearn.tasks.downscale.inputs import condition_maps
from esmlearn.tasks.downscale.model import TrainedDownscaler
from esmlearn.tasks.ensembles.ablation import ablate
from esmlearn.tasks.ensembles.figures import plot_sampling
from esmlearn.tasks.ensembles.regression import regress_domain
from esmlearn.tasks.ensembles.sampling import (
    COORDINATES,
    Inputs,
    TrueStates,
    coordinates_of,
    in_chunks,
    sample_members,
)
from esmlearn.tasks.left_out import MORE, leaving_out
from esmlearn.tasks.observations import cut, find_truth
from esmlearn.tasks.outputs import Application, MethodOutput, Output
from esmlearn.words import is_logarithm, without_logarithm

METHOD = "ConditionalDiffusion"

GivenCoarse = tuple[CoarseInput, Int[np.ndarray, " time"]]
"""A coarse field, and where the times of the fine one are in it."""


@dataclass(frozen=True)
class FineSampling:
    """Fine fields, as they are sampled.

    Attributes
    ----------
    trained
        The ensemble.
    field
        Says at which times and on which cells; its values are not known.
    coarse
        Coarse fields that are given, in the order of the training.
    in_situ
        Observations on the fine grid at the same times; None if there are none.
    left_out
        Conditions and coordinates of the training that are left out.
    consistent
        Whether averages over the coarse cells must give the coarse field.
    mean, log_std
        First guess of the regression in scaled units, and the logarithm of its standard deviation; zero at times that
        were not asked for, and everywhere without a regression.
    """

    trained: TrainedDownscaler
    field: Field
    coarse: tuple[GivenCoarse, ...]
    in_situ: Field | None
    left_out: Collection[str]
    consistent: bool
    mean: Float[np.ndarray, "time var lat lon"]
    log_std: Float[np.ndarray, "time var lat lon"]

    @property
    def without(self) -> tuple[str, ...]:
        """Coordinates that are left out."""
        return tuple(name for name in self.left_out if name in COORDINATES)

    def inputs(self, times: Int[np.ndarray, " time"]) -> Inputs:
        """Inputs of the denoiser at some times; no clean state is known."""
        maps, base = self.regression_inputs(times)
        if self.trained.regression is not None:
            guess = (torch.from_numpy(part[times]) for part in (self.mean, self.log_std))
            maps = torch.cat([maps, *guess], dim=1)
        nothing = torch.zeros_like(base)
        return Inputs(maps, nothing, nothing.bool())

    def regression_inputs(
        self, times: Int[np.ndarray, " time"]
    ) -> tuple[Float[torch.Tensor, "time channel lat lon"], Float[torch.Tensor, "time var lat lon"]]:
        """Maps that the regression is conditioned on at some times, and the interpolated field that it departs from."""
        values, known = (torch.from_numpy(part) for part in self._conditions(times))
        land = torch.from_numpy(np.broadcast_to(self.field.land, (len(times), *self.field.land.shape)).copy())
        n_variables = self.field.values.shape[1]
        base = values[:, :n_variables].masked_fill(~known[:, :n_variables], 0.0)
        return condition_maps(values, known, land), base

    def unknown(self, times: Int[np.ndarray, " time"]) -> Bool[np.ndarray, "time var lat lon"]:
        """Fine cells where the coarse field itself is not known: nothing is made there, as nothing was learned."""
        given = next((part for part in self.coarse if part[0].name == self.trained.coarse_names[0]), None)
        if given is None:  # left out on purpose
            return np.zeros(self.field.values[times].shape, bool)
        coarse, there = given
        return np.isnan(coarse.regridder(coarse.field.values[there[times]]))

    def members(
        self, states: Float[np.ndarray, "member time var lat lon"], times: Int[np.ndarray, " time"]
    ) -> Float[np.ndarray, "member time var lat lon"]:
        """Members in the units of the field, NaN on land and where the coarse field is not known."""
        scaled = self.mean[times] + np.exp(self.log_std[times]) * states
        members = self.trained.scaling.unscale(scaled, months_of(self.field)[times])
        members[..., self.field.land] = np.nan
        members[:, self.unknown(times)] = np.nan
        return self._agree(members, times)

    def true_states(self, truth: Field, times: Int[np.ndarray, " time"]) -> TrueStates:
        """Clean states of the truth at some times."""
        known = truth.observed[times]
        values = np.where(known, truth.values[times], np.float32(0.0))
        unit = np.exp(self.log_std[times])
        clean = (self.trained.scaling.scale(values, months_of(truth)[times]) - self.mean[times]) / unit
        return TrueStates(np.where(known, clean, np.float32(0.0)).astype(np.float32), known, unit)

    def first_guess(self) -> Reconstruction:
        """What the regression alone gives; the standard deviation of a logarithm is not known."""
        month, scaling = months_of(self.field), self.trained.scaling
        times = np.arange(len(month))
        missing = self.field.land | self.unknown(times)
        values = np.where(missing, np.float32(np.nan), scaling.unscale(self.mean, month))
        mean = self._agree(values, times)[:, 0]
        std = None
        if scaling.log_scale is None:
            std = np.where(missing, np.float32(np.nan), np.exp(self.log_std) * scaling.std[month - 1])[:, 0]
        return Reconstruction.of_days(mean, self.field, std)

    def _agree(self, values: np.ndarray, times: Int[np.ndarray, " time"]) -> np.ndarray:
        """Make fields at some times consistent with the coarse field, if that is asked for."""
        if not self.consistent:
            return values
        given, there = self.coarse[0]
        average = averager(self.trained.grid, given.regridder.source)
        return make_consistent(values, given.field.values[there[times]], average)

    def _conditions(self, times: Int[np.ndarray, " time"]) -> Channels:
        """All conditions at some times, in the order of the training; masked everywhere where they are left out."""
        trained, here = self.trained, self.field[times]
        month, shape = months_of(here), (len(times), 1, *self.field.land.shape)
        absent = Channels(np.zeros(shape, np.float32), np.zeros(shape, bool))
        given = {coarse.name: coarse.channels(there[times], month) for coarse, there in self.coarse}
        parts = [given.get(name, absent) for name in trained.coarse_names]
        if NEIGHBOURS in self.left_out:
            parts[0].known[:, self.field.values.shape[1] :] = False
        static = trained.static
        kept = np.array([name not in self.left_out for name in static.names], bool)[:, None, None]
        fixed = (np.where(kept, static.values, np.float32(0.0)), static.known & kept)
        parts.append(Channels(*(np.broadcast_to(part, (len(times), *part.shape)).copy() for part in fixed)))
        if trained.settings.conditions.in_situ:
            stations = self.in_situ
            known = (
                None if stations is None else np.where(stations.observed, stations.values, np.float32(np.nan))[times]
            )
            parts.append(absent if known is None else scaled_channels(known, trained.scaling, month))
        return join(parts)


def prepare(
    trained: TrainedDownscaler,
    coarse: Mapping[str, Field],
    fine: Field,
    settings: EnsembleSettings,
    *,
    in_situ: Field | None = None,
    without: Collection[str] = (),
    times: Int[np.ndarray, " time"] | None = None,
) -> FineSampling:
    """Prepare fine fields for sampling: their conditions, and the first guess of the regression.

    Parameters
    ----------
    trained
        The ensemble.
    coarse
        The coarse field, and further ones by the names of the training; those that are not given are left out.
    fine
        Says which times and cells, see `fine_template`.
    settings
        Tiles, and whether members and regression shall be consistent with the coarse field.
    in_situ
        Observations on the fine grid; None if there are none.
    without
        What is left out, of the conditions of the training, `place`, `date` and `hour`.
    times
        Indices of the times that will be sampled; all if not given.

    Raises
    ------
    DataError
        If the coarse field does not cover the fine grid, times are missing, or the training has not seen their months.
    SettingsError
        If consistency is asked for of a logarithm.
    """
    if settings.consistent and (trained.scaling.log_scale is not None or is_logarithm(fine.units)):
        raise SettingsError(
            "`consistent` adds corrections, which do not agree with averages of a logarithm, and could make values "
            "negative; leave it out."
        )
    month = months_of(fine)
    trained.scaling.check_months(month if times is None else month[times])
    neighbours, names = trained.settings.conditions.neighbours, trained.coarse_names
    given = tuple(
        (
            CoarseInput.of(name, coarse[name], trained.grid, scaling, neighbours if name == names[0] else ()),
            match_times(coarse[name], fine, names=("coarse field", "fine field")),
        )
        for name, scaling in zip(names, trained.coarse_scalings, strict=True)
        if name in coarse and name not in without
    )
    observed = None
    if in_situ is not None and IN_SITU not in without:
        observed = in_situ[match_times(in_situ, fine, names=("in-situ data", "coarse field"))]
    nothing = np.broadcast_to(np.float32(0.0), fine.values.shape)
    task = FineSampling(trained, fine, given, observed, tuple(without), settings.consistent, nothing, nothing)
    if trained.regression is None:
        return task
    mean, log_std = nothing.copy(), nothing.copy()
    coordinates = coordinates_of(fine, without)
    for some in in_chunks(np.arange(len(fine.dates)) if times is None else times, settings.members):
        maps, base = task.regression_inputs(some)
        guess = regress_domain(
            trained.regression,
            Condition(maps, None, coordinates.season[some], coordinates.hour[some]),
            base,
            tile=settings.tile,
            position=coordinates.position,
            ring=fine.closes,
        )
        mean[some], log_std[some] = (part.numpy() for part in guess)
    return replace(task, mean=mean, log_std=log_std)


def downscale(
    trained: TrainedDownscaler,
    coarse: Mapping[str, Field],
    fine: Field,
    settings: EnsembleSettings,
    *,
    in_situ: Field | None = None,
) -> Float[np.ndarray, "member time var lat lon"]:
    """Sample members of fine fields, in their units and NaN on land; parameters and errors as of `prepare`."""
    return sample_members(trained, prepare(trained, coarse, fine, settings, in_situ=in_situ), settings)


def interpolate(trained: TrainedDownscaler, coarse: Field, fine: Field, method: Interpolation) -> Reconstruction:
    """Interpolate the coarse field to the fine grid: the baselines of super-resolution."""
    carry = interpolator(RectilinearGrid.of(coarse.like[0]), trained.grid, method, fill_km=FILL_KM)
    values = carry(coarse.values[match_times(coarse, fine, names=("coarse field", "fine field")), 0])
    return Reconstruction.of_days(np.where(fine.land, np.float32(np.nan), values), fine)


def fine_template(trained: TrainedDownscaler, like: Field) -> Field:
    """Make an empty field on the fine grid of the training, at the times of another field."""
    grid, variable = trained.grid, trained.record["variable"]
    shape = len(like.dates), *grid.shape
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
    cube = Cube(
        np.broadcast_to(np.float32(0.0), shape),
        standard_name=variable.get("standard_name"),
        long_name=variable.get("long_name"),
        var_name=variable["short_name"],
        units=without_logarithm(trained.record["units"]),
        attributes=dict(like.like[0].attributes),
        dim_coords_and_dims=[(like.like[0].coord("time"), 0), (axes[0], 1), (axes[1], 2)],
    )
    n_variables = trained.scaling.mean.shape[1]
    nothing = np.broadcast_to(np.float32(np.nan), (shape[0], n_variables, *shape[1:]))
    return Field(nothing, np.zeros(nothing.shape, bool), trained.land, trained.record["units"], (cube,) * n_variables)


class Downscaler:
    """A trained super-resolution, ready for cubes.

    Examples
    --------
    In a notebook: ``esmlearn.load("model").reconstruct(coarse)`` gives the mean of the members on the fine grid.
    """

    def __init__(self, trained: TrainedDownscaler, settings: EnsembleSettings | None = None) -> None:
        self.trained, self.settings = trained, settings or EnsembleSettings()
        self.units = trained.record["units"]

    def reconstruct(
        self, data: Gridded, further: Mapping[str, Gridded] | None = None, in_situ: Gridded | None = None
    ) -> Gridded:
        """Make fine fields of a coarse cube, or of an array of xarray.

        Parameters
        ----------
        data
            The coarse field with the dimensions time, latitude, longitude.
        further
            Further coarse variables by the names of the training; what is not given is left out.
        in_situ
            Observations on the fine grid at the same times, masked elsewhere.

        Returns
        -------
        Cube, xarray.DataArray or xarray.Dataset
            As was given: mean of the members in the units of the training, with their standard deviation as an
            ancillary variable.
        """
        trained = self.trained
        coarse = read_coarse(trained, {trained.settings.data.coarse: data, **(further or {})})
        fine = fine_template(trained, coarse[trained.settings.data.coarse])
        stations = None if in_situ is None else Field.from_cube(as_cube(in_situ), units=self.units, land=trained.land)
        members = downscale(trained, coarse, fine, self.settings, in_situ=stations)
        return like_input(Reconstruction.of_members(members[:, :, 0], fine).to_cubes(fine)[0], data)


Ready = Downscaler


def read_coarse(trained: TrainedDownscaler, given: Mapping[str, Gridded]) -> dict[str, Field]:
    """Read coarse cubes in the units of the training.

    Raises
    ------
    DataError
        If a name is none of the training.
    """
    names = trained.coarse_names
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise DataError(
            f"The model knows no coarse field {', '.join(unknown)}; those of its training are {', '.join(names)}."
        )
    units = dict(zip(names, trained.record["coarse_units"], strict=True))
    return {name: Field.from_cube(as_cube(data), units=units[name]) for name, data in given.items()}


def apply(models: Mapping[str, Any], data: InputData, settings: ReconstructSettings) -> Application:
    """Make fine fields of the recipe's coarse ones, with an ensemble, its regression, and by interpolation."""
    trained: TrainedDownscaler = models["downscale"]
    interpolations = settings.interpolations()
    name = settings.observations or trained.settings.data.coarse
    facets = data.find(name)
    attributes = {"esmlearn_task": "downscale", "esmlearn_coarse": name}
    outputs = _outputs(trained, name, data, settings, interpolations)
    return Application(str(facets["dataset"]), str(facets["short_name"]), attributes, outputs)


def _outputs(
    trained: TrainedDownscaler,
    name: str,
    data: InputData,
    settings: ReconstructSettings,
    interpolations: tuple[Interpolation, ...],
) -> Iterator[Output]:
    """Give the fields of all methods, ablations, and figures of the sampling."""
    learned, ensemble = trained.settings, settings.ensemble
    units = dict(zip(trained.coarse_names, trained.record["coarse_units"], strict=True))
    field = cut(data.field(name, units=units[learned.data.coarse]), settings.period, learned.data.split)
    fine = fine_template(trained, field[:: settings.every])
    coarse = {further: data.field(further, units=units[further]) for further in learned.conditions.coarse}
    coarse = {learned.data.coarse: field} | coarse
    stations = learned.conditions.in_situ.dataset if learned.conditions.in_situ else None
    in_situ = data.field(stations, units=fine.units, land=trained.land) if stations else None
    if in_situ is not None:
        there = match_times(in_situ, fine, names=("in-situ data", "coarse field"))
        fine = replace(fine, observed=in_situ.observed[there])
    task = prepare(trained, coarse, fine, ensemble, in_situ=in_situ)
    with leaving_out(METHOD) as failed:
        members = sample_members(trained, task, ensemble)
        result = Reconstruction.of_members(members[:, :, 0], fine)
        yield MethodOutput(METHOD, fine, result, ensemble.model_dump(mode="json"))
    yield from failed
    if trained.regression:
        with leaving_out("ResidualUNet") as without:
            yield MethodOutput("ResidualUNet", fine, task.first_guess(), {})
        yield from without
    for method in interpolations:
        with leaving_out(method) as without:
            yield MethodOutput(method, fine, interpolate(trained, field, fine, method), {})
        yield from without
    if failed:
        return

    def vary(ablation: AblationSettings, times: Int[np.ndarray, " chosen"]) -> tuple[Field, np.ndarray]:
        sampling = ablation.sampling(ensemble)
        varied = prepare(trained, coarse, fine, sampling, in_situ=in_situ, without=ablation.without, times=times)
        return fine[times], sample_members(trained, varied, sampling, times=times)

    with leaving_out(MORE) as failed:
        yield from ablate(settings, fine, members, vary)
        truth = find_truth(data, learned.data.fine, fine)
        yield from plot_sampling(trained, task, ensemble, truth, dataset=str(data.find(name)["dataset"]))
    yield from failed
