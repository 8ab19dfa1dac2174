"""The lessons of one inspection point: noted in the audit file, kept on disk, learned, in force from the next part on.

Lessons belong to the bundle that saw the parts. With another bundle they are kept and not applied, which is said:
its numbers mean something else. A file that is damaged leaves the bundle alone in force, which was measured, and is an
alarm until a person begins anew: what had been taught as defective may pass meanwhile.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from edge_contracts.bundle import BundleRejected
from edge_contracts.errors import BadInputError
from edge_contracts.known_parts import KNOWN_GOOD
from edge_contracts.manifest import AnomalyRule, ImageInput
from edge_runtime.lessons.alike import Comparison
from edge_runtime.lessons.known import read_examples, read_known
from edge_runtime.lessons.lesson import Kind, Lesson
from edge_runtime.lessons.lesson_file import MOST, LessonsDamaged
from edge_runtime.lessons.taught_head import MOST_LIFTED, learn, may_be_taught_good
from edge_runtime.state_folder import MediumRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge_contracts.manifest import Manifest, ScoreReference
    from edge_runtime.audit_file import AuditFile
    from edge_runtime.lessons.alike import Alike
    from edge_runtime.lessons.known import Example, KnownParts
    from edge_runtime.lessons.lesson import Impression
    from edge_runtime.lessons.lesson_file import LessonFile
    from edge_runtime.lessons.taught_head import TaughtHead

TRAIN_AGAIN = "train again with this version of 'lepton train', and convert"
_NAME_MAX = 64
_Kept = TypeVar("_Kept")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Teachable:
    """What a bundle must bring so that it can be taught.

    digest: names it. known: its good parts. deviation: of the logarithm of their scores.
    examples: parts that it can show.
    """

    digest: str
    known: KnownParts
    deviation: float
    examples: tuple[Example, ...] = ()


def teachable(
    manifest: Manifest, digest: str, member: Callable[[str], bytes | None], *, whole: bool
) -> Teachable | str:
    """What a bundle brings, or why it cannot be taught, as a sentence.

    Args:
        manifest: the bundle's.
        digest: its name.
        member: gives a file of the bundle, None for one that it has not.
        whole: whether one model sees the whole part at once, and no tiles.
    """
    rule, row = manifest.rule, next((one for one in manifest.outputs if one.role == "features"), None)
    if not whole:
        return "a point with tiles or several models cannot be taught: each part has more than one score"
    if not isinstance(rule, AnomalyRule) or not isinstance(manifest.input, ImageInput):
        return "only a detector of pictures with an anomaly score can be taught; label parts and train again"
    known_good = member(KNOWN_GOOD)
    if row is None or known_good is None or rule.reference is None or rule.reference.quantiles[0] <= 0:
        return f"teaching needs a bundle with features and known good parts, and this one has none; {TRAIN_AGAIN}"
    try:
        width = int(np.prod(row.shape))
        known, examples = read_known(known_good, width), read_examples(member, width)
    except BundleRejected as error:
        return str(error)
    return Teachable(digest, known, _deviation(rule.reference), examples)


def _deviation(reference: ScoreReference) -> float:
    return float(np.log(reference.quantiles).std())


class Lessons:
    """Teaches one point; used by one thread at a time.

    Args:
        point: its name.
        bundle: what can be taught, or why nothing can.
        file: where lessons are kept.
        audit: notes every change.
        wall_clock: in UTC.
        alarm: told a sentence while lessons are lost, None when they are not.

    Attributes:
        notice: what a person should know; empty when there is nothing.
        is_damaged: whether the file is.
    """

    def __init__(
        self,
        point: str,
        bundle: Teachable | str,
        file: LessonFile,
        audit: AuditFile,
        wall_clock: Callable[[], datetime],
        alarm: Callable[[str | None], None] = lambda _reason: None,
    ) -> None:
        self.notice = ""
        self.is_damaged = False
        self._point = point
        self._bundle = bundle
        self._file = file
        self._audit = audit
        self._wall_clock = wall_clock
        self._alarm = alarm
        self._use: Callable[[TaughtHead | None, Comparison | None], None] = lambda _head, _comparison: None
        self._comparison: Comparison | None = None
        self._every: tuple[Lesson, ...] = ()
        self._head: TaughtHead | None = None
        self.revision = 0
        self._load()

    @property
    def refusal(self) -> str:
        """Why nothing can be taught; empty where something can."""
        return self._bundle if isinstance(self._bundle, str) else ""

    @property
    def head(self) -> TaughtHead | None:
        """What is in force; None without a lesson for this bundle."""
        return self._head

    @property
    def every(self) -> tuple[Lesson, ...]:
        """All that are kept, oldest first; those of other bundles are not applied."""
        return self._every

    @property
    def examples(self) -> tuple[Example, ...]:
        """Parts that the bundle can show."""
        return () if isinstance(self._bundle, str) else self._bundle.examples

    def alike(self, impression: Impression, count: int) -> dict[Kind, list[Alike]]:
        """Of each kind up to `count` of the bundle's and the taught parts that look most like one, nearest first.

        Raises:
            BadInputError: the bundle brings no known parts.
        """
        if self._comparison is None:
            raise BadInputError(self.refusal)
        return self._comparison.nearest(impression, count)

    def applies(self, lesson: Lesson) -> bool:
        """Whether it was taught for this bundle."""
        return isinstance(self._bundle, Teachable) and lesson.bundle == self._bundle.digest

    def tell(self, use: Callable[[TaughtHead | None, Comparison | None], None]) -> None:
        """Call `use` with what is in force, now and after each change; it must return at once."""
        self._use = use
        use(self._head, self._comparison)

    def teach(self, kind: Kind, part: str, impression: Impression, picture: bytes, name: str, address: str) -> Lesson:
        """Keep what a person says of a part, and judge by it from the next part on.

        Raises:
            BadInputError: this point, part or bundle cannot be taught so.
            MediumRefused: the disk does not keep it; nothing changes.
        """
        bundle = self._open_to_lessons()
        if kind is Kind.GOOD and not may_be_taught_good(impression):
            raise BadInputError(
                f"wanted at most {MOST_LIFTED:g} times the threshold for a part that is taught as good, found "
                f"{impression.score:.4g} against {impression.threshold:.4g}; it is too unlike good parts: add it to "
                "the photographs and train again"
            )
        at = self._wall_clock().isoformat(timespec="seconds")
        lesson = Lesson(0, bundle.digest, part, kind, impression, picture, at, name[:_NAME_MAX], address)
        entry = {"what": "lesson", "part": part, "kind": kind.value, "bundle": bundle.digest}
        number = self._noted(self._signed(entry, name, address), lambda: self._file.add(lesson))
        lesson = replace(lesson, number=number)
        self._change((*self._every, lesson), f"part {part} taught as {kind.value}", name, address)
        return lesson

    def take_back(self, number: int, name: str, address: str) -> None:
        """Forget a lesson.

        Raises:
            BadInputError: there is none of that number.
            MediumRefused: the disk does not; it stays in force.
        """
        lesson = self.lesson(number)
        entry = {"what": "lesson taken back", "part": lesson.part, "kind": lesson.kind.value, "bundle": lesson.bundle}
        self._noted(self._signed(entry, name, address), lambda: self._file.remove(number))
        rest = tuple(one for one in self._every if one.number != number)
        self._change(rest, f"part {lesson.part} not taught as {lesson.kind.value} any more", name, address)

    def begin_anew(self, name: str, address: str) -> None:
        """Put a damaged file aside and go on without its lessons.

        Raises:
            BadInputError: the file is not damaged.
            MediumRefused: the disk does not do it.
        """
        if not self.is_damaged:
            raise BadInputError("wanted a damaged file of lessons to begin anew, found a sound one; take lessons back")
        self._audit.append(self._signed({"what": "lessons begun anew"}, name, address))
        aside = self._file.set_aside()
        _log.warning("%s: the damaged lessons were put aside as %s", self._point, aside)
        self.is_damaged, self.notice = False, ""
        self._alarm(None)

    def lesson(self, number: int) -> Lesson:
        """The lesson of that number.

        Raises:
            BadInputError: there is none.
        """
        found = next((one for one in self._every if one.number == number), None)
        if found is None:
            raise BadInputError(f"wanted one of {len(self._every)} lessons, found no number {number}")
        return found

    def _load(self) -> None:
        try:
            kept = self._file.read()
        except LessonsDamaged as error:
            self.is_damaged, self.notice = True, str(error)
            self._alarm(str(error))
            self._learn()
            return
        self._every, self.revision = kept.lessons, kept.revision
        self._learn()
        others = sum(not self.applies(one) for one in self._every)
        if others:
            self.notice = (
                f"{others} lessons were taught for another bundle and are not applied; teach the parts again, or take "
                "them back"
            )
            _log.warning("%s: %s", self._point, self.notice)

    def _open_to_lessons(self) -> Teachable:
        if isinstance(self._bundle, str):
            raise BadInputError(self._bundle)
        if self.is_damaged:
            raise BadInputError(self.notice)
        if len(self._every) >= MOST:
            raise BadInputError(f"wanted fewer than {MOST} lessons, found as many; take some back, or train again")
        return self._bundle

    def _signed(self, entry: dict[str, Any], name: str, address: str) -> dict[str, Any]:
        return {**entry, "point": self._point, "name": name[:_NAME_MAX], "address": address}

    def _noted(self, entry: dict[str, Any], keep: Callable[[], _Kept]) -> _Kept:
        """Note a change, then make it; a change that the disk refused is noted as such."""
        self._audit.append(entry)
        try:
            return keep()
        except MediumRefused as error:
            self._audit.append({**entry, "failed": str(error)})
            raise

    def _change(self, lessons: tuple[Lesson, ...], what: str, name: str, address: str) -> None:
        self._every, self.revision = lessons, self.revision + 1
        self._learn()
        who = f"{name or 'somebody'} at {address or 'an unknown address'}"
        _log.warning("%s: %s, by %s; revision %d of the lessons", self._point, what, who, self.revision)
        self._use(self._head, self._comparison)

    def _learn(self) -> None:
        bundle, mine = self._bundle, [one for one in self._every if self.applies(one)]
        if isinstance(bundle, str):
            return
        self._head = learn(bundle.known, mine, self.revision, bundle.deviation) if mine else None
        self._comparison = Comparison.of(bundle.known, bundle.examples, mine)
