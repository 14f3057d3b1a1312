"""The error of a climatology says how far off it is where nothing was seen."""

from pathlib import Path

import iris
import numpy as np
import pytest

from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.coverage import days_near_months
from esmlearn.fields.field import Field
from tests.made_fields import make_cube, wavy_ocean

OISST = Path(__file__).parents[3] / "shared" / "data" / "oisst_tasman_1982_2009.nc"


def months_of(field: Field) -> np.ndarray:
    """Month of each time."""
    return np.array([date.month for date in field.dates])


@pytest.mark.parametrize("last", [9, 10, 11])
def test_the_month_after_the_last_observation_is_not_seen(last):
    """It lies at the edge of what was seen, where harmonics err; the months that were seen have no error."""
    field = Field.from_cube(make_cube(wavy_ocean(365)))
    month = months_of(field)
    seen = field[np.nonzero(month <= last)[0]]
    near = (days_near_months(seen) >= 3)[:, ~field.land].all(axis=1)
    np.testing.assert_array_equal(near, np.arange(1, 13) <= last)
    error = Climatology.fit(seen).error
    assert (error[:last] == 0).all()
    assert (error[last:, ~field.land] > 0).all()


@pytest.mark.skipif(not OISST.is_file(), reason="needs the real data beside the project")
@pytest.mark.parametrize(("first", "length"), [(3, 8), (7, 9)])
def test_intervals_hold_in_months_that_were_not_seen(first, length):
    """Of the days of four years at the Tasman Sea, about so many are in the intervals as should be."""
    ocean = Field.from_cube(iris.load_cube(str(OISST)), units="degC")
    year = np.array([date.year for date in ocean.dates])
    seen = {(first + number - 1) % 12 + 1 for number in range(length)}
    ratios = []
    for one in (1998, 2001, 2004, 2007):
        whole = ocean[np.nonzero(year == one)[0]]
        hidden = ~np.isin(months_of(whole), list(seen))
        given = whole[np.nonzero(~hidden)[0]]
        climatology = Climatology.fit(given)
        spread = Scaling.fit(given, climatology).at(whole.year_fraction)
        std = spread[:, None, None] * climatology.growth(whole, spread)
        ratio = (whole.values[:, 0] - climatology.of(whole)) / std
        ratios.append(np.abs(ratio[hidden][:, ~whole.land]).ravel())
    ratio = np.concatenate(ratios)
    assert 0.3 <= np.mean(ratio < 0.674) <= 0.75
    assert 0.8 <= np.mean(ratio < 1.645) <= 0.99
