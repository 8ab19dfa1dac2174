"""A real model that hangs, fails or answers NaN while the timetable says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.infer.backend import BackendError
from edge_runtime.infer.predictor import Predictor
from edge_runtime.rehearsal.fault import FaultKind

if TYPE_CHECKING:
    import threading

    from edge_contracts.bundle import Bundle
    from edge_runtime.frames import Scores, Subject
    from edge_runtime.infer.backend import Backend
    from edge_runtime.rehearsal.timetable import Timetable

_KINDS = {FaultKind.BACKEND_HANGS, FaultKind.BACKEND_FAILS, FaultKind.BACKEND_NAN}


class FaultyPredictor(Predictor):
    """Scores like `Predictor` whenever nothing is wrong.

    Args:
        bundle, backend: as of `Predictor`.
        point: the inspection point.
        timetable: what goes wrong when.
        let_go: ends a hang early.
    """

    def __init__(
        self, bundle: Bundle, backend: Backend, point: str, timetable: Timetable, let_go: threading.Event
    ) -> None:
        super().__init__(bundle, backend)
        self._point = point
        self._timetable = timetable
        self._let_go = let_go

    def predict(self, subject: Subject) -> Scores:
        """Score one subject, if nothing keeps it from that.

        Raises:
            BackendError: it is to fail at this moment, or the runtime did.
        """
        fault = self._timetable.active(self._point, _KINDS)
        if fault is None:
            return super().predict(subject)
        self._timetable.note_harm(fault, self._point)
        if fault.kind is FaultKind.BACKEND_FAILS:
            raise BackendError("wanted an answer, found a failure (acted out)")
        if fault.kind is FaultKind.BACKEND_HANGS:
            self._let_go.wait(self._timetable.left_s(fault))
            return super().predict(subject)
        return _without_numbers(super().predict(subject))


def _without_numbers(scores: Scores) -> Scores:
    return replace(scores, values=np.full_like(scores.values, np.nan))
