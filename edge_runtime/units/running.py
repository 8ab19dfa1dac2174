"""What runs at this moment: written by the units as they start and stop, read by whoever shows or watches it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_runtime.cameras import Cameras
from edge_runtime.commands.executor import CommandCounts
from edge_runtime.delivery_counts import DeliveryCounts
from edge_runtime.evidence import EvidenceCounts
from edge_runtime.evidence.extras import Extras
from edge_runtime.evidence.upload.counts import UploadCounts
from edge_runtime.outputs.relay import Relay
from edge_runtime.pace import Paces
from edge_runtime.records.verdict_records import RecordCounts, Unwritten
from edge_runtime.terminals.chips import Chips
from edge_runtime.trigger.given_names import GivenNames

if TYPE_CHECKING:
    from edge_runtime.capture.reader import Reader
    from edge_runtime.commands.executor import Executor
    from edge_runtime.delivery import Delivery
    from edge_runtime.evidence import EvidenceStore
    from edge_runtime.evidence.upload.uploader import Uploader
    from edge_runtime.health.score_watch import ScoreWatch
    from edge_runtime.health.station_health import StationHealth
    from edge_runtime.inspection_point import InspectionPoint
    from edge_runtime.outbox.outbox import Outbox
    from edge_runtime.outputs.json_lines import JsonLines
    from edge_runtime.outputs.panel import Panel
    from edge_runtime.pipeline import VerdictSink
    from edge_runtime.records.verdict_records import VerdictRecords
    from edge_runtime.uplink.uplink import Uplink


@dataclass(slots=True)
class Running:
    """The running parts of a station; None, or absent, for what the configuration does not ask for.

    delivery_counts, evidence_counts, upload_counts, command_counts, record_counts, loop_faults: since the start of the
        daemon, whatever was started anew.
    unwritten: what verdict records that were stopped left to those that follow.
    first: told of each verdict before anybody else: what rejects the part.
    sinks: told of each verdict, in this order. Points that start later hear of them; running ones keep theirs.
    uplink_before: the last that was asked to stop; the next one lets it end.
    relay: the one of them that has guests, which come and go.
    given, readers, points: by the inspection point's name; names are given once in the daemon's life.
    """

    outbox: Outbox | None = None
    evidence: EvidenceStore | None = None
    evidence_counts: EvidenceCounts = field(default_factory=EvidenceCounts)
    delivery: Delivery | None = None
    extras: Extras = field(default_factory=Extras)
    delivery_counts: DeliveryCounts = field(default_factory=DeliveryCounts)
    loop_faults: int = 0
    records: VerdictRecords | None = None
    record_counts: RecordCounts = field(default_factory=RecordCounts)
    unwritten: Unwritten = field(default_factory=Unwritten)
    cameras: Cameras = field(default_factory=Cameras)
    paces: Paces = field(default_factory=Paces)
    scores: ScoreWatch | None = None
    health: StationHealth | None = None
    lines: JsonLines | None = None
    chips: Chips = field(default_factory=Chips)
    panel: Panel | None = None
    commands: Executor | None = None
    command_counts: CommandCounts = field(default_factory=CommandCounts)
    uplink: Uplink | None = None
    uplink_before: Uplink | None = None
    uploader: Uploader | None = None
    upload_counts: UploadCounts = field(default_factory=UploadCounts)
    first: tuple[VerdictSink, ...] = ()
    sinks: list[VerdictSink] = field(default_factory=list)
    relay: Relay = field(default_factory=Relay)
    given: defaultdict[str, GivenNames] = field(default_factory=lambda: defaultdict(GivenNames))
    readers: dict[str, Reader] = field(default_factory=dict)
    points: dict[str, InspectionPoint] = field(default_factory=dict)

    def told(self) -> tuple[VerdictSink, ...]:
        """The sinks of a point that starts now."""
        return (*self.first, *self.sinks)
