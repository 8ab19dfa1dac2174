"""One contract for every line to a chip, and what each refuses."""

import errno
import io
import os
import re
import socket
import time

import pytest

from edge_contracts import port_holders
from edge_contracts.errors import BadInputError, OutageError
from edge_contracts.port_holders import holders, in_use_by
from firmware_tools.link import (
    RESETS,
    HeldPort,
    LinkLost,
    NoControlLines,
    RecordedLink,
    ReplayedLink,
    also_open,
    find_baud,
    find_port,
    open_link,
    read_exactly,
    reset,
)
from firmware_tools.link.port_faults import NoPort, PortBusy, not_opened
from firmware_tools.link.serial_port import AmbiguousPort, OtherDevice, Port
from tests.fakes.port_holder import holding
from tests.fakes.pty_line import PtyLine

ADAPTERS = (
    Port("/dev/ttyUSB0", ("/dev/ttyUSB0", "/dev/serial/by-id/usb-FTDI_A50285BI", "A50285BI"), "0403:6001:A50285BI"),
    Port("/dev/ttyUSB1", ("/dev/ttyUSB1", "/dev/serial/by-id/usb-FTDI_B70011CC", "B70011CC"), "0403:6001:B70011CC"),
)


class SerialEnd:
    def __init__(self):
        self.line = PtyLine()
        self.link = open_link(self.line.path, ports=list)
        self.say = self.line.say
        self.hear = lambda: os.read(self.line._sensor, 100)
        self.cut = self.line.unplug


class TcpEnd:
    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.link = open_link(f"tcp://127.0.0.1:{server.getsockname()[1]}")
            self.peer, _ = server.accept()
        self.say, self.hear, self.cut = self.peer.sendall, lambda: self.peer.recv(100), self.peer.close


@pytest.fixture(params=[SerialEnd, TcpEnd])
def end(request):
    made = request.param()
    yield made
    made.link.close()
    made.cut()


def test_bytes_go_both_ways_as_they_are(end):
    every = bytes(range(256))
    end.link.write(every[:50])
    assert end.hear() == every[:50]
    end.say(every)
    assert read_exactly(end.link, 256, timeout_s=5, now_ns=time.monotonic_ns) == every


def test_silence_is_nothing_and_no_error(end):
    assert end.link.read(0.01) == b""


def test_a_cut_line_is_told(end):
    end.cut()
    with pytest.raises(LinkLost, match="wanted to read"):
        read_exactly(end.link, 1, timeout_s=5, now_ns=time.monotonic_ns)


def test_a_line_without_control_lines_says_so(end):
    with pytest.raises(NoControlLines, match="by its button"):
        reset(end.link, RESETS["esp-run"], lambda _: None)


def test_closing_twice_does_nothing(end):
    end.link.close()
    end.link.close()


def test_what_was_recorded_is_played_again(tmp_path, end):
    target = io.StringIO()
    recorded = RecordedLink(end.link, target, time.monotonic_ns)
    recorded.write(b"hello ")
    recorded.write(b"chip")
    end.say(b"answer")
    assert read_exactly(recorded, 6, timeout_s=5, now_ns=time.monotonic_ns) == b"answer"
    path = tmp_path / "talk.jsonl"
    path.write_text(target.getvalue())
    replayed = open_link(f"replay:{path}")
    assert replayed.read(1) == b""
    replayed.write(b"hel")
    replayed.write(b"lo chip")
    assert read_exactly(replayed, 6, timeout_s=1, now_ns=time.monotonic_ns) == b"answer"
    with pytest.raises(LinkLost, match="wanted nothing more to be sent"):
        replayed.write(b"more")


@pytest.mark.parametrize(
    ("recorded", "sent", "said"),
    [
        ('{"ms": 0, "way": "out", "hex": "7f"}', b"\x80", r"wanted 7f to be sent, as recorded in .*, found 80 sent; "),
        ('{"ms": 0, "way": "out", "hex": "0a7f"}', b"\x0a\x80", "wanted 7f to be sent, .* found 80 sent; "),
        ('{"ms": 0, "way": "in", "hex": "7f"}', b"\x80", "wanted that what the chip said next is read, "),
        ('{"ms": 0, "way": "lines"}', b"\x80", "wanted nothing more to be sent, "),
    ],
)
def test_another_talk_than_the_recorded_is_told(tmp_path, recorded, sent, said):
    (tmp_path / "talk.jsonl").write_text(recorded + "\n")
    with pytest.raises(LinkLost, match=said + ".*record this one"):
        ReplayedLink(tmp_path / "talk.jsonl").write(sent)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"ms": 0, "way": "out"}\n', "found line 1: no text as hex; give one of"),
        ("hello\n", "found line 1: .*; give one of"),
        ("", "found nothing in it; give one of"),
        (None, "found that it cannot be read .*No such file.*; give one of"),
    ],
)
def test_what_is_no_recording_is_told(tmp_path, content, said):
    if content is not None:
        (tmp_path / "talk.jsonl").write_text(content)
    with pytest.raises(BadInputError, match=said):
        ReplayedLink(tmp_path / "talk.jsonl")


def test_a_port_is_found_by_a_piece_of_its_name_and_kept_by_its_link():
    assert find_port("A50285BI", lambda: ADAPTERS).path == "/dev/serial/by-id/usb-FTDI_A50285BI"
    assert (
        find_port("C3", lambda: [Port("/dev/ttyACM0", ("/dev/ttyACM0", "C3"), "303a:1001:C3")]).path == "/dev/ttyACM0"
    )


LISTED = "/dev/serial/by-id/usb-FTDI_A50285BI, /dev/serial/by-id/usb-FTDI_B70011CC"


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("FTDI", AmbiguousPort, f"found 2: {LISTED}; give more"),
        ("C0FFEE", LinkLost, f"found none; .* Now there: {LISTED}"),  # as a path that is not there: plug it in
    ],
)
def test_a_name_of_several_ports_or_none_is_refused(name, kind, told):
    with pytest.raises(kind, match=told):
        find_port(name, lambda: ADAPTERS)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "found none given"),
        ("http://10.0.0.7", "found the address http://10.0.0.7, which is none here"),
        ("{}", "found a folder at /"),
        ("{}/plain", "found a plain file at /"),
        ("{}/pipe", "found a pipe at /"),
    ],
)
def test_what_can_be_no_serial_port_is_told_as_what_it_is(tmp_path, name, told):
    (tmp_path / "plain").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NoPort, match=f"wanted a serial port, {told}.* Now there: {LISTED}"):
        open_link(name.format(tmp_path), ports=lambda: ADAPTERS)


def test_another_device_than_a_serial_port_is_told():
    with pytest.raises(LinkLost, match="wanted the serial port /dev/null, found another device there"):
        open_link("/dev/null", ports=list)


@pytest.fixture
def line():
    made = PtyLine()
    yield made.path
    made.unplug()


def test_whoever_has_a_port_for_himself_is_named(line):
    with holding(line, "locked") as name:
        told = f"wanted the serial port {line}, found it in use by {name}; end that program"
        with pytest.raises(PortBusy, match=told):
            open_link(line, ports=list)
        with pytest.raises(PortBusy, match=told):
            HeldPort(line, list).path()


def test_another_users_lock_on_a_port_is_seen(line, monkeypatch):
    monkeypatch.setattr(port_holders, "_has_open", lambda *_: False)  # what a user sees of another user's files
    with holding(line, "locked") as name, pytest.raises(PortBusy, match=f"found it in use by {name}; end that"):
        HeldPort(line, list).path()
    assert HeldPort(line, list).path() == line


def test_who_waits_for_a_lock_or_locks_another_file_has_no_port(tmp_path):
    port = tmp_path / "ttyUSB0"
    port.touch()
    here, device = port.stat(), port.stat().st_dev
    file = f"{os.major(device):02x}:{os.minor(device):02x}:{here.st_ino}"
    for number in ("12", "13", "14", "15"):
        (tmp_path / number).mkdir()
    lines = [f"FLOCK  ADVISORY  WRITE 12 {file}", f"-> FLOCK  ADVISORY  WRITE 13 {file}",
             f"FLOCK  ADVISORY  WRITE 14 {file}9", f"POSIX  ADVISORY  READ 15 {file}"]  # fmt: skip
    (tmp_path / "locks").write_text("".join(f"{number}: {line} 0 EOF\n" for number, line in enumerate(lines, 1)))
    assert holders(str(port), tmp_path) == ("a program (process 12)",)


def test_whoever_has_a_port_open_beside_us_is_named_where_it_fails(line):
    with holding(line, "shared") as name:
        assert HeldPort(line, list).path() == line
        assert re.search(f"^; the port is open in {name}, too: end that first$", also_open(line))
    assert also_open(line) == also_open("/dev/none") == ""


def test_a_port_that_this_user_may_not_open_is_told_with_the_group():
    told = not_opened("/dev/ttyUSB0", PermissionError(errno.EACCES, "Permission denied"))
    assert "found that this user may not open it; 'sudo usermod -aG dialout $USER'" in str(told)


def test_a_program_that_is_not_ours_to_look_into_is_not_named(tmp_path):
    (tmp_path / "12" / "fd").mkdir(parents=True)
    (tmp_path / "12" / "fd" / "3").symlink_to("/dev/ttyUSB0")
    (tmp_path / "12" / "comm").write_bytes(b"screen\n")
    (tmp_path / "13").mkdir()
    (tmp_path / "14" / "fd").mkdir(parents=True)
    assert holders("/dev/ttyUSB0", tmp_path) == ("screen (process 12)",)
    for number in (20, 21, 22, 101):
        (tmp_path / str(number) / "fd").mkdir(parents=True)
        (tmp_path / str(number) / "fd" / "3").symlink_to("/dev/ttyUSB0")
    named = "(process 12), a program (process 20), a program (process 21), 2 more"
    assert in_use_by("/dev/ttyUSB0", tmp_path).endswith(named)
    assert in_use_by("/dev/ttyUSB1", tmp_path) == "in use by a program that 'sudo fuser -v /dev/ttyUSB1' names"


def test_a_program_is_named_without_what_it_was_called_with(tmp_path):
    (tmp_path / "12" / "fd").mkdir(parents=True)
    (tmp_path / "12" / "fd" / "3").symlink_to("/dev/ttyUSB0")
    (tmp_path / "12" / "cmdline").write_bytes(b"mosquitto_pub\0-P\0hunter2\0")
    (tmp_path / "12" / "comm").write_bytes(b"pub\x1b[2J\n\xff\n")
    assert in_use_by("/dev/ttyUSB0", tmp_path) == "in use by pub�[2J�� (process 12)"


def test_a_path_that_is_not_there_is_told_with_what_is():
    with pytest.raises(LinkLost, match=f"Now there: {LISTED}"):
        find_port("/dev/serial/by-id/usb-none", lambda: ADAPTERS)


def test_another_device_at_the_same_path_is_refused():
    line, there = PtyLine(), ["0403:6001:A"]
    held = HeldPort(line.path, lambda: [Port(line.path, (line.path,), there[0])])
    assert held.path() == line.path
    there[0] = "0403:6001:B"
    with pytest.raises(OtherDevice, match=r"wanted 0403:6001:A .* found 0403:6001:B"):
        held.path()
    line.unplug()


@pytest.mark.parametrize(("identity", "is_refused"), [("1a86:7523:", True), ("0403:6001:A", False), ("", False)])
def test_an_adapter_without_a_serial_number_that_was_plugged_in_anew_may_be_another(tmp_path, identity, is_refused):
    path, newer = tmp_path / "ttyUSB0", tmp_path / "newer"
    path.touch()
    held = HeldPort(str(path), lambda: [Port(str(path), (str(path),), identity)])
    assert held.path() == str(path)
    newer.touch()
    newer.replace(path)
    if is_refused:
        with pytest.raises(OtherDevice, match="found one plugged in since"):
            held.path()
    else:
        assert held.path() == str(path)


@pytest.mark.parametrize(
    "address",
    ["tcp://", "tcp://host", "tcp://host:port", "tcp://host:0", "tcp://host:65536", "tcp://host:²", "tcp://host:٣"],
)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(BadInputError, match="wanted tcp://host:port with a port of 1 to 65535"):
        open_link(address)


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example"])
def test_a_name_that_no_host_can_have_is_refused(host):
    with pytest.raises(BadInputError, match=f"wanted the name or address of a host, found '{host}'"):
        open_link(f"tcp://{host}:1")


class Lines:
    """Notes what is asked of it, and answers at one speed."""

    def __init__(self):
        self.asked, self.baud = [], 0

    def set_baud(self, baud):
        self.baud = baud

    def set_lines(self, *, dtr, rts):
        self.asked.append((dtr, rts))


def test_a_reset_does_its_steps_and_holds_them():
    lines, held = Lines(), []
    reset(lines, RESETS["esp-bootloader"], held.append)
    assert lines.asked == [(False, True), (True, False), (False, False)]
    assert held == [0.1, 0.05, 0.0]


def test_the_speed_at_which_a_chip_answers_is_found():
    lines = Lines()
    assert find_baud(lines, (921600, 115200), lambda link: link.baud == 115200) == 115200
    with pytest.raises(OutageError, match="one of 9600, 19200 baud"):
        find_baud(lines, (9600, 19200), lambda _: False)
