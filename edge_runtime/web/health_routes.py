"""`/healthz` for whoever restarts boards, `/metrics` for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from edge_runtime.web.answer import JsonAnswer
from edge_runtime.web.desk import done
from edge_runtime.web.metrics import METRICS, Reading
from edge_runtime.web.metrics_text import CONTENT_TYPE, metrics_text

if TYPE_CHECKING:
    from starlette.requests import Request

    from edge_runtime.web.desk import Desk


def health_routes(desk: Desk) -> list[Route]:
    """Health is 200 only while every pipeline makes progress."""

    async def healthz(request: Request) -> Response:  # noqa: ARG001 - starlette's signature
        troubles = list(desk.insight.troubles())
        document = {"status": "failing" if troubles else "ok", "reasons": troubles}
        return JsonAnswer(document, 503 if troubles else 200)

    async def metrics(request: Request) -> Response:  # noqa: ARG001 - starlette's signature
        return Response(await done(desk.filing, lambda: _metrics(desk)), media_type=CONTENT_TYPE)

    return [Route("/healthz", healthz), Route("/metrics", metrics)]


def _metrics(desk: Desk) -> str:
    reading = Reading(
        desk.insight,
        desk.meter,
        desk.scores.counts,
        desk.crashes(),
        desk.insight.state(),
        desk.insight.counters(),
    )
    return metrics_text((*METRICS, *desk.metrics), reading)
