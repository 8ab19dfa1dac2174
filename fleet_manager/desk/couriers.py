"""Calls on their way at the same time: a rule with a slow receiver holds up its own calls and nobody else's."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_manager.desk.courier import Courier
    from fleet_manager.desk.deliveries import Delivery

MOST_OUT: Final = 100
"""As many as there may be rules."""


class Couriers:
    """One call of each rule at a time, each in a thread of its own. `send_one` belongs to one thread.

    Args:
        courier: takes a call out.
        say: one line about a call whose end could not be written down.
    """

    def __init__(self, courier: Courier, say: Callable[[str], object]) -> None:
        self._courier, self._say = courier, say
        self._out: dict[str, threading.Thread] = {}

    def send_one(self) -> bool:
        """Send out the call that is due longest, of a rule that none is out for; whether there was one.

        Raises:
            StoreUnavailable: the database takes nothing just now.
        """
        self._out = {rule: thread for rule, thread in self._out.items() if thread.is_alive()}
        one = self._courier.take(self._out) if len(self._out) < MOST_OUT else None
        if one is None:
            return False
        thread = threading.Thread(target=self._deliver, args=(one,), name=f"desk-call-{one.id}", daemon=True)
        self._out[one.rule] = thread
        thread.start()
        return True

    def wait(self, seconds: float) -> None:
        """Wait so long for those that are out. One that is left behind is due again when its time is over."""
        end = time.monotonic() + seconds
        for thread in self._out.values():
            thread.join(max(0.0, end - time.monotonic()))

    def _deliver(self, one: Delivery) -> None:
        try:
            self._courier.deliver(one)
        except Exception as err:  # noqa: BLE001 - the end of a thread: it says so, and the call is due again
            self._say(f"{one!r}: {type(err).__name__}: {err}")
