"""The OpenAPI document: what FastAPI knows of the routes, what each needs, and every problem that it answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi

from fleet_manager.api.admission import need_of
from fleet_manager.api.authentication import CSRF_HEADER, SAFE
from fleet_manager.api.problem import MEDIA_TYPE
from fleet_manager.api.problem_kinds import PROBLEM_KINDS
from fleet_manager.people.cookie_names import SESSION
from fleet_manager.people.roles import LOWEST_ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapi.routing import APIRoute

VERSION: Final = "1"
TITLE: Final = "Lepton Edge fleet manager"
_EVERYWHERE: Final = frozenset({400, 404, 405, 408, 413, 431, 500, 503})
_WITH_A_CALLER: Final = frozenset({401, 403})
_SCHEMAS_OF_THE_FRAMEWORK: Final = ("HTTPValidationError", "ValidationError")
_TEXT: Final = {"type": "string"}
PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457. Each type is told in docs/reference/problems.md.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "enum": [kind.type for kind in PROBLEM_KINDS]},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {**_TEXT, "description": "What was wanted, what was found, what to do next."},
        "instance": {**_TEXT, "description": "The request, as the manager's log names it."},
        "errors": {
            "type": "array",
            "items": {"type": "object", "required": ["where", "what"], "properties": {"where": _TEXT, "what": _TEXT}},
        },
        "offset": {"type": "integer"},
        "state": _TEXT,
        "extra": _TEXT,
        "waits_for": {"type": "array", "items": _TEXT},
    },
}
SCHEMES: Final[dict[str, Any]] = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION,
        "description": "The session of a person who logged in; over TLS `__Host-lepton_session`.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "The session's own, with what changes something.",
    },
}


def openapi_document(routes: Sequence[APIRoute]) -> dict[str, Any]:
    """The document of these routes."""
    about = "Alerts, devices, production and evidence of a site. Times are RFC 3339; errors are problem documents."
    document = get_openapi(title=TITLE, version=VERSION, description=about, routes=routes)
    for route, operation in _operations(document, routes):
        _describe(route, operation)
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in _SCHEMAS_OF_THE_FRAMEWORK:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    parts["securitySchemes"] = SCHEMES
    return document


def _operations(document: dict[str, Any], routes: Sequence[APIRoute]) -> Iterator[tuple[APIRoute, dict[str, Any]]]:
    for route in routes:
        for method in sorted(route.methods or ()):
            yield route, document["paths"][route.path_format][method.lower()]


def _describe(route: APIRoute, operation: dict[str, Any]) -> None:
    need = need_of(route)
    answers = operation["responses"]
    answers.pop("422", None)
    statuses = set(_EVERYWHERE)
    if operation.get("parameters") or operation.get("requestBody") or need.permission is not None:
        statuses.add(422)
    if operation.get("requestBody"):
        statuses |= {409, 415, 429, 507}
    if need.permission is not None:
        statuses |= _WITH_A_CALLER
        operation["security"] = _security(route)
        lowest = LOWEST_ROLE[need.permission].word
        operation["description"] += f"\n\nNeeds the right to {need.permission.value}: {lowest} or higher."
    for status in sorted(statuses):
        titles = " / ".join(kind.title for kind in PROBLEM_KINDS if kind.status == status)
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        answers.setdefault(str(status), {"description": titles, "content": content})


def _security(route: APIRoute) -> list[dict[str, list[str]]]:
    with_session: dict[str, list[str]] = {"session": []}
    if not set(route.methods or ()) <= SAFE:
        with_session["csrf"] = []
    return [{"token": []}, with_session]
