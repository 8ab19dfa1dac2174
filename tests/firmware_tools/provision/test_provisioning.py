"""A chip has its settings whole or the ledger says that it has not, and never do two chips have one identity."""

import os
import resource
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edge_contracts.errors import BadInputError, LeptonError, OutageError
from edge_contracts.serial_link import StorageGet, StoragePut
from firmware_tools.link import LinkLost
from firmware_tools.provision.chip_storage import ChipSilent, ChipStorage, StorageRefused
from firmware_tools.provision.ledger import IdentityTaken, Ledger, Row, read_register
from firmware_tools.provision.provisioning import Exceptions, NotAsWritten, Provisioner
from firmware_tools.provision.settings import Secret, Settings, read_passphrase
from firmware_tools.provision.tray import read_tray
from tests.fakes.chip_storage import FakeChip, Faults
from tests.fakes.clock import FakeClock

PHRASE = "correct horse battery"
SETTINGS = Settings("press-07", "hall-2", Secret(PHRASE), bytes(range(256)) * 2)


def at_noon():
    return datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def provide(path, chip, settings=SETTINGS, faults=None, **allowed):
    clock = FakeClock()
    line = chip.plugged_in(clock, faults)
    with Ledger(path) as ledger:
        provisioner = Provisioner(ledger, at_noon, Exceptions(**allowed))
        return provisioner.provide(ChipStorage(line, clock.now_ns, 5), settings)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "stations.csv"


def states(path):
    return [(row.id, row.board, row.state) for row in read_register(path).rows]


def test_everything_is_written_and_read_back_and_the_identity_last(path):
    chip = FakeChip()
    row = provide(path, chip)
    assert row == Row("2026-03-01T12:00:00Z", "press-07", "CHIP-1", "done", "1.4.0", row.keys)
    assert list(chip.kept) == ["wifi.ssid", "secret.wifi", "calibration", "board.id"]
    assert chip.kept["secret.wifi"] == PHRASE.encode()
    assert chip.kept["calibration"] == SETTINGS.calibration
    assert states(path) == [("press-07", "CHIP-1", "claimed"), ("press-07", "CHIP-1", "done")]


def test_a_claim_is_on_the_disk_before_the_chip_is_touched(path, monkeypatch):
    chip, on_disk, sync = FakeChip(), [], os.fsync

    def synced(number):
        sync(number)
        if os.path.sameopenfile(number, ledger.fileno()):
            on_disk.append(([row[2] for row in states(path)], any(isinstance(one, StoragePut) for one in chip.heard)))

    path.touch()
    monkeypatch.setattr(os, "fsync", synced)
    with path.open("rb") as ledger:
        provide(path, chip)
    assert on_disk == [([], False), (["claimed"], False), (["claimed", "done"], True)]


def test_the_pass_phrase_is_in_no_ledger_no_message_and_is_never_asked_for(path):
    chip = FakeChip()
    provide(path, chip)
    with pytest.raises(StorageRefused) as refused:
        provide(path, chip, faults=Faults(full=("secret.wifi",)))
    assert PHRASE not in path.read_text() + str(refused.value) + repr(SETTINGS) + repr(SETTINGS.values)
    assert not any(isinstance(one, StorageGet) and one.key == "secret.wifi" for one in chip.heard)


def test_lost_answers_are_asked_for_again(path):
    assert provide(path, FakeChip(), faults=Faults(loses_values=4)).state == "done"


@pytest.mark.parametrize("frames", range(2, 32))
def test_a_line_cut_anywhere_leaves_the_identity_with_this_chip_and_the_same_command_goes_on(path, frames):
    chip, other = FakeChip(), FakeChip("CHIP-2")
    try:
        provide(path, chip, faults=Faults(cut_after=frames))
    except LinkLost:
        claims = [state for _, _, state in states(path)]
        assert claims in ([], ["claimed", "failed"])
        if claims:
            with pytest.raises(IdentityTaken, match="CHIP-1 has it"):
                provide(path, other)
    assert provide(path, chip).state == "done"
    assert chip.kept["board.id"] == b"press-07"


def test_a_chip_that_starts_anew_in_the_middle_is_told(path):
    with pytest.raises(ChipSilent, match="started anew"):
        provide(path, FakeChip(), faults=Faults(restarts_after=12))
    assert states(path)[-1][2] == "failed"


def test_a_chip_that_holds_other_bytes_is_told(path):
    with pytest.raises(NotAsWritten, match=r"wanted to read calibration as it was written"):
        provide(path, FakeChip(), faults=Faults(worn=("calibration",)))
    assert "board.id" not in FakeChip().kept
    assert states(path)[-1][2] == "failed"


def test_two_chips_never_get_one_identity(path):
    provide(path, FakeChip())
    before = path.read_text()
    other = FakeChip("CHIP-2")
    with pytest.raises(IdentityTaken, match=r"press-07 .*found that CHIP-1 has it.*--replaces CHIP-1"):
        provide(path, other)
    assert (other.kept, path.read_text()) == ({}, before)


def test_a_chip_keeps_its_identity_though_the_ledger_is_another(path):
    chip = FakeChip(kept={"board.id": b"press-03"})
    with pytest.raises(IdentityTaken, match=r"found that it is press-03.*--rename"):
        provide(path, chip)
    assert chip.kept == {"board.id": b"press-03"}
    assert provide(path, chip, rename=True).state == "done"
    assert states(path) == [
        ("press-07", "CHIP-1", "claimed"),
        ("press-03", "CHIP-1", "retired"),
        ("press-07", "CHIP-1", "done"),
    ]


@pytest.mark.parametrize("allowed", [{"rename": True, "again": True}, {"replaces": "CHIP-1"}])
def test_a_refused_exception_frees_no_identity(path, allowed):
    provide(path, FakeChip("CHIP-1"))
    second = FakeChip("CHIP-2")
    provide(path, second, Settings("press-08"))
    before = path.read_bytes()
    with pytest.raises(IdentityTaken):
        provide(path, second, **allowed)
    assert path.read_bytes() == before
    with pytest.raises(IdentityTaken, match="CHIP-2 has it"):
        provide(path, FakeChip("CHIP-3"), Settings("press-08"))


def test_a_chip_keeps_its_old_identity_until_it_has_the_new_one(path):
    chip, renamed = FakeChip(), Settings("press-08")
    provide(path, chip)
    with pytest.raises(StorageRefused):
        provide(path, chip, renamed, faults=Faults(full=("board.id",)), rename=True)
    assert chip.kept["board.id"] == b"press-07"
    with pytest.raises(IdentityTaken, match="CHIP-1 has it"):
        provide(path, FakeChip("CHIP-2"))
    assert provide(path, chip, renamed, rename=True).state == "done"
    assert provide(path, FakeChip("CHIP-2")).board == "CHIP-2"


def test_a_broken_chip_gives_its_identity_up(path):
    provide(path, FakeChip())
    with pytest.raises(IdentityTaken, match="check --replaces"):
        provide(path, FakeChip("CHIP-2"), replaces="CHIP-9")
    assert provide(path, FakeChip("CHIP-2"), replaces="CHIP-1").board == "CHIP-2"
    with pytest.raises(IdentityTaken, match="CHIP-2 has it"):
        provide(path, FakeChip("CHIP-1", kept={}))


def test_a_chip_without_an_id_of_its_own_is_refused(path):
    with pytest.raises(IdentityTaken, match="empty board id"):
        provide(path, FakeChip(""))


def test_nobody_at_the_line_is_told(path):
    with pytest.raises(ChipSilent, match="nobody who answers in 5 s"):
        provide(path, FakeChip(), faults=Faults(deaf=True))
    assert states(path) == []


def test_firmware_of_another_protocol_is_told(path):
    with pytest.raises(ChipSilent, match="wanted version 1 of the station protocol, found 9"):
        provide(path, FakeChip(protocol=9))


def test_a_power_cut_while_a_row_is_written_leaves_the_rows_before_it(path):
    provide(path, FakeChip())
    whole = path.read_bytes()
    path.write_bytes(whole + b"2026-03-01T12:00:00Z,press-08,CH")
    assert len(read_register(path).rows) == 2
    provide(path, FakeChip("CHIP-2"), Settings("press-08"))
    assert path.read_bytes().startswith(whole)
    assert [state for _, _, state in states(path)] == ["claimed", "done"] * 2


def test_a_whole_last_row_counts_without_the_end_of_its_line(path):
    provide(path, FakeChip())
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert read_register(path).board_of("press-07") == "CHIP-1"
    with pytest.raises(IdentityTaken, match="CHIP-1 has it"):
        provide(path, FakeChip("CHIP-2"))
    assert path.read_bytes() == whole


def test_a_file_without_lines_that_is_no_ledger_is_left(path):
    path.write_bytes(b"a key")
    with pytest.raises(BadInputError, match="wanted a ledger with the columns"):
        Ledger(path)
    assert path.read_bytes() == b"a key"


def test_a_torn_heading_begins_anew(path):
    path.write_bytes(b"time,id,bo")
    assert provide(path, FakeChip()).state == "done"
    assert len(states(path)) == 2


def test_two_chips_with_one_identity_are_refused_until_a_person_says_which(path):
    provide(path, FakeChip())
    other = "2026-03-01T12:00:00Z,press-07,CHIP-2,"
    path.write_text(path.read_text() + other + "done,,,\n")
    for read in (Ledger, read_register):
        with pytest.raises(BadInputError, match=r"press-07 \(CHIP-1, CHIP-2\)"):
            read(path)
    path.write_text(path.read_text() + other + "retired,,,\n")
    assert [row.board for row in read_register(path).done()] == ["CHIP-1"]


def test_a_ledger_is_used_by_one_program_at_a_time(path):
    with Ledger(path), pytest.raises(OutageError, match="in use by another program"):
        Ledger(path)


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "time,id,board,state,firmware,keys,why\nx,y\n", "\xff\n"])
def test_a_file_that_is_no_ledger_is_refused_and_left(path, content):
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BadInputError, match="wanted"):
        Ledger(path)
    assert path.read_bytes() == content.encode("latin-1")


@pytest.mark.parametrize("device", ["/dev/full", "/dev/zero"])
def test_a_device_is_no_ledger_and_no_tray(device):
    with pytest.raises(BadInputError, match=f"wanted a ledger, found no plain file at {device}"):
        Ledger(Path(device))
    with pytest.raises(BadInputError, match=f"wanted a CSV of stations, found no plain file at {device}"):
        read_tray(Path(device), None, None, None)


def test_a_pass_phrase_without_an_end_is_refused():
    with pytest.raises(BadInputError, match="8 to 63 plain characters"):
        Settings("a", "hall", read_passphrase(Path("/dev/zero")))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"id": "Press 7"}, "wanted an id"),
        ({"id": "a", "ssid": "x" * 33}, "Wi-Fi name of 1 to 32"),
        ({"id": "a", "passphrase": Secret("long enough")}, "wanted a Wi-Fi name for the pass phrase"),
        ({"id": "a", "ssid": "w", "passphrase": Secret("short")}, "8 to 63"),
        ({"id": "a", "calibration": b""}, "calibration of 1 to 65,535"),
    ],
)
def test_values_that_no_station_can_have_are_refused(values, said):
    with pytest.raises(BadInputError, match=said) as refused:
        Settings(**values)
    assert "short" not in str(refused.value)
    assert isinstance(refused.value, LeptonError)


def test_a_pass_phrase_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "wifi.txt"
    path.write_text(PHRASE + "\n")
    path.chmod(0o644)
    with pytest.raises(BadInputError, match="chmod 600"):
        read_passphrase(path)
    path.chmod(0o600)
    assert read_passphrase(path).text == PHRASE


@pytest.fixture
def full_disk():
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_a_disk_that_takes_nothing_is_told_by_name_and_leaves_no_ledger(path):
    with pytest.raises(OSError, match="large") as refused:
        Ledger(path)
    assert refused.value.filename == str(path)
    assert not path.exists()
