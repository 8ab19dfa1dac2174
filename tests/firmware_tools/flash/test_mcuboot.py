"""A device with MCUboot: trial, confirmation, revert, resumption; the bootloader has the last word."""

import re
import struct
from types import SimpleNamespace

import cbor2
import pytest

from edge_contracts.errors import BadInputError
from firmware_tools.flash import EndState, flash
from firmware_tools.flash.flasher import ChipSilent, WriteRefused
from firmware_tools.flash.mcuboot import McubootFlasher, NotTaken
from firmware_tools.image import parse_image
from firmware_tools.image.mcuboot import TRAILER_MAGIC
from firmware_tools.image.signing import parse_version, sign_program
from tests.fakes.chip_line import Fault, LineCut, PowerLost
from tests.fakes.firmware_images import key, mcuboot, program
from tests.fakes.flash_benches import OLD
from tests.fakes.smp_chip import IMAGE, OS, WRITE, SmpChip

NEW = parse_image(mcuboot(size=4000, version="2.0.0"))
ALL = 1 << 30
"""More than is ever written: nothing but the test's own cut happens."""


def nothing(_):
    """Nobody waits, nobody watches."""


def flasher(chip, image=NEW, *, confirm=True, answer_s=3.0, boot_s=20.0):
    return McubootFlasher(
        image,
        lambda: chip.path,
        baud=115200,
        timeout_s=answer_s,
        erase_timeout_s=answer_s,
        boot_timeout_s=boot_s,
        confirm=confirm,
        sleep=nothing,
    )


def run(chip, image=NEW, **asked):
    made = flasher(chip, image, **asked)
    return flash(made, image, expected="gate_board", attempts=2, told=nothing, sleep=nothing)


def test_an_unconfirmed_image_goes_at_the_next_reset(tmp_path):
    with SmpChip(tmp_path, OLD) as chip:
        assert run(chip, confirm=False).end_state is EndState.ON_TRIAL
        assert chip.first.startswith(NEW.content)
        flasher(chip)._device.restart()
        assert flasher(chip)._device.slots()[0].version == "1.0.0"
    assert chip.first.startswith(OLD)


def test_a_confirmed_image_stays(tmp_path):
    with SmpChip(tmp_path, OLD) as chip:
        assert run(chip).end_state is EndState.CONFIRMED
        flasher(chip)._device.restart()
        assert flasher(chip)._device.slots()[0].version == "2.0.0"


def test_an_image_on_trial_is_confirmed_without_another_upload(tmp_path):
    with SmpChip(tmp_path, OLD) as chip:
        run(chip, confirm=False)
        swaps = chip.swaps
        assert run(chip).end_state is EndState.CONFIRMED
        assert chip.swaps == swaps


def test_an_upload_goes_on_where_the_line_broke(tmp_path):
    shares = []
    with SmpChip(tmp_path, OLD, Fault("cut", 3000, back=True)) as chip:
        made = flasher(chip)
        done = flash(made, NEW, expected="gate_board", attempts=2, told=shares.append, sleep=nothing)
    assert done.end_state is EndState.CONFIRMED
    assert shares == sorted(shares)  # it never fell back to the beginning
    assert done.attempts == 2


def test_an_image_that_never_answers_is_taken_back(tmp_path):
    with SmpChip(tmp_path, OLD, starts=False) as chip:
        done = run(chip, answer_s=0.3, boot_s=0.9)
        assert (done.end_state, done.done) == (EndState.TRIAL_SILENT, False)
        chip.power_on()  # as the end state says: reset it
        assert chip.first.startswith(OLD)


def test_an_image_of_another_key_is_never_started(tmp_path):
    foreign = parse_image(sign_program(program(900, 5), parse_version("3.0.0"), key("ecdsa-p256"), header_bytes=512))
    with SmpChip(tmp_path, OLD) as chip:
        done = run(chip, foreign)
    assert isinstance(done.error, NotTaken)
    assert (done.end_state, done.attempts, chip.swaps) == (EndState.REVERTED, 1, 0)
    assert chip.first.startswith(OLD)


def test_an_image_larger_than_the_slot_is_refused_by_the_device(tmp_path):
    with SmpChip(tmp_path, OLD, slot_bytes=3000) as chip:
        done = run(chip)
    assert isinstance(done.error, WriteRefused)
    told = f"wanted to upload {NEW.size_bytes:,} bytes, found that the device refuses at byte 0 .code 2, "
    assert re.search(f"{told}.* the image is probably larger than the second slot: make it smaller", str(done.error))
    assert (done.end_state, done.attempts) == (EndState.UPLOAD_REFUSED, 1)


def test_an_upload_that_is_refused_on_its_way_says_at_which_byte(tmp_path):
    with SmpChip(tmp_path, OLD, Fault("nack", 2000, 99)) as chip:
        done = run(chip)
    at = re.search(r"the device refuses at byte ([\d,]+) \(code 1, UNKNOWN\); mend what it names", str(done.error))
    assert 0 < int(at[1].replace(",", "")) <= 2000
    assert done.end_state is EndState.UPLOAD_REFUSED
    assert chip.first.startswith(OLD)


def test_an_image_padded_to_a_slot_is_refused():
    padded = parse_image(NEW.content.ljust(8000, b"\xff") + TRAILER_MAGIC)
    with pytest.raises(BadInputError, match="without --pad"):
        flasher(SimpleNamespace(path="/dev/null"), padded)


class Slow(SmpChip):
    """Answers a few more questions before the restart that it was asked for."""

    left = 0

    def _request(self, packet):
        last = self.left == 1
        self.left = max(self.left - 1, 0)
        try:
            super()._request(packet)
        except PowerLost:
            self.left = self.answers
        if last:
            raise PowerLost


def test_an_answer_from_before_the_restart_is_not_taken_for_a_revert(tmp_path):
    with Slow(tmp_path, OLD) as chip:
        chip.answers = 3
        done = run(chip)
    assert (done.end_state, done.error, chip.swaps) == (EndState.CONFIRMED, None, 1)


def test_a_device_that_never_restarts_holds_the_image_marked(tmp_path):
    with Slow(tmp_path, OLD) as chip:
        chip.answers = 10_000
        done = run(chip, boot_s=0.3)
    assert (done.end_state, done.attempts) == (EndState.MARKED, 1)
    assert "wanted the device to restart within 0.3 s" in str(done.error)


def test_the_time_for_a_restart_counts_the_questions_too():
    seconds = iter(range(0, 100, 4))
    made = McubootFlasher(
        NEW,
        lambda: "port",
        baud=1,
        timeout_s=4.0,
        erase_timeout_s=4.0,
        boot_timeout_s=10.0,
        confirm=True,
        sleep=nothing,
        now_ns=lambda: next(seconds) * 1_000_000_000,
    )
    asked = []

    def silent():
        asked.append(1)
        raise ChipSilent("wanted an answer, found none; check the cable")

    made._device = SimpleNamespace(slots=silent)
    assert made._after_restart() is None
    assert len(asked) == 2


class CutAt(SmpChip):
    """Its line is cut at one request, which it carries out or not; it may have lost its power meanwhile."""

    step, heard, powered = "", True, True

    def _request(self, packet):
        first, _, _, group, _, command = struct.unpack_from(">BBHHBB", packet)
        kept = cbor2.loads(packet[8:]).get("confirm") if len(packet) > 8 else False
        marking = "confirm" if kept else "mark"
        if self.step != {(WRITE, IMAGE, 0): marking, (WRITE, OS, 5): "restart"}.get((first & 7, group, command)):
            super()._request(packet)
            return
        if self.heard:
            self.say = nothing
            try:
                super()._request(packet)
            except PowerLost:
                self.power_on()
            del self.say
        if not self.powered:
            self.power_on()
        raise LineCut


@pytest.mark.parametrize(
    ("step", "heard", "state"),
    [
        ("mark", False, EndState.STAGED),
        ("mark", True, EndState.MARKED),
        ("restart", False, EndState.MARKED),
        ("restart", True, EndState.ON_TRIAL),
        ("confirm", False, EndState.ON_TRIAL),
        ("confirm", True, EndState.CONFIRMED),
    ],
)
def test_a_line_that_is_cut_at_a_request_and_comes_back_tells_how_it_went(tmp_path, step, heard, state):
    with CutAt(tmp_path, OLD, Fault("cut", ALL, back=True)) as chip:
        chip.step, chip.heard = step, heard
        done = run(chip)
    assert isinstance(done.error, ChipSilent)
    assert done.end_state is state


@pytest.mark.parametrize("step", ["mark", "restart", "confirm"])
def test_nobody_knows_what_became_of_a_request_whose_line_stays_cut(tmp_path, step):
    with CutAt(tmp_path, OLD, Fault("cut", ALL)) as chip:
        chip.step = step
        done = run(chip, answer_s=1.0)
    assert isinstance(done.error, ChipSilent)
    assert done.end_state is EndState.UNANSWERED


def test_an_image_that_fails_when_it_is_to_be_confirmed_was_taken_back(tmp_path):
    with CutAt(tmp_path, OLD, Fault("cut", ALL, back=True)) as chip:
        chip.step, chip.heard, chip.powered = "confirm", False, False
        done = run(chip)
    assert (done.end_state, chip.swaps) == (EndState.REVERTED, 2)


class Liar(SmpChip):
    def _mark(self, body):
        return self._states() if body.get("confirm") else super()._mark(body)


def test_a_device_that_says_yes_and_does_not_confirm_is_on_trial(tmp_path):
    with Liar(tmp_path, OLD) as chip:
        done = run(chip)
    assert (done.end_state, done.done) == (EndState.ON_TRIAL, False)
    assert "leaves it on trial" in str(done.error)


class Stuck(SmpChip):
    asked = 0

    def _upload(self, _):
        self.asked += 1
        return {"rc": 0, "off": 100} if self.asked < 100 else {"rc": 9}


def test_an_upload_that_never_goes_on_is_given_up(tmp_path):
    with Stuck(tmp_path, OLD) as chip:
        done = run(chip)
    assert (done.end_state, chip.asked) == (EndState.PARTLY_STAGED, 9)
    assert "8 answers in a row that stay at 100 of" in str(done.error)


@pytest.mark.parametrize("answer", [[1, 2], {}, {"images": 5}, {"images": [{"slot": 0}]}])
def test_an_answer_of_another_form_has_words_and_a_state(tmp_path, answer):
    with SmpChip(tmp_path, OLD) as chip:
        chip._states = lambda: answer
        done = run(chip)
    assert isinstance(done.error, WriteRefused)
    assert "wanted an answer in SMP" in str(done.error)
    assert done.end_state is EndState.PARTLY_STAGED
