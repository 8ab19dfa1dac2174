"""What a chip says is shown as it comes, written down, and shown again; secrets never."""

import json
import os
import resource
import tty

import pytest
from click.testing import CliRunner

from edge_contracts.serial_link import (
    Ack,
    Frame,
    Hello,
    Identify,
    Level,
    Log,
    Samples,
    StoragePut,
    StreamDecoder,
    Trigger,
    encode,
)
from firmware_tools.link import LinkLost
from firmware_tools.link.serial_port import Port, SerialLink
from firmware_tools.monitor.frame_words import document, words
from firmware_tools.monitor.watching import replay, watch
from lepton.cli import main
from tests.fakes.clock import FakeClock
from tests.fakes.own_port import OwnPort
from tests.fakes.pty_line import PtyLine

HELLO = Hello(0, 1, 1_000_000, 16, "1.4.0", "CHIP-1")
SAID = b"".join(
    encode(frame)
    for frame in (Frame(HELLO), Frame(Log(Level.WARNING, "light is weak")), Frame(Samples(1, 90, (3, -4))))
)


def lepton(*arguments):
    return CliRunner().invoke(main, ["firmware", "monitor", *map(str, arguments)])


@pytest.fixture
def line():
    chip, port = os.openpty()
    tty.setraw(port)
    name = OwnPort(port)
    yield chip, name.path
    name.forget()
    os.close(chip)
    os.close(port)


class Scripted:
    """A line on which pieces come one by one, and each wait for nothing takes its time."""

    def __init__(self, clock, *pieces):
        self.clock, self.pieces, self.sent = clock, list(pieces), b""

    def read(self, timeout_s):
        self.clock.advance(timeout_s)
        return self.pieces.pop(0) if self.pieces else b""

    def write(self, data):
        self.sent += data


def test_frames_and_the_log_are_shown_and_recorded_and_replayed(tmp_path, line, monkeypatch):
    chip, port = line
    monkeypatch.setattr("firmware_tools.link.serial_port.SerialLink.read", lambda *_: pieces.pop(0) if pieces else b"")
    pieces = [SAID[:7], SAID[7:]]
    del chip
    shown = lepton("--port", port, "--seconds", "0.01", "--record", tmp_path / "line.jsonl")
    assert shown.exit_code == 0, shown.output
    told = [row.split(" s < ")[1] for row in shown.output.splitlines()]
    assert told == [
        "Hello session 0, protocol 1, ticks_per_second 1000000, parts 16, firmware 1.4.0, board CHIP-1",
        "warning: light is weak",
        "Samples channel 1, tick 90, values [3, -4]",
    ]
    again = lepton("--replay", tmp_path / "line.jsonl")
    assert [row.split(" s < ")[1] for row in again.output.splitlines()] == told
    listed = [json.loads(row) for row in lepton("--replay", tmp_path / "line.jsonl", "--json").output.splitlines()]
    assert [one["message"] for one in listed] == ["Hello", "Log", "Samples"]
    assert listed[2]["values"] == [3, -4]


def test_a_plain_monitor_writes_nothing():
    clock = FakeClock()
    listening = Scripted(clock, SAID, encode(Frame(Trigger(1, 2, 3), 1)))
    assert len(list(watch(listening, clock.now_ns, seconds=1))) == 4
    assert listening.sent == b""


def test_a_monitor_that_greets_answers_what_wants_an_answer():
    clock = FakeClock()
    met = encode(Frame(Hello(9, 1, 1000, 4, "1", "C")))
    greeting = Scripted(clock, met, encode(Frame(Trigger(1, 2, 3), 1)), b"", SAID)
    assert len(list(watch(greeting, clock.now_ns, session=9, seconds=1))) == 5
    said = [frame.message for frame in StreamDecoder().feed(greeting.sent)]
    assert said[:2] == [Identify(9), Ack(1)]
    assert said[-1] == Identify(9)  # it has started anew, so it is greeted again


def test_what_is_damaged_is_counted_and_not_hidden():
    clock = FakeClock()
    damaged = bytearray(SAID)
    damaged[5] ^= 0x10
    first, *rest = watch(Scripted(clock, bytes(damaged)), clock.now_ns, seconds=0.5)
    assert first.why.startswith("1 frame not understood, the last: ")
    assert [type(one.frame.message) for one in rest] == [Log, Samples]


def test_a_secret_is_not_shown(tmp_path):
    frame = Frame(StoragePut("secret.wifi", 0, b"correct horse"), 7)
    assert words(frame) == "StoragePut #7 key secret.wifi, offset 0, value (13 bytes, not shown)"
    assert "horse" not in str(document(frame))
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps({"ms": 1.0, "way": "out", "hex": encode(frame).hex()}) + "\n")
    assert "> StoragePut #7 key secret.wifi" in lepton("--replay", path).output


def test_what_a_chip_says_cannot_move_the_cursor():
    assert words(Frame(Log(Level.INFO, "a\x1b[2Jb\nc"))) == "info: a·[2Jb·c"


def test_a_recording_that_ends_in_the_middle_of_a_line_is_shown_up_to_there(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps({"ms": 1.0, "way": "in", "hex": SAID.hex()}) + '\n{"ms": 2.0, "wa')
    *whole, last = replay(path)
    assert len(whole) == 3
    assert "line 2 is cut in the middle" in last.why


@pytest.mark.parametrize(
    "line",
    [
        "a text",
        '{"ms":1,"way":"in","hex":"zz"}',
        '{"ms":1,"way":"in"}',
        '{"ms":1,"way":"sideways","hex":"00"}',
        '{"ms":"x","way":"in","hex":"00"}',
        '{"ms":NaN,"way":"in","hex":"00"}',
        '{"ms":-1,"way":"in","hex":"00"}',
        '{"ms":1e999,"way":"in","hex":"00"}',
        '{"ms":1' + "0" * 400 + ',"way":"in","hex":"00"}',
        "[" * 200_000,
        "{}",
        "null",
        "[1]",
    ],
)
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_bad_line_of_a_recording_is_named(tmp_path, line, end):
    path = tmp_path / "r.jsonl"
    path.write_text(line + end)
    done = lepton("--replay", path)
    assert (done.exit_code, "found line 1: " in done.output) == (2, True)
    assert "NoneType" not in done.output


def test_an_empty_recording_is_told(tmp_path):
    (tmp_path / "r.jsonl").touch()
    assert "found nothing in it" in lepton("--replay", tmp_path / "r.jsonl").output


def test_a_quiet_line_is_told(line):
    quiet = lepton("--port", line[1], "--seconds", "0.01")
    assert (quiet.exit_code, "found nothing heard; check --baud" in quiet.output) == (1, True)


def test_a_cable_that_is_pulled_is_told_in_words(tmp_path):
    pty = PtyLine()
    (tmp_path / "port").symlink_to(pty.path)
    path = str(tmp_path / "port")
    link = SerialLink(Port(path, (path,)), 115_200)
    (tmp_path / "port").unlink()
    pty.unplug()
    with pytest.raises(LinkLost, match=f"^wanted to read {path}, found that it is gone; plug its cable in again"):
        link.read(1.0)
    with pytest.raises(LinkLost, match=f"^wanted to write to {path}, found that it is gone; plug its cable in again"):
        link.write(b"x")
    link.close()


def test_a_device_is_no_recording():
    done = lepton("--replay", "/dev/zero")
    assert (done.exit_code, "found no plain file at /dev/zero; check the path" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "wanted --port to watch or --replay"),
        (["--port", "a", "--replay", "b"], "wanted --port to watch or --replay"),
        (["--replay", "b", "--greet"], "wanted --replay alone"),
        (["--replay", "nowhere.jsonl"], "wanted a recording in nowhere.jsonl, found that it cannot be read"),
        (["--port", "/dev/nowhere"], "wanted the serial port /dev/nowhere, found none there"),
        (["--port", "/dev/nowhere", "--baud", "7"], "'--baud': 7 is not in the range"),
        (["--port", "tcp://nohost"], "wanted tcp://host:port"),
    ],
)
def test_wrong_use_is_told(arguments, said):
    done = lepton(*arguments)
    assert done.exit_code in {1, 2}
    assert said in done.output


def test_a_recording_is_never_written_over(tmp_path, line):
    (tmp_path / "r.jsonl").write_text("{}\n")
    assert "wanted a new file to record to" in lepton("--port", line[1], "--record", tmp_path / "r.jsonl").output


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    (tmp_path / "r.jsonl").write_text("hello\nthere\n")
    assert "found line 1" in lepton("--replay", tmp_path / "r.jsonl").output
    (tmp_path / "r.jsonl").write_bytes(b"\xe9\x00")
    assert "found bytes that are no text; give one of" in lepton("--replay", tmp_path / "r.jsonl").output


@pytest.fixture
def full_disk():
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_a_disk_that_takes_nothing_is_told_by_name_and_leaves_no_file(tmp_path, line, monkeypatch):
    monkeypatch.setattr("firmware_tools.link.serial_port.SerialLink.read", lambda *_: SAID)
    done = lepton("--port", line[1], "--seconds", "1", "--record", tmp_path / "line.jsonl")
    assert done.exit_code != 0
    assert str(tmp_path / "line.jsonl") in done.output
    assert not (tmp_path / "line.jsonl").exists()
