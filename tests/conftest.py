"""What all tests share: property tests without a clock, the same ones on every run."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure; and a red run must be red again when it is looked at.
settings.register_profile(
    "steady", deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    """Keep the caller's `CENTERNET_*` variables out of the tests."""
    for name in os.environ:
        if name.startswith("CENTERNET_"):
            monkeypatch.delenv(name)


# Background jobs of a shell ignore SIGINT, and so would the programs that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
