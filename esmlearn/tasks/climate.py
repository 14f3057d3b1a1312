"""The climatology that a model is applied with: that of its training, of the new data, or from elsewhere."""

import logging
from typing import NamedTuple

from esmlearn.errors import DataError
from esmlearn.fields.climatology import Climatology
from esmlearn.fields.coverage import covers_the_year
from esmlearn.fields.field import Field
from esmlearn.fields.input_data import InputData
from esmlearn.fields.reference import Source
from esmlearn.settings import DataSettings, ReconstructSettings
from esmlearn.settings.data import TRAINING
from esmlearn.tasks.observations import Observations, climatology_source, training_days

logger = logging.getLogger(__name__)


class Reference(NamedTuple):
    """What the anomalies of new data are counted from.

    Attributes
    ----------
    words
        Where the climatology comes from.
    source
        Climatology from elsewhere; None for one of the data, or of the training.
    years
        Observations that climatology and scaling are fitted to, or that one from elsewhere is adapted to; None where
        they are those of the training.
    """

    words: str
    source: Source | None = None
    years: Field | None = None

    @property
    def attributes(self) -> dict[str, str]:
        """What a file says of it."""
        return {"esmlearn_climatology": self.words}

    @classmethod
    def of(
        cls,
        data: InputData,
        observations: Observations,
        learned: DataSettings,
        settings: ReconstructSettings,
        trained: Climatology,
    ) -> "Reference":
        """Choose the climatology of the recipe's observations; the log says which.

        Data are new if the recipe names a model folder, or a dataset that the model was not trained on: then they have
        a climatology of their own, from the days that the baselines are fitted to. If these are too few, that of the
        training is adapted to them. In a recipe that trains and applies on one record, the climatology of the training
        period stays: it has seen nothing of the test period.

        Raises
        ------
        DataError
            If the climatology of the training is asked for on another grid.
        """
        chosen = cls._choose(data, observations, learned, settings, trained)
        logger.info("%s: the climatology is %s.", observations.name, chosen.words)
        return chosen

    @classmethod
    def _choose(
        cls,
        data: InputData,
        observations: Observations,
        learned: DataSettings,
        settings: ReconstructSettings,
        trained: Climatology,
    ) -> "Reference":
        same_grid = trained.covers(observations.field.like[0])
        foreign = observations.name not in (learned.observations, learned.target)
        if settings.climatology == TRAINING:
            if not same_grid:
                raise DataError(
                    "climatology is `training`, but the data are on another grid than the training; regrid them to it, "
                    "or name the model folder, whose climatology is then interpolated."
                )
            return cls("that of the training")
        if not foreign and not settings.model and settings.climatology is None and same_grid:
            return cls("that of the training")
        years = training_days(observations.field, observations.whole, learned.split)
        source = climatology_source(data, settings.climatology)
        if source is None and not same_grid:
            source = learned.climatology
        if source is not None:
            words = f"that of `{settings.climatology or source}`, adapted to the data"
            return cls(words, source, years if foreign else None)
        if not same_grid or covers_the_year(years, harmonics=learned.harmonics):
            return cls("fitted to the new data themselves", None, years)
        return cls("that of the training, adapted to the new data, which are too few for their own", trained)
