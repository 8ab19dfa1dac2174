from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.station import EvidenceSettings
from edge_contracts.verdict import Cause
from edge_runtime.evidence.shares import Shares, class_of
from tests.fakes.parts import verdict

SHARES = Shares.of(EvidenceSettings())
CLASSES = ("defect-crack", "defect-scratch", "unknown-dark", "good", "clip", "of-a-stranger")


@pytest.mark.parametrize(
    ("cause", "label", "name"),
    [
        (Cause.CLEAN, "good", "good"),
        (Cause.THRESHOLD, "Scratch / deep", "defect-scratch-deep"),
        (Cause.THRESHOLD, None, "defect"),
        (Cause.THRESHOLD, "../../etc/passwd", "defect-etc-passwd"),
        (Cause.SOURCE_LOST, None, "unknown-source-lost"),
    ],
)
def test_a_class_is_a_name_that_a_folder_may_have(cause: Cause, label: str | None, name: str) -> None:
    assert class_of(verdict(cause, label=label)) == name


def test_while_there_is_room_nobody_goes() -> None:
    assert SHARES.victim({"good": 90}, "unknown-dark", 10, 100) is None


def test_who_is_farthest_above_its_due_goes() -> None:
    assert SHARES.victim({"defect-crack": 45, "unknown-dark": 50}, "defect-crack", 10, 100) == "unknown-dark"
    assert SHARES.victim({"defect-crack": 80, "unknown-dark": 15}, "unknown-dark", 10, 100) == "defect-crack"


def test_who_wants_too_much_gives_up_its_own() -> None:
    assert SHARES.victim({"defect-crack": 50, "unknown-dark": 50}, "unknown-dark", 10, 100) == "unknown-dark"


def test_an_empty_store_has_nobody_to_send_away() -> None:
    assert SHARES.victim({"good": 0}, "good", 200, 100) is None


@given(st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 1000)), st.sampled_from(CLASSES), st.integers(1, 500))
def test_whoever_goes_has_something_and_there_is_always_somebody(sizes: dict[str, int], wanted: str, more: int) -> None:
    victim = SHARES.victim(sizes, wanted, more, 500)
    if sum(sizes.values()) + more <= 500 or not any(sizes.values()):
        assert victim is None
    else:
        assert sizes[victim or ""] > 0


@given(st.lists(st.tuples(st.sampled_from(CLASSES[:4]), st.integers(1, 30)), max_size=120))
def test_a_class_below_its_due_loses_nothing(arrivals: list[tuple[str, int]]) -> None:
    sizes: dict[str, int] = {}
    for name, more in arrivals:
        while (victim := SHARES.victim(sizes, name, more, 500)) is not None:
            held = sizes[victim] + (more if victim == name else 0)
            present = [one for one in {*sizes, name} if sizes.get(one) or one == name]
            assert held > SHARES._due(victim, present, 500)
            sizes[victim] -= 1
        sizes[name] = sizes.get(name, 0) + more
