"""The uploader against a manager in memory, with a clock that only waits move."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from edge_contracts.evidence_upload import MAX_PORTION_BYTES, ContentRange
from edge_runtime.evidence.upload.answer import Reply
from edge_runtime.evidence.upload.budget import UploadBudget
from edge_runtime.evidence.upload.link import UploadLost
from edge_runtime.evidence.upload.memory import UploadMemory
from edge_runtime.evidence.upload.uploader import Uploader
from edge_runtime.evidence.upload.waiting import Waiting
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

BIG = bytes(range(256)) * 12_000
"""3 MB: three portions."""


@dataclass
class Manager:
    """Keeps what comes, as the document asks, and does what a test lays in.

    instead: answers to be given before anything else, one per request; an exception is raised.
    breaks_after: bytes of the next range after which the link breaks.
    """

    parts: dict[str, bytes] = field(default_factory=dict)
    whole: dict[str, bytes] = field(default_factory=dict)
    instead: list[Reply | Exception] = field(default_factory=list)
    breaks_after: int | None = None
    requests: list[str] = field(default_factory=list)
    media_types: set[str] = field(default_factory=set)
    closed: int = 0

    def ask(self, sha256: str) -> Reply:
        self.requests.append("HEAD")
        if self.instead:
            return self._told()
        if sha256 in self.whole:
            return Reply(200)
        return Reply(308, str(len(self.parts[sha256]))) if sha256 in self.parts else Reply(404)

    def send(self, sha256: str, piece: ContentRange, media_type: str, blocks: Iterable[bytes]) -> Reply:
        self.requests.append(f"PUT {piece.first}")
        self.media_types.add(media_type)
        if self.instead:
            return self._told()
        for block in blocks:
            self.parts[sha256] = self.parts.get(sha256, b"") + block
            if self.breaks_after is not None and len(self.parts[sha256]) >= self.breaks_after:
                self.breaks_after = None
                raise UploadLost("cut")
        if piece.last + 1 < piece.total:
            return Reply(308, str(piece.last + 1))
        content = self.parts.pop(sha256)
        if hashlib.sha256(content).hexdigest() != sha256:
            return Reply(422)
        self.whole[sha256] = content
        return Reply(201)

    def close(self) -> None:
        self.closed += 1

    def abort(self) -> None:
        pass

    def _told(self) -> Reply:
        told = self.instead.pop(0)
        if isinstance(told, Exception):
            raise told
        return told


@dataclass
class Board:
    folder: Path
    manager: Manager = field(default_factory=Manager)
    clock: FakeClock = field(default_factory=FakeClock)
    per_s: int = 1_000_000
    gives_way: Callable[[], bool] = bool

    def start_anew(self) -> None:
        memory = UploadMemory(self.folder / "uploaded", "boot")
        self.waiting = Waiting(self.folder / "evidence", ("defect",), memory.__contains__)
        budget = UploadBudget(self.per_s, 0, memory.spent)
        self.uploader = Uploader(
            self.manager, self.waiting, memory, budget, self.clock, draw=lambda: 0.5, gives_way=self.may_not
        )
        self.waiting.find()

    def may_not(self) -> bool:
        return self.gives_way()

    def keep(self, content: bytes, suffix: str = ".jpg", name: str | None = None) -> Path:
        sha256 = name or hashlib.sha256(content).hexdigest()
        path = self.folder / "evidence" / "defect-x" / sha256[:2] / f"{sha256}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.uploader.kept(path)
        return path

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.uploader._turn()

    @property
    def waited_s(self) -> float:
        return sum(self.clock.waits_s)


@pytest.fixture
def board(tmp_path: Path) -> Board:
    made = Board(tmp_path)
    made.start_anew()
    return made


def test_a_piece_goes_in_ranges_and_is_remembered(board: Board) -> None:
    path = board.keep(BIG)
    board.turn()
    assert board.manager.whole == {path.stem: BIG}
    assert board.manager.requests == ["HEAD", "PUT 0", f"PUT {MAX_PORTION_BYTES}", f"PUT {2 * MAX_PORTION_BYTES}"]
    assert board.manager.media_types == {"image/jpeg"}
    assert (board.uploader.counts.taken, board.uploader.counts.bytes, board.uploader.behind) == (1, len(BIG), 0)
    board.start_anew()
    assert len(board.waiting) == 0


def test_a_break_in_the_middle_costs_only_what_had_not_arrived(board: Board) -> None:
    board.keep(BIG)
    board.manager.breaks_after = 1_500_000
    board.turn()
    assert (board.uploader.counts.failed, board.uploader.behind) == (1, 1)
    board.turn()
    assert list(board.manager.whole.values()) == [BIG]
    assert board.uploader.counts.resumed == 1
    assert board.uploader.counts.bytes == len(BIG)


def test_another_life_of_the_daemon_goes_on_where_the_last_was(board: Board) -> None:
    board.keep(BIG)
    board.manager.breaks_after = 1_500_000
    board.turn()
    board.start_anew()
    board.turn()
    assert list(board.manager.whole.values()) == [BIG]
    assert board.uploader.counts.bytes < len(BIG) - 1_400_000
    assert board.uploader.counts.resumed == 1


def test_what_the_manager_has_already_is_not_sent(board: Board) -> None:
    path = board.keep(b"picture")
    board.manager.whole[path.stem] = b"picture"
    board.turn()
    assert (board.uploader.counts.taken, board.uploader.counts.bytes) == (1, 0)
    board.start_anew()
    assert len(board.waiting) == 0


def test_no_more_than_the_budget_goes_on_the_wire(tmp_path: Path) -> None:
    board = Board(tmp_path, per_s=100_000)
    board.start_anew()
    board.keep(BIG)
    board.turn()
    assert board.waited_s >= (len(BIG) - 100_000) / 100_000 - 1
    assert list(board.manager.whole.values()) == [BIG]


def test_the_budget_of_the_day_outlives_the_daemon(board: Board) -> None:
    board.keep(BIG)
    board.turn()
    memory = UploadMemory(board.folder / "uploaded", "boot")
    assert sum(piece.bytes for piece in memory.spent) == len(BIG)


def test_evidence_gives_way_while_alerts_wait(board: Board) -> None:
    looks = iter([True, True, True, False])
    board.gives_way = lambda: next(looks, False)
    board.keep(b"picture")
    board.turn()
    assert board.waited_s == 3.0
    assert len(board.manager.whole) == 1


def test_attempts_that_fail_wait_ever_longer_and_a_success_makes_the_wait_short_again(board: Board) -> None:
    board.manager.instead = [UploadLost("away") for _ in range(12)]
    board.keep(b"picture")
    board.turn(12)
    assert board.clock.waits_s == [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 150, 150, 150]
    board.turn()
    assert len(board.manager.whole) == 1
    board.manager.instead = [UploadLost("away")]
    board.keep(b"another")
    board.turn()
    assert board.clock.waits_s[-1] == 0.5


def test_a_manager_that_says_when_is_not_asked_before(board: Board) -> None:
    board.manager.instead = [Reply(503, retry_after="40")]
    board.keep(b"picture")
    board.turn()
    assert board.clock.waits_s == [40.0]


@pytest.mark.parametrize("stuck", [Reply(308, "0"), Reply(409, "0"), Reply(308), Reply(404), Reply(500)])
def test_a_range_that_brings_nothing_further_is_a_failure_and_no_storm(board: Board, stuck: Reply) -> None:
    board.manager.instead = [Reply(404), stuck]
    board.keep(b"picture")
    board.turn()
    assert board.manager.requests == ["HEAD", "PUT 0"]
    assert board.clock.waits_s == [0.5]
    board.turn()
    assert len(board.manager.whole) == 1


def test_a_piece_that_never_goes_holds_up_no_other(board: Board) -> None:
    first = board.keep(b"first")
    stuck = board.keep(b"stuck")
    board.manager.instead = [Reply(500)]
    board.turn(2)
    assert list(board.manager.whole) == [first.stem]
    board.turn()
    assert stuck.stem in board.manager.whole


def test_a_piece_that_is_refused_for_good_is_not_offered_again(board: Board, caplog: pytest.LogCaptureFixture) -> None:
    board.manager.instead = [Reply(404), Reply(413, text="too large")]
    board.keep(b"picture")
    with caplog.at_level(logging.WARNING):
        board.turn()
    assert (board.uploader.counts.refused, board.uploader.behind) == (1, 0)
    assert "too large" in caplog.text


def test_a_file_that_was_damaged_on_the_board_is_given_up(board: Board) -> None:
    board.keep(b"damaged", name="a" * 64)
    board.turn()
    assert (board.uploader.counts.refused, board.uploader.behind) == (1, 0)


def test_a_sound_file_that_arrived_damaged_is_sent_again(board: Board) -> None:
    board.manager.instead = [Reply(404), Reply(422)]
    board.keep(b"picture")
    board.turn(2)
    assert len(board.manager.whole) == 1


def test_who_is_not_let_in_keeps_its_evidence_and_says_so(board: Board, caplog: pytest.LogCaptureFixture) -> None:
    board.manager.instead = [Reply(403)]
    board.keep(b"picture")
    with caplog.at_level(logging.WARNING):
        board.turn()
    assert "check its certificate or token" in caplog.text
    assert board.uploader.behind == 1


def test_a_file_that_the_quota_removed_is_counted_as_gone(board: Board) -> None:
    board.keep(b"picture").unlink()
    board.turn()
    assert (board.uploader.counts.gone, board.manager.requests) == (1, [])


def test_a_file_that_the_store_says_it_removed_waits_no_longer_and_is_gone(board: Board) -> None:
    path = board.keep(b"picture")
    assert board.uploader.behind == 1
    for _ in range(2):
        board.uploader.removed(path)
    assert (board.uploader.behind, board.uploader.counts.gone) == (0, 1)


def test_a_fault_nobody_thought_of_does_not_end_the_thread(board: Board) -> None:
    board.manager.instead = [ZeroDivisionError("?")]
    board.keep(b"first")
    board.keep(b"second")
    board.turn(2)
    assert (board.uploader.counts.failed, len(board.manager.whole)) == (1, 1)


def test_an_idle_connection_is_closed(board: Board) -> None:
    board.turn()
    assert board.manager.closed == 1
    board.keep(b"picture")
    board.turn(2)
    assert len(board.manager.whole) == 1
