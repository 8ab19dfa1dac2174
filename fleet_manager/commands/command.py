"""One command as people see it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CommandState(str, Enum):
    """How far a command is: on no wire yet, at the broker, answered in one of three ways, or not answered in time."""

    WAITING = "waiting"
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    TIMED_OUT = "timed-out"


@dataclass(frozen=True, slots=True)
class GivenCommand:
    """A command; times are milliseconds since 1970-01-01 UTC by the manager's clock.

    id: its number here. command_id: on the wire. sent_ms: when the broker had it, None while it has not.
    ended_ms, outcome: of the device's answer, None while there is none. answer: in its words.
    """

    id: int
    command_id: str
    address: str
    site: str
    name: str
    who: str
    made_ms: int
    expires_ms: int
    sent_ms: int | None
    ended_ms: int | None
    outcome: str | None
    answer: str

    def state(self, now_ms: int) -> CommandState:
        """How far it is; an answer counts however late it came."""
        if self.outcome is not None:
            return CommandState(self.outcome)
        if now_ms > self.expires_ms:
            return CommandState.TIMED_OUT
        return CommandState.WAITING if self.sent_ms is None else CommandState.SENT

    def words(self, now_ms: int) -> str:
        """What is to be said beside the state."""
        state = self.state(now_ms)
        if state is CommandState.WAITING:
            return "the broker has not taken it yet"
        if state is CommandState.SENT:
            return "the broker has it; the device has not answered yet"
        if state is CommandState.TIMED_OUT:
            return "the device did not answer" if self.sent_ms is not None else "it never reached the broker"
        late_s = ((self.ended_ms or 0) - self.expires_ms) / 1000
        return f"{self.answer} (answered {late_s:.0f} s after its time)" if late_s > 0 else self.answer
