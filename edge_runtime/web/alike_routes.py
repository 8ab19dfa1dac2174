"""Which known parts look most like one that was shown, and the pictures of those that the bundle brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from edge_runtime.web.answer import JsonAnswer, whole_number
from edge_runtime.web.desk import done

if TYPE_CHECKING:
    from starlette.requests import Request

    from edge_runtime.lessons.alike import Alike
    from edge_runtime.web.desk import Desk
    from edge_runtime.web.insight import PointFace
    from edge_runtime.web.shown import Seen

_NUMBER: Final = "?number= of a part that was shown"
SHOWN_ALIKE: Final = 2
"""Of good and of defective parts."""


def alike_routes(desk: Desk) -> list[Route]:
    """`/points/{point}/alike?number=42` and `/points/{point}/known/3.jpg`."""

    async def alike(request: Request) -> Response:
        face = desk.point(request)
        seen = seen_part(desk, face, whole_number(request.query_params.get("number", ""), 400, _NUMBER))
        if seen.impression is None:
            raise HTTPException(400, face.lessons.refusal or f"part {seen.part} was not scored")
        impression = seen.impression
        found = await done(desk.filing, lambda: face.lessons.alike(impression, SHOWN_ALIKE))
        return JsonAnswer({kind.value: [_told(face.name, one) for one in some] for kind, some in found.items()})

    async def example(request: Request) -> Response:
        examples = desk.point(request).lessons.examples
        place = whole_number(request.path_params["place"], 404, "the number of a part that the bundle shows")
        if place >= len(examples):
            raise HTTPException(404, f"wanted one of {len(examples)} parts that the bundle shows, found {place}")
        return Response(examples[place].picture, media_type="image/jpeg")

    return [
        Route("/points/{point}/alike", alike),
        Route("/points/{point}/known/{place}.jpg", example),
    ]


def seen_part(desk: Desk, face: PointFace, number: int) -> Seen:
    """A part of a point that somebody has looked at.

    Raises:
        HTTPException: 409, nobody has, or too many were looked at since.
    """
    seen = desk.shown.find(face.name, number)
    if seen is None:
        raise HTTPException(
            409, f"wanted a part that the page has shown lately, found none with the number {number}; choose another"
        )
    return seen


def _told(point: str, one: Alike) -> dict[str, Any]:
    if one.lesson is not None:
        told, picture = f"taught: part {one.part}", f"/points/{point}/lessons/{one.lesson}/picture.jpg"
    else:
        told, picture = "from the training", f"/points/{point}/known/{one.example}.jpg"
    return {"told": told, "distance": round(one.distance, 2), "picture": picture}
