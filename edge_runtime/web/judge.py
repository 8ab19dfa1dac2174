"""Judges what people upload, with a model of its own, open only while it is used; the line's is never touched."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from edge_contracts.errors import BadInputError
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.clock import MonotonicClock
from edge_runtime.frames import Frame, Window
from edge_runtime.infer.backend import BackendError
from edge_runtime.inspection.decision import Decision, unknown
from edge_runtime.inspection.examiner import Examiner
from edge_runtime.inspection.examiner import Judged as ExaminerJudged
from edge_runtime.judged_area import areas_of
from edge_runtime.lessons.lessons import OtherBundle
from edge_runtime.picture_health import PictureCheck

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from edge_contracts.station import Region
    from edge_runtime.frames import Scores, Subject
    from edge_runtime.web.insight import PageModel, PointFace

_MS_PER_S = 1000
_NO_DEADLINE_NS = 1 << 62

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Judged:
    """What the line would have said of a picture.

    region: what of the picture was judged.
    heat_map: float32 h×w over the region; None where the model has none, or says what is no number.
    took_ms: preprocessing and model.
    """

    decision: Decision
    region: Region
    values: npt.NDArray[np.float32]
    heat_map: npt.NDArray[np.float32] | None
    took_ms: float


class Judge:
    """One open model per point; used by one thread alone."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, PageModel]] = {}

    def picture(self, face: PointFace, pixels: npt.NDArray[np.uint8], region: Region) -> Judged:
        """Judge one picture as the point would: its limits of light and focus, its model, its threshold.

        Args:
            face: the point.
            pixels: H×W×3 uint8 RGB, 0–255.
            region: what of it is judged.

        Raises:
            OtherBundle: the file of the bundle holds another one than the line runs.
        """
        begun_s = time.monotonic()
        areas = areas_of(face.settings.model_copy(update={"region": region}))
        ailment = PictureCheck(face.settings.health, frozen_frames=0, region=region, areas=areas).examine(pixels)
        if ailment is not None:
            decision = Decision(Outcome.UNKNOWN, ailment.cause, ailment.reason)
            return Judged(decision, region, np.empty(0, np.float32), None, _since_ms(begun_s))
        if face.settings.models:
            decision = unknown(Cause.INTERNAL, "wanted a point with one model for single pictures, found several")
            return Judged(decision, region, np.empty(0, np.float32), None, _since_ms(begun_s))
        found = self._answer(face, lambda model: _examined(face, model, pixels, region))
        decision, scores = found.decision, found.scores
        heat = scores.heat_map if scores.heat_map is not None and np.isfinite(scores.heat_map).all() else None
        return Judged(decision, region, scores.values, heat, _since_ms(begun_s))

    def tensor(self, face: PointFace, values: npt.NDArray[Any]) -> Scores:
        """Run the model on one input in its own form.

        Args:
            face: the point.
            values: the input tensor's shape; real float32 values, or stored ones in the model's own dtype.

        Raises:
            OtherBundle: the file of the bundle holds another one than the line runs.
        """
        return self._answer(face, lambda model: model.predict_tensor(values))

    def close(self) -> None:
        """Free every model; the next question opens one again."""
        while self._open:
            _, (_, model) = self._open.popitem()
            model.close()

    def _answer(self, face: PointFace, ask: Callable[[PageModel], Answer]) -> Answer:
        """A model that failed is opened anew for the next question."""
        try:
            return ask(self._model(face))
        except BackendError:
            if (opened := self._open.pop(face.name, None)) is not None:
                opened[1].close()
            raise

    def _model(self, face: PointFace) -> PageModel:
        digest, model = self._open.get(face.name, ("", None))
        if model is not None and digest == face.digest:
            return model
        if model is not None:
            del self._open[face.name]
            model.close()
        opened = face.open_predictor()
        if opened.digest != face.digest:
            opened.close()
            raise OtherBundle(
                f"wanted the bundle that the line runs ({face.digest[:12]}), found another in its file "
                f"({opened.digest[:12]}); reload the station, or put the old file back"
            )
        self._open[face.name] = (face.digest, opened)
        return opened


@dataclass(frozen=True, slots=True)
class _AtOnce:
    """A model without a guard: the page waits for it."""

    model: PageModel

    def score(self, subject: Subject, until_ns: int) -> Scores:  # noqa: ARG002 - the page has no deadline
        if isinstance(subject, Window):
            raise BadInputError("wanted a picture, found a window of samples")
        return self.model.predict(subject)


def _examined(face: PointFace, model: PageModel, pixels: npt.NDArray[np.uint8], region: Region) -> ExaminerJudged:
    """With the point's mask, tiles and lessons, as the line would."""
    settings = face.settings.model_copy(update={"region": region})
    examiner = Examiner(settings, face, _AtOnce(model), MonotonicClock())
    examiner.use_threshold(face.sensitivity.ruling().threshold)
    examiner.use_lessons(face.lessons.head)
    return examiner.judge(Frame(pixels, 0, 0), _NO_DEADLINE_NS)


def _since_ms(begun_s: float) -> float:
    return (time.monotonic() - begun_s) * _MS_PER_S
