"""Starting, changing and stopping what runs, by the difference between two plans.

A plan is a list of units in the order in which they are started. To start is to go from no plan to the first, to reload
is to go to another, to stop is to go to none: one way for all three. What both plans have alike goes on running; what
differs, and what stands on it, is stopped in reverse and started in order. Everything that may refuse is prepared
before anything is stopped, so a plan that cannot be is refused and changes nothing; should a unit fail in starting all
the same, the plan before is gone back to.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError, LeptonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from edge_runtime.clock import Clock

_NS_PER_S = 1_000_000_000
_log = logging.getLogger(__name__)


class PlanRefused(BadInputError):
    """The new plan cannot be; what ran goes on running. The message has every reason."""


class NoWayBack(LeptonError, RuntimeError):
    """Neither the new plan nor the old one can be started."""


def _nothing() -> None:
    """Asks nobody to stop."""


def _healthy(_now_ns: int) -> str | None:
    """A part that has no troubles of its own."""
    return None


@dataclass(frozen=True, slots=True)
class Part:
    """A unit that runs.

    stop: waits at most so many seconds; False when it did not end.
    ask_to_stop: begins the stop without waiting, so that parts of one kind end side by side.
    trouble: what only a restart of the daemon mends (given monotonic nanoseconds), None while there is nothing.
    """

    stop: Callable[[float], bool]
    ask_to_stop: Callable[[], None] = _nothing
    trouble: Callable[[int], str | None] = _healthy


@dataclass(frozen=True, slots=True)
class Prepared:
    """What can be done before the old unit is stopped has been done.

    start: cannot refuse for a reason that a person could have been told before.
    discard: lets go of it unstarted.
    """

    start: Callable[[], Part]
    discard: Callable[[], None] = _nothing


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing of a plan.

    name: for the log, unique in the plan.
    kind: units of one kind that follow each other are stopped side by side.
    settings: what it is made from; equal settings make an equal unit.
    needs: names of units on which it stands.
    prepare: raises LeptonError when it cannot be.
    stop_s: how long all units of its kind together may take to end.
    needs_restart: one that does not end is a reason to start the daemon anew.
    hands_over_on: while these units go on running, it is asked to stop and not waited for where another is started in
        its place, which lets it end; empty for a unit that is always waited for.
    """

    name: str
    kind: str
    settings: Any
    prepare: Callable[[], Prepared]
    stop_s: float
    needs: tuple[str, ...] = ()
    needs_restart: bool = True
    hands_over_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A plan to go to, and what of it is prepared."""

    plan: list[Unit]
    ready: dict[str, Prepared]

    def discard(self) -> None:
        """Let go of what was not started."""
        _discard(self.ready.values())
        self.ready.clear()


@dataclass(slots=True)
class Supervisor:
    """Runs the units of a plan; used by one thread.

    left_behind: names of units that did not end in time, or failed while they ended.
    stuck: those of them that only a restart mends.
    """

    clock: Clock
    left_behind: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    _plan: list[Unit] = field(default_factory=list)
    _parts: dict[str, Part] = field(default_factory=dict)

    def apply(self, plan: Sequence[Unit]) -> list[str]:
        """Prepare another plan and go to it; the names of the units that were started."""
        return self.go(self.prepare(plan))

    def prepare(self, plan: Sequence[Unit]) -> Change:
        """Ask everything that may refuse; any thread may, while nothing else changes the plan.

        Raises:
            PlanRefused: several units cannot be.
            LeptonError: one unit cannot be. Either way nothing was changed.
        """
        changed = _changed(self._plan, plan)
        return Change(list(plan), _prepared([unit for unit in plan if unit.name in changed]))

    def go(self, change: Change) -> list[str]:
        """Go to a prepared plan; the names of the units that were started.

        Raises:
            NoWayBack: a unit failed in starting, and so did the way back; the daemon is to be started anew.
            Exception: a unit failed in starting, as it says; what ran before runs again.
        """
        before = list(self._plan)
        try:
            return self._exchange(change)
        except Exception as error:
            self._go_back(before, error)
            raise

    def _go_back(self, before: Sequence[Unit], error: Exception) -> None:
        try:
            self._exchange(self.prepare(before))
        except Exception as further:  # noqa: BLE001 - whatever it is, only a new daemon helps
            raise NoWayBack(
                f"wanted to go back to what ran, after {error!s}, found: {further}; the daemon must be started anew"
            ) from error

    def _exchange(self, change: Change) -> list[str]:
        started = list(change.ready)
        kept = {unit.name for unit in change.plan} - set(started)
        try:
            self._stop([unit for unit in self._plan if unit.name not in kept], _successions(change, kept))
            self._plan = [unit for unit in change.plan if unit.name in kept]
            for unit in change.plan:
                if unit.name in change.ready:
                    self._parts[unit.name] = change.ready[unit.name].start()
                    del change.ready[unit.name]
                    self._plan.append(unit)
        finally:
            change.discard()
        self._plan = change.plan
        return started

    def stop(self) -> None:
        """Stop everything."""
        units, self._plan = self._plan, []
        self._stop(units)

    def trouble(self) -> str | None:
        """What only a restart of the daemon mends."""
        if self.stuck:
            return f"did not stop: {', '.join(self.stuck)}"
        now_ns = self.clock.now_ns()
        return next(filter(None, (part.trouble(now_ns) for part in self._parts.values())), None)

    def _stop(self, units: Sequence[Unit], handing_over: AbstractSet[str] = frozenset()) -> None:
        """In reverse; a unit that does not end keeps no other from being stopped."""
        for _, group in groupby(reversed(units), key=lambda unit: unit.kind):
            together = [(unit, self._parts.pop(unit.name)) for unit in group]
            for unit, part in together:
                self._note(unit, _did(unit.name, part.ask_to_stop))
            until_ns = self.clock.now_ns() + int(together[0][0].stop_s * _NS_PER_S)
            for unit, part in together:
                if unit.name in handing_over:
                    continue
                left_s = max((until_ns - self.clock.now_ns()) / _NS_PER_S, 0.0)
                self._note(unit, _did(unit.name, partial(part.stop, left_s)))

    def _note(self, unit: Unit, ended: bool) -> None:  # noqa: FBT001 - the answer of the part
        if ended or unit.name in self.left_behind:
            return
        self.left_behind.append(unit.name)
        if unit.needs_restart:
            self.stuck.append(unit.name)


def longest_stop_s(plan: Sequence[Unit]) -> float:
    """How long stopping all of it takes when every unit takes all the time that it is given."""
    kinds = {unit.kind: unit.stop_s for unit in plan}
    return sum(kinds.values())


def _successions(change: Change, kept: AbstractSet[str]) -> set[str]:
    """Units whose successor lets them end."""
    after = [unit for unit in change.plan if unit.name in change.ready and unit.hands_over_on]
    return {unit.name for unit in after if kept >= set(unit.hands_over_on)}


def _changed(before: Sequence[Unit], after: Sequence[Unit]) -> set[str]:
    """Units of `after` that must be started: new, made from other settings, or standing on one that is."""
    known = {unit.name: unit for unit in before}
    changed: set[str] = set()
    for unit in after:
        old = known.get(unit.name)
        is_new = old is None or old.settings != unit.settings or old.needs != unit.needs
        if is_new or not changed.isdisjoint(unit.needs):
            changed.add(unit.name)
    return changed


def _prepared(units: Sequence[Unit]) -> dict[str, Prepared]:
    """Everything that may refuse, asked; the reasons of all that do, together."""
    ready: dict[str, Prepared] = {}
    refusals: list[LeptonError] = []
    is_complete = False
    try:
        for unit in units:
            try:
                ready[unit.name] = unit.prepare()
            except LeptonError as error:  # noqa: PERF203 - a person wants all reasons at once
                refusals.append(error)
            except Exception as error:  # noqa: BLE001 - a fault that nobody thought of must not end a line that runs
                _log.exception("%s could not be prepared", unit.name)
                refusals.append(PlanRefused(f"{unit.name}: wanted it prepared, found {type(error).__name__}: {error}"))
        is_complete = not refusals
    finally:
        if not is_complete:
            _discard(ready.values())
    if refusals:
        raise _together(refusals)
    return ready


def _discard(prepared: Iterable[Prepared]) -> None:
    for each in prepared:
        _did("what was prepared", each.discard)


def _together(refusals: list[LeptonError]) -> LeptonError:
    if len(refusals) == 1:
        return refusals[0]
    return PlanRefused("\n  ".join(["wanted a station that can run, found:", *map(str, refusals)]))


def _did(name: str, act: Callable[[], object]) -> bool:
    try:
        return act() is not False
    except Exception:  # noqa: BLE001 - the parts that were started earlier must be stopped too
        _log.exception("%s failed while it was stopped", name)
        return False
