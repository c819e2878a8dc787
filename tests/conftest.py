"""Settings of the property tests: the same examples on every run in continuous integration."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Building and certifying a network takes milliseconds to a second, so an example has no deadline
# and slow generation is no fault.
settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=25,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "local",
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "local")
