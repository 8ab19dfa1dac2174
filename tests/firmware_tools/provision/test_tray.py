"""A tray is checked whole before the first chip is touched, goes on after a break, and prints its labels."""

import errno
import json
import os
import re
import resource
import select
import time
import tty
from datetime import datetime, timezone

import cv2
import pytest
from click.testing import CliRunner

import firmware_tools.link
from edge_contracts.errors import BadInputError
from firmware_tools.link import LinkLost
from firmware_tools.link.port_faults import NoPort
from firmware_tools.link.serial_port import AmbiguousPort
from firmware_tools.provision.chip_storage import ChipStorage, StorageRefused
from firmware_tools.provision.labels import PER_SHEET, chosen, code_picture, code_text, sheets
from firmware_tools.provision.ledger import Ledger, Register, Row, read_register
from firmware_tools.provision.provisioning import Provisioner
from firmware_tools.provision.settings import Secret, Settings
from firmware_tools.provision.tray import read_tray
from lepton.cli import main
from tests.fakes.chip_storage import FakeChip
from tests.fakes.clock import FakeClock
from tests.fakes.firmware import built, running_firmware

PHRASE = "correct horse battery"


def lepton(*arguments, **environment):
    return CliRunner(env=environment).invoke(main, ["firmware", *map(str, arguments)])


@pytest.fixture
def chips(monkeypatch):
    """Chips by the name of their port; one that is missing is not plugged in."""
    known = {f"port-{number}": FakeChip(f"CHIP-{number}") for number in range(1, 4)}

    def opened(address, *, baud):
        assert baud == 115_200
        if address not in known:
            raise LinkLost(f"wanted the serial port {address}, found none there; plug it in")
        return known[address].plugged_in(FakeClock())

    monkeypatch.setattr(firmware_tools.link, "open_link", opened)
    return known


@pytest.fixture
def tray(tmp_path):
    (tmp_path / "cell.json").write_text('{"offset": 3}')
    rows = ["id,port,wifi_ssid,calibration", "press-1,port-1,,", "press-2,port-2,hall-3,cell.json", "press-3,port-3,,"]
    (tmp_path / "tray.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "wifi.txt").write_text(PHRASE + "\n")
    (tmp_path / "wifi.txt").chmod(0o600)
    return tmp_path / "tray.csv"


def provided(tray, *more):
    home = tray.parent
    phrase = ["--wifi", "hall-2", "--passphrase-file", home / "wifi.txt"]
    return lepton("provision", "--tray", tray, "--ledger", home / "stations.csv", *phrase, *more)


def test_a_tray_goes_on_where_it_was_left(tray, chips):
    gone = chips.pop("port-2")
    first = provided(tray)
    assert first.exit_code == 1
    assert "press-2: failed, wanted the serial port port-2" in first.output
    assert "wanted 3 stations provisioned, found 1 not" in first.output
    chips["port-2"] = gone
    heard = {name: len(chip.heard) for name, chip in chips.items()}
    second = json.loads(provided(tray, "--json").output)
    assert [(one["id"], one.get("before", False)) for one in second["stations"]] == [
        ("press-1", True),
        ("press-2", False),
        ("press-3", True),
    ]
    assert len(chips["port-1"].heard) == heard["port-1"]
    assert gone.kept["wifi.ssid"] == b"hall-3"
    assert (gone.kept["calibration"], gone.kept["secret.wifi"]) == (b'{"offset": 3}', PHRASE.encode())
    assert chips["port-1"].kept["wifi.ssid"] == b"hall-2"
    texts = first.output + json.dumps(second) + (tray.parent / "stations.csv").read_text()
    assert PHRASE not in texts


@pytest.mark.parametrize(("takes_bytes", "rows"), [(60, 0), (160, 1), (300, 2)])
def test_a_tray_ends_where_the_disk_is_full_and_goes_on_when_there_is_room(tray, chips, takes_bytes, rows):
    ledger = tray.parent / "stations.csv"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (takes_bytes, hard))
    try:
        full = provided(tray)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (full.exit_code, f"wanted to use {ledger}, found that the system refuses" in full.output) == (2, True)
    register = read_register(ledger)
    assert (len(register.rows), register.torn) == (rows, "")
    named = {chip.kept["board.id"].decode() for chip in chips.values() if "board.id" in chip.kept}
    assert named <= {row.id for row in register.rows}
    assert provided(tray).exit_code == 0
    assert [row.id for row in read_register(ledger).done()] == ["press-1", "press-2", "press-3"]


def test_a_tray_that_is_stopped_goes_on_where_it_was_left(tray, chips, monkeypatch):
    put = ChipStorage.put

    def stopped(storage, key, value):
        if storage.hello.board == "CHIP-2" and key == "board.id":
            raise KeyboardInterrupt
        put(storage, key, value)

    with monkeypatch.context() as patched:
        patched.setattr(ChipStorage, "put", stopped)
        first = provided(tray)
    assert (first.exit_code, "press-1: done" in first.output, "stopped" in first.output) == (130, True, True)
    register = read_register(tray.parent / "stations.csv")
    assert [(row.id, row.state) for row in register.rows][-1] == ("press-2", "claimed")
    second = provided(tray)
    assert second.exit_code == 0
    assert "press-2: done, written and read back but for the pass phrase, which is only written" in second.output
    assert chips["port-2"].kept["board.id"] == b"press-2"


@pytest.mark.parametrize("kind", [AmbiguousPort, NoPort])
def test_a_port_that_is_none_fails_its_station_alone(tray, chips, monkeypatch, kind):
    open_other = firmware_tools.link.open_link

    def opened(address, *, baud):
        if address == "port-2":
            raise kind("wanted one serial port that 'port-2' fits, found none; plug it in")
        return open_other(address, baud=baud)

    monkeypatch.setattr(firmware_tools.link, "open_link", opened)
    done = provided(tray, "--json")
    document = json.loads(done.stdout)
    assert (done.exit_code, [one["state"] for one in document["stations"]]) == (1, ["done", "failed", "done"])
    assert "found none; plug it in" in document["stations"][1]["why"]
    assert chips["port-3"].kept["board.id"] == b"press-3"


def test_a_line_that_the_system_refuses_fails_its_station_alone(tray, chips, monkeypatch):
    put = ChipStorage.put

    def refused(storage, key, value):
        if storage.hello.board == "CHIP-2":
            raise OSError(errno.EIO, "Input/output error")
        put(storage, key, value)

    monkeypatch.setattr(ChipStorage, "put", refused)
    done = provided(tray)
    assert "press-2: failed, wanted to write to the chip CHIP-2, found [Errno 5] Input/output error" in done.output
    rows = [(row.id, row.state) for row in read_register(tray.parent / "stations.csv").rows]
    assert rows[2:] == [("press-2", "claimed"), ("press-2", "failed"), ("press-3", "claimed"), ("press-3", "done")]
    assert chips["port-3"].kept["board.id"] == b"press-3"


def test_a_tray_that_is_stopped_prints_what_was_through(tray, chips, monkeypatch):
    put = ChipStorage.put

    def stopped(storage, key, value):
        if storage.hello.board == "CHIP-2":
            raise KeyboardInterrupt
        put(storage, key, value)

    monkeypatch.setattr(ChipStorage, "put", stopped)
    done = provided(tray, "--json")
    assert (done.exit_code, "board.id" in chips["port-1"].kept) == (130, True)
    assert [(one["id"], one["state"]) for one in json.loads(done.stdout)["stations"]] == [("press-1", "done")]


def test_one_chip_for_two_rows_is_refused_and_the_tray_goes_on(tray, chips):
    chips["port-2"] = chips["port-1"]
    done = provided(tray)
    assert "press-2: failed, wanted to make the chip CHIP-1 press-2, found that it is press-1" in done.output
    assert "press-3: done, written and read back but for the pass phrase, which is only written" in done.output
    assert chips["port-1"].kept["board.id"] == b"press-1"


def test_a_station_is_written_again_when_asked(tray, chips):
    provided(tray)
    chips["port-1"].kept["wifi.ssid"] = b"old"
    assert "press-1: done, done before" in provided(tray).output
    assert chips["port-1"].kept["wifi.ssid"] == b"old"
    lepton("provision", "--id", "press-1", "--port", "port-1", "--wifi", "new", "--again",
           "--ledger", tray.parent / "stations.csv", LEPTON_WIFI_PASSPHRASE=PHRASE)  # fmt: skip
    assert (chips["port-1"].kept["wifi.ssid"], chips["port-1"].kept["secret.wifi"]) == (b"new", PHRASE.encode())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,port\npress-1,a\nPRESS 2,b\npress-1,c\n", r"line 3: wanted an id.*\n.*line 4: .*found press-1 in line 2"),
        ("id,passphrase\npress-1,hunter2hunter2\n", "wanted no secrets"),
        ("id,wifi_sid\npress-1,x\n", "did you mean 'wifi_ssid'"),
        ("port\nx\n", "wanted a column id"),
        ("id,port,id\npress-1,a,press-2\n", "wanted each column of .* once, found 'id' several times"),
        ("id,port\npress-1\n", "found others in line 2"),
        ("id;port\npress-1;a\n", "found semicolons; save it with commas"),
        ("id,port\npress-1,a\npress-2,a\n", "line 3: wanted each port once, found a in line 2"),
        ("id\n", "a heading alone"),
        ("id,calibration\npress-1,nowhere.bin\n", "line 2: wanted a calibration file"),
        ('id\n"press-1\n', "wanted a CSV of stations"),
    ],
)
def test_a_tray_that_is_wrong_is_refused_before_any_chip_is_touched(tmp_path, content, said):
    path = tmp_path / "tray.csv"
    path.write_text(content)
    with pytest.raises(BadInputError, match=said) as refused:
        read_tray(path, None, Secret(PHRASE), None)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "wanted --id for one station or --tray"),
        (["--id", "a"], "wanted a port for a"),
        (["--id", "a", "--port", "nowhere"], "plug it in"),
    ],
)
def test_wrong_use_is_told_and_leaves_no_claim(tmp_path, chips, arguments, said):
    assert chips
    done = lepton("provision", *arguments, "--ledger", tmp_path / "stations.csv")
    assert done.exit_code in {1, 2}
    assert said in done.output
    assert not (tmp_path / "stations.csv").exists() or read_register(tmp_path / "stations.csv").rows == ()


class PtyEnd:
    """This side of a pseudo-terminal, as a link."""

    def __init__(self, number):
        self._number = number

    def read(self, timeout_s):
        ready, _, _ = select.select([self._number], [], [], timeout_s)
        return os.read(self._number, 4096) if ready else b""

    def write(self, data):
        os.write(self._number, data)


def test_the_firmware_in_c_keeps_what_a_station_is_given(tmp_path):
    ours, chips_end = os.openpty()
    tty.setraw(chips_end)
    settings = Settings("press-07", "hall-2", Secret(PHRASE), bytes(range(256)) * 4)
    with running_firmware(built("model", tmp_path), os.ttyname(chips_end)), Ledger(tmp_path / "s.csv") as ledger:
        chip = ChipStorage(PtyEnd(ours), time.monotonic_ns, 77)
        provisioner = Provisioner(ledger, lambda: datetime.now(timezone.utc))
        assert provisioner.provide(chip, settings).state == "done"
        again = ChipStorage(PtyEnd(ours), time.monotonic_ns, 78)
        assert again.get("board.id") == b"press-07"
        with pytest.raises(StorageRefused, match="this key is not for that"):
            again.get("secret.wifi")
    os.close(ours)
    os.close(chips_end)


ROW = Row("2026-03-01T12:00:00Z", "press-07", "CHIP-1", "done", "1.4.0")


def test_a_code_says_which_station_and_which_chip(tmp_path):
    (tmp_path / "code.png").write_bytes(code_picture(ROW))
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(tmp_path / "code.png")))
    assert text == code_text(ROW) == "lepton:press-07?board=CHIP-1"


def test_labels_fill_sheets_and_no_label_is_lost():
    rows = tuple(Row(ROW.time, f"press-{number:02}", f"<&{number}", "done") for number in range(PER_SHEET + 1))
    first, second = sheets(rows)
    assert [len(re.findall("<path", one)) for one in (first, second)] == [PER_SHEET, 1]
    assert "chip &lt;&amp;0<" in first


def test_labels_are_of_stations_that_are_done(tmp_path, tray, chips):
    chips.pop("port-3")
    provided(tray)
    done = lepton("labels", tray.parent / "stations.csv", "-o", tmp_path / "labels.svg", "--png", tmp_path / "codes")
    assert (done.exit_code, done.output) == (0, f"2 labels: {tmp_path / 'labels.svg'}\n")
    assert sorted(one.name for one in (tmp_path / "codes").iterdir()) == ["press-1.png", "press-2.png"]
    assert "wanted a name such as labels.svg" in lepton("labels", tray, "-o", tmp_path / "labels.pdf").output
    with pytest.raises(BadInputError, match="found none called press-3"):
        chosen(read_register(tray.parent / "stations.csv"), ["press-3"])
    with pytest.raises(BadInputError, match="provision one first"):
        chosen(Register(), [])


def test_labels_take_the_place_of_older_labels_alone(tmp_path, tray, chips):
    assert chips
    provided(tray)
    ledger, codes = tray.parent / "stations.csv", tmp_path / "codes"
    command = ["labels", ledger, "-o", tmp_path / "labels.svg", "--png", codes]
    assert [lepton(*command).exit_code for _ in range(2)] == [0, 0]
    for path in (tmp_path / "labels.svg", codes / "press-2.png"):
        ours = path.read_bytes()
        photograph = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes([0, 0, 1, 0, 0, 0, 1, 0, 8, 2])
        path.write_bytes(photograph if path.suffix == ".png" else b"<svg>a drawing</svg>")
        theirs, first = path.read_bytes(), (codes / "press-1.png").read_bytes()
        (codes / "press-1.png").unlink()
        refused = lepton(*command)
        assert (refused.exit_code, path.read_bytes()) == (2, theirs)
        assert f"found something else at {path}; name another, or give --force" in refused.output
        assert not (codes / "press-1.png").exists()
        assert (lepton(*command, "--force").exit_code, path.read_bytes()) == (0, ours)
        assert (codes / "press-1.png").read_bytes() == first


def test_labels_never_take_the_place_of_their_ledger(tmp_path, tray, chips):
    assert chips
    provided(tray)
    ledger = tray.parent / "stations.csv"
    before = ledger.read_bytes()
    (tmp_path / "labels.svg").hardlink_to(ledger)
    refused = lepton("labels", ledger, "-o", tmp_path / "labels.svg", "--force")
    assert (refused.exit_code, ledger.read_bytes()) == (2, before)
    assert "which is read, found the same" in refused.output


def test_a_torn_row_is_told(tmp_path, tray, chips):
    assert chips
    provided(tray)
    ledger = tray.parent / "stations.csv"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + b"2026-03-01T12:00:00Z,press-9,CH")
    said = "is torn and does not count: '2026-03-01T12:00:00Z,press-9,CH'"
    assert said in lepton("labels", ledger, "-o", tmp_path / "labels.svg").output
    assert said in provided(tray).output
    assert ledger.read_bytes() == whole


@pytest.mark.parametrize("environment", [{}, {"LEPTON_WIFI_PASSPHRASE": ""}])
def test_an_open_network_is_asked_for_by_name(tmp_path, chips, environment):
    one = ["provision", "--id", "a", "--port", "port-1", "--wifi", "hall", "--ledger", tmp_path / "stations.csv"]
    refused = lepton(*one, **environment)
    assert (refused.exit_code, chips["port-1"].kept) == (2, {})
    assert "wanted a pass phrase for the Wi-Fi of a, found none" in refused.output
    assert lepton(*one, "--open-network", **environment).exit_code == 0
    assert list(chips["port-1"].kept) == ["wifi.ssid", "board.id"]


def test_an_open_network_with_a_pass_phrase_is_refused(tray, chips):
    assert chips
    assert "found both; give one of them" in provided(tray, "--open-network").output


def test_what_was_not_written_before_is_not_called_done(tray, chips):
    tray.write_text("id,port\na,port-1\n")
    ledger = ["--ledger", tray.parent / "stations.csv"]
    assert lepton("provision", "--tray", tray, *ledger).exit_code == 0
    heard = len(chips["port-1"].heard)
    same = lepton("provision", "--tray", tray, *ledger)
    assert (same.exit_code, same.output) == (
        0,
        "a: done, done before by the ledger and not looked at now, chip CHIP-1\n",
    )
    more = lepton("provision", "--tray", tray, *ledger, "--wifi", "hall", "--open-network")
    assert more.exit_code == 1
    assert "a: failed, done before with board.id alone and not looked at now; for wifi.ssid give --again" in more.output
    assert "wanted 1 station provisioned, found 1 not" in more.output
    assert len(chips["port-1"].heard) == heard


def test_one_station_at_a_port_is_looked_at_though_the_ledger_has_it_done(tmp_path, chips):
    one = ["provision", "--id", "a", "--ledger", tmp_path / "stations.csv", "--port"]
    assert lepton(*one, "port-1").output == "a: done, written and read back, chip CHIP-1\n"
    same = lepton(*one, "port-1")
    assert (same.exit_code, same.output) == (0, "a: done, done before by the ledger and looked at now, chip CHIP-1\n")
    other = lepton(*one, "port-2")
    assert (other.exit_code, chips["port-2"].kept) == (1, {})
    assert "a: failed, wanted a for the chip CHIP-2, found that CHIP-1 has it" in other.output
    assert lepton(*one, "nowhere").exit_code == 1
    chips["port-1"].kept.clear()
    wiped = lepton(*one, "port-1")
    assert wiped.exit_code == 1
    assert "done before with another value of board.id and looked at now; to write it give --again" in wiped.output


@pytest.mark.parametrize("by_tray", [True, False])
def test_another_value_than_was_written_before_is_not_called_done(tray, chips, by_tray):
    home = tray.parent
    tray.write_text("id,port\na,port-1\n")
    to = ["--tray", tray] if by_tray else ["--id", "a", "--port", "port-1"]
    usual = ["provision", *to, "--ledger", home / "stations.csv", "--calibration", home / "cell.json"]
    phrase = {"LEPTON_WIFI_PASSPHRASE": PHRASE}
    assert lepton(*usual, "--wifi", "hall", **phrase).exit_code == 0
    same = lepton(*usual, "--wifi", "hall", **phrase)
    assert (same.exit_code, "the pass phrase was not compared, --again writes it" in same.output) == (0, True)
    (home / "cell.json").write_text('{"offset": 4}')
    kept = dict(chips["port-1"].kept)
    changed = lepton(*usual, "--wifi", "yard", **phrase)
    assert (changed.exit_code, chips["port-1"].kept) == (1, kept)
    assert "done before with another value of wifi.ssid, calibration and " in changed.output
    assert lepton(*usual, "--wifi", "yard", "--again", **phrase).exit_code == 0
    assert (chips["port-1"].kept["wifi.ssid"], chips["port-1"].kept["calibration"]) == (b"yard", b'{"offset": 4}')
    assert lepton(*usual, "--wifi", "yard", **phrase).exit_code == 0


def test_nobody_plugs_in_the_next_station_without_a_terminal(tray, chips):
    tray.write_text("id\npress-1\npress-2\n")
    refused = provided(tray, "--port", "port-1")
    assert (refused.exit_code, chips["port-1"].kept) == (2, {})
    assert "wanted a person who plugs in" in refused.output
