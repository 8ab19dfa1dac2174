"""Teaching: what a person says of a part that was shown, what was taught so far, and taking it back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from edge_contracts.errors import BadInputError
from edge_runtime.lessons.lesson import Kind
from edge_runtime.web.alike_routes import seen_part
from edge_runtime.web.answer import JsonAnswer, whole_number
from edge_runtime.web.desk import body, done, one_line, text_of
from edge_runtime.web.live_routes import finite
from edge_runtime.web.shortly import shortly

if TYPE_CHECKING:
    from starlette.requests import Request

    from edge_runtime.lessons.lesson import Lesson
    from edge_runtime.web.desk import Desk
    from edge_runtime.web.insight import PointFace

_BODY_MAX: Final = 4096


def lesson_routes(desk: Desk) -> list[Route]:
    """`/points/{point}/lessons`: GET, POST one, DELETE a damaged file; `…/{number}`: DELETE it, GET its picture."""

    async def lessons(request: Request) -> Response:
        face = desk.point(request)
        if request.method == "POST":
            await _teach(desk, face, request)
        if request.method == "DELETE":
            name, address = _author(request)
            await done(desk.filing, lambda: face.lessons.begin_anew(name, address))
        return JsonAnswer(_known(face))

    async def lesson(request: Request) -> Response:
        face, number = desk.point(request), _number(request)
        name, address = _author(request)
        await done(desk.filing, lambda: face.lessons.take_back(number, name, address))
        return JsonAnswer(_known(face))

    async def picture(request: Request) -> Response:
        try:
            found = desk.point(request).lessons.lesson(_number(request))
        except BadInputError as error:
            raise HTTPException(404, str(error)) from error
        if not found.picture:
            raise HTTPException(404, f"wanted a picture of lesson {found.number}, found that none was kept")
        return Response(found.picture, media_type="image/jpeg")

    return [
        Route("/points/{point}/lessons", lessons, methods=["GET", "POST", "DELETE"]),
        Route("/points/{point}/lessons/{number}", lesson, methods=["DELETE"]),
        Route("/points/{point}/lessons/{number}/picture.jpg", picture),
    ]


def _number(request: Request) -> int:
    return whole_number(request.path_params["number"], 404, "the number of a lesson")


async def _teach(desk: Desk, face: PointFace, request: Request) -> None:
    number, kind, name = _asked_for(await body(request, _BODY_MAX))
    seen = seen_part(desk, face, number)
    impression = seen.impression
    if impression is None:
        why = face.lessons.refusal or f"part {seen.part} is unknown or was not scored, and stays so"
        raise HTTPException(400, why)
    address = request.client.host if request.client else ""
    await done(desk.filing, lambda: face.lessons.teach(kind, seen.part, impression, seen.picture, name, address))


def _asked_for(content: bytes) -> tuple[int, Kind, str]:
    wanted = 'wanted {"number": of a part that was shown, "kind": "good" or "defective"}'
    try:
        document = json.loads(content)
        number, kind = document["number"], Kind(document["kind"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise HTTPException(400, f"{wanted}, found something else ({error})") from error
    if not isinstance(number, int) or isinstance(number, bool):
        raise HTTPException(400, f"{wanted}, found the number {shortly(number)}")
    return number, kind, text_of(document, "name")


def _author(request: Request) -> tuple[str, str]:
    return one_line(request.query_params.get("name", "")), request.client.host if request.client else ""


def _known(face: PointFace) -> dict[str, Any]:
    lessons = face.lessons
    return {
        "point": face.name,
        "bundle": face.digest,
        "refusal": lessons.refusal,
        "notice": lessons.notice,
        "damaged": lessons.is_damaged,
        "revision": lessons.revision,
        "lessons": [_told(one, applies=lessons.applies(one)) for one in reversed(lessons.every)],
    }


def _told(lesson: Lesson, *, applies: bool) -> dict[str, Any]:
    return {
        "number": lesson.number,
        "part": lesson.part,
        "kind": lesson.kind.value,
        "score": finite(lesson.impression.score),
        "at": lesson.at,
        "name": lesson.name,
        "applies": applies,
        "picture": bool(lesson.picture),
    }
