"""A part's thread ends when it is asked to, and one that does not is told and left behind."""

import threading

import pytest

from edge_runtime.own_thread import OwnThread


class Part(OwnThread):
    def __init__(self) -> None:
        super().__init__("part-7", "part 7")
        self.release = threading.Event()
        self.hangs = False
        self.ran_as = ""

    def _run(self) -> None:
        self.ran_as = threading.current_thread().name
        self._stop.wait()
        if self.hangs:
            self.release.wait()


@pytest.fixture
def part():
    made = Part()
    yield made
    made.release.set()
    assert made.stop(10)


def test_it_runs_under_its_name_until_it_is_asked_to_stop(part, caplog):
    part.start()
    assert part.running
    assert part.stop(10)
    assert (part.ran_as, part.running, caplog.text) == ("part-7", False, "")


def test_one_that_hangs_is_told_and_left_behind(part, caplog):
    part.hangs = True
    part.start()
    assert not part.stop(0.01)
    assert part.running
    assert "part 7: its thread did not stop within 0.01 s; left behind" in caplog.text


def test_one_that_never_began_has_ended(part):
    assert part.stop(0.01)
    assert not part.running
