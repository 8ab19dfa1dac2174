"""One session with a microcontroller: what is said and heard between hello and the loss of the line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.serial_link import Answered, Delivered, Heartbeat, Hello, Log, ReliableLink, State, Trigger
from edge_runtime.terminals.chip_news import Counted, Moments, PartSeen
from edge_runtime.terminals.tick_clock import TickClock
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from edge_contracts.serial_link import Frame, Message
    from edge_runtime.terminals.chip_news import News

_BEATS: Final = 5
"""Heartbeats in the time that one of them counts."""
_SILENT_BEATS: Final = 50
_WRAP: Final = 1 << 32
_NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Clearance:
    """How far the belt goes until parts that nobody has judged are past the gate: both, after a session began."""

    seconds: float = 0.0
    counts: int = 0


class ChipSession:
    """What both sides said since hello.

    Args:
        hello: who it is.
        moments: of the parts that it announced, in earlier sessions too.
        now_ns: monotonic.
        timeout_ms: of a heartbeat.
        clearance: parts of an earlier session are on their way for so long; until then everything is rejected.
    """

    def __init__(self, hello: Hello, moments: Moments, now_ns: int, timeout_ms: int, clearance: Clearance) -> None:
        self.hello = hello
        self.link = ReliableLink()
        self.state: State | None = None
        self._moments = moments
        self._ticks = TickClock(hello.ticks_per_second)
        self._timeout_ms = timeout_ms
        self._beat_ns = timeout_ms * _NS_PER_MS // _BEATS
        self._next_beat_ns = self._heard_ns = now_ns
        self._clearance = clearance
        self._origin: State | None = None
        self._is_clear = False
        moments.begin(hello.board)

    def beat(self, now_ns: int, *, may_run: bool) -> bytes:
        """What is to be written now.

        The line may not run while the microcontroller has not been heard for as long as a heartbeat counts: it may have
        told of parts that nobody heard.

        Raises:
            WireLost: the other side does not answer any more.
        """
        silent_ns = now_ns - self._heard_ns
        if now_ns >= self._next_beat_ns:
            self._next_beat_ns = now_ns + self._beat_ns
            is_heard = silent_ns <= self._timeout_ms * _NS_PER_MS
            self.link.say(Heartbeat(int(may_run and self._is_clear and is_heard), self._timeout_ms))
        data = self.link.poll(now_ns)
        if self.link.lost is not None or silent_ns > _SILENT_BEATS * self._beat_ns:
            silence = f"wanted a sign of life, found none for {silent_ns / _NS_PER_MS:.0f} ms; check cable and firmware"
            raise WireLost(self.link.lost or silence)
        return data

    def hear(self, frame: Frame, now_ns: int) -> News | Answered | Log | None:
        """What a frame means for others.

        Raises:
            WireLost: the microcontroller has started anew, or has ended the session.
        """
        heard = self.link.hear(frame)
        self._heard_ns = now_ns
        if isinstance(heard, Answered):
            return heard
        return self._told(heard.message, now_ns) if isinstance(heard, Delivered) else None

    def wait_ns(self, now_ns: int) -> int:
        """How long until something is to be said."""
        waits = [max(self._next_beat_ns - now_ns, 0)]
        if (again_ns := self.link.wait_ns(now_ns)) is not None:
            waits.append(again_ns)
        return min(waits)

    def _told(self, message: Message, now_ns: int) -> News | Log | None:
        if isinstance(message, Hello) and message.session != self.hello.session:
            raise WireLost(
                "wanted the session to go on, found that the microcontroller has started anew or has ended it; "
                "check its power, and that it remembers enough parts"
            )
        if isinstance(message, Trigger):
            return self._part(message, now_ns)
        if isinstance(message, State):
            return self._stand(message, now_ns)
        return message if isinstance(message, Log) else None

    def _part(self, trigger: Trigger, now_ns: int) -> PartSeen:
        self._ticks.see(trigger.tick, now_ns)
        unheard = self._moments.unheard_before(trigger.part)
        session_from = trigger.part if self._origin is None else self._origin.part + 1
        at_ns = self._moments.add(self._ticks.at_ns(trigger.tick), trigger.part, unheard, session_from)
        return PartSeen(at_ns, trigger.part, unheard)

    def _stand(self, state: State, now_ns: int) -> Counted:
        self._ticks.see(state.tick, now_ns)
        self._moments.stand_at(state.part)
        if self.state is None:
            self._origin = state
        self.state = state
        self._is_clear = self._is_clear or self._has_cleared(state)
        return Counted(now_ns, state.count)

    def _has_cleared(self, state: State) -> bool:
        """Whether no part can be on its way that came before this session.

        That none was counted yet proves nothing: a microcontroller that started anew has forgotten its parts.
        """
        origin = self._origin
        if origin is None:
            return False
        seconds = _later(state.tick - origin.tick) / self.hello.ticks_per_second
        return seconds >= self._clearance.seconds and self._has_moved(state.count - origin.count)

    def _has_moved(self, counts: int) -> bool:
        """Whether the belt is so far on; where no gate is counted the encoder says nothing."""
        return self._clearance.counts == 0 or _later(counts) >= self._clearance.counts


def _later(apart: int) -> int:
    """The difference of two 32-bit counts that wrap around; below 0 for one that is behind, which is no progress."""
    return (apart + _WRAP // 2) % _WRAP - _WRAP // 2
