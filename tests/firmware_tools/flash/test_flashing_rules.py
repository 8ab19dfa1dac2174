"""What is decided before and beside the line: fit, families, addresses, programs, the words of every end state."""

import dataclasses
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import ClassVar

import pytest

from edge_contracts.errors import BadInputError, MissingExtraError
from firmware_tools.flash import Chip, EndState, check_fit, flash
from firmware_tools.flash.end_state import MEANINGS
from firmware_tools.flash.esp32 import Esp32Flasher
from firmware_tools.flash.families import FAMILIES, Options, build_flasher, family_of
from firmware_tools.flash.fit import Outside, UnnamedChip
from firmware_tools.flash.flasher import ChipSilent, Stage, WriteRefused, WrongChip
from firmware_tools.flash.program import find_program, run_program
from firmware_tools.flash.rom_bootloader import nobody, state_after
from firmware_tools.flash.rp2 import find_drive
from firmware_tools.flash.stm32 import Stm32Flasher
from firmware_tools.flash.stm32_products import PRODUCTS
from firmware_tools.image import parse_image
from tests.fakes.chip_line import Fault
from tests.fakes.firmware_images import RP2350, elf, esp, intel_hex, mcuboot, program, uf2
from tests.fakes.flash_benches import HURRIED_S, bench

FLASH = 0x08000000
PROGRAM = parse_image(program(500))


def test_every_end_state_has_a_sentence_and_a_next_step():
    assert set(MEANINGS) == set(EndState)
    assert all(one.sentence and one.next_step for one in MEANINGS.values())


@pytest.mark.parametrize(
    ("content", "family"),
    [
        (mcuboot(), "mcuboot"),
        (esp(), "esp32"),
        (uf2(program(300)), "rp2"),
        (program(300), "stm32"),
        (elf(program(300)), "stm32"),
        (intel_hex(program(300)), "stm32"),
    ],
)
def test_an_image_goes_with_one_family(content, family):
    image = parse_image(content)
    assert family_of(image, None) == family_of(image, family) == family
    for other in set(FAMILIES) - {family}:
        with pytest.raises(BadInputError, match=f"goes with {family}"):
            family_of(image, other)


def test_an_image_that_names_no_chip_wants_one_named():
    chip = Chip("stm32f411", "product id 0x431", also=("0x431",))
    with pytest.raises(UnnamedChip, match="add --chip stm32f411"):
        check_fit(PROGRAM, chip, None)
    check_fit(PROGRAM, chip, "0x431")
    check_fit(PROGRAM, chip, "STM32F411")


def test_a_uf2_file_fits_its_own_board_alone():
    image = parse_image(uf2(program(300), RP2350))
    check_fit(image, Chip("rp2350"), None)
    with pytest.raises(WrongChip, match="wanted rp2350-arm, for which the image was built, found rp2040"):
        check_fit(image, Chip("rp2040"), None)


def test_an_esp32_is_no_esp32s3():
    with pytest.raises(WrongChip):
        check_fit(parse_image(esp(chip_id=9)), Chip("esp32"), None)
    with pytest.raises(WrongChip):
        check_fit(parse_image(esp(chip_id=0)), Chip("esp32s3"), None)
    check_fit(parse_image(esp(chip_id=9)), Chip("esp32s3"), "ESP32-S3")
    with pytest.raises(WrongChip, match=r"wanted ESP32 as --chip says, found esp32s3; .* give one of these names"):
        check_fit(parse_image(esp(chip_id=9)), Chip("esp32s3"), "ESP32")


ROOMS = (range(100, 200), range(300, 400))


@pytest.mark.parametrize("span", [range(100, 200), range(300, 301)])
def test_an_image_within_one_room_of_the_memory_fits(span):
    check_fit(PROGRAM, Chip("stm32", memory=ROOMS), "stm32", [span])
    check_fit(PROGRAM, Chip("stm32"), "stm32", [range(10_000)])


@pytest.mark.parametrize("span", [range(99, 150), range(150, 201), range(150, 350), range(500, 501)])
def test_an_image_outside_of_the_memory_is_refused(span):
    told = f"0x64 to 0xc7 .100 bytes. or 0x12c to .* found {span.start:#x} to {span.stop - 1:#x} .{len(span)} bytes."
    with pytest.raises(Outside, match=told):
        check_fit(PROGRAM, Chip("stm32", memory=ROOMS), "stm32", [range(100, 101), span])


@pytest.fixture
def chip_of(tmp_path, monkeypatch):
    """A family's chip at its line, with a flasher for an image of the test's own."""

    @contextmanager
    def made(name, content=None, **model):
        family = bench(name, tmp_path)
        family.image = family.image if content is None else parse_image(content)
        with family.chip(**model) as chip:
            for variable, value in family.environment(chip).items():
                monkeypatch.setenv(variable, value)
            yield family, chip

    return made


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("esp32", esp(size=2 << 20), "0x0 to 0x1fffff .2,097,152 bytes., found 0x10000 to 0x2"),
        ("stm32", program(17_000), "0x8000000 to 0x8003fff .16,384 bytes., found 0x8000000 to 0x8004267"),
        ("rp2", uf2(program(300), start=0x0), "0x10000000 to 0x10ffffff .* found 0x0 to 0x1ff"),
        ("rp2", uf2(program(300), start=0x10FFFF00), "found 0x10ffff00 to 0x110000ff"),
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_what_lies_outside_of_the_chip_is_refused_by_a_dry_run_too(chip_of, name, content, found, dry_run):
    with chip_of(name, content) as (family, chip):
        done = flash(
            family.flasher(chip),
            family.image,
            expected=family.expected,
            attempts=1,
            told=nobody,
            sleep=nobody,
            dry_run=dry_run,
        )
    assert isinstance(done.error, Outside)
    assert re.search(found, str(done.error))
    assert (done.end_state, family.held(chip)) == (EndState.UNTOUCHED, "old")


@pytest.mark.parametrize("name", ["mcuboot", "rp2"])
def test_a_chip_that_does_not_tell_its_size_says_so(chip_of, name):
    with chip_of(name) as (family, chip):
        assert re.search("how large its .* is, is not known", family.flasher(chip).identify().untold)


@pytest.mark.parametrize(("product", "kept"), [(0x410, "F1"), (0x413, "F4")])
def test_an_stm32_tells_its_own_number_and_size(chip_of, product, kept):
    with chip_of("stm32", product=product) as (family, chip):
        found = family.flasher(chip).identify()
    assert PRODUCTS[product].registers == kept
    assert found.details == f"product id {product:#x}, unique id 2061-6863-6F207069-32312066"
    assert found.memory == (range(FLASH, FLASH + 16384),)


def test_an_stm32_whose_registers_are_erased_has_no_number(chip_of):
    with chip_of("stm32") as (family, chip):
        chip.uid = b"\xff" * 12
        assert family.flasher(chip).identify().details == "product id 0x410"


def test_a_protected_stm32_is_named_without_its_number(chip_of):
    with chip_of("stm32", protected=True) as (family, chip):
        found = family.flasher(chip).identify()
    assert (found.name, found.details, found.memory) == ("stm32f10x-medium", "product id 0x410", ())
    assert "how large its flash is, is not known" in found.untold
    told = f"its read-out protection is probably on, .*: 'stm32loader -p {re.escape(chip.path)} -u' takes it off"
    assert re.search(told, found.untold)


def test_an_stm32_of_the_same_kind_is_not_gone_on_with(chip_of):
    with chip_of("stm32", fault=Fault("cut", 1500, back=True)) as (family, chip):
        done = flash(
            family.flasher(chip),
            family.image,
            expected=family.expected,
            attempts=3,
            told=nobody,
            sleep=lambda _: chip.become(uid=b"another one."),
        )
    assert isinstance(done.error, WrongChip)
    assert re.search("unique id .* again, found stm32f10x-medium product id 0x410, unique id ", str(done.error))
    assert (done.end_state, done.attempts) == (EndState.HALF_WRITTEN, 1)


def stm32(image, address=None):
    return Stm32Flasher(image, lambda: "port", ["none"], baud=115200, address=address, timeout_s=1)


def test_a_raw_binary_wants_an_address_even_where_one_would_suit():
    with pytest.raises(BadInputError, match="give --address; its reset handler would suit 0x08000000"):
        stm32(PROGRAM)
    elsewhere = parse_image(program(500, start=0x08020000))
    with pytest.raises(BadInputError, match=r"give --address$"):
        stm32(elsewhere)
    assert stm32(elsewhere, 0x08020000)._address == "0x8020000"


@pytest.mark.parametrize("address", [0x20000000, 0x07FFFF00, 0x083FFF00])
def test_an_address_outside_of_the_flash_is_refused(address):
    with pytest.raises(BadInputError, match="wanted a program in an STM32's flash"):
        stm32(PROGRAM, address)


@pytest.mark.parametrize("address", [0x08000001, 0x08000002, 0x08000004])
def test_an_address_at_which_no_flash_can_be_written_is_refused(address):
    with pytest.raises(BadInputError, match=f"wanted an address that is a multiple of 8, .* found {address:#x}"):
        stm32(PROGRAM, address)
    with pytest.raises(BadInputError, match="multiple of 8"):
        stm32(parse_image(elf(program(500), start=address)))


@pytest.mark.parametrize("address", [0x08001000, 0x08010000])
def test_a_raw_binary_that_would_not_start_at_its_address_is_refused(address):
    told = f"reset handler, 0x08000101, within it, found that it would lie from {address:#x} to .* and not start"
    with pytest.raises(BadInputError, match=told):
        stm32(PROGRAM, address)


@pytest.mark.parametrize("linked_for", [FLASH, 0x0C000000, 0])
def test_a_raw_binary_may_be_linked_for_each_place_at_which_a_program_sees_its_flash(linked_for):
    assert stm32(parse_image(program(500, start=linked_for)), FLASH).spans == (range(FLASH, FLASH + 504),)


@pytest.mark.parametrize("start", [FLASH, FLASH + 0x1000])
def test_a_dry_run_says_that_nothing_will_lie_where_the_chip_starts(chip_of, start):
    with chip_of("stm32", elf(program(500, start=start), start=start)) as (family, chip):
        told = family.flasher(chip).identify().untold
    assert ("nothing will lie at 0x08000000, where it usually starts" in told) == (start != FLASH)


def test_a_protected_stm32_is_told_as_such_and_how_to_open_it(chip_of):
    with chip_of("stm32", protected=True) as (family, chip):
        done = flash(
            family.flasher(chip), family.image, expected=family.expected, attempts=3, told=nobody, sleep=nobody
        )
    assert (done.end_state, done.attempts, family.held(chip)) == (EndState.PROTECTED, 1, "old")
    assert f"'stm32loader -p {chip.path} -u' takes it off and erases the chip" in str(done.error)


def test_a_program_for_another_flash_is_refused():
    with pytest.raises(BadInputError, match="wanted a program in an STM32's flash"):
        stm32(parse_image(elf(program(500), start=0x10000000)))


def two_pieces(start):
    """A HEX file of a program and of 16 bytes somewhere else."""
    head = intel_hex(program(500)).splitlines(keepends=True)[:-1]
    return parse_image(b"".join(head) + intel_hex(bytes(16), start=start))


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (0x1FFF0000, "bytes at 0x1fff0000 to 0x1fff0010; those are option bytes .* leave them out of the file"),
        (0x1FF80000, "bytes at 0x1ff80000 to 0x1ff80010; those are option bytes"),
        (0x20000000, "bytes at 0x20000000 to 0x20000010; is it for another chip"),
        (0xFFF00000, "bytes at 0xfff00000 to 0xfff00010; is it for another chip"),
        (0x07FF0000, "bytes at 0x7ff0000 to 0x7ff0010; is it for another chip"),
    ],
)
def test_a_piece_far_from_the_program_is_refused_before_the_gap_is_filled(start, told, monkeypatch):
    monkeypatch.setattr("firmware_tools.flash.stm32.flat", None)
    with pytest.raises(BadInputError, match=told):
        stm32(two_pieces(start))


def test_a_gap_within_the_flash_is_filled_as_erased():
    content = stm32(two_pieces(FLASH + 0x10000))._content
    assert (len(content), set(content[500:0x10000])) == (0x10010, {0xFF})


@pytest.mark.parametrize("form", [elf, intel_hex, bytes])
def test_every_format_of_a_program_is_the_same_flash(form):
    address = FLASH if form is bytes else None
    assert stm32(parse_image(form(program(500))), address)._content == program(500).ljust(504, b"\xff")


@pytest.mark.parametrize("machine", [243, 94, 62, 3, 999])
def test_a_program_for_another_processor_is_no_stm32s(machine):
    with pytest.raises(
        BadInputError, match=r"wanted a program for arm, .* found one for .*; of an ESP32's program give"
    ):
        stm32(parse_image(elf(program(500), machine=machine)))


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (uf2(program(300)), [{"confirm": False}, {"address": 5}, {"stub": False}, {"swapped": True}, {"baud": 9600}]),
        (uf2(program(300)), [{"wired": False}]),
        (mcuboot(), [{"address": 5}, {"stub": False}, {"swapped": True}, {"wired": False}]),
        (esp(), [{"confirm": False}, {"swapped": True}]),
        (program(300), [{"confirm": False}, {"stub": False}, {"wired": False}]),
        (intel_hex(program(300)), [{"address": FLASH}]),
        (elf(program(300)), [{"address": FLASH}]),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(content, options):
    image = parse_image(content)
    for given in options:
        with pytest.raises(BadInputError, match=r"wanted no --[a-z-]+ for a .* leave it out"):
            build_flasher(family_of(image, None), image, Options("/dev/null", **given), nobody)


def test_each_family_takes_its_own_options(monkeypatch):
    monkeypatch.setattr("firmware_tools.flash.build.find_program", lambda name: [name])
    build_flasher("stm32", PROGRAM, Options("/dev/null", baud=9600, address=FLASH, swapped=True, timeout_s=3), nobody)
    esp_options = Options("/dev/null", baud=9600, address=0, wired=False, stub=False)
    build_flasher("esp32", parse_image(esp()), esp_options, nobody)
    build_flasher("mcuboot", parse_image(mcuboot()), Options("/dev/null", baud=9600, confirm=False), nobody)
    build_flasher("rp2", parse_image(uf2(program(300))), Options("", timeout_s=3), nobody)


def test_an_esp_program_goes_where_esp_idf_has_it():
    def made(image, address=None):
        return Esp32Flasher(
            image,
            lambda: "port",
            [],
            baud=1,
            address=address,
            timeout_s=1,
            wired=False,
            stub=False,
            sleep=lambda _: None,
        )

    image = parse_image(esp())
    assert (made(image)._place, made(image, 0x20000)._place) == ("0x10000", "0x20000")
    with pytest.raises(BadInputError, match="give --address"):
        made(dataclasses.replace(image, version=None))
    with pytest.raises(BadInputError, match=r"wanted an address at a sector .* found 0x2710; is it hexadecimal"):
        made(image, 10000)


def test_a_protected_stm32_is_not_believed_to_be_written(tmp_path, monkeypatch):
    family = bench("stm32", tmp_path)
    with family.chip(protected=True) as chip:
        for name, value in family.environment(chip).items():
            monkeypatch.setenv(name, value)
        flasher = family.flasher(chip)
        with pytest.raises(WriteRefused):
            flasher.write(lambda _: None)
    assert family.held(chip) == "old"


def test_what_esptool_itself_refuses_leaves_the_chip_untouched(tmp_path, monkeypatch):
    family = bench("esp32", tmp_path)
    with family.chip() as chip:
        for name, value in family.environment(chip).items():
            monkeypatch.setenv(name, value)
        flasher = family.flasher(chip)
        flasher._place = hex(len(chip.memory) - 4096)
        with pytest.raises(WriteRefused, match="will not fit") as raised:
            flasher.write(nobody)
        assert flasher.settle(Stage.WRITE, raised.value) is EndState.UNTOUCHED
    assert family.held(chip) == "old"


def test_an_stm32_whose_reset_is_not_wired_wants_one_press_of_it(tmp_path, monkeypatch):
    family = bench("stm32", tmp_path)
    family.answer_s = HURRIED_S
    with family.chip() as chip:
        chip.lines_changed = lambda **_: None
        for name, value in family.environment(chip).items():
            monkeypatch.setenv(name, value)
        done = flash(
            family.flasher(chip), family.image, expected="0x410", attempts=1, told=nobody, sleep=lambda _: None
        )
    assert done.end_state is EndState.RUNNING
    assert (family.held(chip), chip.runs) == ("new", "program")


def test_a_program_that_is_not_installed_is_named_with_the_way_to_get_it():
    with pytest.raises(MissingExtraError, match="pipx install no_such_flasher"):
        find_program("no_such_flasher")


def test_a_program_that_hangs_is_ended_with_its_children():
    script = "import subprocess as s, sys; s.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    with pytest.raises(ChipSilent, match=r"wanted .* to end within"):
        run_program([sys.executable, "-c", script], timeout_s=0.5, told=lambda _: None)


def test_a_program_that_ignores_being_asked_is_killed(monkeypatch):
    monkeypatch.setattr("firmware_tools.flash.program.KILL_GRACE_S", 0.1)
    script = "import signal, time; signal.signal(15, signal.SIG_IGN); print('50 %', flush=True); time.sleep(60)"
    shares = []
    with pytest.raises(ChipSilent):
        run_program([sys.executable, "-c", script], timeout_s=1.0, told=shares.append)
    assert shares == [0.5]


class Interrupted(subprocess.Popen):
    """A program whose end is waited for until Ctrl-C comes, once."""

    ends: ClassVar[list[int | None]] = []
    stops = 1

    def wait(self, timeout=None):
        if self.stops:
            self.stops -= 1
            raise KeyboardInterrupt
        super().wait(timeout)
        self.ends.append(self.returncode)


class Late(subprocess.Popen):
    """A program that was started when Ctrl-C comes, and that nobody holds yet."""

    ends: ClassVar[list[subprocess.Popen]] = []

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.ends.append(self)
        signal.raise_signal(signal.SIGINT)


@pytest.fixture
def ctrl_c():
    """It stops this process, also where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_at_the_very_start_of_a_program_leaves_none(monkeypatch):
    monkeypatch.setattr("firmware_tools.flash.program.subprocess.Popen", Late)
    with pytest.raises(KeyboardInterrupt):
        run_program(["sleep", "60"], timeout_s=20.0, told=nobody)
    assert [one.returncode for one in Late.ends] == [-signal.SIGTERM]


def test_a_second_ctrl_c_leaves_no_program_that_ignores_being_asked(monkeypatch):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("firmware_tools.flash.program.subprocess.Popen", Interrupted)
    script = "import signal, time; signal.signal(15, signal.SIG_IGN); print('1 %', flush=True); time.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        run_program([sys.executable, "-c", script], timeout_s=20.0, told=stop)
    assert Interrupted.ends == [-signal.SIGKILL]


def test_two_drives_are_not_guessed_between(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")
    with pytest.raises(BadInputError, match=r"wanted one drive, found .*one, .*two"):
        find_drive("", [str(tmp_path)])
    assert find_drive(str(tmp_path / "two")).name == "two"
    with pytest.raises(ChipSilent, match=r"below .*nowhere, found none; hold BOOTSEL"):
        find_drive("", [str(tmp_path / "nowhere")])
    with pytest.raises(ChipSilent, match="found a folder without it; hold BOOTSEL"):
        find_drive(str(tmp_path))


@pytest.mark.parametrize(("name", "kind"), [("/dev/null", "a serial port or the like"), ("{}/plain", "a plain file")])
def test_what_can_be_no_drive_is_told_as_what_it_is(tmp_path, name, kind):
    (tmp_path / "plain").touch()
    with pytest.raises(BadInputError, match=f"wanted the folder where .* found {kind} at /.* leave --port out"):
        find_drive(name.format(tmp_path))


class Faulty:
    """A flasher with a fault of its own in it."""

    spans = ()

    def identify(self):
        return Chip("stm32")

    def write(self, _):
        raise ZeroDivisionError

    verify = start = write

    def settle(self, stage, error):
        return state_after(stage, error)

    def leave(self):
        raise AssertionError


def test_a_fault_of_the_program_has_an_end_state_too():
    done = flash(Faulty(), PROGRAM, expected="stm32", attempts=3, told=nobody, sleep=nobody)
    assert (done.end_state, done.attempts) == (EndState.HALF_WRITTEN, 1)
    assert "ZeroDivisionError" in str(done.error)
