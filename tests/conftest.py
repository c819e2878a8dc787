"""Settings of the property tests: the same examples on every run, unless asked to explore.

``HYPOTHESIS_PROFILE=explore`` draws new examples, and ten times as many where a test sets no
number.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

# Building and certifying a network takes milliseconds to a second, so an example has no deadline
# and slow generation is no fault.
_SHARED: dict[str, Any] = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("steady", derandomize=True, database=None, max_examples=25, **_SHARED)
settings.register_profile("explore", max_examples=250, **_SHARED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
