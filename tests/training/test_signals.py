from __future__ import annotations

import signal
from _thread import interrupt_main

import pytest

from centernet_cli.training.signals import caught_signals


def test_the_first_signal_waits_and_the_second_acts():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with caught_signals() as caught:
        assert caught == []
        interrupt_main(signal.SIGINT)
        assert caught == [signal.SIGINT]
        with pytest.raises(KeyboardInterrupt):
            interrupt_main(signal.SIGINT)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_sigterm_is_caught_as_well():
    with caught_signals() as caught:
        interrupt_main(signal.SIGTERM)
    assert caught == [signal.SIGTERM]


def test_handlers_come_back_after_an_exception():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="x"), caught_signals():
        raise ValueError("x")
    assert signal.getsignal(signal.SIGINT) is before
