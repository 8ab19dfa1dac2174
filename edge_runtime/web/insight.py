"""What the page may know and touch of the daemon: values and calls that the service hands in, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from edge_contracts.manifest import ImageInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    from edge_contracts.alarm import Alarm
    from edge_contracts.device import State
    from edge_contracts.manifest import Manifest
    from edge_contracts.station import Point
    from edge_runtime.capture.reader import ReaderCounts
    from edge_runtime.delivery_counts import DeliveryCounts
    from edge_runtime.evidence import EvidenceCounts
    from edge_runtime.frames import Scores
    from edge_runtime.inspection.sensitivity import Sensitivity
    from edge_runtime.lessons.lessons import Lessons
    from edge_runtime.outbox.outbox_counts import OutboxCounters
    from edge_runtime.uplink.uplink_counts import UplinkCounters


class PageModel(Protocol):
    """A model of the page's own, beside the line's; `edge_runtime.infer.predictor.Predictor` is one."""

    @property
    def digest(self) -> str:
        """Of its bundle."""
        ...

    def predict(self, pixels: npt.NDArray[np.uint8]) -> Scores:
        """Score H×W×3 uint8 RGB pixels."""
        ...

    def predict_tensor(self, values: npt.NDArray[Any]) -> Scores:
        """Score one input in the model's own form."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


@dataclass(frozen=True, slots=True)
class Recording:
    """How far the recording of training pictures is.

    folder: where they go.
    told: how far it is, for a person, with what was skipped and why.
    trouble: why it ended early, empty when it did not.
    """

    wanted: int
    taken: int
    folder: str
    running: bool
    told: str = ""
    trouble: str = ""


class RecordsPictures(Protocol):
    """Records training pictures through a point's own camera, region and trigger."""

    def begin(self, point: str, count: int) -> None:
        """Record so many pictures from now on; returns at once.

        Raises:
            BadInputError: one is running, or it cannot be done; the message says why.
        """
        ...

    def cancel(self, point: str) -> None:
        """Take no further picture; those that were taken stay."""
        ...

    def progress(self, point: str) -> Recording | None:
        """How far the last recording is, None when there was none."""
        ...


@dataclass(frozen=True, slots=True)
class PointFace:
    """One inspection point as the page sees it.

    settings: its table of the configuration.
    manifest, digest: of its bundle.
    sensitivity: its threshold. lessons: what it was taught.
    source: what happened to its source.
    faults: exceptions inside its loop.
    restarts: how often its model's process was started anew.
    open_predictor: a model of the page's own from the bundle's file, which may hold another bundle by now.
    skipped: pictures that were passed over because nothing moved in them.
    """

    settings: Point
    manifest: Manifest
    digest: str
    sensitivity: Sensitivity
    lessons: Lessons
    source: ReaderCounts
    faults: int
    restarts: int
    open_predictor: Callable[[], PageModel]
    skipped: int = 0

    @property
    def name(self) -> str:
        """As in alerts."""
        return self.settings.name

    @property
    def takes_pictures(self) -> bool:
        """Whether its model judges pictures."""
        return isinstance(self.manifest.input, ImageInput)


@dataclass(frozen=True, slots=True)
class Counters:
    """What happened outside of the points since the start; None for what the configuration does not ask for.

    alert_waits_s, picture_waits_s: how long the oldest alert that is not durable, and the present write of evidence,
        have waited for the disk.
    """

    delivery: DeliveryCounts
    outbox: OutboxCounters | None
    uplink: UplinkCounters | None
    evidence: EvidenceCounts | None
    alert_waits_s: float = 0.0
    picture_waits_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Insight:
    """The daemon as the page sees it.

    points: the present ones, in the order of the configuration.
    troubles: why a pipeline makes no progress, a sentence each; empty when all do.
    state: the health that the uplink tells, too; None while there is no spool.
    counters: of alerts and their pictures.
    alarms: those that last now.
    recorder: None where nothing can be recorded.
    """

    device: str
    points: Callable[[], Sequence[PointFace]]
    troubles: Callable[[], Sequence[str]]
    state: Callable[[], State | None]
    counters: Callable[[], Counters]
    alarms: Callable[[], Sequence[Alarm]]
    recorder: RecordsPictures | None = None

    def point(self, name: str) -> PointFace | None:
        """The point of that name."""
        return next((face for face in self.points() if face.name == name), None)
