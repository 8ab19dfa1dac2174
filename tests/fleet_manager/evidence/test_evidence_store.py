"""What every store of evidence promises, whether whole files go to a folder or into a bucket of a real S3 server.

A file is whole and right, or not there; it is never half, never more than allowed, never another's.
"""

import hashlib
import os
import threading

import pytest

from edge_contracts.errors import BadInputError
from fleet_manager.evidence.bucket_shelf import BucketShelf
from fleet_manager.evidence.disk_store import DiskEvidence
from fleet_manager.evidence.evidence_store import Limits, NoRoom, Piece, TooLarge, WrongContent, WrongOffset
from tests.fakes.bucket_server import bucket_settings

SITE = "plant/hall"
PICTURE = bytes(range(256)) * 40
SIZE = len(PICTURE)
NAME = hashlib.sha256(PICTURE).hexdigest()
LIMITS = Limits(file_bytes=1 << 20, total_bytes=2 << 20, free_bytes=0)


class Opened:
    """Opens a store anew each time, as a manager does that is started again."""

    def __init__(self, folder, shelf):
        self.folder, self._shelf = folder, shelf

    def __call__(self, limits=LIMITS):
        return DiskEvidence(self.folder, limits, lambda: 0.0, free=lambda _: 1 << 40, shelf=self._shelf)

    def files(self):
        """What there is, on the disk and in the bucket."""
        here = [path.name for path in self.folder.rglob("*") if path.is_file()]
        return sorted(here + (self._shelf.names() if self._shelf else []))


class NamedBucket(BucketShelf):
    """Tells its objects."""

    def names(self):
        import obstore  # noqa: PLC0415 - an extra

        return [one["path"].rpartition("/")[2] for part in obstore.list(self._store) for one in part]


@pytest.fixture(params=["folder", "bucket"])
def opened(request, tmp_path):
    if request.param == "folder":
        return Opened(tmp_path / "evidence", None)
    server = request.getfixturevalue("bucket_server")
    settings = bucket_settings(server, server.new_bucket(), tmp_path)
    return Opened(tmp_path / "evidence", NamedBucket(settings, lambda: 0.0))


def send(store, first=0, end=SIZE, name=NAME, content=PICTURE):
    receipt = store.receive(SITE, name, first, len(content))
    receipt.write(content[first:end])
    return receipt.close()


def whole(store, site=SITE, name=NAME, size=SIZE):
    return b"".join(store.blocks(site, name, 0, size))


def test_a_file_that_is_whole_and_right_is_visible_under_its_hash(opened):
    store = opened()
    assert store.look(SITE, NAME) is None
    assert send(store) == Piece(len(PICTURE), is_whole=True)
    assert store.look(SITE, NAME) == Piece(len(PICTURE), is_whole=True)
    assert whole(store) == PICTURE
    assert opened.files() == [NAME]


def test_a_part_is_gone_on_with_after_a_restart_and_is_invisible_until_then(opened):
    assert send(opened(), end=1000) == Piece(1000, is_whole=False)
    store = opened()
    assert store.look(SITE, NAME) == Piece(1000, is_whole=False)
    with pytest.raises(FileNotFoundError):
        whole(store)
    assert send(store, first=1000).is_whole
    assert whole(store) == PICTURE


@pytest.mark.parametrize("first", [0, 999, 1001])
def test_a_piece_that_does_not_fit_is_told_where_to_go_on(opened, first):
    store = opened()
    send(store, end=1000)
    with pytest.raises(WrongOffset) as told:
        store.receive(SITE, NAME, first, len(PICTURE))
    assert told.value.offset_bytes == 1000


def test_a_piece_from_the_middle_of_an_unknown_file_leaves_nothing_behind(opened):
    with pytest.raises(WrongOffset) as told:
        opened().receive(SITE, NAME, 5, len(PICTURE))
    assert told.value.offset_bytes == 0
    assert opened.files() == []


def test_a_wrong_file_is_never_visible_and_can_be_sent_again(opened):
    store = opened()
    with pytest.raises(WrongContent, match="send it from the start"):
        send(store, content=PICTURE[:-1] + b"!")
    assert store.look(SITE, NAME) is None
    assert opened.files() == []
    assert send(store).is_whole


def test_what_is_here_already_is_not_taken_again(opened):
    store = opened()
    send(store)
    assert store.receive(SITE, NAME, 0, len(PICTURE)) is None


def test_two_senders_of_one_file_never_mix(opened):
    store = opened()
    receipt = store.receive(SITE, NAME, 0, len(PICTURE))
    with pytest.raises(WrongOffset, match="found another"):
        opened().receive(SITE, NAME, 0, len(PICTURE))
    receipt.write(PICTURE)
    assert receipt.close().is_whole


def test_a_part_that_a_power_cut_left_long_enough_is_finished_when_somebody_asks(opened):
    send(opened(), end=1000)
    (part,) = [path for path in opened.folder.rglob("*") if path.is_file()]
    part.write_bytes(PICTURE)
    store = opened()
    assert store.look(SITE, NAME) == Piece(len(PICTURE), is_whole=True)
    assert whole(store) == PICTURE


def test_a_part_that_a_power_cut_damaged_is_thrown_away(opened):
    send(opened(), end=1000)
    (part,) = [path for path in opened.folder.rglob("*") if path.is_file()]
    part.write_bytes(PICTURE[::-1])
    store = opened()
    assert store.look(SITE, NAME) is None
    assert send(store).is_whole


def test_one_site_has_nothing_of_another(opened):
    store = opened()
    send(store)
    assert store.look("plant/yard", NAME) is None


@pytest.mark.parametrize("total", [0, LIMITS.file_bytes + 1])
def test_a_file_beyond_the_limit_is_refused_before_a_byte_comes(opened, total):
    with pytest.raises(TooLarge):
        opened().receive(SITE, NAME, 0, total)


def test_more_bytes_than_announced_are_refused(opened):
    receipt = opened().receive(SITE, NAME, 0, 10)
    with pytest.raises(BadInputError, match="found more"):
        receipt.write(PICTURE[:11])
    receipt.close()


def test_uploads_under_way_count_for_the_quota(opened):
    store = opened(Limits(file_bytes=1000, total_bytes=1500, free_bytes=0))
    first = store.receive(SITE, "0" * 64, 0, 1000)
    with pytest.raises(NoRoom, match="1000 of 1500 in use"):
        store.receive(SITE, "1" * 64, 0, 600)
    first.write(b"x" * 100)
    first.close()
    second = store.receive(SITE, "1" * 64, 0, 600)
    second.close()


def test_a_wrong_file_gives_its_room_back(opened):
    store = opened(Limits(file_bytes=1 << 20, total_bytes=len(PICTURE), free_bytes=0))
    wrong = PICTURE[:-1] + b"!"
    send(store, end=1000, content=wrong)
    with pytest.raises(WrongContent):
        send(store, first=1000, content=wrong)
    assert send(store).is_whole


def test_parts_that_nobody_goes_on_with_are_removed(opened):
    store = opened()
    send(store)
    send(store, end=5, name="1" * 64)
    (part,) = opened.folder.glob("*/*/parts/*")
    os.utime(part, (1000, 1000))
    assert store.sweep(unix_s=1100, older_than_s=101) == 0
    assert store.sweep(unix_s=1100, older_than_s=99) == 1
    assert opened.files() == [NAME]


@pytest.mark.parametrize("site", ["..", "../..", "plant", "plant/hall/more", "Plant/hall", "", "plant/.."])
def test_a_site_that_is_a_path_is_refused(opened, site):
    with pytest.raises(BadInputError):
        opened().look(site, NAME)


@pytest.mark.parametrize("name", ["", "0" * 63, "G" * 64, "../" + "0" * 61])
def test_a_name_that_is_no_hash_is_refused(opened, name):
    with pytest.raises(BadInputError):
        opened().look(SITE, name)


def test_of_many_senders_of_one_file_one_is_taken_and_all_end_up_with_it(opened):
    store = opened()
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
    assert opened.files() == [NAME]


def test_a_range_of_a_file_is_its_bytes_and_no_others(opened):
    store = opened()
    send(store)
    for first, end in ((0, 16), (255, 257), (SIZE - 1, SIZE), (5, 5)):
        assert b"".join(store.blocks(SITE, NAME, first, end)) == PICTURE[first:end]


def test_every_site_that_sent_something_is_known(opened):
    store = opened()
    assert store.sites() == []
    send(store)
    assert store.sites() == [SITE]
    assert opened().sites() == [SITE]
