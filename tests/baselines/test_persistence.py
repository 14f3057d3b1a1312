"""Persistence looks back only: before the first observation it is the climatology."""

import numpy as np

from esmlearn import baselines
from esmlearn.fields.reconstruction import read_values
from tests.made_fields import make_cube, wavy_ocean


def test_an_anomaly_is_kept_until_the_next_one_and_not_before_its_day():
    ocean = wavy_ocean(734, 6, 8)
    training = make_cube(ocean[:730])
    seen = ocean[730:].copy()
    seen[[0, 2]], seen[3, :, :6] = np.nan, np.nan  # observed: day 1, and on day 3 two columns
    gappy = make_cube(seen, first_day=730)
    mean, kept = (
        read_values(baselines.fit(name, training).reconstruct(gappy))[0] for name in ("climatology", "persistence")
    )
    first = seen[1] - mean[1]
    np.testing.assert_allclose(kept[0], mean[0], atol=1e-4)
    np.testing.assert_allclose(kept[1], seen[1], atol=1e-4)
    np.testing.assert_allclose(kept[2], mean[2] + first, atol=1e-4)
    np.testing.assert_allclose(kept[3], np.where(np.isnan(seen[3]), mean[3] + first, seen[3]), atol=1e-4)
