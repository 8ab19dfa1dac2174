"""The thread that brings evidence to the manager: within its budget, behind the alerts, until it is there.

It holds up nobody: the store tells it of a file, kept or removed, by an entry in a list, and everything else happens
here. A file that the store removes before its turn is counted as gone. Transfers go on where they broke off, also in
another life of the daemon, because the manager says how far it has got.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from edge_contracts.evidence_upload import MAX_PORTION_BYTES, ContentRange
from edge_contracts.reconnect import FullJitter
from edge_runtime.evidence.upload.answer import Answer, Meaning, Reply, judge
from edge_runtime.evidence.upload.budget import BLOCK_BYTES, UploadBudget, hour_of
from edge_runtime.evidence.upload.counts import UploadCounts
from edge_runtime.evidence.upload.link import UploadLost
from edge_runtime.own_thread import OwnThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from edge_runtime.clock import Clock
    from edge_runtime.evidence.upload.memory import UploadMemory
    from edge_runtime.evidence.upload.waiting import Waiting

RETRY: Final = FullJitter(first_s=1.0, longest_s=300.0)
_POLL_S: Final = 1.0
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.01, 60.0
_KEPT_OPEN_S: Final = 2.0
"""An idle connection is closed before the manager does it: HTTP servers commonly wait 5 s or longer."""
_DAY_HOURS: Final = 24
_NS_PER_S: Final = 1_000_000_000
_MEDIA_TYPES: Final = {".jpg": "image/jpeg", ".wav": "audio/wav", ".zip": "application/zip"}
_log = logging.getLogger(__name__)


class Link(Protocol):
    """The way to the manager; `link.EvidenceLink` is one."""

    def ask(self, sha256: str) -> Reply:
        """How much is there."""
        ...

    def send(self, sha256: str, piece: ContentRange, media_type: str, blocks: Iterable[bytes]) -> Reply:
        """Bring a range."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...

    def abort(self) -> None:
        """End whatever is going on; from any thread."""
        ...


class _Stopped(Exception):
    """The uploader ends; the transfer goes on in another life."""


class _Failed(Exception):
    """An attempt came to nothing; the least wait before the next, in seconds."""

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Uploader(OwnThread):
    """One thread, one manager; begins with what an earlier run left.

    Args:
        link: the way to it.
        waiting: what is to go.
        memory: what has gone.
        budget: how much may go.
        clock: monotonic.
        draw: gives a number in [0, 1), for the jitter.
        gives_way: whether alerts wait for the same link just now.
        counts: goes on counting there.
    """

    def __init__(
        self,
        link: Link,
        waiting: Waiting,
        memory: UploadMemory,
        budget: UploadBudget,
        clock: Clock,
        *,
        draw: Callable[[], float],
        gives_way: Callable[[], bool] = lambda: False,
        counts: UploadCounts | None = None,
    ) -> None:
        super().__init__("evidence-upload", "the evidence upload")
        self.counts = counts or UploadCounts()
        self._link, self._waiting, self._memory, self._budget = link, waiting, memory, budget
        self._clock, self._draw, self._gives_way = clock, draw, gives_way
        self._failures = 0
        self._in_turn = 0
        self._more = threading.Event()
        self._counting = threading.Lock()

    @property
    def behind(self) -> int:
        """Files that wait, or are on their way."""
        return len(self._waiting) + self._in_turn

    def kept(self, path: Path) -> None:
        """The store has kept a file; returns at once."""
        if self._waiting.add(path):
            self._more.set()

    def removed(self, path: Path) -> None:
        """The store has removed a file; returns at once."""
        if self._waiting.remove(path):
            self._count_gone()

    def ask_to_stop(self) -> None:
        """Break off what is on its way, and end the thread; what did not go is found again by the next run."""
        super().ask_to_stop()
        self._more.set()
        self._link.abort()

    def _run(self) -> None:
        self._waiting.find()
        try:
            while not self._stop.is_set():
                self._turn()
        except _Stopped:
            _log.debug("the evidence upload stops in the middle of a file")
        finally:
            self._link.close()

    def _turn(self) -> None:
        path = self._waiting.newest()
        if path is None:
            self._idle()
            return
        self._in_turn = 1
        try:
            self._bring(path)
        finally:
            self._in_turn = 0

    def _idle(self) -> None:
        self._more.clear()
        if len(self._waiting) or self._clock.wait(self._more, _KEPT_OPEN_S):
            return
        self._link.close()
        self._clock.wait(self._more, _LONGEST_WAIT_S)

    def _bring(self, path: Path) -> None:
        """One file; whatever is wrong with it or the way, the thread goes on with the next."""
        try:
            with path.open("rb") as file:
                self._attempt(path, file)
            self._failures = 0
        except FileNotFoundError:
            self._count_gone()
        except _Stopped:
            raise
        except (UploadLost, _Failed) as error:
            self._waiting.put_back(path)
            self._fail(error, error.wait_s if isinstance(error, _Failed) else 0.0)
        except Exception as error:  # noqa: BLE001 - the stage loop: this thread must outlive any fault
            _log.exception("%s could not be uploaded", path)
            self._fail(error, 0.0)

    def _count_gone(self) -> None:
        with self._counting:
            self.counts.gone += 1

    def _fail(self, error: Exception, least_s: float) -> None:
        self.counts.failed += 1
        self._failures += 1
        if self._failures & (self._failures - 1) == 0:
            _log.warning("evidence did not reach the manager (%d times in a row): %s", self._failures, error)
        self._pause(max(least_s, RETRY.delay_s(self._failures, self._draw)))

    def _attempt(self, path: Path, file: BinaryIO) -> None:
        sha256, total = path.stem, file.seek(0, 2)
        if total == 0:
            raise _Failed(f"wanted evidence in {path}, found an empty file")
        self._give_way()
        answer = judge(self._link.ask(sha256), total, is_question=True)
        self.counts.resumed += answer.meaning is Meaning.GO_ON and answer.offset > 0
        reached = -1
        while answer.meaning is Meaning.GO_ON:
            if answer.offset <= reached:
                raise _Failed(f"wanted the manager to go on from {reached} bytes of {sha256}, found {answer.offset}")
            reached = answer.offset
            answer = self._send(path, file, ContentRange(reached, min(reached + MAX_PORTION_BYTES, total) - 1, total))
        self._conclude(path, answer)

    def _send(self, path: Path, file: BinaryIO, piece: ContentRange) -> Answer:
        self._give_way()
        sent_before = self.counts.bytes
        try:
            blocks = self._blocks(file, piece)
            reply = self._link.send(path.stem, piece, _MEDIA_TYPES.get(path.suffix, "application/octet-stream"), blocks)
            answer = judge(reply, piece.total, is_question=False)
        except BaseException:
            self._remember(None, sent_before)
            raise
        self._remember(path.stem if answer.meaning is Meaning.TAKEN else None, sent_before)
        if answer.meaning not in {Meaning.TAKEN, Meaning.GO_ON}:
            _log.warning("the manager answered %d to %s: %s", reply.status, path.name, reply.text)
        return answer

    def _blocks(self, file: BinaryIO, piece: ContentRange) -> Iterator[bytes]:
        file.seek(piece.first)
        left = piece.length
        while left:
            self._wait_for_budget(min(left, BLOCK_BYTES))
            if not (block := file.read(min(left, BLOCK_BYTES))):
                raise _Failed(f"wanted {left} further bytes of evidence, found the file cut short")
            left -= len(block)
            self.counts.bytes += len(block)
            self._budget.take(len(block), self._now_s())
            yield block

    def _conclude(self, path: Path, answer: Answer) -> None:
        if answer.meaning is Meaning.TAKEN:
            self.counts.taken += 1
            if path.stem not in self._memory:
                self._memory.note(path.stem, 0, hour_of(self._now_s()))
            self._memory.tidy(self._waiting.present, hour_of(self._now_s()) - _DAY_HOURS)
        elif answer.meaning is Meaning.NEVER or (answer.meaning is Meaning.OTHER_CONTENT and not _is_sound(path)):
            self.counts.refused += 1
        elif answer.meaning is Meaning.FORBIDDEN:
            raise _Failed("the manager does not let this device bring evidence: check its certificate or token")
        else:
            raise _Failed(f"the manager did not take {path.name}: {answer.meaning.value}", answer.wait_s)

    def _remember(self, sha256: str | None, sent_before: int) -> None:
        size = self.counts.bytes - sent_before
        if sha256 is not None or size:
            self._memory.note(sha256, size, hour_of(self._now_s()))

    def _wait_for_budget(self, size: int) -> None:
        while (wait_s := self._budget.wait_s(size, self._now_s())) > 0:
            self._pause(min(max(wait_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))

    def _give_way(self) -> None:
        while self._gives_way():
            self._pause(_POLL_S)

    def _pause(self, seconds: float) -> None:
        if self._clock.wait(self._stop, seconds):
            raise _Stopped

    def _now_s(self) -> float:
        return self._clock.now_ns() / _NS_PER_S


def _is_sound(path: Path) -> bool:
    """Whether a file on the board still has the content that its name says."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(MAX_PORTION_BYTES):
            digest.update(block)
    return digest.hexdigest() == path.stem
