"""A served page in this process: the real server and routes, a small real model, and a daemon that the test plays."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_contracts.bundle import read_bundle
from edge_contracts.device import State
from edge_contracts.message import ClockTrust
from edge_contracts.station import Web
from edge_runtime.audit_file import AuditFile
from edge_runtime.capture.reader import ReaderCounts
from edge_runtime.clock import MonotonicClock
from edge_runtime.delivery_counts import DeliveryCounts
from edge_runtime.infer.predictor import Predictor
from edge_runtime.inspection.decision import Ruling
from edge_runtime.inspection.sensitivity import Sensitivity
from edge_runtime.lessons.lesson_file import LessonFile
from edge_runtime.lessons.lessons import Lessons
from edge_runtime.lessons.teachable import teachable
from edge_runtime.lessons.witness import WitnessFile
from edge_runtime.outbox.outbox_counts import OutboxCounters
from edge_runtime.web.face import WebFace
from edge_runtime.web.insight import Counters, Insight, PointFace, Recording, RecordsPictures
from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.fakes.parts import point
from tests.fakes.stations import THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_contracts.alarm import Alarm

TOKEN = "0123456789abcdef" * 2
NOW = datetime(2026, 5, 4, 9, 12, 31, tzinfo=timezone.utc)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> str:
        return str(self.json["error"])


@dataclass(slots=True)
class Served:
    """The page and the daemon behind it."""

    port: int
    face: WebFace
    sensitivity: Sensitivity
    state_folder: Path
    troubles: list[str] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    used: list[float | None] = field(default_factory=list)
    opened: list[Predictor] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            content = json.dumps(body) if isinstance(body, dict) else body
            connection.request(method, path, content, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)


class Recorder:
    """Plays the recorder of training pictures."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def begin(self, point: str, count: int) -> None:
        self.asked.append((point, count))

    def progress(self, point: str) -> Recording | None:
        counts = [count for name, count in self.asked if name == point]
        return Recording(counts[-1], 3, "/pictures/good", running=True, told="3 of many") if counts else None

    def cancel(self, point: str) -> None:
        self.asked = [(name, count) for name, count in self.asked if name != point]


def point_face(folder: Path, open_predictor: Callable[[], Any], *, digest: str | None = None) -> PointFace:
    """A point named `gate` with a real bundle, which calls bright pictures defective."""
    path = folder / "part.bundle"
    if not path.exists():
        write_brightness_bundle(path, BundleRecipe(threshold=THRESHOLD))
    bundle = read_bundle(path)
    audit = AuditFile(folder / "audit.jsonl", lambda: NOW)
    own = digest or bundle.digest
    ruling = Ruling(bundle.manifest.rule, bundle.manifest.labels)
    sensitivity = Sensitivity("gate", ruling, own, folder / "thresholds", audit)
    taught = teachable(bundle.manifest, own, bundle.members.get, whole=True)
    file, witness = LessonFile(folder / "lessons" / "gate.sqlite"), WitnessFile(folder / "taught" / "gate.json")
    lessons = Lessons("gate", taught, file, witness, audit, lambda: NOW)
    return PointFace(point(), bundle.manifest, own, sensitivity, lessons, ReaderCounts(), 0, 0, open_predictor)


@contextmanager
def served_page(
    folder: Path,
    *,
    token: str | None = None,
    recorder: RecordsPictures | None = None,
    open_predictor: Callable[[], Predictor] | None = None,
    **settings: Any,
) -> Iterator[Served]:
    """Serve the page of one point named `gate` until the end of the block."""
    token_file = None
    if token is not None:
        token_file = str(folder / "token")
        Path(token_file).write_text(token + "\n")
    port = free_port()
    web = Web(port=port, token_file=token_file, **settings)
    opened: list[Predictor] = []

    def opens() -> Predictor:
        opened.append((open_predictor or (lambda: Predictor.open(folder / "part.bundle")))())
        return opened[-1]

    face = point_face(folder, opens)
    served = Served(port, WebFace(web, folder, MonotonicClock()), face.sensitivity, folder, opened=opened)
    face.sensitivity.tell(served.used.append)
    served.face.start(
        Insight(
            "line-1",
            lambda: [face],
            lambda: list(served.troubles),
            _state,
            lambda: Counters(DeliveryCounts(), OutboxCounters(), None, None),
            lambda: list(served.alarms),
            recorder,
        )
    )
    try:
        assert served.face.wait_until_listening(20)
        yield served
    finally:
        assert served.face.stop(10)


def _state() -> State:
    return State(time=NOW, clk=ClockTrust.NTP, uptime_s=1, spool_depth=0, spool_age_s=0, disk_free_bytes=1, points=())
