"""A point's bundle made ready to judge: read, checked against the point, its goldens replayed, warm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.bundle import read_bundle
from edge_contracts.errors import RefusedError
from edge_runtime.bundle_fit import blank, require_fit
from edge_runtime.clock import MonotonicClock
from edge_runtime.infer.isolated.process_backend import IsolatedBackend
from edge_runtime.infer.isolated.worker import Wish
from edge_runtime.infer.predictor import GoldenMismatch, Predictor
from edge_runtime.threshold_check import check_thresholds

if TYPE_CHECKING:
    from edge_contracts.bundle import Bundle
    from edge_contracts.station import Point
    from edge_runtime.clock import Clock
    from edge_runtime.infer.isolated.nursery import Nursery


class ModelLoader:
    """Loads bundles for the daemon, in this process or each in one of its own.

    Args:
        nursery: makes the processes, None to run every model in a thread of the daemon.
        clock: monotonic.
        hang_s: a model's process that owes an answer for so long is started anew.
        niceness: how far such a process stands back behind those of the line, 0 to 19.
    """

    def __init__(self, nursery: Nursery | None, clock: Clock, *, hang_s: float, niceness: int = 0) -> None:
        self._nursery = nursery
        self._clock = clock
        self._hang_s = hang_s
        self._niceness = niceness

    def giving_way(self, niceness: int) -> ModelLoader:
        """The same for models that stand back behind those of the line."""
        return ModelLoader(self._nursery, self._clock, hang_s=self._hang_s, niceness=niceness)

    def __call__(self, point: Point) -> Predictor:
        """Load a point's bundle, check that it can judge, replay its goldens, warm it up.

        Raises:
            BadInputError: the bundle is damaged, or judges nothing that the point could show it.
            RefusedError: this machine does not answer the goldens as recorded.
        """
        bundle = read_bundle(Path(point.bundle))
        _check(point, bundle)
        predictor = self._loaded(point, bundle)
        try:
            predictor.verify_goldens()
            predictor.predict(blank(predictor.manifest))
        except GoldenMismatch as error:
            predictor.close()
            raise RefusedError(f"inspection point {point.name}: {error}") from error
        except BaseException:
            predictor.close()
            raise
        return predictor

    def _loaded(self, point: Point, bundle: Bundle) -> Predictor:
        if self._nursery is None:
            return Predictor.load(bundle, runtime=point.runtime, threads=point.threads)
        wish = Wish(bundle.manifest.runtime, point.runtime, point.threads, kernels="default", niceness=self._niceness)
        backend = IsolatedBackend(point.name, bundle.model, wish, self._nursery, self._clock, hang_s=self._hang_s)
        return Predictor(bundle, backend)


def load_predictor(point: Point) -> Predictor:
    """Load a point's bundle into this process; see `ModelLoader`."""
    return ModelLoader(None, MonotonicClock(), hang_s=0.0)(point)


def _check(point: Point, bundle: Bundle) -> None:
    require_fit(point, bundle.manifest)
    check_thresholds(point, bundle.manifest)
