"""A model in a process of its own under a deadline: the caller waits for the answer itself, without a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.infer.isolated.process_backend import BackendLate
from edge_runtime.inspection.scorer import BackendFailed, BackendHung

if TYPE_CHECKING:
    from edge_runtime.frames import Scores, Subject
    from edge_runtime.infer.isolated.process_backend import IsolatedBackend
    from edge_runtime.inspection.scorer import Model


class IsolatedScorer:
    """Scores one subject at a time; the same face as `edge_runtime.inspection.scorer.Scorer`.

    Args:
        model: feeds `backend` and reads its answers.
        backend: the model's process.
    """

    def __init__(self, model: Model, backend: IsolatedBackend) -> None:
        self._model = model
        self._backend = backend

    def start(self) -> None:
        """The process runs already."""

    @staticmethod
    def stop(timeout_s: float) -> bool:  # noqa: ARG004 - there is nothing to wait for
        """The process is ended when the model is closed."""
        return True

    @staticmethod
    def hung_s() -> float:
        """A process that hangs is started anew by `tend`; it never makes the daemon start anew."""
        return 0.0

    def tend(self) -> None:
        """Kill a process that hangs, start anew one that died."""
        self._backend.tend()

    def score(self, subject: Subject, until_ns: int) -> Scores:
        """Score before `until_ns` (monotonic); see `Scorer.score`.

        Raises:
            BackendHung: no answer yet, or none yet to an earlier part.
            BackendFailed: the runtime raised, or its process died; the cause is chained.
        """
        self._backend.answer_by(until_ns)
        try:
            return self._model.predict(subject)
        except BackendLate as error:
            raise BackendHung(str(error)) from error
        except Exception as error:
            raise BackendFailed(f"wanted scores, found {type(error).__name__}: {error}") from error
