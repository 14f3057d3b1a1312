"""Before any test loads torch: threads that wait let others work, as in a run (`esmlearn.bridge.start`).

Where tests run side by side, each worker computes with one thread.
"""

import os

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session", autouse=True)
def little_learning():
    """Kriging learns from few trials in few steps, ensembles are judged on few samples, unless a test is about that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("esmlearn.baselines.kriging.learn.TRIALS", 16)
        patch.setattr("esmlearn.baselines.kriging.learn.STEPS", 4)
        for task in ("fill", "densify", "downscale"):
            patch.setattr(f"esmlearn.tasks.{task}.train.VALIDATION_SAMPLES", 8)
        yield
