"""The thread that owns a point's model, so that a backend that hangs takes no verdict with it.

A thread inside a runtime cannot be stopped. When an answer is overdue the caller gets `BackendHung` at its deadline,
and at once for each further part until the answer comes; the late answer is thrown away, because its part is gone.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from edge_runtime.clock import Clock
    from edge_runtime.frames import Scores, Subject

_NS_PER_S = 1_000_000_000

_log = logging.getLogger(__name__)


class BackendHung(LeptonError, TimeoutError):
    """The backend has not answered in time."""


class BackendFailed(LeptonError, RuntimeError):
    """The backend raised an error instead of answering."""


class Model(Protocol):
    """What scores pictures or windows; `edge_runtime.infer.predictor.Predictor` is one."""

    def predict(self, subject: Subject) -> Scores:
        """Score H×W×3 uint8 RGB pixels, or a window."""
        ...


@dataclass(slots=True)
class _Job:
    subject: Subject
    begun_at_ns: int
    done: threading.Event = field(default_factory=threading.Event)
    scores: Scores | None = None
    error: Exception | None = None


class Scorer:
    """Scores one subject at a time in its own thread, under a deadline.

    Args:
        name: the inspection point.
        model: used by this thread alone after `start`.
        clock: monotonic.
    """

    def __init__(self, name: str, model: Model, clock: Clock) -> None:
        self._name = name
        self._model = model
        self._clock = clock
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._overdue: _Job | None = None
        self._thread = threading.Thread(target=self._run, name=f"score-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Stop the thread; False, and a line in the log, if the backend still hangs."""
        self._jobs.put(None)
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.error("%s: the backend's thread did not stop within %g s; left behind", self._name, timeout_s)
            return False
        return True

    def tend(self) -> None:
        """A thread inside a runtime cannot be helped."""

    def hung_s(self) -> float:
        """For how long an answer has been overdue, counted from the question; 0 when none is."""
        overdue = self._overdue
        if overdue is None or overdue.done.is_set():
            return 0.0
        return (self._clock.now_ns() - overdue.begun_at_ns) / _NS_PER_S

    def score(self, subject: Subject, until_ns: int) -> Scores:
        """Score one picture or window before `until_ns` (monotonic).

        Args:
            subject: H×W×3 uint8 RGB pixels, 0–255, or a window; not changed by anybody until the answer comes.
            until_ns: when the caller must have an answer.

        Raises:
            BackendHung: no answer yet.
            BackendFailed: the backend raised; the cause is chained.
        """
        if (hung_s := self.hung_s()) > 0:
            raise BackendHung(f"wanted a free backend, found it still busy after {hung_s:.1f} s with an earlier part")
        self._overdue = None
        job = _Job(subject, self._clock.now_ns())
        self._jobs.put(job)
        left_s = (until_ns - job.begun_at_ns) / _NS_PER_S
        if not self._clock.wait(job.done, left_s):
            self._overdue = job
            left_ms = left_s * 1000
            told = f"{left_ms:.0f}" if left_ms >= 1 else f"{left_ms:.2f}"
            raise BackendHung(f"wanted an answer from the backend within {told} ms, found none")
        if job.error is not None:
            raise BackendFailed(f"wanted scores, found {type(job.error).__name__}: {job.error}") from job.error
        if job.scores is None:
            raise BackendFailed("wanted scores, found nothing")
        return job.scores

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._answer(job)

    def _answer(self, job: _Job) -> None:
        try:
            job.scores = self._model.predict(job.subject)
        except Exception as error:  # noqa: BLE001 - whatever a runtime raises, the part is unknown and says why
            job.error = error
        finally:
            job.done.set()
