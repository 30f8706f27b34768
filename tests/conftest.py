"""What all tests share: property tests without a clock, the same ones on every run."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# Before anything loads OpenMP: the networks of the tests are too small for threads, which only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy machine is no failure; and a red run must be red again when it is looked at.
settings.register_profile(
    "steady", deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def cache_of_all_tests(tmp_path_factory):
    """One cache folder for the whole run, so that models are compiled once, and not the caller's."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch, cache_of_all_tests):
    """Keep the caller's `CENTERNET_*` variables out of the tests."""
    for name in os.environ:
        if name.startswith("CENTERNET_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CENTERNET_CACHE", str(cache_of_all_tests))


# Background jobs of a shell ignore SIGINT, and so would the programs that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
