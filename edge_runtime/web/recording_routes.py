"""The button that records training pictures through the point's own camera, region and trigger."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.routing import Route

from edge_runtime.web.answer import JsonAnswer
from edge_runtime.web.desk import body, done
from edge_runtime.web.shortly import shortly

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from edge_runtime.web.desk import Desk

PICTURES_MAX: Final = 1000
_BODY_MAX: Final = 4096


def recording_routes(desk: Desk) -> list[Route]:
    """`/points/{point}/recording`: GET how far it is, POST `{"count": 50}`, DELETE to take no more."""

    async def recording(request: Request) -> Response:
        face, recorder = desk.point(request), desk.insight.recorder
        if recorder is None:
            raise HTTPException(404, "wanted a recorder of pictures, found that this daemon has none")
        if request.method == "POST":
            count = _asked_for(await body(request, _BODY_MAX))
            await done(desk.filing, lambda: recorder.begin(face.name, count))
        if request.method == "DELETE":
            await done(desk.filing, lambda: recorder.cancel(face.name))
        found = recorder.progress(face.name)
        return JsonAnswer({"recording": None if found is None else asdict(found)})

    return [Route("/points/{point}/recording", recording, methods=["GET", "POST", "DELETE"])]


def _asked_for(content: bytes) -> int:
    try:
        count = json.loads(content)["count"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise HTTPException(400, f'wanted {{"count": a number}}, found something else ({error})') from error
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= PICTURES_MAX:
        raise HTTPException(400, f"wanted 1 to {PICTURES_MAX} pictures, found {shortly(count)}")
    return count
