"""Every format is read to its end, and a damaged file is refused with the reason."""

import hashlib
import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_tools.image import BadImage, parse_image, read_image
from tests.fakes.firmware_images import RP2350, elf, esp, intel_hex, mcuboot, program, uf2

PROGRAM = program(1000)


def test_an_mcuboot_image_tells_version_hash_and_signature():
    image = parse_image(mcuboot(version="2.3.4+5"))
    assert (image.kind, image.version, image.signature) == ("mcuboot", "2.3.4+5", "ed25519")
    assert len(image.digest) == len(image.key_hash) == 64
    assert image.remarks == ()


def test_an_esp_image_tells_chip_version_and_name():
    image = parse_image(esp(chip_id=9))
    assert (image.kind, image.chip, image.version, image.name) == ("esp", "esp32s3", "4.5.6", "gate")
    assert [one.start for one in image.segments] == [0x3C000020, 0x40380000]


def merged(chip_id=5, program_chip_id=5):
    table = struct.pack("<HBBII16sI", 0x50AA, 0, 0x10, 0x10000, 0x10000, b"factory", 0)
    first = esp(chip_id).ljust(0x8000, b"\xff") + table
    return first.ljust(0x10000, b"\xff") + esp(program_chip_id, version="9.9")


def test_a_merged_esp_file_tells_of_the_program_in_it():
    image = parse_image(merged())
    assert image.version == "9.9"
    assert "merged" in image.remarks[0]


def with_table_hash():
    content = bytearray(merged())
    digest = hashlib.md5(content[0x8000:0x8020], usedforsecurity=False).digest()
    content[0x8020:0x8040] = b"\xeb\xeb" + b"\xff" * 14 + digest
    return bytes(content)


@pytest.mark.parametrize(
    ("place", "byte", "said"),
    [
        (0x8006, 0x7F, "that its MD5 fits"),  # where the program begins
        (0x800A, 0x00, "that its MD5 fits"),  # how large it is
        (0x8002, 0x01, "that its MD5 fits"),  # that it is a program
        (0x8000, 0x00, "wanted a partition, an MD5 or erased flash at offset 0x8000, found 0x5000"),
        (0x8020, 0x00, "wanted a partition, an MD5 or erased flash at offset 0x8020, found 0xeb00"),
        (0x10000, 0xFF, "wanted an ESP image"),  # the program's first byte, as erased flash has it
    ],
)
def test_a_damaged_partition_table_does_not_hide_a_program(place, byte, said):
    content = bytearray(with_table_hash())
    assert "1 program(s)" in parse_image(bytes(content)).remarks[0]
    content[place] = byte
    with pytest.raises(BadImage, match=said):
        parse_image(bytes(content))


def test_a_merged_esp_file_for_two_chips_is_refused():
    with pytest.raises(BadImage, match="wanted programs for esp32c3, found one for esp32"):
        parse_image(merged(program_chip_id=0))


def test_erased_flash_and_further_images_may_stand_behind_an_esp_image():
    padded = esp().ljust(0x10000, b"\xff")
    assert (parse_image(padded).remarks, parse_image(padded).signature) == ((), None)
    two = parse_image(padded + esp(version="9.9"))
    assert (two.version, "1 program(s)" in two.remarks[0]) == ("9.9", True)


def elf_of(sizes, room):
    """An ELF file with so many bytes behind its headers, and load segments that all begin at the first of them."""
    head = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
    head += struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, 0x08000101, 52, 0, 0, 52, 32, len(sizes), 0, 0, 0)
    first = len(head) + 32 * len(sizes)
    for place, size in enumerate(sizes):
        head += struct.pack("<8I", 1, first, 0, 0x08000000 + place * room, size, size, 5, 4)
    return head.ljust(first + room, b"\0")


def test_an_elf_file_is_loaded_once_and_not_for_each_of_its_headers():
    content = elf_of([1 << 20] * 512, 1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(BadImage, match=f"at most the file's {len(content):,} bytes together, found more"):
            parse_image(content)
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most_bytes < 4 << 20


def test_load_segments_may_be_as_large_together_as_their_file():
    content = elf_of([1000, 116], 1000)
    assert parse_image(content).payload_bytes == len(content) == 1116


def test_an_elf_program_tells_machine_and_where_it_is_loaded():
    image = parse_image(elf(PROGRAM))
    assert (image.kind, image.chip, image.entry) == ("elf", "arm", 0x08000101)
    assert [(one.start, one.content) for one in image.segments] == [(0x08000000, PROGRAM)]


def test_an_intel_hex_file_is_what_was_written():
    image = parse_image(intel_hex(PROGRAM))
    assert image.kind == "hex"
    assert [(one.start, one.content) for one in image.segments] == [(0x08000000, PROGRAM)]


def test_a_raw_binary_is_placed_by_its_reset_handler():
    image = parse_image(PROGRAM)
    assert (image.kind, image.chip, image.segments[0].start) == ("bin", "arm", 0x08000000)


def test_a_raw_binary_for_elsewhere_is_given_no_address():
    image = parse_image(program(1000, start=0x08020000))
    assert image.segments == ()
    assert "give its address" in image.remarks[-1]


def test_a_uf2_file_tells_its_chip_and_where_it_belongs():
    image = parse_image(uf2(PROGRAM, RP2350))
    assert (image.kind, image.chip, image.segments[0].start) == ("uf2", "rp2350-arm", 0x10000000)
    assert image.segments[0].content.startswith(PROGRAM)


def test_the_block_that_a_faulty_boot_rom_wants_is_no_part_of_the_program():
    first = bytearray(uf2(bytes(256), 0xE48BFF57, 0x10FFFF00))
    struct.pack_into("<I", first, 24, 2)
    assert parse_image(bytes(first) + uf2(PROGRAM, RP2350)).chip == "rp2350-arm"


def changed(content, offset, new):
    return content[:offset] + new + content[offset + len(new) :]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "found an empty file"),
        (mcuboot()[:1000], "cut short"),
        (mcuboot()[:-70], "cut short"),
        (changed(mcuboot(), 600, b"x"), "wanted sha256"),
        (changed(mcuboot(), 12, b"\x01"), "wanted the records behind the program to begin with 0x6907"),
        (mcuboot() + b"more", "found 4 more bytes"),
        (esp()[:300], "cut short"),
        (changed(esp(), 300, b"\0\1\2\3"), "wanted checksum"),
        (changed(esp(), len(esp()) - 1, b"\0"), "wanted SHA-256"),
        (esp(chip_id=77), "chip id 77"),
        (esp() + b"more", "behind the image's end at 0x11a0, found other bytes at 0x11a0"),
        (esp().ljust(0x3000, b"\xff") + b"more", "found other bytes at 0x3000"),
        (esp() + esp(), "found other bytes at 0x11a0"),
        (esp().ljust(0x2000, b"\xff") + esp()[:-1] + b"x", "wanted SHA-256"),
        (esp().ljust(0x2000, b"\xff") + b"\xe7\x02" + bytes(4093), "wanted a signature sector, 4,096 bytes"),
        (esp() + bytes(67), "wanted a signature of Secure Boot V1, 68 bytes"),
        (esp(size=0x6A00).ljust(0x8000, b"\xff") + b"\xe7\x02" + bytes(4094) + b"more", "other bytes at 0x9000"),
        (elf(PROGRAM)[:60], "cut short"),
        (changed(elf(PROGRAM), 16, b"\x01"), "found type 1"),
        (changed(elf(PROGRAM), 4, b"\x07"), "found class 7"),
        (intel_hex(PROGRAM)[:-13], "wanted an end record"),
        (changed(intel_hex(PROGRAM), 30, b"G"), "in line 2"),
        (changed(intel_hex(PROGRAM), 30, b"A"), "wanted checksum"),
        (intel_hex(PROGRAM) + intel_hex(PROGRAM), "two files were joined"),
        (uf2(PROGRAM)[:-100], "cut short"),
        (uf2(PROGRAM)[:-512], "block 3 is missing"),
        (uf2(PROGRAM) + uf2(PROGRAM), "4 blocks twice"),
        (uf2(PROGRAM) + uf2(PROGRAM, RP2350), "found rp2040, rp2350-arm"),
        (changed(uf2(PROGRAM), 512 + 12, struct.pack("<I", 0x10000010)), "found 0x10000010 twice"),
        (changed(uf2(PROGRAM), 1020, b"x"), "wanted the marks of a UF2 block in block 1"),
        (b"\x89PNG then more of it", "found a file that begins as none of them"),
        (struct.pack("<II", 0x20001000, 0x08000100) + bytes(100), "wanted a Thumb reset handler"),
    ],
)
def test_a_damaged_file_is_refused_with_the_reason(content, reason):
    with pytest.raises(BadImage, match=r"wanted .*, found .*[;:] .*") as refusal:
        parse_image(content)
    assert reason in str(refusal.value)


def test_a_refusal_names_the_file(tmp_path):
    path = tmp_path / "gate.uf2"
    path.write_bytes(uf2(PROGRAM)[:-1])
    with pytest.raises(BadImage, match=r"gate\.uf2: wanted whole blocks"):
        read_image(path)


@given(st.binary(min_size=1, max_size=700), st.integers(0, 0xFFF0).map(lambda at: 0x08000000 + 16 * at))
def test_intel_hex_comes_back_as_it_went(content, start):
    image = parse_image(intel_hex(content, start & ~0xFFFF))
    assert b"".join(one.content for one in image.segments) == content


@given(st.binary(min_size=1, max_size=2000))
def test_uf2_comes_back_as_it_went(content):
    assert parse_image(uf2(content)).segments[0].content[: len(content)] == content


@given(st.sampled_from([mcuboot(400), esp(size=300), elf(PROGRAM), uf2(PROGRAM), intel_hex(PROGRAM)]), st.data())
def test_a_shortened_file_is_never_taken(content, data):
    kept = data.draw(st.integers(1, len(content) - 3))
    with pytest.raises(BadImage):
        # A shortened ELF may lose only its section headers, which nothing is loaded from.
        parse_image(content[: min(kept, 84 + len(PROGRAM) - 1) if content[:4] == b"\x7fELF" else kept])
