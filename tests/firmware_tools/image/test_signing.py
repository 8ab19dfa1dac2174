"""What we sign, imgtool verifies; what imgtool signs, we read; another key's signature is refused."""

import base64
import subprocess
import sys

import pytest

from edge_contracts.errors import BadInputError
from firmware_tools.image import parse_image
from firmware_tools.image.signing import (
    NotSigned,
    check_signature,
    parse_version,
    program_of,
    read_key,
    sign_program,
)
from tests.fakes.firmware_images import elf, intel_hex, key, mcuboot, pem, program

PROGRAM = program(500)
KINDS = ("ed25519", "ecdsa-p256", "rsa-2048")


def imgtool(*arguments):
    command = [sys.executable, "-m", "imgtool.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_signed_here_is_good_for_imgtool(tmp_path, kind):
    private, image, public = key(kind), tmp_path / "signed.bin", tmp_path / "key.pem"
    image.write_bytes(sign_program(PROGRAM, parse_version("1.2.3+4"), private, header_bytes=0x200))
    public.write_bytes(pem(private, public=True))
    done = imgtool("verify", "-k", public, image)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1.2.3+4" in done.stdout


def test_imgtool_refuses_another_keys_signature(tmp_path):
    image, other = tmp_path / "signed.bin", tmp_path / "other.pem"
    image.write_bytes(sign_program(PROGRAM, parse_version("1.2.3"), key("ecdsa-p256"), header_bytes=32))
    other.write_bytes(pem(key("rsa-2048"), public=True))
    assert imgtool("verify", "-k", other, image).returncode != 0


@pytest.mark.parametrize(("kind", "record"), [("ed25519", "ed25519"), ("rsa-2048", "rsa-2048-pss")])
def test_what_imgtool_signs_is_read_and_checked(tmp_path, kind, record):
    (tmp_path / "key.pem").write_bytes(pem(key(kind)))
    (tmp_path / "program.bin").write_bytes(PROGRAM)
    given = ["--header-size", "0x200", "--pad-header", "--slot-size", "0x8000", "--align", "4", "--version", "7.8.9"]
    paths = [tmp_path / "program.bin", tmp_path / "signed.bin"]
    assert imgtool("sign", "-k", tmp_path / "key.pem", *given, "--pad", *paths).returncode == 0
    image = parse_image(paths[1].read_bytes())
    assert (image.version, image.signature) == ("7.8.9", record)
    assert "padded to a slot" in image.remarks[0]
    check_signature(image, key(kind).public_key())


@pytest.mark.parametrize("kind", KINDS)
def test_another_keys_signature_is_refused(kind):
    image = parse_image(sign_program(PROGRAM, parse_version("1.2.3"), key(kind), header_bytes=32))
    check_signature(image, key(kind).public_key())
    for other in set(KINDS) - {kind}:
        with pytest.raises(NotSigned, match="wanted a signature of this key's kind"):
            check_signature(image, key(other))
    key.cache_clear()
    if kind != "ed25519":
        with pytest.raises(NotSigned, match="a bootloader with this key refuses the image"):
            check_signature(image, key(kind))


def der(tag, content):
    return bytes([tag, len(content)]) + content


# GOST R 34.10-2012, which cryptography does not know.
ALGORITHM = der(0x30, der(6, bytes.fromhex("2a85030701010101")) + der(5, b""))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("PRIVATE", der(0x30, der(2, b"\0") + ALGORITHM + der(4, der(4, bytes(32))))),
        ("PUBLIC", der(0x30, ALGORITHM + der(3, bytes(33)))),
    ],
    ids=["private", "public"],
)
def test_a_key_of_a_kind_that_nobody_here_knows_is_refused(name, content):
    text = base64.encodebytes(content).decode()
    with pytest.raises(BadInputError, match="found another kind; MCUboot knows only these"):
        read_key(f"-----BEGIN {name} KEY-----\n{text}-----END {name} KEY-----\n".encode())


def test_elf_and_hex_are_signed_as_their_raw_binary():
    assert program_of(elf(PROGRAM), 32, pad_header=True) == PROGRAM
    assert program_of(intel_hex(PROGRAM), 32, pad_header=True) == PROGRAM
    assert program_of(bytes(0x200) + PROGRAM, 0x200, pad_header=False) == PROGRAM


def test_room_that_is_not_there_is_asked_for():
    with pytest.raises(BadInputError, match="give --pad-header"):
        program_of(PROGRAM, 0x200, pad_header=False)


def test_an_image_is_not_signed_twice():
    with pytest.raises(BadInputError, match="not signed yet"):
        program_of(mcuboot(), 0x200, pad_header=True)


@pytest.mark.parametrize("words", ["1.2", "1.2.3.4", "256.0.0", "1.2.x", "1.2.70000", ""])
def test_a_version_that_mcuboot_cannot_hold_is_refused(words):
    with pytest.raises(BadInputError, match="wanted a version such as"):
        parse_version(words)
