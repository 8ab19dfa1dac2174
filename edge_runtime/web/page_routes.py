"""The page itself and its login: files of this package, kept in memory."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from edge_runtime.web.answer import JsonAnswer
from edge_runtime.web.desk import body
from edge_runtime.web.guard import COOKIE, LOGIN

if TYPE_CHECKING:
    from starlette.requests import Request

    from edge_runtime.web.desk import Desk

_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FORM_MAX: Final = 4096
_PROBLEM: Final = "<!--problem-->"
_WRONG: Final = '<p class="problem" role="alert">That token is not the right one.</p>'


def page_routes(desk: Desk) -> list[Route]:
    """`/`, `/login`, `/logout`, `/static/…` and what the page needs to know of its own."""
    files = {
        entry.name: entry.read_bytes()
        for entry in resources.files("edge_runtime.web").joinpath("static").iterdir()
        if entry.is_file()
    }

    async def page(request: Request) -> Response:  # noqa: ARG001 - starlette's signature
        return HTMLResponse(files["page.html"])

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        kind = _TYPES.get(name.rpartition(".")[2])
        if kind is None or name not in files:
            raise HTTPException(404, f"wanted a file of the page, found {name[:80]!r}")
        return Response(files[name], media_type=kind, headers={"Cache-Control": "no-cache"})

    async def about(request: Request) -> Response:  # noqa: ARG001 - starlette's signature
        return JsonAnswer(_about(desk))

    return [
        Route("/", page),
        Route("/about", about),
        Route("/static/{name}", static),
        *_session_routes(desk, files["login.html"].decode("utf-8")),
    ]


def _session_routes(desk: Desk, login_page: str) -> list[Route]:
    async def login(request: Request) -> Response:
        if request.method == "GET":
            return HTMLResponse(login_page)
        form = parse_qs((await body(request, _FORM_MAX)).decode("utf-8", "replace"))
        secret = desk.access.open_session(form.get("token", [""])[0].strip())
        if secret is None:
            return HTMLResponse(login_page.replace(_PROBLEM, _WRONG), 401)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, secret, httponly=True, samesite="strict", path="/")
        return answer

    async def logout(request: Request) -> Response:
        desk.access.close_session(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse(LOGIN, 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return [Route(LOGIN, login, methods=["GET", "POST"]), Route("/logout", logout, methods=["POST"])]


def _about(desk: Desk) -> dict[str, object]:
    return {
        "device": desk.insight.device,
        "can_record": desk.insight.recorder is not None,
        "wants_token": desk.access.wants_token,
        "max_upload_bytes": desk.settings.max_upload_bytes,
        "points": [
            {
                "name": face.name,
                "bundle": face.manifest.name,
                "digest": face.digest,
                "takes_pictures": face.takes_pictures,
                "region": face.settings.region.model_dump(),
            }
            for face in desk.insight.points()
        ],
    }
