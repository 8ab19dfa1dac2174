from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from edge_contracts.ack import Ack
from edge_contracts.errors import BadInputError
from edge_contracts.gap import GapEvent, GapReason
from edge_contracts.verdict import Outcome
from edge_runtime.outbox import commit_queue as module
from edge_runtime.outbox import lasting_spool
from edge_runtime.outbox.commit_work import CommitWork
from edge_runtime.outbox.outbox import Outbox, Receipt
from edge_runtime.outbox.spool_errors import SpoolRefused, SpoolShed
from edge_runtime.outbox.spool_file import SpoolFile
from edge_runtime.outbox.spool_policy import AckVerdict, SpoolLimits
from tests.fakes.letters import ADDRESS, HandClock, alert, counting_noise, letter, minute_letter, stats
from tests.fakes.patience import eventually
from tests.fakes.spools import SMALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_runtime.outbox.outbox_counts import SpoolDepth

PATIENCE_S = 10.0
BIG = SpoolLimits(8 << 20, 1 << 20)


@contextmanager
def outbox(
    path: Path, clock: HandClock | None = None, limits: SpoolLimits = BIG, window_s: float = 0.0
) -> Iterator[Outbox]:
    made = Outbox(path, ADDRESS, limits, clock or HandClock(), window_s=window_s, noise=counting_noise(os.getpid()))
    made.start()
    try:
        yield made
    finally:
        assert made.stop()


def ledger(path: Path) -> dict[GapReason, int]:
    """What the next start tells as lost, by cause."""
    with outbox(path) as box:
        assert box.next_session()
        eventually(lambda: box.read_gaps(1, 1))
        gaps = [GapEvent.model_validate_json(row.body).data for row in box.read_gaps(1, 10)]
    return {gap.why: gap.count for gap in gaps}


def three_freed(box: Outbox) -> None:
    for _ in range(3):
        box.append(alert())
    box.read(1, 10)
    box.acknowledge(Ack(epoch=box.epoch, seq=3))


def lower_acknowledged_twice(box: Outbox, clock: HandClock) -> None:
    """A manager that lost its memory: it says a lower place, and still does after two seconds."""
    box.acknowledge(Ack(epoch=box.epoch, seq=1))
    clock.mono_ms += 2_000
    box.acknowledge(Ack(epoch=box.epoch, seq=1))


def break_in_use(box: Outbox, path: Path) -> None:
    box._spool.file._con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    path.write_bytes(b"\x55" * 65_536)
    box._spool.file._con.execute("PRAGMA cache_size = 0")
    box._spool.file._con.execute("PRAGMA shrink_memory")


def commits(box: Outbox) -> list[str]:
    """Every COMMIT from now on."""
    seen: list[str] = []
    box._spool.file._con.set_trace_callback(lambda sql: seen.append(sql) if sql == "COMMIT" else None)
    return seen


def test_an_append_that_returned_is_on_disk_though_the_process_is_killed(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from tests.fakes.letters import ADDRESS, HandClock, alert
box = Outbox(Path({str(tmp_path / "s")!r}), ADDRESS, SpoolLimits(), HandClock())
box.start()
for number in range(5):
    box.append(alert(part=f"part-{{number}}"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL
    with outbox(tmp_path / "s") as box:
        assert [row.seq for row in box.read(1, 10)] == [1, 2, 3, 4, 5]


def test_appends_that_are_near_share_one_commit(tmp_path: Path) -> None:
    with outbox(tmp_path / "s", window_s=0.5) as box:
        seen = commits(box)
        futures = [box.offer(alert()) for _ in range(20)]
        receipts = [future.result(PATIENCE_S) for future in futures]
        assert [receipt.seq for receipt in receipts] == list(range(1, 21))
        assert len(seen) == 1


def test_a_busy_station_shares_commits_that_a_calm_one_does_not(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "s", ADDRESS, BIG, HandClock(), window_s=0.0, longest_window_s=PATIENCE_S)
    box.start()
    box.append(alert())
    seen = commits(box)
    with box._queue.changed:
        for _ in range(40):
            box.offer(alert())
    assert not seen
    assert box.next_session() == 1, "a session that opens waits for no company"
    assert box.last_seq == 41
    assert len(seen) == 1
    assert box.stop()


def test_only_what_somebody_waits_for_is_pressing() -> None:
    minute, told = (minute_letter(), Future[Receipt]()), (letter(), Future[Receipt]())
    assert not CommitWork(letters=[minute]).is_pressing
    assert not CommitWork(letters=[minute]).is_empty
    assert CommitWork(letters=[minute, told]).is_pressing
    assert CommitWork(letters=[minute, told]).oldest_awaited is told[0]
    assert CommitWork(letters=[minute, told]).alerts == 1


def test_a_minute_shares_the_commit_of_an_alert_and_hastens_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FREE_WINDOW_S", PATIENCE_S)
    with outbox(tmp_path / "s", window_s=PATIENCE_S) as box:
        seen = commits(box)
        minute = box.offer(stats())
        alerts = [box.offer(alert()), box.offer(alert())]
        assert box.next_session() == 1, "a session that opens waits for no company"
        assert [one.result(PATIENCE_S).seq for one in (minute, *alerts)] == [1, 2, 3]
        assert len(seen) == 1


def test_a_minute_alone_waits_for_company_no_longer_than_an_acknowledgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FREE_WINDOW_S", 0.05)
    with outbox(tmp_path / "s", window_s=PATIENCE_S) as box:
        assert box.offer(stats()).result(PATIENCE_S).seq == 1


def test_minutes_make_no_station_busy(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "s", ADDRESS, BIG, HandClock(), window_s=0.0, longest_window_s=PATIENCE_S)
    box.start()
    for _ in range(36):
        box.offer(stats())
    assert box.append(alert(), timeout_s=1.5).seq == 37, "so many alerts would have made it wait for 2.7 s"
    assert box.stop()


def test_a_minute_that_no_disk_took_is_no_alert_in_the_ledger(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        box._spool.file._con.execute("PRAGMA query_only = ON")
        minute = box.offer(stats())
        with pytest.raises(SpoolRefused, match="free or mend"):
            box.append(alert())
        assert isinstance(minute.exception(PATIENCE_S), SpoolRefused)
        box._spool.file._con.execute("PRAGMA query_only = OFF")
        box.append(alert())
        (row,) = box.read_gaps(1, 10)
        assert GapEvent.model_validate_json(row.body).data.count == 1
        assert box.counters.refused == 1


def test_a_minute_that_a_full_spool_sheds_says_so(tmp_path: Path) -> None:
    with outbox(tmp_path / "s", limits=SMALL) as box:
        while not box.read_gaps(1, 1):
            box.append(alert(reason="x" * 500))
        minutes = [box.offer(stats()) for _ in range(16)]
        errors = [minute.exception(PATIENCE_S) for minute in minutes]
        assert {type(error) for error in errors} <= {type(None), SpoolShed}
        assert SpoolShed in {type(error) for error in errors}
        assert box.counters.shed == 0, "that counts alerts"


def test_appends_from_many_threads_get_a_place_each(tmp_path: Path) -> None:
    receipts: list[Receipt] = []
    with outbox(tmp_path / "s") as box:
        threads = [threading.Thread(target=lambda: receipts.append(box.append(alert()))) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        assert sorted(receipt.seq for receipt in receipts) == list(range(1, 17))
        assert box.last_seq == 16


def test_stopping_writes_what_waits(tmp_path: Path) -> None:
    with outbox(tmp_path / "s", window_s=PATIENCE_S) as box:
        future = box.offer(alert())
    assert future.result(0).seq == 1


def test_a_stopped_outbox_refuses(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        pass
    with pytest.raises(SpoolRefused, match="stopped"):
        box.append(alert())


def test_a_disk_that_hangs_is_an_answer_of_stopping_not_an_error(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "s", ADDRESS, BIG, HandClock(), window_s=0.0)
    box.start()
    with box._spool.lock:
        future = box.offer(alert())
        eventually(lambda: not box._queue.has_letters)
        assert box.stop(0.05) is False
    assert box.stop(PATIENCE_S) is True
    assert future.result(0).seq == 1


def test_what_waits_behind_a_disk_that_hangs_is_answered_said_and_told_once_it_answers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = Outbox(tmp_path / "s", ADDRESS, BIG, HandClock(), window_s=0.0)
    box.start()
    with box._spool.lock:
        box.offer(alert())
        eventually(lambda: not box._queue.has_letters)
        behind = [box.offer(alert()) for _ in range(3)]
        assert box.stop(0.05) is False
        assert all(isinstance(future.exception(0), SpoolRefused) for future in behind)
        assert "3 alerts and 0 minutes behind that" in caplog.text
    assert box.stop(PATIENCE_S) is True
    assert ledger(tmp_path / "s") == {GapReason.SHED: 3}


def test_stopping_on_a_disk_that_takes_nothing_leaves_no_alert_out_of_the_ledger(tmp_path: Path) -> None:
    limits = SpoolLimits(1 << 20, 1 << 18)
    offered = 6 * limits.batch_rows
    with outbox(tmp_path / "s", limits=limits) as box:
        box._spool.file._con.execute("PRAGMA query_only = ON")
        with box._queue.changed:
            futures = [box.offer(alert()) for _ in range(offered)]
            minute = box.offer(stats())
            minute.add_done_callback(lambda _: box.write_off(minutes=1))
            box._queue.close()
    assert all(isinstance(future.exception(0), SpoolRefused) for future in (*futures, minute))
    assert box.counters.refused == offered
    assert ledger(tmp_path / "s") == {GapReason.SHED: offered, GapReason.STATISTICS: 1}
    assert ledger(tmp_path / "s") == {GapReason.SHED: offered, GapReason.STATISTICS: 1}, "told once"


def test_alerts_that_were_never_offered_are_written_off_into_the_ledger(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        box.write_off(alerts=3)
    assert ledger(tmp_path / "s") == {GapReason.SHED: 3}


def test_an_acknowledgement_frees_and_drains(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        box.append(alert())
        assert not box.drained(0.0)
        box.read(1, 10)
        assert box.acknowledge(Ack(epoch=box.epoch, seq=1)) is AckVerdict.FREES
        assert box.drained(PATIENCE_S)
    with outbox(tmp_path / "s") as again:
        assert again.read(1, 10) == []
        assert again.freed_through == 1


def test_nothing_is_freed_that_was_never_sent(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        box.append(alert())
        assert box.acknowledge(Ack(epoch=box.epoch, seq=1)) is AckVerdict.BEYOND_SENT
        assert box.acknowledge(Ack(epoch="f" * 16, seq=1)) is AckVerdict.OTHER_EPOCH
        assert box.counters.acks == {AckVerdict.BEYOND_SENT: 1, AckVerdict.OTHER_EPOCH: 1}
        assert [row.seq for row in box.read(1, 10)] == [1]


def test_what_a_process_before_this_one_sent_may_be_acknowledged(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        box.append(alert())
    with outbox(tmp_path / "s") as again:
        assert again.acknowledge(Ack(epoch=again.epoch, seq=1)) is AckVerdict.FREES


def test_a_manager_that_lost_its_memory_is_told_what_is_freed(tmp_path: Path) -> None:
    clock = HandClock()
    with outbox(tmp_path / "s", clock) as box:
        three_freed(box)
        lower_acknowledged_twice(box, clock)
        box.append(alert())
        (row,) = box.read_gaps(1, 10)
        gap = GapEvent.model_validate_json(row.body).data
        assert (gap.why, gap.ranges[0].first, gap.ranges[0].last) == (GapReason.FREED, 2, 3)


def test_the_session_number_grows_over_restarts(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        assert [box.next_session(), box.next_session()] == [1, 2]
    with outbox(tmp_path / "s") as again:
        assert again.next_session() == 3


def test_depth_tells_rows_and_the_age_of_the_oldest(tmp_path: Path) -> None:
    clock = HandClock()
    with outbox(tmp_path / "s", clock) as box:
        assert (box.depth().rows, box.depth().age_s) == (0, 0.0)
        box.append(alert())
        clock.mono_ms += 5_000
        box.append(alert())
        assert (box.depth().rows, box.depth().age_s) == (2, 5.0)
    with outbox(tmp_path / "s", clock) as again:
        clock.mono_ms += 3_000
        assert again.depth().age_s == 3.0


def test_an_alert_shed_as_it_came_is_refused_and_in_the_ledger(tmp_path: Path) -> None:
    with outbox(tmp_path / "s", limits=SMALL) as box:
        while not box.read_gaps(1, 1):
            box.append(alert(reason="x" * 500))
        with pytest.raises(SpoolRefused, match="in the ledger"):  # noqa: PT012 - one of a hundred finds the spool full
            for _ in range(100):
                box.append(alert(Outcome.UNKNOWN, reason="x" * 500))
        assert box.counters.shed == 1


def test_a_dead_disk_is_an_error_and_later_a_line_in_the_ledger(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        box.append(alert())
        box._spool.file._con.execute("PRAGMA query_only = ON")
        with pytest.raises(SpoolRefused, match="free or mend the disk"):
            box.append(alert())
        assert box.next_session() == 1
        box._spool.file._con.execute("PRAGMA query_only = OFF")
        box.append(alert())
        (row,) = box.read_gaps(1, 10)
        gap = GapEvent.model_validate_json(row.body).data
        assert (gap.why, gap.count) == (GapReason.SHED, 1)
        assert box.counters.refused == 1


def test_what_a_dead_disk_refused_is_in_the_ledger_though_the_station_is_killed_at_once(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        box.append(alert())
        box._spool.file._con.execute("PRAGMA query_only = ON")
        for _ in range(3):
            with pytest.raises(SpoolRefused, match="free or mend the disk"):
                box.append(alert())
        killed = shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-killed"))
        box._spool.file._con.execute("PRAGMA query_only = OFF")
    for _ in range(2):
        with outbox(killed / "s") as box:
            eventually(lambda box=box: box.read_gaps(1, 10))
            (row,) = box.read_gaps(1, 10)
            assert GapEvent.model_validate_json(row.body).data.count == 3, "told once, by the first start that had room"


def test_a_disk_that_hangs_holds_up_nobody_for_longer_than_was_agreed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_QUEUE", 3)
    with outbox(tmp_path / "s") as box:
        with box._spool.lock:
            with pytest.raises(SpoolRefused, match="the disk busy"):
                box.append(alert(), timeout_s=0.05)
            offered = [box.offer(alert()) for _ in range(5)]
            refused = [future for future in offered if future.done()]
            assert refused
            assert all("alerts wait for it" in str(future.exception()) for future in refused)
        kept = [future.result(PATIENCE_S) for future in offered if future not in refused]
        assert len(kept) + len(refused) == 5
        box.append(alert())
        (row,) = box.read_gaps(1, 10)
        assert GapEvent.model_validate_json(row.body).data.count == len(refused)


def test_an_alert_too_large_for_any_message_is_an_error_of_its_sender(tmp_path: Path) -> None:
    huge = alert().model_copy(update={"label": "x" * 5000})
    with outbox(tmp_path / "s") as box, pytest.raises(BadInputError, match="at most 4096 bytes"):
        box.append(huge)


def test_a_spool_damaged_in_use_is_set_aside_and_the_alert_is_kept(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        box.append(alert())
        old = box.epoch
        break_in_use(box, tmp_path / "s")
        receipt = box.append(alert())
        assert receipt.epoch == box.epoch != old
        assert box.counters.damaged == 1
        assert box.freed_through == 0
        (gap,) = box.read_gaps(0, 10)
        told = GapEvent.model_validate_json(gap.body).data
        assert (told.of_epoch, told.why, told.count) == (old, GapReason.DAMAGED, 1)
    assert len(list(tmp_path.glob("s.damaged-*"))) >= 1


def test_what_was_acknowledged_and_not_yet_written_is_no_loss_of_a_spool_that_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FREE_WINDOW_S", PATIENCE_S)
    with outbox(tmp_path / "s") as box:
        for _ in range(3):
            box.append(alert())
        box.read(1, 10)
        assert box.acknowledge(Ack(epoch=box.epoch, seq=2)) is AckVerdict.FREES
        break_in_use(box, tmp_path / "s")
        assert box.read(1, 10) == []
        (gap,) = box.read_gaps(1, 10)
        told = GapEvent.model_validate_json(gap.body).data
        assert [(piece.first, piece.last) for piece in told.ranges] == [(3, 3)]


def test_an_acknowledgement_of_a_broken_spool_frees_nothing_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FREE_WINDOW_S", PATIENCE_S)
    with outbox(tmp_path / "s") as box:
        for _ in range(5):
            box.append(alert())
        box.read(1, 10)
        box.acknowledge(Ack(epoch=box.epoch, seq=4))
        break_in_use(box, tmp_path / "s")
        assert box.read(1, 10) == []
        box.read_gaps(1, 10)
        assert box.acknowledge(Ack(epoch=box.epoch, seq=1)) is AckVerdict.FREES
        kept = [box.append(alert()).seq for _ in range(3)]
        assert [row.seq for row in box.read(1, 10)] == kept
    with outbox(tmp_path / "s") as again:
        assert again.freed_through == 1, "what is above it is sent again"


def test_damage_that_is_found_while_reading_is_told_without_waiting_for_an_alert(tmp_path: Path) -> None:
    with outbox(tmp_path / "s") as box:
        box.append(alert())
        old = box.epoch
        break_in_use(box, tmp_path / "s")
        assert box.read(1, 10) == []
        (gap,) = box.read_gaps(1, 10)
        told = GapEvent.model_validate_json(gap.body).data
        assert (told.of_epoch, told.why, told.count) == (old, GapReason.DAMAGED, 1)
        assert box.append(alert()).epoch == box.epoch != old


ASKING: dict[str, Callable[[Outbox], object]] = {
    "how much waits": lambda box: box.depth(),
    "what an acknowledgement means": lambda box: box.acknowledge(Ack(epoch=box.epoch, seq=1)),
    "rows": lambda box: box.read(1, 10),
}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING.keys())
def test_damage_is_found_by_whoever_asks_first(tmp_path: Path, ask: Callable[[Outbox], object]) -> None:
    with outbox(tmp_path / "s") as box:
        box.append(alert())
        old = box.epoch
        break_in_use(box, tmp_path / "s")
        ask(box)
        assert (box.counters.damaged, box.depth().rows) == (1, 1)
        assert box.append(alert()).epoch == box.epoch != old


@pytest.mark.parametrize("ask", [*ASKING.values(), lambda box: box.append(alert())], ids=[*ASKING.keys(), "an alert"])
def test_a_folder_that_is_deleted_under_the_spool_is_told_of_and_made_again(
    tmp_path: Path, ask: Callable[[Outbox], object]
) -> None:
    (tmp_path / "state").mkdir()
    with outbox(tmp_path / "state" / "s") as box:
        for _ in range(3):
            box.append(alert())
        old = box.epoch
        shutil.rmtree(tmp_path / "state")
        ask(box)
        assert box.append(alert()).epoch == box.epoch != old
        (gap,) = box.read_gaps(1, 10)
        told = GapEvent.model_validate_json(gap.body).data
        assert (told.of_epoch, told.why, told.count) == (old, GapReason.DAMAGED, 3)
    with outbox(tmp_path / "state" / "s") as again:
        assert again.depth().rows >= 2


def test_of_a_disk_that_does_not_answer_the_last_depth_stands(tmp_path: Path) -> None:
    clock = HandClock()
    with outbox(tmp_path / "s", clock) as box:
        box.append(alert())
        clock.advance(7)
        before = box.depth()
        with mock.patch.object(SpoolFile, "oldest_mono_ms", side_effect=SpoolRefused("disk I/O error")):
            assert box.depth() == before
        assert before.age_s == 7


def test_how_much_waits_is_told_while_a_commit_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting_spool, "_ANSWER_S", 0.01)
    with outbox(tmp_path / "s") as box:
        box.append(alert())
        before = box.depth()
        told: queue.Queue[SpoolDepth] = queue.Queue()
        with box._spool.lock:
            threading.Thread(target=lambda: told.put(box.depth()), daemon=True).start()
            assert told.get(timeout=PATIENCE_S) == before


def test_what_an_acknowledgement_and_a_request_ask_for_outlives_a_commit_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FREE_WINDOW_S", PATIENCE_S)
    clock = HandClock()
    with outbox(tmp_path / "s", clock) as box:
        three_freed(box)
        box._spool.file._con.execute("PRAGMA query_only = ON")
        lower_acknowledged_twice(box, clock)
        with pytest.raises(SpoolRefused, match="free or mend the disk"):
            box.append(alert())
        box._spool.file._con.execute("PRAGMA query_only = OFF")
        box.append(alert())
        eventually(lambda: len(box.read_gaps(1, 10)) == 2)
        reasons = [GapEvent.model_validate_json(row.body).data.why for row in box.read_gaps(1, 10)]
        assert sorted(reasons) == sorted([GapReason.FREED, GapReason.SHED])
        assert box._spool.life.freed_through == 3


def test_a_listener_that_fails_harms_neither_alert_nor_writer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise RuntimeError("no wire")

    with outbox(tmp_path / "s") as box:
        box.on_change(fails)
        assert [box.append(alert()).seq for _ in range(2)] == [1, 2]
        assert (box.running, box.counters.refused) == (True, 0)
    assert "no wire" in caplog.text


def test_listeners_hear_of_new_rows(tmp_path: Path) -> None:
    heard = threading.Event()
    with outbox(tmp_path / "s") as box:
        box.on_change(heard.set)
        box.append(alert())
        assert heard.wait(PATIENCE_S)


def test_a_caller_cannot_cancel_what_it_offered(tmp_path: Path) -> None:
    with outbox(tmp_path / "s", window_s=0.2) as box:
        futures: list[Any] = [box.offer(alert()) for _ in range(2)]
        assert not futures[0].cancel()
        assert [future.result(PATIENCE_S).seq for future in futures] == [1, 2]


def test_a_great_acknowledgement_is_freed_in_small_commits(tmp_path: Path) -> None:
    limits = SpoolLimits(1 << 20, 1 << 16)
    with outbox(tmp_path / "s", limits=limits) as box:
        for future in [box.offer(alert()) for _ in range(5 * limits.batch_rows)]:
            future.result(PATIENCE_S)
        box.read(1, 1000)
        box.acknowledge(Ack(epoch=box.epoch, seq=box.last_seq))
        seen = commits(box)
    with outbox(tmp_path / "s", limits=limits) as again:
        assert again.depth().rows == 0
    assert len(seen) >= 5
