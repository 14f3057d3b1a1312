"""Before any test loads torch: threads that wait let others work, as in a run (`esmlearn.bridge.start`).

Where tests run side by side, each worker computes with one thread.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"
