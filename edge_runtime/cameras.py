"""The cameras' health as the daemon watches it from outside of the loops: where each belongs, how its pictures look.

What is learned of a camera's place is kept over restarts, so that a camera that was moved while the daemon was down is
noticed too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.camera_shift import CameraShift, background
from edge_runtime.capture.picture_file import read_picture
from edge_runtime.capture.source import KINDS
from edge_runtime.inspection.region import cut
from edge_runtime.judged_area import areas_of
from edge_runtime.picture_health import PictureCheck, reduced_grey

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.station import Point
    from edge_runtime.learned import Learned
    from edge_runtime.picture_health import Light

_DIGITS = 8


@dataclass(slots=True)
class _Camera:
    point: Point
    check: PictureCheck
    shift: CameraShift | None
    kept: bool


class Cameras:
    """The picture checks of all points, by the points' names.

    Args:
        learned: where a place that was learned is kept; None to forget it at the end.
    """

    def __init__(self, learned: Learned | None = None) -> None:
        self._learned = learned
        self._cameras: dict[str, _Camera] = {}

    def check_for(self, point: Point) -> PictureCheck:
        """What examines a point's pictures; a point of the same name is watched no more.

        Raises:
            BadInputError: its `moved_reference` is no picture, or a mask cannot be read.
        """
        shift = self._shift_for(point)
        check = eye_of(point, shift)
        kept = shift is None or shift.reference is not None
        self._cameras[point.name] = _Camera(point, check, shift, kept)
        return check

    def forget(self, name: str) -> None:
        """A point is no more."""
        self._cameras.pop(name, None)

    def light_of(self, name: str) -> Light | None:
        """How a point's pictures look of late, None before the first that could be judged."""
        camera = self._cameras.get(name)
        return camera.check.light if camera else None

    def keep_places(self) -> None:
        """Write down each place that was learned since; for a thread that may wait for the disk."""
        for camera in list(self._cameras.values()):
            if not camera.kept and camera.shift is not None and camera.shift.reference is not None:
                camera.kept = True
                self._keep(camera.point, camera.shift.reference)

    def _keep(self, point: Point, reference: npt.NDArray[np.uint8]) -> None:
        written, content = cv2.imencode(".png", reference)
        if written and self._learned is not None:
            self._learned.keep(place_name(point), bytes(content))

    def _shift_for(self, point: Point) -> CameraShift | None:
        health, kind = point.health, KINDS[point.source.kind]
        asked_for = health.model_fields_set & {"moved_limit", "moved_reference"}
        if not health.moved_limit or not (asked_for or (kind.camera and kind.live)):
            return None
        return CameraShift(health.moved_limit, health.moved_pictures, self._reference(point))

    def _reference(self, point: Point) -> npt.NDArray[np.uint8] | None:
        if (path := point.health.moved_reference) is not None:
            return _place_in(Path(path), point)
        kept = self._learned.read(place_name(point)) if self._learned is not None else None
        if kept is None:
            return None
        grey = cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_GRAYSCALE)
        return None if grey is None else np.asarray(grey, np.uint8)


def eye_of(point: Point, shift: CameraShift | None = None) -> PictureCheck:
    """What examines pictures of a point's own source as its models see them.

    Raises:
        BadInputError: a mask cannot be read.
    """
    areas, region = areas_of(point), point.region
    is_region = len(areas) == 1 and areas[0].region == region and areas[0].mask is None
    return PictureCheck(
        point.health,
        frozen_frames=frozen_frames(point),
        shift=shift,
        region=region,
        areas=() if is_region else areas,
    )


def frozen_frames(point: Point) -> int:
    """After how many identical pictures a camera counts as frozen; a folder only when the file asks for it.

    A folder may hold the same picture twice; what stands for a camera does not give it twice.
    """
    asked_for = "frozen_frames" in point.health.model_fields_set
    return point.health.frozen_frames if asked_for or KINDS[point.source.kind].camera else 0


def freezes_unseen(point: Point) -> bool:
    """Whether what looks for a frozen camera must have pictures that nobody wants: a live one may freeze in a pause."""
    kind = KINDS[point.source.kind]
    return kind.live and kind.camera and frozen_frames(point) > 0


def place_name(point: Point) -> str:
    """The file of a place that was learned: of the point, its source and its region, so that another learns anew."""
    seen = json.dumps([point.source.model_dump(), point.region.model_dump()], sort_keys=True)
    return f"place-{point.name}-{hashlib.sha256(seen.encode()).hexdigest()[:_DIGITS]}.png"


def _place_in(path: Path, point: Point) -> npt.NDArray[np.uint8]:
    try:
        return background(reduced_grey(cut(read_picture(path), point.region)))
    except (OSError, BadInputError) as error:
        raise BadInputError(
            f"inspection point {point.name}: wanted a picture of the camera's place at {path}, found none ({error})"
        ) from error
