"""The C header says what the description says, byte for byte what the Python codec says, and nothing else."""

import random
import subprocess

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.serial_link import Ack, Frame, Identify, StreamDecoder, encode
from edge_contracts.serial_link.description import load_description
from edge_contracts.serial_link.layout import LAYOUTS
from edge_contracts.serial_link.reference import example_frame
from firmware_tools.link_header import header_path, renewed
from tests.fakes.firmware import HEADERS, SANITIZED, STRICT, built, sealed
from tests.lab.link.channel import random_frame
from tests.lab.link.hostile import strange
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
    data = b"".join(strange(chance) for _ in range(20_000))
    frames = StreamDecoder().feed(data)
    assert len(frames) > 1000
    assert len({type(frame.message) for frame in frames}) == len(LAYOUTS)
    back = StreamDecoder()
    assert back.feed(echoed(programs, data)) == frames
    assert back.refused == 0


def test_a_firmware_takes_an_answer_where_the_python_codec_reads_one(firmware):
    """Random acks and naks under right CRCs to a trigger on its way: it is said again unless one was understood."""
    chance, tally = random.Random(5), {True: 0, False: 0}
    firmware.hear(Frame(Identify(5)))
    for number in range(400):
        firmware.at(number * 100_000)
        (told,) = firmware.part().frames
        head = bytes([1, chance.choice((3, 4)), chance.choice((0, 0, 0, 0, 1)), chance.choice((0, 0, 0, 0, 7))])
        behind = bytes(chance.randrange(13) for _ in range(chance.choice((0, 0, 1, 1, 2, 6))))
        answer = sealed(head + bytes([told.sequence]) + behind)
        is_read = bool(StreamDecoder().feed(answer))
        firmware.hear_bytes(answer)
        assert firmware.at(number * 100_000 + 30_000).frames == ([] if is_read else [told]), answer.hex()
        firmware.hear(Frame(Ack(told.sequence)))
        tally[is_read] += 1
    assert min(tally.values()) > 50


def test_the_header_is_plain_c_and_its_names_are_its_own(tmp_path):
    """As two files of one program, and without the host's library."""
    for name in ("one.c", "two.c"):
        (tmp_path / name).write_text('#include "lepton_link.h"\nint ' + name[:3] + "(void);\n", "utf-8")
    flags = [*STRICT, "-Wconversion", "-Wundef", "-ffreestanding", f"-I{HEADERS}", "-c"]
    subprocess.run([require_tool("gcc"), *flags, "one.c", "two.c"], cwd=tmp_path, check=True, timeout=60)


def test_the_loop_that_it_shows_notices_the_time_out_on_a_line_that_never_falls_silent(tmp_path):
    head = header_path().read_text("utf-8").partition("*/")[0]
    shown = [line.removeprefix(" *") for line in head.splitlines() if line.startswith(" *     ")]
    (tmp_path / "shown_loop.h").write_text("\n".join([*shown, ""]), "utf-8")
    program = built("babble", tmp_path, [*SANITIZED, f"-I{tmp_path}"])
    assert subprocess.run([program], timeout=60, check=False).returncode == 0


@pytest.mark.parametrize(("parts", "takes"), [("0", False), ("1", True), ("255u", True), ("256", False)])
def test_it_takes_as_many_parts_as_it_can_count(tmp_path, parts, takes):
    (tmp_path / "one.c").write_text('#include "lepton_link.h"\n', "utf-8")
    command = [require_tool("gcc"), *STRICT, f"-I{HEADERS}", f"-DLEPTON_PARTS={parts}", "-fsyntax-only", "one.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode == 0) is takes
    assert ("wanted LEPTON_PARTS from 1 to 255" in done.stderr) is not takes


def test_what_it_remembers_has_room_in_half_a_kilobyte(tmp_path):
    """On a host, whose pointers are larger; `make size-link` says what it takes on a Cortex-M."""
    told = '#include "lepton_link.h"\ntypedef char room[sizeof(struct lepton_link) <= 512 ? 1 : -1];\n'
    (tmp_path / "room.c").write_text(told, "utf-8")
    command = [require_tool("gcc"), *STRICT, f"-I{HEADERS}", "-fsyntax-only", "room.c"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
