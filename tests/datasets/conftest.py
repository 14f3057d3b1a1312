"""The demo ocean, and ESMValCore with its strictest checks, for several tests."""

from contextlib import contextmanager

import numpy as np
import pytest

from esmlearn.datasets.ocean_simulation import simulate_ocean


@pytest.fixture(scope="session")
def ocean():
    """Surface of 2003 and 2004, degC, ``(time, lat, lon)``."""
    return simulate_ocean(np.arange("2003-01-01", "2005-01-01", dtype="datetime64[D]"), seed=2001)


@pytest.fixture
def strict_esmvalcore(caplog):
    """Let ESMValCore find OBS6 data in a folder, with its strictest checks; no warning may come."""
    from esmvalcore.cmor.check import CheckLevels
    from esmvalcore.config import CFG

    @contextmanager
    def find_in(folder):
        source = {
            "type": "esmvalcore.io.local.LocalDataSource",
            "rootpath": str(folder),
            "dirname_template": "Tier{tier}/{dataset}",
            "filename_template": "{project}_{dataset}_{type}_{version}_{mip}_{short_name}[_.]*nc",
        }
        project = {"data": {"here": source}, "preprocessor_filename_template": "{dataset}_{mip}_{short_name}"}
        with CFG.context(projects={"OBS6": project}, check_level=CheckLevels.STRICT):
            yield
        assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]

    return find_in
