"""`lepton firmware image | sign` at a terminal and in a script."""

import errno
import json

import pytest
from click.testing import CliRunner

from lepton.cli import main as lepton
from tests.fakes.firmware_images import esp, key, mcuboot, pem, program, uf2


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
    other = run("image", "signed.bin", "--key", "other.pem")
    assert (other.exit_code, "this key's kind, ecdsa-p256, found ed25519; check with" in other.output) == (1, True)


def test_a_device_is_no_image_no_program_and_no_key(run, tmp_path):
    (tmp_path / "program.bin").write_bytes(program(400))
    (tmp_path / "key.pem").write_bytes(pem(key()))
    signing = ["--version", "1.0.0", "-o", "signed.bin", "--key"]
    for command in (["image", "/dev/zero"], ["sign", "/dev/zero", *signing, "key.pem"]):
        done = run(*command)
        assert (done.exit_code, "found no plain file at /dev/zero" in done.output) == (2, True)
    done = run("sign", "program.bin", *signing, "/dev/zero")
    assert (done.exit_code, "wanted a key in PEM, found a file without a line BEGIN" in done.output) == (2, True)


@pytest.mark.parametrize(("content", "name"), [(esp(), "ESP"), (uf2(program(300)), "UF2"), (mcuboot(), "an MCUboot")])
def test_what_mcuboot_does_not_start_is_not_signed(sign, tmp_path, content, name):
    (tmp_path / "program.bin").write_bytes(content)
    done = sign("signed.bin")
    assert (done.exit_code, (tmp_path / "signed.bin").exists()) == (2, False)
    assert name in done.output


def test_signing_never_writes_over_the_program(run, tmp_path):
    (tmp_path / "program.bin").write_bytes(program(400))
    (tmp_path / "key.pem").write_bytes(pem(key()))
    done = run("sign", "program.bin", "--key", "key.pem", "--version", "1.0.0", "--pad-header", "-o", "program.bin")
    assert (done.exit_code, (tmp_path / "program.bin").read_bytes()) == (2, program(400))


@pytest.fixture
def sign(run, tmp_path):
    """Signs a program into a file."""
    (tmp_path / "program.bin").write_bytes(program(400))
    (tmp_path / "key.pem").write_bytes(pem(key()))

    def call(output, *more):
        given = ["program.bin", "--key", "key.pem", "--version", "1.0.0", "--pad-header", "-o", output]
        return run("sign", *given, *more)

    return call


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize("name", ["key.pem", "link.pem", "other.pem"])
def test_signing_never_writes_over_a_key(sign, tmp_path, name, force):
    (tmp_path / "link.pem").symlink_to("key.pem")
    (tmp_path / "other.pem").write_bytes(b"Bag Attributes\n" + pem(key("ecdsa-p256")))
    before = (tmp_path / name).read_bytes()
    done = sign(name, *force)
    assert (done.exit_code, (tmp_path / name).read_bytes()) == (2, before)
    assert "wanted a" in done.output
    assert "name another" in done.output


def test_signing_writes_over_an_older_signed_image_and_over_another_file_by_force_alone(sign, tmp_path):
    output = tmp_path / "signed.bin"
    output.write_bytes(mcuboot(version="0.9.0"))
    assert sign("signed.bin").exit_code == 0
    new = output.read_bytes()
    output.write_bytes(b"notes of the plant")
    refused = sign("signed.bin")
    assert (refused.exit_code, output.read_bytes()) == (2, b"notes of the plant")
    assert "wanted a new file or an older signed image to write over, found something else at" in refused.output
    assert (sign("signed.bin", "--force").exit_code, output.read_bytes()) == (0, new)


def test_a_key_that_is_none_is_refused(run, tmp_path):
    (tmp_path / "program.bin").write_bytes(program(400))
    (tmp_path / "key.pem").write_text("no key")
    done = run("sign", "program.bin", "--key", "key.pem", "--version", "1.0.0", "--pad-header", "-o", "signed.bin")
    assert done.exit_code == 2
    assert "wanted a key in PEM, found a file without a line BEGIN; make one with" in done.output


def test_a_full_disk_leaves_the_older_signed_image(run, tmp_path, monkeypatch):
    (tmp_path / "program.bin").write_bytes(program(400))
    (tmp_path / "key.pem").write_bytes(pem(key()))
    older = mcuboot(version="1.0.0")
    (tmp_path / "signed.bin").write_bytes(older)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    done = run("sign", "program.bin", "--key", "key.pem", "--version", "1.0.0", "--pad-header", "-o", "signed.bin")
    assert done.exit_code != 0
    assert (tmp_path / "signed.bin").read_bytes() == older
    assert "signed.bin" in str(done.output)
