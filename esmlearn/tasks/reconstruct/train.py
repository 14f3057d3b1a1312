"""The transformer that reconstructs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.land import settle_training_land
from esmlearn.fields.periods import check_daily, select_role
from esmlearn.fields.reference import Source, climatology_for
from esmlearn.models.transformer.spatiotemporal import SpatioTemporalModel
from esmlearn.settings import TrainReconstructSettings
from esmlearn.tasks.observations import check_alike, climatology_source, load_training
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from esmlearn.tasks.reconstruct.objective import ReconstructionObjective
from esmlearn.tasks.reconstruct.samples import DAYS, AlternatingWindows, TrainingWindows, Window
from esmlearn.tasks.record import NOT_TRAINED, describe_training, describe_variable
from esmlearn.trained.folder import try_content
from esmlearn.training.checkpoint import State
from esmlearn.training.loop import train as train_network

VALIDATION_WINDOWS = 24
"""Fixed windows of the validation period that the best weights are chosen on."""


def train(
    data: InputData,
    settings: TrainReconstructSettings,
    run_dir: Path,
    *,
    record: Mapping[str, Any],
) -> TrainedTransformer:
    """Train on the datasets of a recipe."""
    observations, target = load_training(data, settings.data)
    further = [
        settle_training_land(
            data.field(name, units=settings.data.field_units, order=settings.data.input), None, settings.data.split
        )
        for name in settings.data.further_targets
    ]
    record = describe_variable(data.find(settings.data.observations)) | dict(record)
    climatology = climatology_source(data, settings.data.climatology)
    return fit(observations, target, settings, run_dir, further=further, record=record, climatology=climatology)


def fit(
    observations: Field,
    target: Field | None,
    settings: TrainReconstructSettings,
    run_dir: Path,
    *,
    further: Sequence[Field] = (),
    record: Mapping[str, Any] | None = None,
    climatology: Source | None = None,
) -> TrainedTransformer:
    """Train a model on fields: climatology and scaling from the training period, then the network.

    Parameters
    ----------
    observations
        What was observed, gaps and all, over the whole period; in the units of the settings.
    target
        The complete field on the same grid and days, for supervised learning.
    settings
        Settings of the script `train`.
    run_dir
        Folder for the log and the checkpoint.
    further
        Further complete fields to learn from, on the same grid. Their anomalies are those from their own climatologies,
        in their own standard deviations: models differ in both.
    record
        What else the model shall know of itself: `variable`, `data`, `recipe`.
    climatology
        Climatology from elsewhere; default: as in the settings.

    Raises
    ------
    DataError
        If the fields do not fit each other, or leave a period of the split empty.
    """
    complete = target if settings.learning == "supervised" else observations
    if complete is None:
        raise DataError("Learning `supervised` needs data.target, the dataset with the complete field.")
    check_alike(observations, complete)
    if any(patch > cells for patch, cells in zip(settings.model.patch_size[1:], complete.land.shape, strict=True)):
        raise SettingsError(
            f"model.patch_size {settings.model.patch_size} (days, rows, columns) is larger than the region of "
            f"{complete.land.shape} cells; make the patch smaller or the region larger."
        )
    check_daily(observations)
    split = settings.data.split
    learned = select_role(complete, split, "train")
    source = settings.data.climatology if climatology is None else climatology
    climate = _climate(learned, settings, source)
    sources = [(complete, climate)]
    for field in further:
        if not field.grid.same_as(observations.grid):
            raise DataError(
                f"{field.like[0].name()} of data.further_targets is on another grid than data.observations; regrid all "
                "alike in the preprocessor."
            )
        check_daily(field)
        sources.append((field, _climate(select_role(field, split, "train"), settings, None)))

    if settings.model.observation_errors and observations.error is None:
        raise DataError(
            "model.observation_errors needs observations with known errors: give data.error, or leave it out."
        )
    borrows_errors = settings.model.observation_errors and settings.learning == "supervised"

    def windows(role: str, length: int, seed: int, decode_days: int = DAYS) -> AlternatingWindows:
        seen = select_role(observations, split, role)
        return AlternatingWindows(
            [
                TrainingWindows(
                    Anomalies.of(select_role(field, split, role), *own_climate),
                    seen.observed[:, 0],
                    settings.model,
                    errors=Anomalies.of(seen, *climate).error if borrows_errors else None,
                    hide_days=settings.training.hide_days if settings.learning == "self_supervised" else 1.0,
                    decode_days=decode_days,
                    seed=seed,
                    length=length,
                )
                for field, own_climate in sources
            ]
        )

    spread = float(climate[1].at(learned.year_fraction).mean())

    def made(network: SpatioTemporalModel, state: State) -> TrainedTransformer:
        known = describe_training(learned, network, state)
        scores = {name: float(f"{value * spread:.4g}") for name, value in state.best_validation.items()}
        known["validation_rmse"] = scores
        return TrainedTransformer(network, settings, learned.land, {**known, **(record or {})}, *climate)

    try_content(made(SpatioTemporalModel(settings.model), NOT_TRAINED))
    options = settings.training
    training = windows("train", options.steps * options.batch_size, options.seed, options.decode_days)
    fixed = windows("validation", VALIDATION_WINDOWS, options.seed + 1)
    torch.manual_seed(options.seed)
    network = SpatioTemporalModel(settings.model)
    objective = ReconstructionObjective(settings, [fixed[k] for k in range(len(fixed))])
    return made(network, train_network(network, training, Window.stack, objective, settings, run_dir))


def _climate(learned: Field, settings: TrainReconstructSettings, source: Source | None) -> tuple[Climatology, Scaling]:
    """Fit climatology and scaling to a training period; the climatology may come from elsewhere."""
    climatology = climatology_for(learned, source, harmonics=settings.data.harmonics)
    return climatology, Scaling.fit(learned, climatology, by=settings.data.scale_by)
