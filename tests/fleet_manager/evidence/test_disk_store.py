"""Evidence on the manager's own disk: in pieces of any size, within the room that there is, with little memory."""

import hashlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.evidence.disk_store import DiskEvidence, _is_still
from fleet_manager.evidence.evidence_store import Limits, NoRoom

SITE = "plant/hall"
PICTURE = bytes(range(256)) * 40
SIZE = len(PICTURE)
NAME = hashlib.sha256(PICTURE).hexdigest()
LIMITS = Limits(file_bytes=1 << 20, total_bytes=2 << 20, free_bytes=0)


class HandClock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def opened(folder, limits=LIMITS, clock=None, free=1 << 40):
    return DiskEvidence(folder, limits, clock or HandClock(), free=lambda _: free)


def send(store, first=0, end=SIZE, name=NAME, content=PICTURE):
    receipt = store.receive(SITE, name, first, len(content))
    receipt.write(content[first:end])
    return receipt.close()


def whole(store, site=SITE, name=NAME, size=SIZE):
    return b"".join(store.blocks(site, name, 0, size))


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@given(st.lists(st.integers(0, len(PICTURE)), max_size=8))
def test_a_file_in_any_pieces_is_the_same_file(tmp_path_factory, cuts):
    store = opened(tmp_path_factory.mktemp("evidence"))
    ends = [*sorted(cuts), len(PICTURE)]
    for first, end in zip([0, *ends], ends, strict=False):
        if first < len(PICTURE):
            piece = send(store, first, end)
    assert piece.is_whole
    assert whole(store) == PICTURE


def test_what_lies_in_the_folder_counts_after_a_restart(tmp_path):
    send(opened(tmp_path))
    limits = Limits(file_bytes=1000, total_bytes=len(PICTURE) + 999, free_bytes=0)
    with pytest.raises(NoRoom):
        opened(tmp_path, limits).receive(SITE, "1" * 64, 0, 1000)


def test_files_that_somebody_removed_make_room_after_a_while(tmp_path):
    clock = HandClock()
    store = opened(tmp_path, Limits(file_bytes=1 << 20, total_bytes=len(PICTURE), free_bytes=0), clock)
    send(store)
    for path in tmp_path.rglob(NAME):
        path.unlink()
    with pytest.raises(NoRoom):
        store.receive(SITE, NAME, 0, len(PICTURE))
    clock.now_s += 601
    assert send(store).is_whole


def test_evidence_leaves_the_disk_to_the_alerts(tmp_path):
    store = opened(tmp_path, Limits(file_bytes=1 << 20, total_bytes=1 << 30, free_bytes=10_000), free=10_500)
    with pytest.raises(NoRoom, match="to stay free"):
        store.receive(SITE, NAME, 0, 501)
    store.receive(SITE, NAME, 0, 500).close()


def test_a_large_file_takes_little_memory(tmp_path):
    size, block = 32 << 20, b"\7" * (256 << 10)
    name = hashlib.sha256(block * (size // len(block))).hexdigest()
    store = opened(tmp_path, Limits(file_bytes=size, total_bytes=size, free_bytes=0))
    tracemalloc.start()
    receipt = store.receive(SITE, name, 0, size)
    for _ in range(size // len(block)):
        receipt.write(block)
    assert receipt.close().is_whole
    assert sum(len(piece) for piece in store.blocks(SITE, name, 0, size)) == size
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20


def test_a_part_that_was_removed_or_replaced_while_its_lock_was_waited_for_is_not_written_to(tmp_path):
    part = tmp_path / "part"
    part.touch()
    with part.open("rb") as held:
        assert _is_still(held.fileno(), part)
        part.unlink()
        assert not _is_still(held.fileno(), part)
        part.touch()
        with part.open("rb"):
            assert not _is_still(held.fileno(), part)
