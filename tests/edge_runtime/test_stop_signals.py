from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from edge_runtime.stop_signals import STOPPING, stopped_by_signals

PATIENCE_S = 20

HOLDS_THE_LOCK = """
import signal, threading
from edge_runtime.stop_signals import stopped_by_signals
stop = threading.Event()
with stopped_by_signals(stop):
    with stop._cond:  # where Event.wait is for a moment, each time it begins and ends
        signal.raise_signal(signal.SIGTERM)
    print(stop.wait(10))
"""


def test_a_signal_in_the_middle_of_a_wait_stops_the_daemon_and_not_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HOLDS_THE_LOCK], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("True", 0), done.stderr


@pytest.mark.parametrize("number", STOPPING)
def test_either_signal_sets_the_event(number: signal.Signals) -> None:
    stop = threading.Event()
    with stopped_by_signals(stop):
        signal.raise_signal(number)
        assert stop.wait(PATIENCE_S)


def test_what_was_there_before_is_there_again() -> None:
    before = [signal.getsignal(number) for number in STOPPING]
    with stopped_by_signals(threading.Event()):
        assert [signal.getsignal(number) for number in STOPPING] != before
    assert [signal.getsignal(number) for number in STOPPING] == before
    assert signal.set_wakeup_fd(-1) == -1
    assert "signals" not in {thread.name for thread in threading.enumerate()}
