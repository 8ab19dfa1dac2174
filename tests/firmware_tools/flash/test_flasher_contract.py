"""One contract for every family: whatever happens, the end state is named, and it is true of the chip's memory.

The programs are real (esptool, stm32loader, smpclient); the chips are models of the public documents. `make flashers`
cuts the line at each tenth for every family.
"""

import os

import pytest

from firmware_tools.flash import EndState, flash
from firmware_tools.flash.end_state import MEANINGS
from firmware_tools.flash.flasher import ChipSilent, Mismatch, Stage, WriteRefused, WrongChip
from firmware_tools.flash.flashing import Interrupted
from tests.fakes.chip_line import Fault
from tests.fakes.flash_benches import bench

FAMILIES = ("mcuboot", "esp32", "stm32", "rp2")
ALWAYS = 99

pytestmark = pytest.mark.slow
EVERY_TENTH = bool(os.environ.get("LEPTON_EVERY_TENTH"))
CUTS = [
    (family, tenth)
    for family in FAMILIES
    # esptool waits seconds for a port to come back.
    for tenth in (range(1, 10) if EVERY_TENTH else (5,) if family == "esp32" else (1, 5, 9))
]
RUNS_OLD = {
    EndState.UNTOUCHED,
    EndState.PROTECTED,
    EndState.PARTLY_STAGED,
    EndState.UPLOAD_REFUSED,
    EndState.STAGED,
    EndState.MARKED,
    EndState.REVERTED,
}


@pytest.fixture(params=FAMILIES)
def family(request, tmp_path, monkeypatch):
    made = bench(request.param, tmp_path)
    made_chip = made.chip

    def chip(*arguments, **model):
        found = made_chip(*arguments, **model)
        for name, value in made.environment(found).items():
            monkeypatch.setenv(name, value)
        return found

    made.chip = chip
    return made


def run(family, chip, *, attempts=1, expected=None, told=lambda _: None, flasher=None, **more):
    outcome = flash(
        flasher or family.flasher(chip),
        family.image,
        expected=expected or family.expected,
        attempts=attempts,
        told=told,
        sleep=lambda _: None,
        **more,
    )
    assert_true(family, chip, outcome)
    return outcome


def assert_true(family, chip, outcome):
    """What was said is what the memory holds; what is mixed is never called anything good."""
    held, state = family.held(chip), outcome.end_state
    if MEANINGS[state].good:
        assert held == "new"
    if state in RUNS_OLD:
        assert held == "old"
    if held == "mixed":
        assert state in {EndState.HALF_WRITTEN, EndState.DIFFERENT}
    assert outcome.done == (outcome.error is None and MEANINGS[state].good)
    if outcome.error is not None:
        assert "wanted" in str(outcome.error)
        assert ", found" in str(outcome.error)


def test_an_image_is_written_verified_and_started(family):
    shares = []
    with family.chip() as chip:
        outcome = run(family, chip, told=shares.append)
    assert outcome.error is None
    assert outcome.done
    assert (family.held(chip), outcome.attempts) == ("new", 1)
    assert shares == sorted(shares)
    assert family.family == "stm32" or shares[-1] == 1.0


def test_a_dry_run_names_the_chip_and_writes_nothing(family):
    with family.chip() as chip:
        outcome = run(family, chip, dry_run=True)
    assert (outcome.end_state, outcome.error, outcome.attempts) == (EndState.UNTOUCHED, None, 0)
    assert outcome.chip is not None


def test_the_wrong_chip_is_refused_before_anything_is_written(family):
    with family.chip(**family.other) as chip:
        outcome = run(family, chip)
    assert isinstance(outcome.error, WrongChip)
    assert (outcome.end_state, outcome.attempts) == (EndState.UNTOUCHED, 0)


def test_another_chip_than_the_person_named_is_refused(family):
    with family.chip() as chip:
        outcome = run(family, chip, expected="esp32h2")
    assert isinstance(outcome.error, WrongChip)
    assert outcome.end_state is EndState.UNTOUCHED


def test_nobody_there_is_told(family):
    chip = family.chip(Fault("cut", 0))
    flasher = family.flasher(chip)
    with chip:
        pass
    outcome = run(family, chip, flasher=flasher)
    assert isinstance(outcome.error, ChipSilent)
    assert (outcome.end_state, outcome.attempts) == (EndState.UNTOUCHED, 0)


def test_a_chip_that_says_no_is_believed(family):
    with family.chip(Fault("nack", family.size // 2, ALWAYS)) as chip:
        outcome = run(family, chip, attempts=3)
    assert isinstance(outcome.error, WriteRefused)
    assert not outcome.done
    assert outcome.attempts == 1


def test_a_chip_that_hangs_is_given_up_in_time(family):
    with family.chip(Fault("silent", family.size // 2, ALWAYS)) as chip:
        outcome = run(family, chip)
    assert isinstance(outcome.error, ChipSilent if family.family != "rp2" else WriteRefused)
    assert not outcome.done


@pytest.mark.parametrize(("family", "tenth"), CUTS, indirect=["family"])
def test_a_line_that_is_cut_leaves_a_state_that_is_true(family, tenth):
    with family.chip(Fault("cut", family.size * tenth // 10)) as chip:
        outcome = run(family, chip)
    assert isinstance(outcome.error, ChipSilent)
    assert outcome.end_state in {EndState.HALF_WRITTEN, EndState.PARTLY_STAGED}


def test_a_chip_that_was_cut_off_once_is_not_untouched_when_nobody_reaches_it_again(family):
    with family.chip(Fault("cut", family.size // 2)) as chip:
        flasher = family.flasher(chip)
        flasher.identify()
        for _ in range(2):
            with pytest.raises(ChipSilent) as raised:
                flasher.write(lambda _: None)
            state = flasher.settle(Stage.WRITE, raised.value)
            assert state in {EndState.HALF_WRITTEN, EndState.PARTLY_STAGED}


def test_a_line_that_comes_back_is_gone_on_with(family):
    with family.chip(Fault("cut", family.size // 2, back=True)) as chip:
        outcome = run(family, chip, attempts=3)
    assert outcome.error is None
    assert outcome.done


# esptool waits for the port by itself, and compares the whole flash at the end.
@pytest.mark.parametrize("family", ["mcuboot", "stm32", "rp2"], indirect=True)
def test_another_chip_on_a_line_that_comes_back_is_not_touched(family):
    with family.chip(Fault("cut", family.size // 2, back=True)) as chip:
        flasher = family.flasher(chip)

        outcome = flash(
            flasher,
            family.image,
            expected=family.expected,
            attempts=3,
            told=lambda _: None,
            sleep=lambda _: chip.become(**family.other),
        )
    assert isinstance(outcome.error, WrongChip)
    assert not outcome.done


# A drive cannot be read back, as its end state says.
@pytest.mark.parametrize("family", ["mcuboot", "esp32", "stm32"], indirect=True)
def test_a_flash_that_reads_back_otherwise_is_never_called_good(family):
    with family.chip(Fault("flip", family.size // 2, ALWAYS)) as chip:
        outcome = run(family, chip, attempts=2)
    assert isinstance(outcome.error, Mismatch)
    assert outcome.end_state in {EndState.DIFFERENT, EndState.PARTLY_STAGED}


@pytest.mark.parametrize("family", ["mcuboot", "esp32", "stm32"], indirect=True)
def test_a_flash_that_once_read_back_otherwise_is_written_again(family):
    with family.chip(Fault("flip", family.size // 2)) as chip:
        outcome = run(family, chip, attempts=2)
    assert outcome.done
    assert outcome.attempts == 2


def test_power_lost_in_the_middle_is_told_and_mended_by_flashing_again(family):
    with family.chip(Fault("power", family.size // 2, back=True)) as chip:
        outcome = run(family, chip)
        assert isinstance(outcome.error, ChipSilent)
        assert not outcome.done
        assert run(family, chip).done


# stm32loader tells no share where it has no terminal.
@pytest.mark.parametrize("family", ["mcuboot", "esp32", "rp2"], indirect=True)
def test_ctrl_c_leaves_no_chip_without_a_state(family):
    def stop(share):
        if share > 0.3:
            raise KeyboardInterrupt

    with family.chip() as chip:
        outcome = run(family, chip, told=stop, attempts=3)
    assert isinstance(outcome.error, Interrupted)
    assert not outcome.done
