from __future__ import annotations

from fleet_manager.evidence.sweeper import KEPT_S, Sweeper
from tests.fakes.patience import eventually


class Parts:
    def __init__(self, *answers: int | OSError) -> None:
        self.asked: list[tuple[float, float]] = []
        self._answers = list(answers)

    def sweep(self, unix_s: float, older_than_s: float) -> int:
        self.asked.append((unix_s, older_than_s))
        answer = self._answers.pop(0) if self._answers else 0
        if isinstance(answer, OSError):
            raise answer
        return answer


def swept(parts: Parts, looks: int) -> list[str]:
    said: list[str] = []
    sweeper = Sweeper(parts, lambda: 1000.0, said.append, every_s=0.001)
    sweeper.start()
    eventually(lambda: len(parts.asked) >= looks)
    sweeper.stop()
    return said


def test_parts_of_seven_days_are_removed_and_told_of_once() -> None:
    parts = Parts(3)
    assert swept(parts, 3) == ["3 parts of uploads removed that nobody went on with for seven days"]
    assert set(parts.asked) == {(1000.0, KEPT_S)}


def test_a_disk_that_refuses_is_told_of_and_tried_again() -> None:
    said = swept(Parts(OSError("read-only"), 1), 3)
    assert said[0] == "parts of uploads could not be removed: read-only"
    assert len(said) == 2
