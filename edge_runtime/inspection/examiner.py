"""One model of an inspection point: from a reading to its finding, whatever happens on the way."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from edge_contracts.manifest import ClassRule
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.frames import Window
from edge_runtime.inspection.decide import decide
from edge_runtime.inspection.decision import Decision, Ruling, unknown
from edge_runtime.inspection.finding import Finding
from edge_runtime.inspection.masking import MaskRefused
from edge_runtime.inspection.scorer import BackendFailed, BackendHung
from edge_runtime.inspection.sight import Sight
from edge_runtime.inspection.taught import features_output, impression_of, with_examples, with_lessons
from edge_runtime.inspection.tiling import TileScores, stitched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from edge_contracts.manifest import Manifest
    from edge_contracts.station import Point, Region
    from edge_runtime.clock import Clock
    from edge_runtime.frames import Frame, Scores, Subject
    from edge_runtime.inspection.sight import View
    from edge_runtime.inspection.tiling import Tile
    from edge_runtime.lessons.alike import Comparison
    from edge_runtime.lessons.lesson import Impression
    from edge_runtime.lessons.lost import Taught
    from edge_runtime.occasion import Mark

_log = logging.getLogger(__name__)


class ScoresParts(Protocol):
    """What scores pictures or windows under a deadline; `edge_runtime.inspection.scorer.Scorer` is one."""

    def score(self, subject: Subject, until_ns: int) -> Scores:
        """Score before `until_ns`, or raise BackendHung or BackendFailed."""
        ...


class Bundled(Protocol):
    """A bundle that was loaded; `edge_runtime.infer.predictor.Predictor` is one."""

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""
        ...

    @property
    def digest(self) -> str:
        """The bundle's name."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model says of a reading.

    scores: of the whole region.
    impression: what can be taught of it; None where nothing can.
    """

    decision: Decision
    scores: Scores
    impression: Impression | None = None


class Examiner:
    """Asks one model, in tiles where the point wants them, and reads its answer.

    Args:
        point: as this model has it: region, mask, tiles, thresholds; see `edge_contracts.station.Point.views`.
        bundle: the model's.
        scorer: the model.
        clock: monotonic.
        name: of the model, empty when it is the point's only one.

    Raises:
        MaskRefused: the point's mask cannot be read.
    """

    def __init__(self, point: Point, bundle: Bundled, scorer: ScoresParts, clock: Clock, *, name: str = "") -> None:
        manifest = bundle.manifest
        self.name = name
        self.digest = bundle.digest
        self.region = point.region
        self.ruling = Ruling(manifest.rule, manifest.labels, point.threshold, point.thresholds)
        self._features = features_output(manifest)
        self._lessons: Taught | None = None
        self._comparison: Comparison | None = None
        self._sight = Sight(point, manifest)
        self._scorer = scorer
        self._clock = clock

    def use_threshold(self, threshold: float | None) -> None:
        """Judge by this threshold from the next part on, None for the rule's own; from any thread, at once."""
        self.ruling = replace(self.ruling, threshold=threshold)

    def use_lessons(self, head: Taught | None, comparison: Comparison | None = None) -> None:
        """Hear these lessons, and compare with these known parts, from the next part on; from any thread, at once."""
        self._lessons, self._comparison = head, comparison

    def examine(self, seen: Frame | Window, until_ns: int) -> Finding:
        """The model's finding before `until_ns` (monotonic); never raises."""
        try:
            judged = self.judge(seen, until_ns)
        except BackendHung as error:
            return self.without(Cause.BACKEND_HUNG, str(error))
        except BackendFailed as error:
            _log.exception("%s: the backend failed", self.name or "the model")
            return self.without(Cause.BACKEND_FAILED, str(error))
        except MaskRefused as error:
            return self.without(Cause.BAD_FRAME, str(error))
        except Exception as error:  # noqa: BLE001 - whatever a stage raises, the part is unknown and says why
            _log.exception("%s: a stage failed", self.name or "the model")
            return self.without(Cause.INTERNAL, f"a stage failed ({type(error).__name__}: {error})")
        shown = _shown(judged.scores)
        return Finding(self.name, self.digest, judged.decision, self.region, shown, judged.impression)

    def without(self, cause: Cause, reason: str) -> Finding:
        """The finding of a model that could not judge."""
        return Finding(self.name, self.digest, unknown(cause, reason), self.region)

    def judge(self, seen: Frame | Window, until_ns: int) -> Judged:
        """The decision before `until_ns`, its marks in the whole frame, and the scores of the whole region.

        Raises:
            BackendHung, BackendFailed: the model gave no answer.
            MaskRefused: the mask does not fit the picture.
        """
        if isinstance(seen, Window):
            scores = self._scorer.score(seen, until_ns)
            return Judged(decide(scores, self.ruling), scores)
        view = self._sight.view(seen.pixels)
        if view.tiles:
            parts = [TileScores(tile, scores) for tile, scores in self._tiled(view, until_ns)]
            each, whole = [part.scores for part in parts], stitched(parts, view.size_px, len(self.ruling.labels))
        else:
            whole = self._scorer.score(view.pixels, until_ns)
            each = [whole]
        whole = self._sight.without_masked(whole, view)
        if isinstance(self.ruling.rule, ClassRule):
            return Judged(self._worst([decide(scores, self.ruling) for scores in each]), whole)
        decision = decide(whole, self.ruling)
        impression = impression_of(whole, self._features, decision, self.digest)
        decision = with_examples(with_lessons(decision, impression, self._lessons), impression, self._comparison)
        if decision.marks:
            decision = replace(decision, marks=tuple(in_frame(mark, self.region) for mark in decision.marks))
        return Judged(decision, whole, impression)

    def _tiled(self, view: View, until_ns: int) -> Iterator[tuple[Tile, Scores]]:
        for number, tile in enumerate(view.tiles):
            if number and self._clock.now_ns() >= until_ns:
                raise BackendHung(f"wanted {len(view.tiles)} tiles judged in time, found {number} of them judged")
            yield tile, self._scorer.score(view.of(tile), until_ns)

    @staticmethod
    def _worst(decisions: Sequence[Decision]) -> Decision:
        """Of classified tiles a defect makes the part one, else one that is unknown; of good ones the least sure."""
        if len(decisions) == 1:
            return decisions[0]
        for outcome in (Outcome.DEFECT, Outcome.UNKNOWN):
            if some := [one for one in decisions if one.outcome is outcome]:
                return max(some, key=lambda one: one.score or 0.0)
        return min(decisions, key=lambda one: one.score or 0.0)


def _shown(scores: Scores) -> npt.NDArray[np.float32] | None:
    """A map of classes is shown as a heat map that is 1 where something is named."""
    if scores.class_map is None:
        return scores.heat_map
    return np.asarray(scores.class_map > 0, np.float32)


def in_frame(mark: Mark, region: Region) -> Mark:
    """A mark of a region as one of the whole frame."""
    x1, y1, x2, y2 = mark.corners
    left, right = region.x + x1 * region.width, region.x + x2 * region.width
    top, bottom = region.y + y1 * region.height, region.y + y2 * region.height
    return replace(mark, corners=(left, top, right, bottom))
