"""The climatology that a model is applied with: that of its training, of the new data, or from elsewhere."""

import logging
from typing import Any, NamedTuple, Protocol, runtime_checkable

from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.coverage import covers_the_year
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.reference import Source, climatology_for
from esmlearn.settings import DataSettings, ReconstructSettings
from esmlearn.settings.data import TRAINING
from esmlearn.tasks.observations import Observations, climatology_source, training_days
from esmlearn.trained.arrays import Climate

logger = logging.getLogger(__name__)


@runtime_checkable
class Learned(Protocol):
    """A trained model with the climate of its training."""

    @property
    def settings(self) -> Any:
        """Settings of the training."""

    @property
    def climatology(self) -> Climatology:
        """Climatology of the training."""

    @property
    def scaling(self) -> Scaling:
        """Scaling of the training."""


class Reference(NamedTuple):
    """What the anomalies of new data are counted from.

    Attributes
    ----------
    words
        Where the climatology comes from.
    source
        `training`, or one from elsewhere; None for one that is fitted to the data.
    years
        Observations that climatology and scaling are fitted to, or that one from elsewhere is adapted to.
    """

    words: str
    source: Source | None
    years: Field

    @property
    def attributes(self) -> dict[str, str]:
        """What a file says of it."""
        return {"esmlearn_climatology": self.words}

    def climate(self, trained: Learned) -> Climate:
        """Climatology and scaling for a model; the scaling of the training stays for years too few for their own."""
        if self.source == TRAINING:
            return trained.climatology, trained.scaling
        data = trained.settings.data
        climatology = climatology_for(self.years, self.source, harmonics=data.harmonics)
        if trained.climatology.covers(self.years.like[0]) and not covers_the_year(self.years):
            return climatology, trained.scaling
        return climatology, Scaling.fit(self.years, climatology, by=data.scale_by)

    @classmethod
    def of_new(cls, trained: Learned, years: Field, asked: Source | None = None) -> "Reference":
        """Choose the climatology of data that the model was not trained on.

        It is fitted to them where they cover the year; else that of the training is adapted to them. On another grid,
        one that the training took from elsewhere comes first.

        Parameters
        ----------
        trained
            The model.
        years
            Observations to fit to.
        asked
            `training` for that of the training as it is, or one from elsewhere; None to choose.

        Raises
        ------
        DataError
            If the climatology of the training is asked for on another grid.
        """
        same_grid = trained.climatology.covers(years.like[0])
        if isinstance(asked, str) and asked == TRAINING:
            if not same_grid:
                raise DataError(
                    "climatology is `training`, but the data are on another grid than the training; regrid them to it, "
                    "or name the model folder, whose climatology is then interpolated."
                )
            return cls("that of the training", TRAINING, years)
        source = trained.settings.data.climatology if asked is None and not same_grid else asked
        if source is not None:
            words = f"`{source}`" if isinstance(source, str) else "what was given"
            return cls(f"that of {words}, adapted to the data", source, years)
        if not same_grid or covers_the_year(years, harmonics=trained.settings.data.harmonics):
            return cls("fitted to the new data themselves", None, years)
        words = "that of the training, adapted to the new data, which are too few for their own"
        return cls(words, trained.climatology, years)

    @classmethod
    def of(
        cls, data: InputData, observations: Observations, settings: ReconstructSettings, trained: Learned
    ) -> "Reference":
        """Choose the climatology of the recipe's observations; the log says which.

        Data are new if the recipe names a model folder, or a dataset that the model was not trained on: then it is as
        of `of_new`, from the days that the baselines are fitted to. In a recipe that trains and applies on one record,
        the climatology of the training period stays: it has seen nothing of the test period.

        Raises
        ------
        DataError
            As `of_new`.
        """
        learned: DataSettings = trained.settings.data
        foreign = observations.name not in (learned.observations, learned.target)
        own = not foreign and not settings.model and trained.climatology.covers(observations.field.like[0])
        asked = settings.climatology or (TRAINING if own else None)
        years = training_days(observations.field, observations.whole, learned.split)
        chosen = cls.of_new(trained, years, climatology_source(data, asked))
        if settings.climatology and chosen.source != TRAINING:
            chosen = chosen._replace(words=f"that of `{settings.climatology}`, adapted to the data")
        logger.info("%s: the climatology is %s.", observations.name, chosen.words)
        return chosen
