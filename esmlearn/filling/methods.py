"""What may fill the gaps: the baselines, and a trained model."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from esmlearn.baselines import BASELINES
from esmlearn.errors import ModelFolderError, SettingsError
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import GapFiller
from esmlearn.fields.reference import Source
from esmlearn.settings import BaselineSettings
from esmlearn.settings.data import TRAINING
from esmlearn.tasks import TASKS, load_model
from esmlearn.tasks.left_out import LeftOut, leaving_out
from esmlearn.tasks.outputs import MethodOutput
from esmlearn.tasks.without_model import climatology_of, climatology_words, run_methods


@dataclass(frozen=True)
class Methods:
    """What may fill the gaps.

    Attributes
    ----------
    baselines
        Their names.
    settings
        Their parameters.
    climatology
        Where that of the baselines comes from, see `climatology_of`.
    model_name, model
        The method of a trained model, and the model with its climatology; None for the baselines alone.
    """

    baselines: tuple[str, ...]
    settings: BaselineSettings
    climatology: Source | None
    model_name: str | None = None
    model: GapFiller | None = None

    @classmethod
    def of(cls, folder: str | Path | None, climatology: Source | None, settings: BaselineSettings) -> "Methods":
        """All baselines, and the model of a folder if one is given.

        Raises
        ------
        ModelFolderError
            If the model fills no gaps.
        SettingsError
            If the climatology of the training is asked for, and there is no model.
        """
        asked = isinstance(climatology, str) and climatology == TRAINING
        if folder is None:
            if asked:
                raise SettingsError("climatology is `training`, but no model is given; name one by `model`.")
            return cls(tuple(BASELINES), settings, climatology)
        trained = load_model(folder)
        task = TASKS[trained.task]
        model = task.ready(trained)
        if not isinstance(model, GapFiller):
            raise ModelFolderError(
                f"The model in {folder} is for the task '{trained.task}' and fills no gaps; give one of the tasks"
                " `reconstruct` or `fill`."
            )
        model = model if climatology is None else model.with_climatology(climatology)
        # Baselines take that of the model folder, adapted to the observations.
        return cls(tuple(BASELINES), settings, folder if asked else climatology, task.method, model)

    @property
    def names(self) -> tuple[str, ...]:
        """All methods, the model first."""
        return (*([self.model_name] if self.model_name else []), *self.baselines)

    @property
    def units(self) -> str | None:
        """Units of the model; None without one."""
        return None if self.model is None else self.model.units

    def climatology_words(self, field: Field, name: str) -> str:
        """Say where the climatology of a method comes from."""
        if self.model and name == self.model_name:
            return self.model.climatology_words(field)
        return climatology_words(field, self.climatology)

    def run(
        self,
        field: Field,
        names: tuple[str, ...],
        *,
        smooth: bool = False,
    ) -> Iterator[MethodOutput | LeftOut]:
        """Fill the gaps of a field with some of the methods; `smooth`, and those that fail, are as of `run_methods`."""
        if self.model and self.model_name in names:
            with leaving_out(self.model_name) as failed:
                fill = self.model.smooth_field if smooth else self.model.reconstruct_field
                yield MethodOutput(self.model_name, field, fill(field), {})
            yield from failed
        if chosen := tuple(name for name in self.baselines if name in names):
            climatology, _ = climatology_of(field, self.climatology)
            yield from run_methods(field, climatology, chosen, self.settings, smooth=smooth)
