"""Field in, complete field out: overlapping windows, blended without seams and closed at the date line."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from iris.cube import Cube
from jaxtyping import Float

from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.periods import check_daily
from esmlearn.fields.reconstruction import GapFiller, Reconstruction, monthly_means
from esmlearn.fields.reference import Source
from esmlearn.fields.smoothing import smooth_by_leaving_out
from esmlearn.grids.tiles import Blend, ramp, slices
from esmlearn.models.transformer.inputs import WindowInputs
from esmlearn.models.transformer.parts import LOG_STD_RANGE, Estimate
from esmlearn.settings import ReconstructSettings
from esmlearn.tasks.climate import Reference
from esmlearn.tasks.left_out import leaving_out
from esmlearn.tasks.observations import Observations, run_baselines
from esmlearn.tasks.outputs import Application, MethodOutput, Output
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.tasks.reconstruct.samples import cut_window

METHOD = "SpatioTemporalModel"
"""Name in files and reports."""

BATCH = 8
"""Windows that go through the model at once."""


class Reconstructor(GapFiller):
    """A trained model, ready for cubes and fields.

    What it is given are new data, whose climatology is as of `Reference.of_new`: fitted to them, or to observations of
    other `years`, unless `training` or one from elsewhere is given.

    Examples
    --------
    In a notebook: ``esmlearn.load("model").reconstruct(cube)``.
    """

    def __init__(
        self, trained: TrainedTransformer, climatology: Source | None = None, *, years: Field | None = None
    ) -> None:
        self.trained, self.climatology, self.years = trained, climatology, years
        self.units = trained.settings.data.field_units

    def land_of(self, cube: Cube) -> np.ndarray | None:
        """Land of the training if a cube is on its grid; else unknown, so that land is what was never observed."""
        return self.trained.land if self.trained.climatology.covers(cube) else None

    def reconstruct_field(self, field: Field, *, overlap: float = 0.5) -> Reconstruction:
        """Fill the gaps of a field."""
        return reconstruct(self.trained, field, *self.climate(field), overlap=overlap)

    def smooth_field(self, field: Field, *, overlap: float = 0.5) -> Reconstruction:
        """Fill the gaps of a field, and combine what was observed with what the model says without it.

        See `smooth_by_leaving_out`.
        """
        climatology, scaling = self.climate(field)
        return smooth_by_leaving_out(
            lambda given: reconstruct(self.trained, given, climatology, scaling, overlap=overlap), field
        )

    def climate(self, field: Field) -> tuple[Climatology, Scaling]:
        """Climatology and scaling for a field."""
        return self.reference(field).climate(self.trained)

    def reference(self, field: Field) -> Reference:
        """What the anomalies of a field are counted from."""
        return Reference.of_new(self.trained, field if self.years is None else self.years, self.climatology)

    def climatology_words(self, field: Field) -> str:
        """Say where the climatology comes from."""
        return self.reference(field).words

    def with_climatology(self, source: Source) -> "Reconstructor":
        """The model with that of its training (`training`), or a climatology from elsewhere."""
        return Reconstructor(self.trained, source, years=self.years)


Ready = Reconstructor


def apply(models: Mapping[str, Any], data: InputData, settings: ReconstructSettings) -> Application:
    """Fill the gaps of the recipe's observations with the transformer, and with the baselines."""
    trained: TrainedTransformer = models["reconstruct"]
    learned = trained.settings.data
    name = settings.observations or learned.observations
    known = Reconstructor(trained).land_of(data.cube(name, order=learned.input))
    observations = Observations.of(data, learned, settings, known)
    reference = Reference.of(data, observations, settings, trained)
    outputs = _outputs(Reconstructor(trained, reference.source, years=reference.years), observations, settings)
    attributes = observations.attributes | reference.attributes
    return Application(name, str(data.find(name)["short_name"]), attributes, outputs)


def _outputs(model: Reconstructor, observations: Observations, settings: ReconstructSettings) -> Iterator[Output]:
    """Give the fields of all methods."""
    field = observations.field
    climatology, _ = model.climate(field)
    with leaving_out(METHOD) as failed:
        fill = model.smooth_field if settings.smooth_observed else model.reconstruct_field
        yield MethodOutput(METHOD, field, fill(field, overlap=settings.overlap), {})
    yield from failed
    yield from run_baselines(observations, model.trained.settings.data.split, climatology, settings)


@torch.no_grad()
def reconstruct(
    trained: TrainedTransformer, field: Field, climatology: Climatology, scaling: Scaling, *, overlap: float = 0.5
) -> Reconstruction:
    """Run a model over a field of any size, some months at a time.

    Each window counts most in its middle and least at its edges. The standard deviations of windows that overlap are
    averaged like the values: their errors are not independent, so averaging does not make them smaller.

    Parameters
    ----------
    trained
        The model.
    field
        What was observed, one variable.
    climatology, scaling
        On the grid of the field.
    overlap
        Share of a window that the next one covers too.
    """
    settings = trained.settings.model
    check_daily(field)
    device = PartialState().device
    network = trained.network.to(device).eval()
    mixed = torch.autocast(device.type, torch.bfloat16, enabled=trained.settings.training.precision == "bf16")
    n_lat, n_lon = field.land.shape
    # A ring of longitudes is cut open and lengthened by one window, whose cells are given back to the start.
    extra = min(settings.window[1], n_lon) if field.closes else 0
    anomalies = _lengthen(Anomalies.of(field, climatology, scaling), extra)
    months = slices(len(anomalies.months), settings.n_months, 0.5)
    places = [
        (lat, lon)
        for lat in slices(n_lat, settings.window[0], overlap)
        for lon in slices(n_lon, settings.window[1], overlap, ring=field.closes)
        if not anomalies.land[lat, lon].all()
    ]
    daily = Blend(len(field.dates), n_lat, n_lon)
    monthly = Blend(len(anomalies.months), n_lat, n_lon)
    jobs = itertools.product(months, places)
    for batch in itertools.batched(jobs, BATCH):
        windows = [cut_window(anomalies, some, lat, lon, settings).inputs for some, (lat, lon) in batch]
        with mixed:
            output = network(WindowInputs.stack(windows).to(device))
        for number, (some, place) in enumerate(batch):
            for position, weight in enumerate(ramp(some.stop - some.start).tolist()):
                month = some.start + position
                monthly.add(slice(month, month + 1), place, _values(output.monthly, number, position)[:, None], weight)
                days = anomalies.months[month]
                first = anomalies.first_days[month] - 1
                real = slice(first, first + days.stop - days.start)
                daily.add(days, place, _values(output.daily, number, position)[:, real], weight)
    result = _in_units(field, climatology, scaling, daily.mean(), monthly.mean())
    # These models have not learned their errors: those of days if they decode none, those of months without a target.
    return replace(
        result,
        daily_std=result.daily_std if settings.daily else None,
        monthly_std=None if trained.settings.learning == "self_supervised" else result.monthly_std,
    )


def _values(estimate: Estimate, number: int, position: int) -> Float[np.ndarray, "two *shape"]:
    """Mean and standard deviation of one month of one window."""
    mean = estimate.mean[number, position].float()
    std = estimate.log_std[number, position].float().clamp(*LOG_STD_RANGE).exp()
    return torch.stack([mean, std]).cpu().numpy()


def _in_units(
    field: Field,
    climatology: Climatology,
    scaling: Scaling,
    daily: Float[np.ndarray, "two time lat lon"],
    monthly: Float[np.ndarray, "two month lat lon"],
) -> Reconstruction:
    """Turn scaled anomalies into the field's units; observations keep their values, land is NaN."""
    spread = scaling.at(field.year_fraction)[:, None, None]
    cycle = climatology.of(field)
    observed, land = field.observed[:, 0], field.land
    values = np.where(observed, field.values[:, 0], daily[0] * spread + cycle)
    std = daily[1] * spread
    # One spread for each month: its days are scaled by calendar day, so the month takes their mean.
    month_spread = monthly_means(field, np.broadcast_to(spread, cycle.shape))
    month_values = monthly[0] * month_spread + monthly_means(field, cycle)
    month_std = monthly[1] * month_spread
    growth = climatology.growth(field, scaling.at(field.year_fraction))
    if growth is not None:
        std, month_std = std * growth, month_std * monthly_means(field, growth)
    std = np.where(observed, field.deviation[:, 0], std)
    parts = (values, month_values, std, month_std)
    return Reconstruction(*(np.where(land, np.float32(np.nan), part).astype(np.float32) for part in parts))


def _lengthen(anomalies: Anomalies, columns: int) -> Anomalies:
    """Repeat the first columns at the end."""
    if not columns:
        return anomalies

    def grow(grid: np.ndarray) -> np.ndarray:
        return np.concatenate([grid, grid[..., :columns]], axis=-1)

    return replace(
        anomalies,
        values=grow(anomalies.values),
        observed=grow(anomalies.observed),
        land=grow(anomalies.land),
        position=grow(anomalies.position),
        area=grow(anomalies.area),
        error=None if anomalies.error is None else grow(anomalies.error),
    )
