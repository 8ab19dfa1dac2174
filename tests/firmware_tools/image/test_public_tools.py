"""What the public tools make is recognised: gcc and objcopy, esptool, imgtool."""

import subprocess
import sys

import pytest

from firmware_tools.image import BadImage, read_image
from tests.fakes.firmware_images import elf, esp, program
from tests.system.required import require_tool

SOURCE = """
__attribute__((section(".vectors"), used)) const unsigned vectors[64] = {0x20001000, 0x08000041, 1, 2, 3};
void _start(void) { for (;;) {} }
"""


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """A program linked to the address of an STM32's flash, by this machine's own compiler."""
    folder = tmp_path_factory.mktemp("linked")
    compiler, objcopy = require_tool("gcc"), require_tool("objcopy")
    (folder / "gate.c").write_text(SOURCE)
    layout = "SECTIONS { . = 0x08000000; .text : { *(.vectors) *(.text*) } /DISCARD/ : { *(.eh_frame*) *(.note*) } }"
    (folder / "gate.ld").write_text(layout)
    options = ["-nostdlib", "-static", "-fno-pic", "-no-pie", "-Wl,--build-id=none", "-Wl,-N", "-T"]
    target = folder / "gate.elf"
    subprocess.run([compiler, *options, folder / "gate.ld", folder / "gate.c", "-o", target], check=True)
    for form, name in (("ihex", "gate.hex"), ("binary", "gate.bin")):
        subprocess.run([objcopy, "-O", form, target, folder / name], check=True)
    return folder


def test_a_compilers_program_is_one_in_all_three_formats(linked):
    images = [read_image(linked / name) for name in ("gate.elf", "gate.hex", "gate.bin")]
    assert [one.kind for one in images] == ["elf", "hex", "bin"]
    assert {one.segments[0].start for one in images} == {0x08000000}
    assert len({one.segments[0].content for one in images}) == 1


def esptool(*arguments, module="esptool"):
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=90
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_esptool_makes_is_read_apart_and_merged(tmp_path):
    source, image, merged = tmp_path / "gate.elf", tmp_path / "gate.bin", tmp_path / "merged.bin"
    source.write_bytes(elf(program(600), machine=243, start=0x40380000, entry=0x40380010))
    esptool("--chip", "esp32c3", "elf2image", "-o", image, source)
    found = read_image(image)
    assert (found.kind, found.chip, found.entry) == ("esp", "esp32c3", 0x40380010)
    assert found.segments[0].content.startswith(program(600))
    esptool("--chip", "esp32c3", "merge-bin", "--pad-to-size", "1MB", "-o", merged, "0x0", image, "0x10000", image)
    assert read_image(merged).chip == "esp32c3"


@pytest.mark.parametrize(("version", "kind", "told"), [("1", "ecdsa256", "ecdsa"), ("2", "rsa3072", "rsa-3072-pss")])
def test_what_espsecure_signs_is_read_to_the_end_of_its_signature(tmp_path, version, kind, told):
    secret, plain, signed = tmp_path / "key.pem", tmp_path / "plain.bin", tmp_path / "signed.bin"
    plain.write_bytes(esp())
    esptool("generate-signing-key", "--version", version, "--scheme", kind, secret, module="espsecure")
    esptool("sign-data", "--version", version, "--keyfile", secret, "-o", signed, plain, module="espsecure")
    assert read_image(signed).signature == told
    signed.write_bytes(signed.read_bytes() + b"more")
    with pytest.raises(BadImage, match="wanted erased flash or a signature behind the image's end"):
        read_image(signed)
