"""Values that the microcontroller keeps: in pieces, whole or not at all."""

import pytest

from edge_contracts.serial_link import (
    Answered,
    Delivered,
    Frame,
    Identify,
    Reason,
    ReliableLink,
    StorageCommit,
    StorageGet,
    StoragePut,
    StorageValue,
    crc16,
)
from tests.fakes.firmware import exchange

PIECE = 44


@pytest.fixture
def daemon(firmware):
    firmware.hear(Frame(Identify(5)))
    link = ReliableLink()

    def ask(message):
        """Why it was refused, and the value that came."""
        link.say(message)
        heard = exchange(link, firmware)
        (refused,) = [one.refused for one in heard if isinstance(one, Answered)]
        return refused, next((one.message for one in heard if isinstance(one, Delivered)), None)

    return ask


def put(ask, key, value):
    for at in range(0, len(value), PIECE):
        assert ask(StoragePut(key, at, value[at : at + PIECE]))[0] is None
    return ask(StorageCommit(key, len(value), crc16(value)))[0]


def read(ask, key):
    value, size = b"", 1
    while len(value) < size:
        refused, piece = ask(StorageGet(key, len(value)))
        assert refused is None
        assert isinstance(piece, StorageValue)
        assert piece.offset == len(value)
        value, size = value + piece.value, piece.size
    return value


@pytest.mark.parametrize("size", [1, 43, 44, 45, 500, 2048])
def test_a_value_of_any_size_comes_back(daemon, size):
    value = bytes(number * 7 % 256 for number in range(size))
    assert put(daemon, "calibration", value) is None
    assert read(daemon, "calibration") == value


def test_the_old_value_counts_until_the_new_one_is_committed(daemon):
    put(daemon, "board.id", b"old")
    daemon(StoragePut("board.id", 0, b"new"))
    assert read(daemon, "board.id") == b"old"
    assert daemon(StorageCommit("board.id", 3, crc16(b"new")))[0] is None
    assert read(daemon, "board.id") == b"new"


def test_a_value_that_is_not_what_was_said_is_not_kept(daemon):
    put(daemon, "board.id", b"old")
    daemon(StoragePut("board.id", 0, b"new"))
    assert daemon(StorageCommit("board.id", 3, crc16(b"net")))[0] is Reason.DAMAGED
    assert daemon(StorageCommit("board.id", 4, crc16(b"new")))[0] is Reason.DAMAGED
    assert read(daemon, "board.id") == b"old"


def test_size_0_removes_a_key(daemon):
    put(daemon, "board.id", b"old")
    assert daemon(StorageCommit("board.id", 0, crc16(b"")))[0] is None
    assert daemon(StorageGet("board.id", 0))[0] is Reason.NO_SUCH_KEY


def test_a_missing_piece_is_refused(daemon):
    daemon(StoragePut("board.id", 0, b"123"))
    assert daemon(StoragePut("board.id", 4, b"5"))[0] is Reason.OUT_OF_ORDER
    assert daemon(StoragePut("other", 3, b"4"))[0] is Reason.OUT_OF_ORDER


def test_what_is_secret_is_not_read_back(daemon):
    put(daemon, "secret.wifi", b"correct horse")
    assert daemon(StorageGet("secret.wifi", 0))[0] is Reason.FORBIDDEN


def test_what_has_no_room_is_refused(daemon):
    for number in range(8):
        put(daemon, f"key{number}", b"x")
    assert put(daemon, "key8", b"x") is Reason.FULL
