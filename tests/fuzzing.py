"""How many cases hypothesis tries: a few in the suite, the same each time; many by `make fuzz`."""

import os

from hypothesis import HealthCheck, Phase, settings

COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    "phases": [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
}
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def few(examples: int) -> settings:
    """So many cases in the suite, and a hundred times as many by `make fuzz`."""
    if LONG:
        return settings(max_examples=100 * examples, **COMMON)
    return settings(max_examples=examples, derandomize=True, database=None, **COMMON)
