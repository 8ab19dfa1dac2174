"""Upload a picture, get the verdict that the line would have given, with the heat map."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.routing import Route

from edge_contracts.station import Region
from edge_runtime.capture.picture_file import PictureLimits, decode_picture
from edge_runtime.web.answer import JsonAnswer
from edge_runtime.web.desk import AGAIN, body, done
from edge_runtime.web.drawing import jpeg
from edge_runtime.web.live_routes import finite

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from starlette.requests import Request
    from starlette.responses import Response

    from edge_runtime.web.desk import Desk
    from edge_runtime.web.insight import PointFace
    from edge_runtime.web.judge import Judged


def upload_routes(desk: Desk) -> list[Route]:
    """`POST /points/{point}/judge`: the body is a picture file; `?whole=1` judges all of it, not the region alone."""

    async def judge(request: Request) -> Response:
        face = desk.point(request)
        if desk.bodies.locked():
            raise HTTPException(503, "wanted a free place, found other uploads under way; try again", AGAIN)
        async with desk.bodies:
            content = await body(request, desk.settings.max_upload_bytes)
            region = Region() if request.query_params.get("whole") == "1" else face.settings.region
            return JsonAnswer(await done(desk.judging, lambda: _judged(desk, face, content, region)))

    return [Route("/points/{point}/judge", judge, methods=["POST"])]


def _judged(desk: Desk, face: PointFace, content: bytes, region: Region) -> dict[str, Any]:
    limits = PictureLimits(desk.settings.max_upload_bytes, desk.settings.max_pixels)
    pixels = decode_picture(content, "the upload", limits)
    judged = desk.judge.picture(face, pixels, region)
    decision = judged.decision
    return {
        "point": face.name,
        "outcome": decision.outcome.value,
        "cause": decision.cause.value,
        "reason": decision.reason,
        "label": decision.label,
        "score": finite(decision.score),
        "threshold": finite(decision.threshold),
        "took_ms": round(judged.took_ms, 1),
        "width_px": pixels.shape[1],
        "height_px": pixels.shape[0],
        "picture": _drawn(pixels, None, judged),
        "heat": None if judged.heat_map is None else _drawn(pixels, judged.heat_map, judged),
    }


def _drawn(pixels: npt.NDArray[np.uint8], heat_map: npt.NDArray[np.float32] | None, judged: Judged) -> str:
    drawn = jpeg(pixels, heat_map, judged.region, judged.decision.threshold)
    return base64.b64encode(drawn).decode("ascii")
