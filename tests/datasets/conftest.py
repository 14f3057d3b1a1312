"""What several tests of the demo ocean look at."""

import numpy as np
import pytest

from esmlearn.datasets.ocean_simulation import simulate_ocean


@pytest.fixture(scope="session")
def ocean():
    """Surface of 2003 and 2004, degC, ``(time, lat, lon)``."""
    return simulate_ocean(np.arange("2003-01-01", "2005-01-01", dtype="datetime64[D]"), seed=2001)
