"""The lessons of one inspection point: noted in the audit file, kept on disk, learned, in force from the next part on.

Lessons belong to the bundle that saw the parts. With another bundle they are kept and not applied, which is said:
its numbers mean something else.

A file that is damaged, gone or older than its witness says is an alarm until it is put back or a person begins anew.
Where something had been taught as defective, a part without a defect is unknown meanwhile; where only good parts had
been taught, the bundle alone judges, which is the safe side.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from edge_contracts.errors import BadInputError
from edge_runtime.lessons.alike import Comparison
from edge_runtime.lessons.lesson import Kind, Lesson
from edge_runtime.lessons.lesson_file import MOST, Kept, LessonsDamaged
from edge_runtime.lessons.lost import LostLessons
from edge_runtime.lessons.taught_head import MOST_LIFTED, contradicted, learn, may_be_taught_good
from edge_runtime.lessons.teachable import Teachable
from edge_runtime.lessons.witness import Witness, WitnessDamaged
from edge_runtime.state_folder import MediumRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge_runtime.audit_file import AuditFile
    from edge_runtime.lessons.alike import Alike
    from edge_runtime.lessons.known import Example
    from edge_runtime.lessons.lesson import Impression
    from edge_runtime.lessons.lesson_file import LessonFile
    from edge_runtime.lessons.lost import Taught
    from edge_runtime.lessons.taught_head import TaughtHead
    from edge_runtime.lessons.witness import WitnessFile

_NAME_MAX = 64
_UNTIL = "until the file is put back and the daemon restarted, or lessons are begun anew on the page"
_Answer = TypeVar("_Answer")
_log = logging.getLogger(__name__)


class OtherBundle(BadInputError):
    """A part that another bundle saw, or a point that runs with another one now."""


class Lessons:
    """Teaches one point, one change at a time, from any thread.

    Args:
        point: its name.
        bundle: what can be taught, or why nothing can.
        file: where lessons are kept.
        witness: what is noted of them beside it.
        audit: notes every change.
        wall_clock: in UTC.
        alarm: told a sentence while lessons are lost, None when they are not.

    Attributes:
        notice: what a person should know; empty when there is nothing.
        is_damaged: whether the file is damaged, gone or older than it should be.
    """

    def __init__(
        self,
        point: str,
        bundle: Teachable | str,
        file: LessonFile,
        witness: WitnessFile,
        audit: AuditFile,
        wall_clock: Callable[[], datetime],
        alarm: Callable[[str | None], None] = lambda _reason: None,
    ) -> None:
        self.notice = ""
        self.is_damaged = False
        self._point = point
        self._bundle = bundle
        self._file = file
        self._witness_file = witness
        self._audit = audit
        self._wall_clock = wall_clock
        self._alarm = alarm
        self._use: Callable[[Taught | None, Comparison | None], None] = lambda _head, _comparison: None
        self._comparison: Comparison | None = None
        self._kept = Kept((), 0, 0)
        self._turn = threading.Lock()
        self._is_closed = False
        self._head: Taught | None = None
        self._load()

    @property
    def revision(self) -> int:
        """Counts every change."""
        return self._kept.revision

    @property
    def refusal(self) -> str:
        """Why nothing can be taught; empty where something can."""
        return self._bundle if isinstance(self._bundle, str) else ""

    @property
    def head(self) -> Taught | None:
        """What is in force; None without a lesson for this bundle."""
        return self._head

    @property
    def every(self) -> tuple[Lesson, ...]:
        """All that are kept, oldest first; those of other bundles are not applied."""
        return self._kept.lessons

    @property
    def examples(self) -> tuple[Example, ...]:
        """Parts that the bundle can show."""
        return () if isinstance(self._bundle, str) else self._bundle.examples

    def alike(self, impression: Impression, count: int) -> dict[Kind, list[Alike]]:
        """Of each kind up to `count` of the bundle's and the taught parts that look most like one, nearest first.

        Raises:
            BadInputError: the bundle brings no known parts.
            OtherBundle: another bundle saw the part.
        """
        if self._comparison is None or isinstance(self._bundle, str):
            raise BadInputError(self.refusal)
        _refuse_other(self._bundle, impression)
        return self._comparison.nearest(impression, count)

    def applies(self, lesson: Lesson) -> bool:
        """Whether it was taught for this bundle."""
        return isinstance(self._bundle, Teachable) and lesson.bundle == self._bundle.digest

    def tell(self, use: Callable[[Taught | None, Comparison | None], None]) -> None:
        """Call `use` with what is in force, now and after each change; it must return at once."""
        self._use = use
        use(self._head, self._comparison)

    def teach(self, kind: Kind, part: str, impression: Impression, picture: bytes, name: str, address: str) -> Lesson:
        """Keep what a person says of a part, and judge by it from the next part on.

        Raises:
            BadInputError: this point, part or bundle cannot be taught so.
            OtherBundle: another bundle saw the part, or the point runs with another one now.
            MediumRefused: the disk does not keep it; nothing changes.
        """
        with self._turn:
            return self._teach(kind, part, impression, picture, name, address)

    def _teach(self, kind: Kind, part: str, impression: Impression, picture: bytes, name: str, address: str) -> Lesson:
        bundle = self._open_to_lessons()
        _refuse_other(bundle, impression)
        if kind is Kind.GOOD and not may_be_taught_good(impression):
            raise BadInputError(
                f"wanted at most {MOST_LIFTED:g} times the threshold for a part that is taught as good, found "
                f"{impression.score:.4g} against {impression.threshold:.4g}; it is too unlike good parts: add it to "
                "the photographs and train again"
            )
        self._refuse_contradiction(bundle, kind, impression)
        at = self._wall_clock().isoformat(timespec="seconds")
        lesson = Lesson(0, part, kind, impression, picture, at, name[:_NAME_MAX], address)
        head = self._tried((*self.every, lesson))
        entry = {"what": "lesson", "part": part, "kind": kind.value, "bundle": bundle.digest}
        number = self._noted(self._signed(entry, name, address), lambda: self._file.add(lesson, self.revision))
        lesson = replace(lesson, number=number)
        kept = Kept((*self.every, lesson), self.revision + 1, number)
        self._change(kept, head, f"part {part} taught as {kind.value}", name, address)
        return lesson

    def take_back(self, number: int, name: str, address: str) -> None:
        """Forget a lesson.

        Raises:
            BadInputError: there is none of that number.
            OtherBundle: the point runs with another one now.
            MediumRefused: the disk does not; it stays in force.
        """
        with self._turn:
            self._refuse_closed()
            self._take_back(number, name, address)

    def _take_back(self, number: int, name: str, address: str) -> None:
        lesson = self.lesson(number)
        entry = {"what": "lesson taken back", "part": lesson.part, "kind": lesson.kind.value, "bundle": lesson.bundle}
        rest = tuple(one for one in self.every if one.number != number)
        head = self._tried(rest)
        self._noted(self._signed(entry, name, address), lambda: self._file.remove(number, self.revision))
        kept = Kept(rest, self.revision + 1, self._kept.number)
        self._change(kept, head, f"part {lesson.part} not taught as {lesson.kind.value} any more", name, address)

    def begin_anew(self, name: str, address: str) -> None:
        """Put a damaged file aside and go on without its lessons; revisions and numbers go on.

        Raises:
            BadInputError: the file is not damaged.
            OtherBundle: the point runs with another one now.
            MediumRefused: the disk does not do it.
        """
        with self._turn:
            self._refuse_closed()
            self._begin_anew(name, address)

    def _begin_anew(self, name: str, address: str) -> None:
        if not self.is_damaged:
            raise BadInputError("wanted a damaged file of lessons to begin anew, found a sound one; take lessons back")
        self._audit.append(self._signed({"what": "lessons begun anew"}, name, address))
        aside = self._file.set_aside()
        kept = Kept((), self.revision + 1, self._kept.number)
        self._file.begin(kept.revision, kept.number)
        self._witness_file.keep(Witness.of(kept))
        _log.warning("%s: lessons begun anew; the damaged ones lie in %s", self._point, aside or "no file any more")
        self.is_damaged, self.notice = False, ""
        self._put_in_force(kept, None)
        self._alarm(None)

    def close(self, timeout_s: float) -> bool:
        """The point ends: nobody judges by these lessons, so nothing is wrong with them, and nothing changes them.

        A change that is on its way is waited for; False when the disk holds it up for longer.
        """
        self._is_closed = True
        self._alarm(None)
        if not self._turn.acquire(timeout=timeout_s):
            _log.error("%s: a lesson was not kept within %g s", self._point, timeout_s)
            return False
        self._turn.release()
        return True

    def lesson(self, number: int) -> Lesson:
        """The lesson of that number.

        Raises:
            BadInputError: there is none.
        """
        found = next((one for one in self.every if one.number == number), None)
        if found is None:
            raise BadInputError(f"wanted one of {len(self.every)} lessons, found no number {number}")
        return found

    def _load(self) -> None:
        witness, unread = None, ""
        try:
            witness = self._witness_file.read()
        except WitnessDamaged as error:
            unread = str(error)
        try:
            kept = self._file.read()
            missing = unread if unread and not kept.revision else witness.missed(kept) if witness is not None else ""
            if missing:
                raise LessonsDamaged(f"wanted the lessons of {self._point}, found {missing}")  # noqa: TRY301 - as others
            head = self._learned(kept)
        except Exception as error:  # noqa: BLE001 - whatever a damaged file leads to, the station must start
            self._lose(str(error), witness)
            return
        self._put_in_force(kept, head)
        self._alarm(None)
        if kept.revision and witness != Witness.of(kept):
            _log.error("%s: %s; it is noted anew", self._point, unread or "the witness of the lessons is behind them")
            self._witness()
        self._tell_others()

    def _tell_others(self) -> None:
        others = sum(not self.applies(one) for one in self.every)
        if others:
            self.notice = (
                f"{others} lessons were taught for another bundle and are not applied; teach the parts again, or take "
                "them back"
            )
            _log.warning("%s: %s", self._point, self.notice)

    def _lose(self, found: str, witness: Witness | None) -> None:
        """Nothing of the file is in force; without a witness something may have been taught as defective."""
        if witness is not None:
            self._kept = Kept((), witness.revision, witness.number)
        bundle, head = self._bundle, None
        told = f"{found}; the bundle judges without them {_UNTIL}"
        if isinstance(bundle, Teachable) and (witness is None or witness.defective.get(bundle.digest)):
            told = f"{found}; what was taught as defective is lost, so a part without a defect is unknown {_UNTIL}"
            head = LostLessons(told, self.revision)
        self._put_in_force(self._kept, head)
        self._sound(told)

    def _sound(self, told: str) -> None:
        self.is_damaged, self.notice = True, told
        self._alarm(told)

    def _open_to_lessons(self) -> Teachable:
        self._refuse_closed()
        if isinstance(self._bundle, str):
            raise BadInputError(self._bundle)
        if self.is_damaged:
            raise BadInputError(self.notice)
        if len(self.every) >= MOST:
            raise BadInputError(f"wanted fewer than {MOST} lessons, found as many; take some back, or train again")
        return self._bundle

    def _refuse_closed(self) -> None:
        """A request that waited while the point was given another bundle; what it kept now nobody would load."""
        if self._is_closed:
            raise OtherBundle(f"wanted {self._point} as it was when this was asked, found it set up anew; ask again")

    def _refuse_contradiction(self, bundle: Teachable, kind: Kind, impression: Impression) -> None:
        mine = [one for one in self.every if self.applies(one)]
        other = contradicted(bundle.known, mine, kind, impression)
        if other is not None:
            raise BadInputError(
                f"wanted a part of which nothing else was said, found lesson {other.number} (part {other.part}), which "
                f"looks the same and is {other.kind.value}; take that back first"
            )

    def _signed(self, entry: dict[str, Any], name: str, address: str) -> dict[str, Any]:
        return {**entry, "point": self._point, "name": name[:_NAME_MAX], "address": address}

    def _noted(self, entry: dict[str, Any], keep: Callable[[], _Answer]) -> _Answer:
        """Note a change, then make it; a change that the disk refused is noted as such."""
        self._audit.append(entry)
        try:
            return keep()
        except MediumRefused as error:
            self._audit.append({**entry, "failed": str(error)})
            raise
        except LessonsDamaged as error:
            self._audit.append({**entry, "failed": str(error)})
            self._sound(f"{error}; those that are known stay in force until the daemon ends, nothing can be taught")
            raise BadInputError(self.notice) from error

    def _change(self, kept: Kept, head: TaughtHead | None, what: str, name: str, address: str) -> None:
        self._put_in_force(kept, head)
        self._witness()
        who = f"{name or 'somebody'} at {address or 'an unknown address'}"
        _log.warning("%s: %s, by %s; revision %d of the lessons", self._point, what, who, self.revision)

    def _witness(self) -> None:
        """The lessons are kept already: what this disk refuses weakens only what is noticed of their loss."""
        try:
            self._witness_file.keep(Witness.of(self._kept))
        except (MediumRefused, BadInputError) as error:
            self.notice = f"{error}; were the lessons lost now, nobody would notice"
            _log.exception("%s: %s", self._point, self.notice)

    def _put_in_force(self, kept: Kept, head: Taught | None) -> None:
        self._kept, self._head = kept, head
        if isinstance(self._bundle, Teachable):
            mine = [one for one in kept.lessons if self.applies(one)]
            self._comparison = Comparison.of(self._bundle.known, self._bundle.examples, mine)
        self._use(self._head, self._comparison)

    def _tried(self, lessons: tuple[Lesson, ...]) -> TaughtHead | None:
        """Learned before anything is kept: a lesson that cannot be learned must not be found at the next start."""
        try:
            return self._learned(Kept(lessons, self.revision + 1, 0))
        except (ValueError, ArithmeticError) as error:
            raise BadInputError(f"wanted a part that can be learned, found that it cannot: {error}") from error

    def _learned(self, kept: Kept) -> TaughtHead | None:
        bundle, mine = self._bundle, [one for one in kept.lessons if self.applies(one)]
        if isinstance(bundle, str) or not mine:
            return None
        return learn(bundle.known, mine, kept.revision, bundle.deviation)


def _refuse_other(bundle: Teachable, impression: Impression) -> None:
    if impression.bundle != bundle.digest:
        raise OtherBundle("wanted a part that the present bundle has seen, found one that another saw; choose another")
