"""No way out of flashing lacks a true end state: Ctrl-C at every step, a failed start, a chip that is only asked."""

import pytest

from edge_contracts.errors import OutageError
from firmware_tools.flash import Chip, EndState, flash
from firmware_tools.flash.flasher import ChipSilent, Mismatch, Stage, WriteRefused, WrongChip
from firmware_tools.flash.flashing import Interrupted
from firmware_tools.flash.mcuboot import McubootFlasher
from firmware_tools.flash.rom_bootloader import nobody, state_after
from firmware_tools.flash.smp_device import Slot
from firmware_tools.image import parse_image
from tests.fakes.firmware_images import mcuboot, program

PROGRAM = parse_image(program(500))
CHIP = Chip("stm32", "serial 1")


class Scripted:
    """A flasher of which each call does the next thing of its list, then nothing any more."""

    spans = ()

    def __init__(self, **steps):
        self.steps = {name: list(of) for name, of in steps.items()}
        self.calls = []

    def _do(self, name, usual=None):
        self.calls.append(name)
        doing = self.steps.get(name)
        found = doing.pop(0) if doing else usual
        if isinstance(found, BaseException):
            raise found
        return found

    def identify(self):
        return self._do("identify", CHIP)

    def write(self, _):
        self._do("write")

    def verify(self):
        self._do("verify")

    def start(self):
        return self._do("start", EndState.RUNNING)

    def settle(self, stage, error):
        return self._do("settle", state_after(stage, error))

    def leave(self):
        self._do("leave")


def run(flasher, *, attempts=3, expected="stm32", sleep=nobody, **more):
    return flash(flasher, PROGRAM, expected=expected, attempts=attempts, told=nobody, sleep=sleep, **more)


def stop(_):
    raise KeyboardInterrupt


CUT = ChipSilent("wanted an answer, found none; check the cable")
BY_HAND = {
    "identify": ({"identify": [KeyboardInterrupt()]}, EndState.UNTOUCHED),
    "write": ({"write": [KeyboardInterrupt()]}, EndState.HALF_WRITTEN),
    "verify": ({"verify": [KeyboardInterrupt()]}, EndState.HALF_WRITTEN),
    "start": ({"start": [KeyboardInterrupt()]}, EndState.WAITING),
    "leave": ({"identify": [KeyboardInterrupt()], "leave": [KeyboardInterrupt()]}, EndState.UNTOUCHED),
    "identified anew": ({"write": [CUT], "identify": [CHIP, KeyboardInterrupt()]}, EndState.HALF_WRITTEN),
}


@pytest.mark.parametrize("where", BY_HAND)
def test_ctrl_c_has_a_state_wherever_it_comes(where):
    steps, state = BY_HAND[where]
    flasher = Scripted(**steps)
    done = run(flasher)
    assert isinstance(done.error, Interrupted)
    assert (done.end_state, flasher.calls.count("write") <= 1) == (state, True)


def test_ctrl_c_between_two_attempts_keeps_the_last_state():
    done = run(Scripted(write=[CUT]), sleep=stop)
    assert isinstance(done.error, Interrupted)
    assert (done.end_state, done.attempts) == (EndState.HALF_WRITTEN, 1)


def test_ctrl_c_between_two_steps_has_a_state_too(monkeypatch):
    monkeypatch.setattr("firmware_tools.flash.flashing._may_pass", stop)
    done = run(Scripted(write=[CUT]))
    assert isinstance(done.error, Interrupted)
    assert done.end_state is EndState.HALF_WRITTEN


def test_a_second_ctrl_c_while_the_chip_is_asked_says_the_worse():
    done = run(Scripted(write=[KeyboardInterrupt()], settle=[KeyboardInterrupt()]))
    assert isinstance(done.error, Interrupted)
    assert done.end_state is EndState.HALF_WRITTEN


@pytest.mark.parametrize("fault", [OSError(5, "Input/output error"), ZeroDivisionError()])
def test_a_fault_while_the_chip_is_identified_has_a_state(fault):
    done = run(Scripted(identify=[fault]))
    assert (done.end_state, done.chip) == (EndState.UNTOUCHED, None)
    assert "wanted to identify the chip" in str(done.error)
    assert ", found" in str(done.error)


@pytest.mark.parametrize("failure", [CUT, OutageError("wanted a port, found none; plug it in")])
def test_a_verified_chip_is_not_erased_because_it_did_not_start(failure):
    flasher = Scripted(start=[failure])
    done = run(flasher)
    assert (done.end_state, done.error, done.attempts) == (EndState.WAITING, failure, 1)
    assert flasher.calls.count("write") == 1


def test_a_chip_with_another_number_of_the_same_name_is_another_chip():
    flasher = Scripted(write=[CUT], identify=[CHIP, Chip("stm32", "serial 2")])
    done = run(flasher)
    assert isinstance(done.error, WrongChip)
    assert (done.end_state, flasher.calls.count("write")) == (EndState.HALF_WRITTEN, 1)


@pytest.mark.parametrize(
    ("flasher", "asked"),
    [
        (Scripted(), {"dry_run": True}),
        (Scripted(), {"expected": "esp32"}),
        (Scripted(identify=[CUT]), {}),
        (Scripted(write=[WriteRefused("wanted, found; no")], settle=[EndState.UNTOUCHED]), {}),
    ],
)
def test_a_chip_that_was_left_untouched_runs_again_what_it_held(flasher, asked):
    assert run(flasher, **asked).end_state is EndState.UNTOUCHED
    assert flasher.calls[-1] == "leave"


def test_a_chip_that_was_written_is_not_let_go():
    flasher = Scripted(verify=[Mismatch("wanted, found; no")])
    run(flasher, attempts=1)
    assert "leave" not in flasher.calls


def test_a_start_that_failed_after_all_was_compared_waits_for_a_reset():
    assert state_after(Stage.START, CUT) is EndState.WAITING


class Slots:
    """A device that tells these slots, each time the next of the list."""

    def __init__(self, *told):
        self.told = list(told)

    def slots(self):
        found = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        if isinstance(found, BaseException):
            raise found
        return found


IMAGE = parse_image(mcuboot(size=900))
OURS = bytes.fromhex(IMAGE.digest)


def device(*told):
    asked = {"baud": 1, "timeout_s": 1.0, "erase_timeout_s": 1.0, "boot_timeout_s": 1.0, "confirm": True}
    made = McubootFlasher(IMAGE, lambda: "port", sleep=nobody, **asked)
    made._device = Slots(*told)
    return made


def slot(number=0, digest=OURS, *, active=True, confirmed=False, pending=False):
    return Slot(number, "1", digest, active=active, confirmed=confirmed, pending=pending)


def test_an_mcuboot_device_that_does_not_name_the_image_is_not_believed():
    device([slot()]).verify()
    with pytest.raises(Mismatch):
        device([slot(digest=b"another")]).verify()


@pytest.mark.parametrize(
    ("told", "state", "unheard"),
    [
        ([], EndState.PARTLY_STAGED, EndState.PARTLY_STAGED),
        ([slot(1, active=False)], EndState.STAGED, EndState.STAGED),
        ([slot(1, active=False, pending=True)], EndState.MARKED, EndState.UNANSWERED),
        ([slot()], EndState.ON_TRIAL, EndState.TRIAL_SILENT),
        ([slot(confirmed=True)], EndState.CONFIRMED, EndState.CONFIRMED),
    ],
)
def test_what_an_mcuboot_device_says_is_its_state_and_what_it_said_last_stays_true_of_a_silent_one(
    told, state, unheard
):
    assert device(told).settle(Stage.START, CUT) is state
    for silence in (CUT, KeyboardInterrupt()):
        made = device(told, silence)
        made._slot()
        assert made.settle(Stage.START, CUT) is unheard


@pytest.mark.parametrize("left", [[], [slot(1, active=False)]])
def test_an_image_that_ran_and_is_gone_was_taken_back(left):
    made = device([slot()], left)
    made._slot()
    assert made.settle(Stage.VERIFY, CUT) is EndState.REVERTED


def test_an_image_that_is_confirmed_is_not_asked_to_be():
    assert device([slot(confirmed=True)]).start() is EndState.CONFIRMED  # the stand-in knows no such request


def test_ctrl_c_while_a_device_restarts_silently_says_that_its_image_was_started():
    made = device([slot(1, active=False)], CUT)
    made._device.mark_for_trial = nobody
    made._device.restart, made._sleep = dict, stop
    with pytest.raises(KeyboardInterrupt):
        made.start()
    assert made.settle(Stage.START, CUT) is EndState.TRIAL_SILENT


def test_a_device_that_answers_once_more_and_then_falls_silent_has_restarted():
    made = device([slot(1, active=False, pending=True)], CUT)
    seconds = iter(range(9))
    made._boot_timeout_s, made._now_ns = 3, lambda: next(seconds) * 1_000_000_000
    assert made._after_restart() is None
