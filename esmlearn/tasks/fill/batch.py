"""Lessons in filling gaps: the truth as a departure from a first guess, in units of its standard deviation."""

from einops import rearrange

from esmlearn.models.denoisers.condition import Condition, centre
from esmlearn.tasks.ensembles.denoising import Lesson
from esmlearn.tasks.fill.samples import GuessedSample


def teach_days(batch: GuessedSample, *, untold: float = 0.0) -> Lesson:
    """Turn samples into a lesson.

    Parameters
    ----------
    batch
        Days in windows.
    untold
        Share of the samples that are not told place or date; their guess knows what it always knows.
    """
    area = rearrange(batch.position[:, 0].deg2rad().cos(), "n y x -> n 1 y x")
    told = Condition(batch.channels, centre(batch.position), batch.year_fraction).drop_coordinates(untold)
    return Lesson(batch.clean, batch.learned, area, told, batch.unit)
