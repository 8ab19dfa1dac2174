"""SIGTERM and Ctrl-C set the stop event, SIGHUP another, from a thread that may: a signal's own handler must not.

Python runs a handler in the main thread between two of its instructions. If those are inside `Event.wait`, the
handler's `Event.set` waits for a lock that its own thread holds, for ever. So the handlers do nothing, and the
interpreter's wake-up descriptor, which C writes to, tells a thread that sets the event.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
RELOADING: Final = signal.SIGHUP
_READ_BYTES: Final = 64


@contextmanager
def stopped_by_signals(stop: threading.Event, reload: threading.Event | None = None) -> Iterator[None]:
    """Set `stop` when one of `STOPPING` comes, and `reload` for `RELOADING`; only for the main thread."""
    heard = dict.fromkeys(STOPPING, stop) | ({RELOADING: reload} if reload else {})
    hears, tells = os.pipe()
    os.set_blocking(tells, False)
    before = {number: signal.signal(number, _nothing) for number in heard}
    descriptor_before = signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    listener = threading.Thread(target=_listen, args=(hears, heard), name="signals", daemon=True)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(descriptor_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(tells)
        listener.join()
        os.close(hears)


def _listen(hears: int, heard: dict[signal.Signals, threading.Event]) -> None:
    """Until the other end is closed."""
    while numbers := os.read(hears, _READ_BYTES):
        for number, event in heard.items():
            if number in numbers:
                event.set()


def _nothing(number: int, frame: FrameType | None) -> None:
    """Without a handler of Python's the signal would end the process, and the descriptor would not be written to."""
