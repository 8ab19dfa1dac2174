"""All models of an inspection point, one after the other under one deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edge_contracts.verdict import Cause, Outcome
from edge_runtime.frames import Frame, Window
from edge_runtime.inspection.join import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_runtime.capture.source import Reading
    from edge_runtime.clock import Clock
    from edge_runtime.inspection.finding import Finding
    from edge_runtime.inspection.join import Rule
    from edge_runtime.occasion import Ailment

_NO_TIME = "wanted time for this model, found none left; raise deadline_ms (milliseconds), or ask less before"


class Examines(Protocol):
    """One model; `edge_runtime.inspection.examiner.Examiner` is one."""

    name: str
    digest: str

    def examine(self, seen: Frame | Window, until_ns: int) -> Finding:
        """The model's finding before `until_ns`; never raises."""
        ...

    def without(self, cause: Cause, reason: str) -> Finding:
        """The finding of a model that could not judge."""
        ...


class Beside(Protocol):
    """A model's own source beside the point's: a sound beside a picture."""

    def want(self, since_ns: int) -> None:
        """Ask for the reading of the part whose picture was captured then (monotonic)."""
        ...

    def take(self, until_ns: int) -> tuple[Reading | None, Ailment | None]:
        """The reading of this part and what speaks against it; (None, why) when none came before `until_ns`."""
        ...

    def pass_over(self) -> None:
        """A part is not judged at all; what belongs to it is not to be taken for the next one's."""
        ...


@dataclass(frozen=True, slots=True)
class Link:
    """One model of the chain.

    is_gate: the models that see the same source are asked only about what it does not let through as clean.
    beside: its own source, None when it sees what the point sees.
    """

    examiner: Examines
    is_gate: bool = False
    beside: Beside | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """What the chain says.

    decider: the finding that decides the part.
    findings: of every model that was asked.
    suspects: the same without a gate's, whose defect is only a suspicion.
    """

    decider: Finding
    findings: tuple[Finding, ...]
    suspects: tuple[Finding, ...]


class Chain:
    """Asks each model in the order of the configuration.

    Args:
        links: at least one; a gate stands first.
        rule: which of them must find a defect.
        clock: monotonic.
    """

    def __init__(self, links: Sequence[Link], rule: Rule, clock: Clock) -> None:
        self.digest = links[0].examiner.digest
        self._gate = links[0] if links[0].is_gate else None
        self._others = tuple(link for link in links if not link.is_gate)
        self._hearing = tuple(link for link in self._others if link.beside is not None)
        self._besides = tuple(link.beside for link in self._others if link.beside is not None)
        self._rule = rule
        self._clock = clock

    def pass_over(self) -> None:
        """A part came that no model is asked about."""
        for beside in self._besides:
            beside.pass_over()

    def examine(self, seen: Frame | Window, until_ns: int) -> Joined:
        """The finding that decides before `until_ns` (monotonic), and all that were made; never raises."""
        for beside in self._besides:
            beside.want(seen.captured_at_ns)
        gate = self._gate.examiner.examine(seen, until_ns) if self._gate else None
        is_clean = gate is not None and gate.decision.outcome is Outcome.GOOD
        asked = self._hearing if is_clean else self._others
        findings = tuple([self._asked(link, seen, until_ns) for link in asked])
        decider = joined(findings, self._rule, gate)
        return Joined(decider, (gate, *findings) if gate else findings, findings)

    def _asked(self, link: Link, seen: Frame | Window, until_ns: int) -> Finding:
        reading: Reading | None = seen
        if link.beside is not None:
            reading, ailment = link.beside.take(until_ns)
            if ailment is not None:
                return link.examiner.without(ailment.cause, ailment.reason)
        if not isinstance(reading, (Frame, Window)):
            return link.examiner.without(Cause.NO_FRAME, "wanted a reading of the model's own source, found none")
        if self._clock.now_ns() >= until_ns:
            return link.examiner.without(Cause.DEADLINE, _NO_TIME)
        return link.examiner.examine(reading, until_ns)
