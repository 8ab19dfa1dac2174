"""`lepton firmware image | sign` at a terminal and in a script."""

import errno
import json

import pytest
from click.testing import CliRunner

from lepton.cli import main as lepton
from tests.fakes.firmware_images import esp, key, mcuboot, pem, program


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        return CliRunner().invoke(lepton, ["firmware", *map(str, arguments)])

    return call


def test_an_image_is_shown_as_a_table(run, tmp_path):
    (tmp_path / "gate.bin").write_bytes(esp())
    shown = run("image", "gate.bin").output
    for words in ("ESP image", "esp32c3", "4.5.6", "gate", "0x3c000020 to"):
        assert words in shown


def test_an_image_is_shown_as_json(run, tmp_path):
    (tmp_path / "gate.bin").write_bytes(mcuboot())
    document = json.loads(run("image", "gate.bin", "--json").output)
    assert (document["kind"], document["version"], document["signature"]) == ("mcuboot", "1.2.3", "ed25519")


def test_a_damaged_image_leaves_with_two(run, tmp_path):
    (tmp_path / "gate.bin").write_bytes(mcuboot()[:900])
    done = run("image", "gate.bin")
    assert done.exit_code == 2
    assert "gate.bin: wanted" in done.output


def test_a_program_is_signed_and_checked(run, tmp_path):
    (tmp_path / "program.bin").write_bytes(program(400))
    (tmp_path / "key.pem").write_bytes(pem(key()))
    (tmp_path / "public.pem").write_bytes(pem(key(), public=True))
    (tmp_path / "other.pem").write_bytes(pem(key("ecdsa-p256")))
    signed = run("sign", "program.bin", "--key", "key.pem", "--version", "3.2.1", "--pad-header", "-o", "signed.bin")
    assert (signed.exit_code, "3.2.1" in signed.output) == (0, True)
    assert "signed by this key" in run("image", "signed.bin", "--key", "public.pem").output
    assert run("image", "signed.bin", "--key", "other.pem").exit_code == 1


def test_signing_never_writes_over_the_program(run, tmp_path):
    (tmp_path / "program.bin").write_bytes(program(400))
    (tmp_path / "key.pem").write_bytes(pem(key()))
    done = run("sign", "program.bin", "--key", "key.pem", "--version", "1.0.0", "--pad-header", "-o", "program.bin")
    assert (done.exit_code, (tmp_path / "program.bin").read_bytes()) == (2, program(400))


def test_a_key_that_is_none_is_refused(run, tmp_path):
    (tmp_path / "program.bin").write_bytes(program(400))
    (tmp_path / "key.pem").write_text("no key")
    done = run("sign", "program.bin", "--key", "key.pem", "--version", "1.0.0", "--pad-header", "-o", "signed.bin")
    assert done.exit_code == 2
    assert "wanted a key in PEM, found a file without a line BEGIN; make one with" in done.output


def test_a_full_disk_leaves_the_older_signed_image(run, tmp_path, monkeypatch):
    (tmp_path / "program.bin").write_bytes(program(400))
    (tmp_path / "key.pem").write_bytes(pem(key()))
    (tmp_path / "signed.bin").write_bytes(b"older")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    done = run("sign", "program.bin", "--key", "key.pem", "--version", "1.0.0", "--pad-header", "-o", "signed.bin")
    assert done.exit_code != 0
    assert (tmp_path / "signed.bin").read_bytes() == b"older"
    assert "signed.bin" in str(done.output)
