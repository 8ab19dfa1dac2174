from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from edge_runtime.trigger.presence import PresenceRule
from lepton.demo.belt import RAIL_PX
from lepton.demo.defects import DEFECTS
from lepton.demo.film import STEP_PX, Film
from lepton.demo.parts import PRODUCTS
from lepton.demo.station import HEIGHT_PX, WIDTH_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAMES = list(Film(3, "bracket", parts=4, defect_rate=0.5))


def test_one_seed_gives_the_same_bytes() -> None:
    again = Film(3, "bracket", parts=4, defect_rate=0.5)
    assert all(np.array_equal(one.image, other.image) for one, other in zip(FRAMES, again, strict=True))


def test_another_seed_gives_another_film() -> None:
    assert not np.array_equal(FRAMES[0].image, next(iter(Film(4, "bracket", parts=4))).image)


def test_a_frame_is_a_colour_picture() -> None:
    assert {(frame.image.shape, frame.image.dtype.str) for frame in FRAMES} == {((HEIGHT_PX, WIDTH_PX, 3), "|u1")}


def test_the_truth_tells_what_each_frame_shows() -> None:
    film = Film(3, "bracket", parts=4, defect_rate=0.5)
    assert len(FRAMES) == len(film)
    for truth in film.truth:
        seen = [number for number, frame in enumerate(FRAMES) if frame.part_index == truth.part_index]
        assert seen == list(range(truth.first_frame, truth.last_frame + 1))
        assert [number for number in seen if FRAMES[number].is_centred] == [truth.centred_frame]
        assert {FRAMES[number].defect for number in seen} == {truth.defect}


def against_rails(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Brightness of each column of the belt in units of the rails', which stand in the same light."""
    columns: NDArray[np.float64] = image[RAIL_PX + 20 : -RAIL_PX].mean(axis=(0, 2)) / image[:RAIL_PX].mean(axis=(0, 2))
    return columns


@pytest.mark.parametrize("kind", PRODUCTS)
def test_a_part_is_seen_from_its_first_frame_to_its_last(kind: str) -> None:
    film = Film(5, kind, parts=1, defect_rate=0)
    (truth,), empty, *rest = film.truth, *(against_rails(frame.image) for frame in film)
    shown = [0] + [int(np.count_nonzero(np.abs(columns / empty - 1) > 0.15)) for columns in rest]
    assert shown[truth.centred_frame] > 0.35 * WIDTH_PX
    assert min(shown[truth.first_frame + 1 : truth.last_frame]) > STEP_PX // 2
    assert max(shown[: truth.first_frame] + shown[truth.last_frame + 1 :]) == 0


def test_there_is_empty_belt_before_between_and_after() -> None:
    assert FRAMES[0].part_index is None
    assert FRAMES[-1].part_index is None
    parts = [frame.part_index for frame in FRAMES]
    assert all(None in parts[parts.index(number) : parts.index(number + 1)] for number in range(3))


def test_the_defects_are_as_many_as_asked_and_take_turns() -> None:
    found = [truth.defect for truth in Film(1, parts=40, defect_rate=0.25).truth if truth.defect is not None]
    assert sorted(found) == sorted(2 * DEFECTS)


@pytest.mark.parametrize("kind", PRODUCTS)
def test_every_part_triggers_once_and_the_belt_never_does(kind: str) -> None:
    film, rule = Film(6, kind, parts=5, defect_rate=0.6), PresenceRule()
    fired = [number for number, frame in enumerate(film) if rule.update(frame.image).trigger]
    assert fired == [truth.centred_frame for truth in film.truth]


@pytest.mark.parametrize("wrong", [{"parts": 0}, {"defect_rate": 1.5}, {"defect_rate": -0.1}, {"kind": "gear"}])
def test_a_film_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInputError, match="wanted"):
        Film(1, **wrong)  # type: ignore[arg-type]
