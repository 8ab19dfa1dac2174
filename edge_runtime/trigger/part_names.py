"""What a part is called: by its trigger, by a code reader, or by a number, and never by a name that was given before.

Pure, but for a lock: codes come from a reader's thread.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from edge_runtime.trigger.given_names import GivenNames

if TYPE_CHECKING:
    from edge_runtime.trigger.announcement import Announcement

_CODES_KEPT = 64
_NS_PER_S = 1_000_000_000
_OURS = ("no-code-", "no-id-", "unheard-", "unseen-", "fault-")
"""Names of parts that have no id begin like this; an id that does so, too, is told with `id-` before it."""


class CodeShelf:
    """Where a code reader's lines lie until their part is announced.

    Args:
        max_age_s: an older code belongs to a part that is gone.
    """

    def __init__(self, max_age_s: float) -> None:
        self._max_age_ns = int(max_age_s * _NS_PER_S)
        self._codes: deque[Announcement] = deque(maxlen=_CODES_KEPT)
        self._lock = threading.Lock()

    def put(self, code: Announcement) -> None:
        """A code was read."""
        with self._lock:
            self._codes.append(code)

    def take(self, at_ns: int) -> str | None:
        """The newest code that was read before this moment and is young enough; it and older ones are gone then."""
        with self._lock:
            newest = None
            while self._codes and self._codes[0].at_ns <= at_ns:
                newest = self._codes.popleft()
        if newest is None or at_ns - newest.at_ns > self._max_age_ns:
            return None
        return newest.part


class PartNames:
    """Names the parts of one point, in the order that they are announced.

    Args:
        shelf: where a code reader's codes lie; None when parts have no code.
        by_trigger: the trigger should say which part it announces.
        given: names of earlier parts of the point; its own, and none yet, without it.
    """

    def __init__(
        self, shelf: CodeShelf | None = None, *, by_trigger: bool = False, given: GivenNames | None = None
    ) -> None:
        self._shelf = shelf
        self._by_trigger = by_trigger
        self._given = given or GivenNames()

    def name(self, announcement: Announcement) -> str:
        """The part's name; a number with a prefix that no id has when it should have had one of its own."""
        self._given.parts += 1
        if self._shelf is not None:
            return self._own(self._shelf.take(announcement.at_ns)) or f"no-code-{self._given.parts:06d}"
        if self._by_trigger:
            return self._own(announcement.part) or f"no-id-{self._given.parts:06d}"
        return f"{self._given.parts:06d}"

    def unheard(self) -> str:
        """The name of a part that the wire passed over."""
        self._given.parts += 1
        return f"unheard-{self._given.parts:06d}"

    def unseen(self) -> str:
        """The name of an interval in which parts may have passed unseen."""
        self._given.unseen += 1
        return f"unseen-{self._given.unseen:06d}"

    def _own(self, wanted: str | None) -> str | None:
        if not wanted:
            return None
        return self._given.fresh(f"id-{wanted}" if wanted.startswith(_OURS) else wanted)
