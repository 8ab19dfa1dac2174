"""The real sets: what is learned and what is judged, per seed, so that nothing that is judged is a relative."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_runtime.capture.picture_file import read_picture
from edge_runtime.frames import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

DATA = Path(os.environ.get("LEPTON_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
CROP_PX, PCB_PX = 128, 640
MOST_LEARNED, MOST_JUDGED = 120, 80
BOARDS_LEARNED = 4
KEYWORDS = ("Left", "No", "On")
KEYWORD_SHAPE = (49, 10)


@dataclass(frozen=True, slots=True)
class Split:
    """learned, good, defective: pictures (H×W×3 uint8 RGB) or recordings; groups: of the learned, None for none."""

    learned: Sequence[Any]
    good: Sequence[Any]
    defective: Sequence[Any]
    groups: list[str] | None = None


def cookies(seed: int) -> Iterator[Split]:
    """31 good and 32 broken cookies; two thirds of the good ones are learned."""
    yield _two_thirds("defect-cookies/train/normal-*", "defect-cookies/train/anomaly-*", seed)


def aliens(seed: int) -> Iterator[Split]:
    """39 good and 31 defective toys; two thirds of the good ones are learned."""
    yield _two_thirds("defect-aliens/normal/*", "defect-aliens/anomaly/*", seed)


def circuit_boards(seed: int) -> Iterator[Split]:
    """Crops of DeepPCB, 128×128: templates are good, around a drawn box is a defect; four boards learn, three judge."""
    crops = _crops()
    boards = np.random.default_rng(seed).permutation(sorted({board for board, _, _ in crops}))
    known = set(boards[:BOARDS_LEARNED].tolist())
    learned = [(board, crop) for board, is_good, crop in crops if is_good and board in known][:MOST_LEARNED]
    good, defective = (
        [crop for board, is_good, crop in crops if is_good == wanted and board not in known][:MOST_JUDGED]
        for wanted in (True, False)
    )
    yield Split([crop for _, crop in learned], good, defective, [board for board, _ in learned])


def sounds(seed: int) -> Iterator[Split]:
    """ESC-10: each class in turn is good, learned in one fold and judged in the other; three seeds take all classes."""
    clips = esc10()
    for good in sorted({label for label, _, _ in clips})[seed % 3 :: 3]:
        for fold in (1, 2):
            judged = [(label, clip) for label, place, clip in clips if place != fold]
            yield Split(
                [clip for label, place, clip in clips if place == fold and label == good],
                [clip for label, clip in judged if label == good],
                [clip for label, clip in judged if label != good],
            )


def keywords(seed: int) -> Iterator[Split]:
    """MFCC of spoken words as grey pictures of 49×10: two thirds of one word are learned, all others are defects."""
    good = KEYWORDS[seed % len(KEYWORDS)]
    files = sorted((DATA / "mlperf-tiny/kws01").glob("*.bin"))
    mine = [_grey(file) for file in files if f"_{good}_" in file.name]
    order = np.random.default_rng(seed).permutation(len(mine))
    cut = round(len(mine) * 2 / 3)
    others = [_grey(file) for file in files if f"_{good}_" not in file.name]
    yield Split([mine[place] for place in order[:cut]], [mine[place] for place in order[cut:]], others)


SETS: dict[str, Callable[[int], Iterator[Split]]] = {
    "cookies": cookies,
    "aliens": aliens,
    "circuit boards": circuit_boards,
    "ESC-10": sounds,
    "keywords": keywords,
}


@cache
def esc10() -> list[tuple[str, int, Window]]:
    """Class, fold and recording of each clip."""
    import soundfile  # noqa: PLC0415 - only this set is Ogg Vorbis

    clips = []
    for file in sorted((DATA / "audio-esc10").glob("*/*.ogg")):
        values, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
        clips.append((file.parent.name, int(file.name[0]), Window(values, rate_hz, 0, 1, file.name)))
    return clips


def _two_thirds(good: str, defective: str, seed: int) -> Split:
    pictures = [read_picture(path) for path in sorted(DATA.glob(good))]
    order = np.random.default_rng(seed).permutation(len(pictures))
    cut = round(len(pictures) * 2 / 3)
    return Split(
        [pictures[place] for place in order[:cut]],
        [pictures[place] for place in order[cut:]],
        [read_picture(path) for path in sorted(DATA.glob(defective))],
    )


@cache
def _crops() -> list[tuple[str, bool, npt.NDArray[np.uint8]]]:
    """Board, whether it is good, and pixels; the same for every seed, in a shuffled order."""
    random, found = np.random.default_rng(0), []
    for template in random.permutation(sorted((DATA / "defect-deeppcb").glob("*_temp.jpg"))):
        stem = template.name.removesuffix("_temp.jpg")
        rows = template.with_name(f"{stem}.txt").read_text().split("\n")
        boxes = [[int(one) for one in row.split()[:4]] for row in rows if row.strip()]
        left, top, right, bottom = boxes[random.integers(len(boxes))]
        aside = random.integers(-CROP_PX // 4, CROP_PX // 4 + 1, 2)
        faulty = read_picture(template.with_name(f"{stem}_test.jpg"))
        found.append((stem[:5], False, _crop(faulty, (left + right) // 2 + aside[0], (top + bottom) // 2 + aside[1])))
        whole = read_picture(template)
        for x, y in random.integers(CROP_PX // 2, PCB_PX - CROP_PX // 2, (2, 2)):
            found.append((stem[:5], True, _crop(whole, x, y)))
    return found


def _crop(picture: npt.NDArray[np.uint8], x: int, y: int) -> npt.NDArray[np.uint8]:
    left, top = (int(np.clip(at - CROP_PX // 2, 0, PCB_PX - CROP_PX)) for at in (x, y))
    return np.ascontiguousarray(picture[top : top + CROP_PX, left : left + CROP_PX])


def _grey(file: Path) -> npt.NDArray[np.uint8]:
    stored = np.frombuffer(file.read_bytes(), np.int8).reshape(KEYWORD_SHAPE)
    return np.repeat((stored.astype(np.int16) + 128).astype(np.uint8)[..., None], 3, axis=2)
