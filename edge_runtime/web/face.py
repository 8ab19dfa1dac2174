"""The page put together: its sinks, its threads, its server; started last, stopped first."""

from __future__ import annotations

import socket
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import MissingExtraError
from edge_contracts.manifest import ClassRule
from edge_runtime.web.access import Access, read_token
from edge_runtime.web.drawing import Album
from edge_runtime.web.judge import Judge
from edge_runtime.web.live_view import LiveView
from edge_runtime.web.open_inference.long_json import RequestReader
from edge_runtime.web.score_keeper import Labels, ScoreKeeper
from edge_runtime.web.server import WebServer
from edge_runtime.web.shown import Shown
from edge_runtime.web.verdict_meter import VerdictMeter
from edge_runtime.web.worker import Worker

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.station import Web
    from edge_runtime.clock import Clock
    from edge_runtime.pipeline import VerdictSink
    from edge_runtime.web.insight import Insight
    from edge_runtime.web.metrics import Metric

_LIBRARIES = ("starlette", "uvicorn")
_JUDGED_WAITING = 4
_DRAWN_WAITING = 16
_FILED_WAITING = 4
_MODEL_IDLE_S = 60.0
_ALBUM_IDLE_S = 10.0


class WebFace:
    """The local face of one daemon.

    Args:
        settings: the `[web]` table.
        state_folder: for the scores.
        clock: monotonic.

    Raises:
        MissingExtraError: the libraries of the extra `web` are not installed.
        BadInputError: the token cannot be used.
    """

    def __init__(self, settings: Web, state_folder: Path, clock: Clock) -> None:
        if missing := [name for name in _LIBRARIES if find_spec(name) is None]:
            raise MissingExtraError(
                f"wanted to serve the page as [web] says, found {' and '.join(missing)} missing; "
                "pip install 'lepton-edge[web]', or remove [web]"
            )
        self._settings = settings
        self._insight: Insight | None = None
        self._metrics: tuple[Metric, ...] = ()
        self._clock = clock
        self._access = Access(settings, read_token(settings.token_file), _machine_names(), clock.now_ns)
        self._live = LiveView()
        self._meter = VerdictMeter()
        self._scores = ScoreKeeper(state_folder / "scores", self._labels, clock)
        self._judge, self._album, self._shown = Judge(), Album(), Shown()
        self._reader = RequestReader()
        self._judging = Worker("web-judge", _JUDGED_WAITING, _MODEL_IDLE_S, self._let_go)
        self._drawing = Worker("web-draw", _DRAWN_WAITING, _ALBUM_IDLE_S, self._album.clear)
        self._filing = Worker("web-file", _FILED_WAITING, _ALBUM_IDLE_S, lambda: None)
        self._server = WebServer(settings, self._build_app, clock)

    @property
    def sinks(self) -> tuple[VerdictSink, ...]:
        """To be told of each verdict."""
        return self._live, self._meter, self._scores

    def start(self, insight: Insight, metrics: tuple[Metric, ...] = ()) -> None:
        """Start the threads.

        Args:
            insight: what the page may know and touch; its present points get their scores of earlier runs.
            metrics: of other parts of the daemon, in addition to the page's own.
        """
        self._insight, self._metrics = insight, metrics
        for face in insight.points():
            self._scores.open(face.name)
        for part in (self._scores, self._judging, self._drawing, self._filing, self._server):
            part.start()

    def wait_until_listening(self, timeout_s: float) -> bool:
        """Wait until the port is open; False when it is not after `timeout_s`."""
        return self._server.wait_until_listening(timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Stop the threads; False, and a line in the log for each that does not end."""
        until_s = time.monotonic() + timeout_s
        parts = (self._server, self._judging, self._drawing, self._filing, self._scores)
        ended = [part.stop(max(until_s - time.monotonic(), 0.0)) for part in parts]
        return all(ended)

    def _let_go(self) -> None:
        self._judge.close()
        self._reader.close()

    def _labels(self, point: str) -> Labels | None:
        face = self._insight.point(point) if self._insight is not None else None
        if face is None or not isinstance(face.manifest.rule, ClassRule):
            return None
        rule = face.manifest.rule
        own = {*rule.thresholds, *face.sensitivity.ruling().thresholds}
        return Labels(frozenset(rule.good), frozenset(own))

    def _build_app(self) -> Any:
        from edge_runtime.web.app import build_app  # noqa: PLC0415 - loaded by the server's thread
        from edge_runtime.web.desk import Desk  # noqa: PLC0415 - the same

        assert self._insight is not None  # noqa: S101 - the server starts with it
        return build_app(
            Desk(
                settings=self._settings,
                insight=self._insight,
                access=self._access,
                live=self._live,
                meter=self._meter,
                scores=self._scores,
                judge=self._judge,
                judging=self._judging,
                album=self._album,
                shown=self._shown,
                drawing=self._drawing,
                filing=self._filing,
                clock=self._clock,
                metrics=self._metrics,
                crashes=lambda: self._server.crashes,
                stopping=lambda: self._server.stopping,
            ),
            self._reader,
        )


def _machine_names() -> tuple[str, ...]:
    name = socket.gethostname()
    return name, f"{name}.local"
