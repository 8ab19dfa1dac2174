"""Tells empty belt from part, and names the one frame in which a part stands in the middle.

The rule learns what the empty belt looks like, cell by cell, and follows it slowly: light drifts, belts are woven and
move. Where cells differ from the belt there is a part. Parts are found as runs of covered columns along the belt's
travel, so that one that leaves and one that comes are never taken for one; a run fires once, in the frame in which its
middle is nearest to the line. Pure: pictures in, answers out, no clock and no I/O.

What it asks of the line: a part is longer along the belt than the belt moves between two frames, between two parts
a twentieth of the region is bare, and no place is covered more than half of the time in the first `START_FRAMES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.blue_first import resized

if TYPE_CHECKING:
    from numpy.typing import NDArray

Travel: TypeAlias = Literal["right", "left", "down", "up"]
TRAVELS: tuple[Travel, ...] = ("right", "left", "down", "up")
CELLS_ALONG, CELLS_ACROSS = 64, 48  # at most, along and across the belt's travel
LINES_READ = 4  # of so many picture lines one is read: a quarter of the time, and cells still average the noise away
START_FRAMES = 32  # the belt's first picture is the median of so many, in which no place may be covered half the time
COVERED_COLUMN = 0.08  # share of its cells that must differ before a column counts as covered
BRIDGED_COLUMNS = 2  # a gap this narrow, a slot or a shine, does not end a part
STEPPED_BACK_COLUMNS = 3  # a part's middle may tremble by less
MOVED_SHARE = 0.005  # share of the cells that must change for the picture to count as moving
BELT_VARIES = np.float32(0.06)  # wear and light change a belt in proportion to its brightness
FOLLOWED_SHARE = np.float32(0.1)  # of its change, by which the memory follows a cell of bare belt in each frame
# Grey levels by which it follows a covered cell while the picture moves: what it took for belt may have been a part,
# and then it heals. Nothing covered is learned while the picture stands still: a part may wait with its belt.
LEARNED_LEVELS = np.float32(0.25)
BLIND_COVER = 0.9  # more than this is no part: the light was switched, or the camera was moved
BLIND_FRAMES = 20  # after so many in a row the belt is learned anew


@dataclass(frozen=True, slots=True)
class PresenceOptions:
    """The rule as a station's configuration states it."""

    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """x, y, width, height of the watched rectangle, as fractions of the picture."""
    travel: Travel = "right"
    """Where the belt carries the parts in the picture."""
    line: float = 0.5
    """Where a part is inspected: fraction of the region along the travel."""
    difference: float = 12.0
    """Grey levels, in any colour, by which a part differs from the belt, on top of `BELT_VARIES` of the belt's own."""
    shortest: float = 0.06
    """Shortest part, as a fraction of the region along the travel; anything shorter is dirt."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What the rule saw in one frame."""

    present: bool
    """A part stands on the line."""
    trigger: bool
    """Inspect this frame: true once for each part."""
    covered: float
    """Share of the region that differs from the belt, 0–1."""
    middle: float | None
    """Where the part on the line has its middle, as a fraction of the region along the travel; None without one."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring covered columns; all in cells along the travel."""

    start: int
    end: int
    middle: float


class PresenceRule:
    """Feed it every frame in order; it answers for each.

    Args:
        options: The station's settings.

    Raises:
        BadInputError: A setting is out of its range; the message names it.
    """

    def __init__(self, options: PresenceOptions | None = None) -> None:
        self._options = options or PresenceOptions()
        _check(self._options)
        self._memory = _BeltMemory(self._options.difference)
        self._runs: list[_Run] = []
        self._was_on_line: _Run | None = None
        self._is_armed = True

    def update(self, frame_rgb: NDArray[np.uint8]) -> Presence:
        """Look at the next frame (H×W×3 uint8, any channel order as long as it stays the same).

        Raises:
            BadInputError: The picture is not H×W×3 uint8, is too small, or changed its size.
        """
        differs = self._memory.compared(_cells(frame_rgb, self._options))
        columns = differs.shape[1]
        line = self._options.line * columns
        runs = _runs(differs, max(1, round(self._options.shortest * columns)))
        on_line = next((run for run in runs if run.start <= line < run.end), None)
        self._is_armed = self._is_armed or self._is_next_part(on_line)
        is_due = self._is_due(on_line, runs, line)
        self._is_armed = (self._is_armed and not is_due) or on_line is None
        self._runs, self._was_on_line = runs, on_line
        middle = None if on_line is None else on_line.middle / columns
        return Presence(on_line is not None, is_due, float(np.count_nonzero(differs) / differs.size), middle)

    def _is_due(self, on_line: _Run | None, runs: list[_Run], line: float) -> bool:
        """Whether the next frame would show the part farther from the line than this one does, and none was taken."""
        if not self._is_armed:
            return False
        if on_line is None:
            return self._has_slipped_past(runs, line)
        return on_line.middle + _step(on_line, self._runs) / 2 >= line

    def _has_slipped_past(self, runs: list[_Run], line: float) -> bool:
        """A part was on the line a frame ago, is behind it now, and was not inspected: late is better than never."""
        return self._was_on_line is not None and any(run.start > line for run in runs)

    def _is_next_part(self, on_line: _Run | None) -> bool:
        """A belt runs one way: what stands well behind the part of a frame ago is another part, close behind it."""
        if on_line is None or self._was_on_line is None:
            return False
        return on_line.middle < self._was_on_line.middle - STEPPED_BACK_COLUMNS


class _BeltMemory:
    """What the empty belt looks like in each cell, learned slowly; grey levels per colour."""

    def __init__(self, difference: float) -> None:
        self._difference = np.float32(difference)
        self._belt: NDArray[np.float32] | None = None
        self._last: NDArray[np.float32] | None = None
        self._first_frames: list[NDArray[np.float32]] = []
        self._is_starting = True
        self._blind_frames = 0

    def compared(self, cells: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which cells (rows × columns × 3) differ from the belt; the memory follows."""
        if self._belt is None or self._last is None:
            self._belt = self._last = cells
        if cells.shape != self._belt.shape:
            found = f"{cells.shape[:2]} cells after {self._belt.shape[:2]}"
            raise BadInputError(f"wanted pictures of one size; found {found}: begin a new rule when the camera changes")
        away = cells - self._belt
        limit = self._difference + BELT_VARIES * self._belt
        differs = _beyond(away, limit)
        is_moving = np.count_nonzero(_beyond(cells - self._last, limit)) > MOVED_SHARE * differs.size
        slowly = np.clip(away, -LEARNED_LEVELS, LEARNED_LEVELS) if is_moving else np.float32(0)
        self._belt = self._belt + np.where(differs[..., None], slowly, away * FOLLOWED_SHARE)
        self._last = cells
        self._start(cells)
        self._watch_for_blindness(cells, np.count_nonzero(differs) / differs.size)
        return differs

    def _start(self, cells: NDArray[np.float32]) -> None:
        if not self._is_starting:
            return
        self._first_frames.append(cells)
        if len(self._first_frames) == START_FRAMES:
            self._belt = np.median(np.stack(self._first_frames), axis=0).astype(np.float32)
            self._first_frames, self._is_starting = [], False

    def _watch_for_blindness(self, cells: NDArray[np.float32], covered: float) -> None:
        self._blind_frames = self._blind_frames + 1 if covered > BLIND_COVER else 0
        if self._blind_frames == BLIND_FRAMES:
            self._belt, self._blind_frames = cells, 0
            self._first_frames, self._is_starting = [], True


def _check(options: PresenceOptions) -> None:
    x, y, width, height = options.region
    is_inside = x >= 0 and y >= 0 and width > 0 and height > 0 and x + width <= 1 and y + height <= 1
    limits = (
        (is_inside, "region", "x, y, width, height as fractions of the picture, inside it", options.region),
        (options.travel in TRAVELS, "travel", f"one of {', '.join(TRAVELS)}", options.travel),
        (0 < options.line < 1, "line", "a fraction between 0 and 1", options.line),
        (0 < options.difference < 255, "difference", "grey levels between 0 and 255", options.difference),  # noqa: PLR2004
        (0 < options.shortest < 1, "shortest", "a fraction between 0 and 1", options.shortest),
    )
    for is_right, name, wanted, found in limits:
        if not is_right:
            raise BadInputError(f"presence.{name}: wanted {wanted}; found {found}: change it in the station's file")


def _cells(frame: NDArray[np.uint8], options: PresenceOptions) -> NDArray[np.float32]:
    """The region in coarse cells, turned so that the belt runs towards higher columns: rows × columns × 3 float32."""
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:  # noqa: PLR2004 - H×W×3
        raise BadInputError(f"wanted a picture H×W×3 uint8; found {frame.shape} {frame.dtype}: convert it to RGB first")
    x, y, width, height = options.region
    rows, columns = frame.shape[:2]
    watched = frame[round(y * rows) : round((y + height) * rows), round(x * columns) : round((x + width) * columns)]
    small = _shrunk(watched[::LINES_READ], is_upright=options.travel in {"up", "down"})
    if options.travel in {"down", "up"}:
        small = small.transpose(1, 0, 2)
    if options.travel in {"left", "up"}:
        small = small[:, ::-1]
    return small.astype(np.float32)


def _shrunk(watched: NDArray[np.uint8], *, is_upright: bool) -> NDArray[np.uint8]:
    """Whole blocks averaged into cells; the odd lines at the right and lower edge are left out."""
    across, along = (CELLS_ALONG, CELLS_ACROSS) if is_upright else (CELLS_ACROSS, CELLS_ALONG)
    if watched.shape[0] < 1 or watched.shape[1] < 1:
        raise BadInputError(f"wanted a region of at least one cell; found {watched.shape}: enlarge presence.region")
    tall, wide = -(-watched.shape[0] // across), -(-watched.shape[1] // along)
    rows, columns = watched.shape[0] // tall, watched.shape[1] // wide
    whole = watched[: rows * tall, : columns * wide]
    return resized(whole, (columns, rows), cv2.INTER_AREA)


def _beyond(away: NDArray[np.float32], limit: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where any colour is farther away than that: rows × columns."""
    far = np.abs(away) > limit
    either: NDArray[np.bool_] = far[..., 0] | far[..., 1] | far[..., 2]
    return either


def _runs(differs: NDArray[np.bool_], shortest: int) -> list[_Run]:
    """The covered stretches of the belt, in the order of travel from the entrance to the exit."""
    cover = differs.astype(np.float32).mean(axis=0).tolist()
    stretches: list[tuple[int, int]] = []
    for column, share in enumerate(cover):
        if share <= COVERED_COLUMN:
            continue
        if stretches and column - stretches[-1][1] <= BRIDGED_COLUMNS:
            stretches[-1] = (stretches[-1][0], column + 1)
        else:
            stretches.append((column, column + 1))
    return [_Run(start, end, _balance(cover, start, end)) for start, end in stretches if end - start >= shortest]


def _balance(cover: list[float], start: int, end: int) -> float:
    """Where a stretch of columns would balance on a finger, each as heavy as it is covered."""
    weight = cover[start:end]
    return start + 0.5 + sum(place * share for place, share in enumerate(weight)) / sum(weight)


def _step(run: _Run, before: list[_Run]) -> float:
    """How far a run has come since the frame before, in cells; 0 if it was not there.

    A part that is still coming in, or already going out, is seen in part: then only one of its ends tells the truth.
    """
    origin = max((old for old in before if old.middle <= run.middle and old.end <= run.end), key=_middle, default=None)
    if origin is None:
        return 0.0
    return max(run.middle - origin.middle, run.start - origin.start, run.end - origin.end)


def _middle(run: _Run) -> float:
    return run.middle
