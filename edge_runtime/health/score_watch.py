"""The scores of each point against their reference: of the bundle, or else learned from the first good parts here.

A sink that only remembers; the comparison is made by the health watch, when a fifth of the window is new.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge_contracts.alarm import AlarmType
from edge_contracts.manifest import ScoreReference
from edge_contracts.verdict import Outcome
from edge_runtime.health.drift import Drift, compare, what_else_changed
from edge_runtime.picture_health import Light

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.station import Drift as Settings
    from edge_runtime.conditions import Conditions
    from edge_runtime.learned import Learned
    from edge_runtime.occasion import Inspected

LEARNED_FROM: Final = 500
"""Good parts that a reference is learned from where the bundle has none."""
QUANTILES: Final = 21
_FIFTH: Final = 5
_DIGITS: Final = 8
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Point:
    """One point's scores; `light` is how its pictures looked when the reference was learned, or its watch began."""

    file: str
    scores: deque[float]
    reference: ScoreReference | None
    light: Light | None = None
    learning: list[float] = field(default_factory=list)
    new: int = 0
    drift: Drift | None = None
    kept: bool = False


class ScoreWatch:
    """Watches the scores of all points.

    Args:
        settings: the `[drift]` table.
        conditions: where drift is told.
        learned: keeps references and light over restarts.
        light_of: how a point's pictures look of late.
    """

    def __init__(
        self, settings: Settings, conditions: Conditions, learned: Learned, light_of: Callable[[str], Light | None]
    ) -> None:
        self._settings, self._conditions, self._learned, self._light_of = settings, conditions, learned, light_of
        self._lock = threading.Lock()
        self._points: dict[str, _Point] = {}

    def follow(self, point: str, model: str, reference: ScoreReference | None) -> None:
        """Begin with a point: its model's digest, and the bundle's reference where it has one."""
        name = f"scores-{point}-{model[:_DIGITS]}.json"
        made = _Point(name, deque(maxlen=self._settings.window), reference)
        known = _parsed(self._learned.read(name))
        if known is not None:
            made.reference, made.light, made.kept = reference or known[0], known[1], True
        with self._lock:
            self._points[point] = made

    def forget(self, point: str) -> None:
        """A point is no more."""
        with self._lock:
            self._points.pop(point, None)
        self._conditions.set(AlarmType.DRIFT, point, None)

    def take(self, inspected: Inspected) -> None:
        """Remember the score of a part that was judged; the bundle's own, as the reference is."""
        verdict, score = inspected.verdict, inspected.raw_score
        if score is None or verdict.outcome is Outcome.UNKNOWN or not math.isfinite(score):
            return
        with self._lock:
            point = self._points.get(verdict.point)
            if point is None:
                return
            point.scores.append(score)
            point.new += 1
            if not point.kept and verdict.outcome is Outcome.GOOD and len(point.learning) < LEARNED_FROM:
                point.learning.append(score)

    def drift_of(self, name: str) -> Drift | None:
        """What the last comparison found, None before the first."""
        point = self._points.get(name)
        return point.drift if point else None

    def look(self) -> None:
        """Learn and compare what is due; for a thread that may wait for the disk."""
        with self._lock:
            points = list(self._points.items())
        for name, point in points:
            self._learn(name, point)
            if point.new * _FIFTH >= self._settings.window and len(point.scores) == self._settings.window:
                self._compare(name, point)

    def _learn(self, name: str, point: _Point) -> None:
        if point.kept or len(point.learning) < LEARNED_FROM:
            return
        point.light = self._light_of(name)
        if point.reference is None:
            point.reference = score_reference(point.learning)
            _log.warning(
                "%s: the bundle tells no scores of good parts, so drift is watched against the first %d here",
                name,
                LEARNED_FROM,
            )
        light = asdict(point.light) if point.light else None
        content = {"reference": point.reference.model_dump(), "light": light}
        self._learned.keep(point.file, json.dumps(content).encode())
        point.kept = True
        point.learning.clear()

    def _compare(self, name: str, point: _Point) -> None:
        if point.reference is None:
            return
        with self._lock:
            scores, point.new = tuple(point.scores), 0
        drift = point.drift = compare(scores, point.reference, self._settings.psi_min)
        if drift.is_there:
            direction = "higher" if drift.higher else "lower"
            reason = (
                f"the last {len(scores)} scores are {direction} than those of good parts were (PSI {drift.psi:.2f} of "
                f"{drift.psi_limit:.2f}, KS {drift.ks:.2f} of {drift.ks_limit:.2f}); "
                f"{what_else_changed(point.light, self._light_of(name))}"
            )
            self._conditions.set(AlarmType.DRIFT, name, reason)
        elif drift.is_over:
            self._conditions.set(AlarmType.DRIFT, name, None)


def score_reference(scores: list[float]) -> ScoreReference:
    """The reference of finite scores, five or more; of scores that were seen, so that equal ones stay equal."""
    quantiles = np.quantile(np.asarray(scores, np.float64), np.linspace(0, 1, QUANTILES), method="inverted_cdf")
    return ScoreReference(quantiles=tuple(quantiles.tolist()), samples=len(scores))


def _parsed(content: bytes | None) -> tuple[ScoreReference, Light | None] | None:
    """None for what was never kept, or by a version of another form."""
    if content is None:
        return None
    try:
        told: dict[str, Any] = json.loads(content)
        light = Light(**told["light"]) if told["light"] else None
        return ScoreReference.model_validate(told["reference"]), light
    except (ValueError, KeyError, TypeError) as error:
        _log.warning("what was learned of scores cannot be read (%s); it is learned anew", error)
        return None
