from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_runtime.shutdown import Shutdown

if TYPE_CHECKING:
    from collections.abc import Callable


def notes(told: list[str], name: str, answer: object = None) -> Callable[[], object]:
    def stop() -> object:
        told.append(name)
        return answer

    return stop


def fails() -> object:
    raise OSError("the medium hangs")


def test_parts_are_stopped_in_reverse() -> None:
    told: list[str] = []
    with Shutdown() as running:
        for name in ("spool", "delivery", "loop"):
            running.add(name, notes(told, name, answer=True))
    assert told == ["loop", "delivery", "spool"]
    assert (running.left_behind, running.stuck) == ([], [])


def test_a_part_that_does_not_end_or_fails_keeps_no_other_from_ending() -> None:
    told: list[str] = []
    with Shutdown() as running:
        running.add("spool", notes(told, "spool"))
        running.add("uplink", fails)
        running.add("source", notes(told, "source", answer=False), needs_restart=False)
    assert told == ["source", "spool"]
    assert running.left_behind == ["source", "uplink"]
    assert running.stuck == ["uplink"]


def test_an_error_inside_stops_the_parts_and_comes_through() -> None:
    told: list[str] = []
    running = Shutdown()
    running.add("spool", notes(told, "spool"))
    with pytest.raises(ValueError, match="no bundle"), running:
        raise ValueError("no bundle")
    assert told == ["spool"]
