"""The C header says what the description says, byte for byte what the Python codec says, and nothing else."""

import random
import subprocess

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.serial_link import StreamDecoder, encode
from edge_contracts.serial_link.description import load_description
from edge_contracts.serial_link.layout import LAYOUTS
from edge_contracts.serial_link.reference import example_frame
from firmware_tools.link_header import header_path, renewed
from tests.fakes.firmware import HEADERS, STRICT, built, sealed
from tests.lab.link.channel import random_frame
from tests.system.required import require_tool


def echoed(programs, data):
    done = subprocess.run([built("echo", programs), "-"], input=data, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_the_header_is_made_from_the_description_as_it_stands():
    text = header_path().read_text("utf-8")
    assert renewed(text) == text, "run 'make docs'"


def test_a_header_without_marks_is_refused():
    with pytest.raises(BadInputError, match="wanted a header with"):
        renewed("#include <stdint.h>\n")


def test_the_examples_of_the_description_come_back_from_c_as_they_are(programs):
    told = load_description()
    data = b"".join(encode(example_frame(told, one)) for one in told.examples)
    assert echoed(programs, data) == data


def test_random_frames_come_back_from_c_as_they_are(programs):
    chance = random.Random(7)
    data = b"".join(encode(random_frame(chance)) for _ in range(4000))
    assert echoed(programs, data) == data


def test_both_sides_refuse_the_same_of_what_is_whole_but_wrong(programs):
    """Random bodies under right CRCs: only lengths, flags and ranges are left to refuse them."""
    chance = random.Random(11)
    data = b"".join(_strange(chance) for _ in range(20_000))
    frames = StreamDecoder().feed(data)
    assert len(frames) > 1000
    assert len({type(frame.message) for frame in frames}) == len(LAYOUTS)
    assert StreamDecoder().feed(echoed(programs, data)) == frames


def test_the_header_is_plain_c_and_its_names_are_its_own(tmp_path):
    """As two files of one program, and without the host's library."""
    for name in ("one.c", "two.c"):
        (tmp_path / name).write_text('#include "lepton_link.h"\nint ' + name[:3] + "(void);\n", "utf-8")
    flags = [*STRICT, "-Wconversion", "-Wundef", "-ffreestanding", f"-I{HEADERS}", "-c"]
    subprocess.run([require_tool("gcc"), *flags, "one.c", "two.c"], cwd=tmp_path, check=True, timeout=60)


def _strange(chance):
    layout = chance.choice(LAYOUTS)
    ident = layout.ident if chance.random() < 0.95 else chance.randrange(256)
    flags = int(layout.reliable) if chance.random() < 0.95 else chance.randrange(256)
    sequence = chance.randrange(256) if layout.reliable or chance.random() < 0.1 else 0
    body = bytearray(layout.pack(random_frame(chance, layout).message))
    if chance.random() < 0.5:
        body[chance.randrange(len(body))] = chance.randrange(256)
    if chance.random() < 0.1:
        body = body[: chance.randrange(len(body) + 1)] + chance.randbytes(chance.randrange(8))
    whole = bytes([1 if chance.random() < 0.99 else 2, ident, flags, sequence]) + bytes(body)
    return sealed(whole)
