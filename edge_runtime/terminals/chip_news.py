"""What a microcontroller tells, in the daemon's own time, and who hears it."""

from __future__ import annotations

import logging
import queue
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.serial_link import Reason

MOMENTS_KEPT: Final = 4096
LEAP: Final = 10_000
"""Numbers that moved by more over a loss of the line are another count."""
_PARTS_KEPT: Final = 1024
_log = logging.getLogger(__name__)


class ChipRefused(WireLost):
    """It has heard an order and will not do it.

    Attributes:
        reason: why.
    """

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PartSeen:
    """A part was at the camera.

    at_ns: monotonic; later than that of the part before.
    number: the microcontroller's own.
    unheard: parts just before it that could not be told.
    """

    at_ns: int
    number: int
    unheard: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Where the encoder stands; it wraps around at 2^32."""

    at_ns: int
    count: int


News: TypeAlias = "PartSeen | Counted"


class Subscription:
    """What one listener has not heard yet.

    Args:
        name: another of the same name that comes later is the same listener, come back; empty: nobody's.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()

    def put(self, news: News) -> None:
        """It was told; returns at once."""
        self._news.put(news)

    def take(self, timeout_s: float) -> Sequence[News]:
        """What was told, in order; empty when that was nothing for so long."""
        try:
            found = [self._news.get(timeout=timeout_s)]
        except queue.Empty:
            return ()
        while not self._news.empty():
            found.append(self._news.get())
        return found

    def unheard(self) -> int:
        """Parts that were told and not taken."""
        return sum(isinstance(news, PartSeen) for news in iter(self._next, None))

    def _next(self) -> News | None:
        try:
            return self._news.get_nowait()
        except queue.Empty:
            return None


class Audience:
    """Those who hear what a microcontroller tells; its user locks."""

    def __init__(self) -> None:
        self._listening: tuple[Subscription, ...] = ()
        self._last: deque[PartSeen] = deque(maxlen=_PARTS_KEPT)
        self._told = 0
        self._left_at: dict[str, int] = {}

    def join(self, subscription: Subscription) -> None:
        """It hears everything from now on; one that comes back first what parts were told since it left."""
        left_at = self._left_at.pop(subscription.name, None)
        if left_at is not None:
            known = max(len(self._last) - (self._told - left_at), 0)
            for seen in list(self._last)[known:]:
                subscription.put(seen)
        self._listening += (subscription,)

    def leave(self, subscription: Subscription) -> None:
        """It hears no more."""
        if subscription in self._listening:
            if subscription.name:
                self._left_at[subscription.name] = self._told - subscription.unheard()
            self._listening = tuple(one for one in self._listening if one is not subscription)

    def tell(self, news: News) -> None:
        """To everybody."""
        if isinstance(news, PartSeen):
            self._last.append(news)
            self._told += 1
        for one in self._listening:
            one.put(news)


class Moments:
    """Which part of the microcontroller came at which moment; its count of parts outlives a session."""

    def __init__(self) -> None:
        self._numbers: OrderedDict[int, int] = OrderedDict()
        self._alone: set[int] = set()
        self._newest_ns = 0
        self._newest: int | None = None
        self._board: str | None = None

    def begin(self, board: str) -> None:
        """A session with this board has begun; another board counts other parts."""
        if self._board not in {None, board}:
            self._newest = None
            self._forget()
        self._board = board

    def stand_at(self, number: int) -> None:
        """The newest part has this number; one that lies behind says that the board has begun anew, from 1."""
        if self._newest is not None and number < self._newest:
            _log.warning("the microcontroller counts parts anew: at %d, after %d", number, self._newest)
            self._newest = 0
            self._forget()

    def unheard_before(self, number: int) -> int:
        """How many parts before this one could not be told, also over a loss of the line; it is the newest then."""
        self.stand_at(number)
        before, self._newest = self._newest, number
        unheard = 0 if before is None else max(number - before - 1, 0)
        if unheard <= LEAP:
            return unheard
        _log.warning(
            "the microcontroller's numbers leapt from %s to %d: another count, or more than %d parts went by; told as "
            "one part that was not heard",
            before,
            number,
            LEAP,
        )
        return 1

    def add(self, at_ns: int, number: int, unheard: int, session_from: int) -> int:
        """Its moment: this one, or a later one that no part has. Parts unheard have moments just before it.

        Args:
            at_ns: monotonic.
            number: the microcontroller's own.
            unheard: parts just before it that could not be told.
            session_from: parts below this number came before the present session had said where it stands.
        """
        at_ns = self._newest_ns = max(at_ns, self._newest_ns + unheard + 1)
        for behind in range(min(unheard, MOMENTS_KEPT), -1, -1):
            self._numbers[at_ns - behind] = number - behind
            if behind and number - behind < session_from:
                self._alone.add(at_ns - behind)
        while len(self._numbers) > MOMENTS_KEPT:
            self._alone.discard(self._numbers.popitem(last=False)[0])
        return at_ns

    def number_at(self, at_ns: int) -> int | None:
        """The part of this moment, None where there was none."""
        return self._numbers.get(at_ns)

    def came_alone(self, at_ns: int) -> bool:
        """Whether the part of this moment came, unheard, before the session in which it was told of."""
        return at_ns in self._alone

    def _forget(self) -> None:
        self._numbers.clear()
        self._alone.clear()
