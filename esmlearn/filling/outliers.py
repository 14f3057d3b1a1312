"""Outliers among the observations of a record: found, reported, and left out on request."""

from dataclasses import replace

from esmlearn.baselines import OptimalInterpolation
from esmlearn.errors import DataError
from esmlearn.filling.given import Record
from esmlearn.filling.methods import Methods
from esmlearn.tasks.choice import stretch_to_try
from esmlearn.tasks.outliers import OutlierCount, look_for_outliers
from esmlearn.tasks.without_model import climatology_of


def check_outliers(
    methods: Methods, record: Record, *, threshold: float, masked: bool
) -> tuple[Record, OutlierCount | None, str]:
    """Look for outliers by optimal interpolation fitted to the record.

    To count them, a long record is looked at where methods are tried, too: the stretch in its middle. Where they are
    masked, all of it is.

    Returns
    -------
    tuple
        The record, without its outliers if they are masked; their number, None where the data don't suffice for the
        analysis; and a sentence.

    Raises
    ------
    DataError
        If they shall be masked, and the data don't suffice for the analysis.
    """
    field = record.field if masked else stretch_to_try(record.field)
    try:
        climatology, _ = climatology_of(field, methods.climatology)
        analysis = OptimalInterpolation.fit(field, climatology, methods.settings)
    except DataError as error:
        if masked:
            raise
        return record, None, f"Outliers were not looked for. {error}"
    left, count = look_for_outliers(field, [analysis], threshold=threshold, masked=masked)
    if masked and count.outliers:
        # What scores hold the methods against has none of them either.
        record = replace(record, field=left, cube=record.only_where(left))
    part = len(field.dates) < len(record.field.dates)
    where = f" Looked at were the {len(field.dates)} times in the middle of the record." if part else ""
    return record, count, count.words + where
