"""Evidence on disk is whole and right, or not there; it is never half, never more than allowed, never another's."""

import hashlib
import os
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from fleet_manager.evidence.disk_store import DiskEvidence
from fleet_manager.evidence.evidence_store import Limits, NoRoom, Piece, TooLarge, WrongContent, WrongOffset

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


def test_a_file_that_is_whole_and_right_is_visible_under_its_hash(tmp_path):
    store = opened(tmp_path)
    assert store.look(SITE, NAME) is None
    assert send(store) == Piece(len(PICTURE), is_whole=True)
    assert store.look(SITE, NAME) == Piece(len(PICTURE), is_whole=True)
    assert whole(store) == PICTURE
    assert files(tmp_path) == [NAME]


def test_a_part_is_gone_on_with_after_a_restart_and_is_invisible_until_then(tmp_path):
    assert send(opened(tmp_path), end=1000) == Piece(1000, is_whole=False)
    store = opened(tmp_path)
    assert store.look(SITE, NAME) == Piece(1000, is_whole=False)
    with pytest.raises(FileNotFoundError):
        whole(store)
    assert send(store, first=1000).is_whole
    assert whole(store) == PICTURE


@given(st.lists(st.integers(0, len(PICTURE)), max_size=8))
def test_a_file_in_any_pieces_is_the_same_file(tmp_path_factory, cuts):
    store = opened(tmp_path_factory.mktemp("evidence"))
    ends = [*sorted(cuts), len(PICTURE)]
    for first, end in zip([0, *ends], ends, strict=False):
        if first < len(PICTURE):
            piece = send(store, first, end)
    assert piece.is_whole
    assert whole(store) == PICTURE


@pytest.mark.parametrize("first", [0, 999, 1001])
def test_a_piece_that_does_not_fit_is_told_where_to_go_on(tmp_path, first):
    store = opened(tmp_path)
    send(store, end=1000)
    with pytest.raises(WrongOffset) as told:
        store.receive(SITE, NAME, first, len(PICTURE))
    assert told.value.offset_bytes == 1000


def test_a_piece_from_the_middle_of_an_unknown_file_leaves_nothing_behind(tmp_path):
    with pytest.raises(WrongOffset) as told:
        opened(tmp_path).receive(SITE, NAME, 5, len(PICTURE))
    assert told.value.offset_bytes == 0
    assert files(tmp_path) == []


def test_a_wrong_file_is_never_visible_and_can_be_sent_again(tmp_path):
    store = opened(tmp_path)
    with pytest.raises(WrongContent, match="send it from the start"):
        send(store, content=PICTURE[:-1] + b"!")
    assert store.look(SITE, NAME) is None
    assert files(tmp_path) == []
    assert send(store).is_whole


def test_what_is_here_already_is_not_taken_again(tmp_path):
    store = opened(tmp_path)
    send(store)
    assert store.receive(SITE, NAME, 0, len(PICTURE)) is None


def test_two_senders_of_one_file_never_mix(tmp_path):
    store = opened(tmp_path)
    receipt = store.receive(SITE, NAME, 0, len(PICTURE))
    with pytest.raises(WrongOffset, match="found another"):
        opened(tmp_path).receive(SITE, NAME, 0, len(PICTURE))
    receipt.write(PICTURE)
    assert receipt.close().is_whole


def test_a_part_that_a_power_cut_left_long_enough_is_finished_when_somebody_asks(tmp_path):
    send(opened(tmp_path), end=1000)
    (part,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    part.write_bytes(PICTURE)
    store = opened(tmp_path)
    assert store.look(SITE, NAME) == Piece(len(PICTURE), is_whole=True)
    assert whole(store) == PICTURE


def test_a_part_that_a_power_cut_damaged_is_thrown_away(tmp_path):
    send(opened(tmp_path), end=1000)
    (part,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    part.write_bytes(PICTURE[::-1])
    store = opened(tmp_path)
    assert store.look(SITE, NAME) is None
    assert send(store).is_whole


def test_one_site_has_nothing_of_another(tmp_path):
    store = opened(tmp_path)
    send(store)
    assert store.look("plant/yard", NAME) is None


@pytest.mark.parametrize("total", [0, LIMITS.file_bytes + 1])
def test_a_file_beyond_the_limit_is_refused_before_a_byte_comes(tmp_path, total):
    with pytest.raises(TooLarge):
        opened(tmp_path).receive(SITE, NAME, 0, total)


def test_more_bytes_than_announced_are_refused(tmp_path):
    receipt = opened(tmp_path).receive(SITE, NAME, 0, 10)
    with pytest.raises(BadInputError, match="found more"):
        receipt.write(PICTURE[:11])
    receipt.close()


def test_uploads_under_way_count_for_the_quota(tmp_path):
    store = opened(tmp_path, Limits(file_bytes=1000, total_bytes=1500, free_bytes=0))
    first = store.receive(SITE, "0" * 64, 0, 1000)
    with pytest.raises(NoRoom, match="1000 of 1500 in use"):
        store.receive(SITE, "1" * 64, 0, 600)
    first.write(b"x" * 100)
    first.close()
    second = store.receive(SITE, "1" * 64, 0, 600)
    second.close()


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


def test_a_wrong_file_gives_its_room_back(tmp_path):
    store = opened(tmp_path, Limits(file_bytes=1 << 20, total_bytes=len(PICTURE), free_bytes=0))
    wrong = PICTURE[:-1] + b"!"
    send(store, end=1000, content=wrong)
    with pytest.raises(WrongContent):
        send(store, first=1000, content=wrong)
    assert send(store).is_whole


def test_evidence_leaves_the_disk_to_the_alerts(tmp_path):
    store = opened(tmp_path, Limits(file_bytes=1 << 20, total_bytes=1 << 30, free_bytes=10_000), free=10_500)
    with pytest.raises(NoRoom, match="to stay free"):
        store.receive(SITE, NAME, 0, 501)
    store.receive(SITE, NAME, 0, 500).close()


def test_parts_that_nobody_goes_on_with_are_removed(tmp_path):
    store = opened(tmp_path)
    send(store)
    send(store, end=5, name="1" * 64)
    (part,) = tmp_path.glob("*/*/parts/*")
    os.utime(part, (1000, 1000))
    assert store.sweep(unix_s=1100, older_than_s=101) == 0
    assert store.sweep(unix_s=1100, older_than_s=99) == 1
    assert files(tmp_path) == [NAME]


@pytest.mark.parametrize("site", ["..", "../..", "plant", "plant/hall/more", "Plant/hall", "", "plant/.."])
def test_a_site_that_is_a_path_is_refused(tmp_path, site):
    with pytest.raises(BadInputError):
        opened(tmp_path).look(site, NAME)


@pytest.mark.parametrize("name", ["", "0" * 63, "G" * 64, "../" + "0" * 61])
def test_a_name_that_is_no_hash_is_refused(tmp_path, name):
    with pytest.raises(BadInputError):
        opened(tmp_path).look(SITE, name)


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


def test_of_many_senders_of_one_file_one_is_taken_and_all_end_up_with_it(tmp_path):
    store = opened(tmp_path)
    refused, begun = [], threading.Barrier(8)

    def sender():
        begun.wait(10)
        try:
            if (receipt := store.receive(SITE, NAME, 0, len(PICTURE))) is not None:
                receipt.write(PICTURE)
                receipt.close()
        except WrongOffset as err:
            refused.append(err)

    threads = [threading.Thread(target=sender, name=f"sender-{n}") for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(refused) < 8
    assert whole(store) == PICTURE
    assert files(tmp_path) == [NAME]
