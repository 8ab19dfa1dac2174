"""The live part of the page: a stream of what happened, and the pictures of the last parts."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from edge_runtime.web.desk import AGAIN, done

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from edge_contracts.verdict import Verdict
    from edge_runtime.web.desk import Desk
    from edge_runtime.web.insight import PointFace
    from edge_runtime.web.live_view import Pictured

_POLL_S: Final = 0.25
_ALIVE_S: Final = 15.0
WATCHERS_MAX: Final = 8
_NS_PER_S = 1_000_000_000


def live_routes(desk: Desk) -> list[Route]:
    """`/events` and the pictures."""
    watchers = asyncio.Semaphore(WATCHERS_MAX)

    async def events(request: Request) -> Response:  # noqa: ARG001 - starlette's signature
        if watchers.locked():
            raise HTTPException(503, f"wanted at most {WATCHERS_MAX} people watching, found as many", AGAIN)
        await watchers.acquire()
        return _Watched(_stream(desk), watchers)

    async def picture(request: Request) -> Response:
        face = desk.point(request)
        pictured = _asked_for(desk, face, request.query_params.get("which", "last"))
        heat = request.query_params.get("heat") == "1"

        def drawn() -> bytes:
            desk.shown.note(face.name, pictured)
            return desk.album.page(face.name, pictured, heat=heat)

        content = await done(desk.drawing, drawn)
        return Response(content, media_type="image/jpeg", headers={"X-Number": str(pictured.number)})

    return [Route("/events", events), Route("/points/{point}/picture.jpg", picture)]


def snapshot(desk: Desk) -> dict[str, Any]:
    """Everything that the live part shows, as JSON."""
    now_ns = desk.clock.now_ns()
    points = [_point(desk, face, now_ns) for face in desk.insight.points()]
    alarms = [f"{alarm.type.value}: {alarm.reason}" for alarm in desk.insight.alarms()]
    troubles = list(desk.insight.troubles())
    return {"device": desk.insight.device, "troubles": troubles, "alarms": alarms, "points": points}


def finite(value: float | None) -> float | None:
    """JSON knows neither NaN nor infinity."""
    return value if value is not None and math.isfinite(value) else None


class _Watched(StreamingResponse):
    """A stream that gives its watcher's place back, also where nobody has heard a word of it."""

    def __init__(self, stream: AsyncIterator[str], place: asyncio.Semaphore) -> None:
        super().__init__(stream, media_type="text/event-stream")
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._place.release()


async def _stream(desk: Desk) -> AsyncIterator[str]:
    """A snapshot whenever something happened, at most four times a second; now and then a sign of life."""
    known: object = None
    silent_s = 0.0
    while not desk.stopping():
        names = tuple(face.name for face in desk.insight.points())
        alarms = tuple((alarm.type, alarm.reason) for alarm in desk.insight.alarms())
        present = (names, desk.live.numbers(names), tuple(desk.insight.troubles()), alarms)
        if present != known:
            yield f"data: {json.dumps(snapshot(desk))}\n\n"
            known, silent_s = present, 0.0
        elif silent_s >= _ALIVE_S:
            yield ": still here\n\n"
            silent_s = 0.0
        await asyncio.sleep(_POLL_S)
        silent_s += _POLL_S


def _asked_for(desk: Desk, face: PointFace, which: str) -> Pictured:
    view = desk.live.view(face.name)
    found = {"last": view.last, "rejected": view.rejected}.get(which)
    if found is None:
        raise HTTPException(404, f"wanted the {which[:20]!r} picture of {face.name}, found none yet")
    return found


def _point(desk: Desk, face: PointFace, now_ns: int) -> dict[str, Any]:
    view = desk.live.view(face.name)
    return {
        "name": face.name,
        "bundle": face.manifest.name,
        "number": view.number,
        "counts": {outcome.value: count for outcome, count in view.counts.items()},
        "verdicts": [_verdict(verdict, now_ns) for verdict in view.verdicts],
        "last": _picture(view.last, now_ns),
        "rejected": _picture(view.rejected, now_ns),
        "threshold": finite(face.sensitivity.in_force),
        "applied": face.sensitivity.is_applied,
        "adjustable": face.sensitivity.can_be_set,
        "fixed_because": _fixed_because(face),
    }


def _fixed_because(face: PointFace) -> str:
    """Why no slider is shown; empty where there is one."""
    if face.sensitivity.can_be_set:
        return ""
    what = (
        "Each of its models has a threshold of its own" if face.settings.models else "No single threshold decides here"
    )
    return f"{what}; change limits in station.toml."


def _picture(pictured: Pictured | None, now_ns: int) -> dict[str, Any] | None:
    if pictured is None:
        return None
    inspected = pictured.inspected
    about = _verdict(inspected.verdict, now_ns)
    return about | {"number": pictured.number, "heat": inspected.heat_map is not None}


def _verdict(verdict: Verdict, now_ns: int) -> dict[str, Any]:
    return {
        "part": verdict.part,
        "outcome": verdict.outcome.value,
        "cause": verdict.cause.value,
        "reason": verdict.reason,
        "label": verdict.label,
        "score": finite(verdict.score),
        "threshold": finite(verdict.threshold),
        "latency_ms": round(verdict.latency_ms, 1),
        "ago_s": round(max(now_ns - verdict.decided_at_ns, 0) / _NS_PER_S, 2),
    }
