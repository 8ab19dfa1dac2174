"""The spool against the operating system: a disk that is really full, and a sync that really happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_contracts.gap import GapEvent, GapReason
from edge_contracts.verdict import Outcome
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_errors import SpoolRefused
from edge_runtime.outbox.spool_policy import SpoolLimits
from tests.fakes.letters import ADDRESS, alert

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system
REPOSITORY = Path(__file__).resolve().parents[2]
LONG = "x" * 500


def missing(what: str) -> None:
    """Skip by name, or fail where nothing may be skipped."""
    if os.environ.get("LEPTON_REQUIRE") == "all":
        pytest.fail(f"LEPTON_REQUIRE=all and {what}")
    pytest.skip(what)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    place = folder / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], capture_output=True, check=False
    )
    if made.returncode != 0:
        missing("needs the right to mount a small tmpfs")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextmanager
def spool(place: Path, limits: SpoolLimits) -> Iterator[Outbox]:
    outbox = Outbox(place / "spool", ADDRESS, limits, SystemClock(), window_s=0)
    outbox.start()
    try:
        yield outbox
    finally:
        assert outbox.stop()


def fill_up(place: Path) -> None:
    """Another program takes every byte that is left."""
    with (place / "others").open("ab", buffering=0) as file:
        for size in (65_536, 4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


@pytest.mark.parametrize("left", [0, 4096, 12_288])
def test_a_spool_that_a_full_disk_has_no_room_for_says_so_and_leaves_nothing(tmp_path: Path, left: int) -> None:
    with small_disk(tmp_path, "1m") as place:
        (place / "room").write_bytes(bytes(left))
        fill_up(place)
        (place / "room").unlink()
        with pytest.raises(SpoolRefused, match=r"database or disk is full: .* the disk"):
            Outbox(place / "spool", ADDRESS, SpoolLimits(), SystemClock())
        assert [entry.name for entry in place.iterdir()] == ["others"]


def test_on_a_full_disk_the_newest_alerts_are_kept_and_the_ledger_says_what_went(tmp_path: Path) -> None:
    with small_disk(tmp_path, "8m") as place, spool(place, SpoolLimits(6 << 20, 512 << 10)) as outbox:
        for _ in range(300):
            outbox.append(alert(Outcome.UNKNOWN, LONG))
        fill_up(place)
        kept = refused = 0
        for _ in range(300):
            try:
                outbox.append(alert(Outcome.DEFECT, LONG), timeout_s=2)
                kept += 1
            except SpoolRefused:
                refused += 1
        gaps = [GapEvent.model_validate_json(row.body).data for row in outbox.read_gaps(1, 100)]
        shed = sum(gap.count for gap in gaps)
        rows = {row.seq for row in outbox.read(1, 10_000)}
        covered = {seq for gap in gaps for r in gap.ranges for seq in range(r.first, r.last + 1)}
        assert kept >= 250, f"{kept} kept, {refused} refused, {shed} shed"
        assert all(gap.why is GapReason.SHED for gap in gaps)
        assert rows | covered == set(range(1, outbox.last_seq + 1))
        assert not rows & covered
        assert covered


def test_a_disk_that_is_full_from_the_beginning_is_an_error_and_not_a_stall(tmp_path: Path) -> None:
    with small_disk(tmp_path, "1m") as place:
        fill_up(place)
        with pytest.raises(SpoolRefused, match=r"free|check"):
            Outbox(place / "spool", ADDRESS, SpoolLimits(), SystemClock())


def test_a_disk_that_has_room_again_is_used_again_and_holds_its_reserve(tmp_path: Path) -> None:
    with small_disk(tmp_path, "8m") as place, spool(place, SpoolLimits(6 << 20, 512 << 10)) as outbox:
        outbox.append(alert(Outcome.DEFECT, LONG))
        fill_up(place)
        for _ in range(50):
            try:
                outbox.append(alert(Outcome.DEFECT, LONG), timeout_s=2)
            except SpoolRefused:
                continue
        assert not (place / "spool.reserve").exists()
        (place / "others").unlink()
        for _ in range(50):
            outbox.append(alert(Outcome.DEFECT, LONG))
        assert (place / "spool.reserve").stat().st_size == 512 << 10
        rows = {row.seq for row in outbox.read(1, 10_000)}
        gaps = [GapEvent.model_validate_json(row.body).data for row in outbox.read_gaps(1, 100)]
        covered = {seq for gap in gaps for r in gap.ranges for seq in range(r.first, r.last + 1)}
        assert rows | covered == set(range(1, outbox.last_seq + 1))


SCRIPT = """
import os, sys
from pathlib import Path
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from tests.fakes.letters import ADDRESS, alert
box = Outbox(Path(sys.argv[1]), ADDRESS, SpoolLimits(), SystemClock())
box._spool.file._con.execute(f"PRAGMA synchronous = {sys.argv[2]}") if sys.argv[2] != "as-shipped" else None
box.start()
for number in range(5):
    box.append(alert())
    os.write(1, b"EMITTED\\n")
os._exit(0)
"""


def unsynced_emissions(trace: str) -> int:
    """How often an alert was called durable while the log held writes that no sync had taken to the medium."""
    log_fds: set[str] = set()
    dirty: set[str] = set()
    bad = 0
    for line in trace.splitlines():
        if opened := re.search(r'openat\(.*spool-wal".* = (\d+)$', line):
            log_fds.add(opened[1])
        elif (wrote := re.search(r"pwrite64\((\d+),", line)) and wrote[1] in log_fds:
            dirty.add(wrote[1])
        elif synced := re.search(r"(?:fdatasync|fsync)\((\d+)", line):
            dirty.discard(synced[1])
        elif "EMITTED" in line:
            bad += bool(dirty)
    return bad


def traced(folder: Path, synchronous: str) -> str:
    strace = shutil.which("strace")
    if strace is None:
        missing("needs strace")
    out = folder / f"trace-{synchronous}"
    calls = "trace=openat,pwrite64,fdatasync,fsync,write"
    command = [str(strace), "-f", "-o", str(out), "-e", calls, sys.executable, "-c", SCRIPT, str(folder / "spool")]
    done = subprocess.run([*command, synchronous], cwd=REPOSITORY, capture_output=True, check=False, timeout=60)
    if b"ptrace" in done.stderr:
        missing("needs the right to trace a process")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.count(b"EMITTED") == 5
    return out.read_text(errors="replace")


def test_an_alert_is_on_the_medium_before_it_is_called_durable(tmp_path: Path) -> None:
    assert unsynced_emissions(traced(tmp_path, "as-shipped")) == 0


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_the_check_notices_a_spool_that_does_not_sync(tmp_path: Path, synchronous: str) -> None:
    assert unsynced_emissions(traced(tmp_path, synchronous)) == 5
