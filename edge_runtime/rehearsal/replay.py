"""A recording replayed against the station's real configuration: every picture gets its verdict, in order."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edge_contracts.alert import EvidenceKind
from edge_contracts.errors import BadInputError
from edge_contracts.recorded_frame import HEAD_BYTES, note_in
from edge_contracts.station import FolderSource, VideoSource
from edge_runtime.capture.picture_file import FOREIGN_SUFFIXES, SUFFIXES
from edge_runtime.notify import Notifier
from edge_runtime.rehearsal.staging import chosen, confined, recorded
from edge_runtime.rehearsal.verdict_tape import Told, VerdictTape
from edge_runtime.service import Daemon

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.station import Point, StationConfig
    from edge_runtime.summary import Summary

Pace = Literal["recorded", "fast"]


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it: every verdict in the order they were told, and the daemon's own summary."""

    told: tuple[Told, ...]
    summary: Summary


@dataclass(frozen=True, slots=True)
class Changed:
    """A part that two bundles judge otherwise."""

    before: Told
    after: Told


def staged_replay(config: StationConfig, recording: Path, name: str | None, scratch: Path, pace: Pace) -> StationConfig:
    """The station with one point, which is given the recording.

    Args:
        config: the station's own.
        recording: a folder of pictures, a folder of evidence, or a film.
        name: the inspection point, None where the station has one.
        scratch: a folder of its own.
        pace: of a film.

    Raises:
        BadInputError: there is no such point or recording.
    """
    point = chosen(config, name)
    if recording.is_dir():
        folder = in_order(recording, scratch / "recording")
        staged = recorded(point, FolderSource(kind="folder", path=str(folder)), is_film=False)
    elif recording.is_file():
        source = VideoSource(kind="video", path=str(recording.resolve()), pace=pace)
        staged = recorded(point, source, is_film=True)
    else:
        raise BadInputError(f"wanted a recording (a folder of pictures or a film), found none at {recording}")
    return confined(config, scratch / "state", (staged,))


def with_bundle(config: StationConfig, bundle: Path, scratch: Path) -> StationConfig:
    """The same replay with another model, and a state of its own."""
    (point,) = config.points
    other: Point = point.model_copy(update={"bundle": str(bundle.resolve())})
    station = config.station.model_copy(update={"state_folder": str(scratch / "state-of-the-other")})
    return config.model_copy(update={"station": station, "points": (other,)})


def replay(config: StationConfig) -> Replay:
    """Run the daemon until the recording is over.

    Raises:
        LeptonError: as `Daemon.run`.
    """
    tape = VerdictTape()
    summary = Daemon(config, Notifier(), threading.Event(), lines=tape).run()
    return Replay(tuple(tape.told), summary)


def compared(before: Replay, after: Replay) -> list[Changed]:
    """The parts whose outcome differs, in the order of the recording."""
    others = {told.part: told for told in after.told}
    pairs = [(told, others[told.part]) for told in before.told if told.part in others]
    return [Changed(one, other) for one, other in pairs if one.outcome is not other.outcome]


def in_order(recording: Path, folder: Path) -> Path:
    """A folder of links to the pictures of a recording, in their order.

    Pictures that lie in the folder itself are taken by name. Evidence lies in sub-folders and is named by its content,
    so it is taken by the time it was written, without the pictures over which a heat map or boxes are drawn. Pictures
    of kinds that are not read are taken, too: the daemon judges them unknown.

    Raises:
        BadInputError: there is no picture in it.
    """
    files = sorted(path for path in recording.iterdir() if _is_picture(path))
    if not files:
        kept = [path for path in recording.glob("**/*") if _is_picture(path) and not _is_drawn_over(path)]
        files = sorted(kept, key=lambda path: (path.stat().st_mtime_ns, path.name))
    if not files:
        raise BadInputError(f"wanted pictures in {recording}, found none; name a folder of pictures, or a film")
    folder.mkdir(parents=True)
    for number, path in enumerate(files, start=1):
        (folder / f"{number:06d}-{path.name}").symlink_to(path.resolve())
    return folder


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES | FOREIGN_SUFFIXES


def _is_drawn_over(path: Path) -> bool:
    with path.open("rb") as file:
        note = note_in(file.read(HEAD_BYTES))
    return note is not None and note.kind is not EvidenceKind.IMAGE
