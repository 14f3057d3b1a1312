"""Before any test loads torch: threads that wait let others work, as in a run (`esmlearn.bridge.cli`)."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
