"""Every error becomes a problem document: the framework's, the house's, and what a caller's values are refused with."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from edge_contracts.errors import BadInputError, LeptonError, MissingExtraError, RefusedError
from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import (
    CONFLICT,
    INVALID,
    MALFORMED,
    MISSING_EXTRA,
    NOT_ALLOWED,
    NOT_FOUND,
    PROBLEM_KINDS,
    UNAVAILABLE,
    WRONG_METHOD,
    ProblemKind,
)
from fleet_manager.desk.handling import AlertChanged, NoSuchAlert
from fleet_manager.evidence.evidence_store import EvidenceAway
from fleet_manager.people.passwords import TooBusy
from fleet_manager.people.principal import NotAllowed
from fleet_manager.store.database import UNSTORABLE, StoreUnavailable

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

AGAIN_S: Final = "5"
_LOG = logging.getLogger(__name__)
_MOST_ERRORS: Final = 50
_OF_THE_HOUSE: Final[tuple[tuple[type[Exception], ProblemKind], ...]] = (
    (NoSuchAlert, NOT_FOUND),
    (NotAllowed, NOT_ALLOWED),
    (StoreUnavailable, UNAVAILABLE),
    (EvidenceAway, UNAVAILABLE),
    (OperationalError, UNAVAILABLE),
    (TooBusy, UNAVAILABLE),
    (DataError, INVALID),
    (MissingExtraError, MISSING_EXTRA),
    (BadInputError, INVALID),
    (RefusedError, CONFLICT),
)
"""The first that fits."""


def answer_with_problems(app: FastAPI) -> None:
    """Teach an application to answer every error with a problem document."""

    async def of_http(request: Request, err: Exception) -> Response:
        return _of_http(request, err).answer(request.scope)

    async def of_validation(request: Request, err: Exception) -> Response:
        return _of_validation(err).answer(request.scope)

    async def of_house(request: Request, err: Exception) -> Response:
        return problem_of(err).answer(request.scope)

    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(LeptonError, of_house)
    app.add_exception_handler(OperationalError, of_house)
    app.add_exception_handler(DataError, of_house)


def problem_of(err: Exception) -> Problem:
    """The problem that an error of the house is to a caller.

    Raises:
        Exception: the error itself, when it is no caller's business.
    """
    for kind, problem in _OF_THE_HOUSE:
        if isinstance(err, kind):
            return _told(problem, err)
    raise err


def _told(kind: ProblemKind, err: Exception) -> Problem:
    detail = UNSTORABLE if isinstance(err, DataError) else str(err)
    if kind is UNAVAILABLE:
        _LOG.warning("asked again later: %s", detail)
        # What a database says of itself is for the log alone.
        return Problem(kind, "wanted the manager's store, found it busy or away: ask again", {"Retry-After": AGAIN_S})
    if kind is INVALID:
        return Problem(kind, detail, errors=[{"where": "request", "what": detail}])
    if kind is MISSING_EXTRA:
        return Problem(kind, detail, extra=detail.partition("lepton-edge[")[2].partition("]")[0])
    if isinstance(err, AlertChanged):
        return Problem(kind, detail, state=err.found.value)
    return Problem(kind, detail)


def _of_http(request: Request, err: Exception) -> Problem:
    if isinstance(err, Problem):
        return err
    if not isinstance(err, HTTPException):
        raise TypeError("wanted an HTTP error") from err
    path = f"{request.method} {request.url.path[:200]}"
    if err.status_code == NOT_FOUND.status:
        return Problem(
            NOT_FOUND, f"wanted {path}, found no such address: see /v1/openapi.json for those that there are"
        )
    if err.status_code == WRONG_METHOD.status:
        methods = ", ".join(sorted(_methods_at(request)))
        detail = f"wanted {path}, found that it takes {methods} alone"
        return Problem(WRONG_METHOD, detail, {"Allow": methods})
    kind = next((one for one in PROBLEM_KINDS if one.status == err.status_code), MALFORMED)
    return Problem(kind, "wanted a request that can be read, found one that cannot: look at its body", err.headers)


def _methods_at(request: Request) -> set[str]:
    """What the routes of this path take together."""
    methods: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= set(getattr(route, "methods", None) or ())
    return methods


def _of_validation(err: Exception) -> Problem:
    if not isinstance(err, RequestValidationError):
        raise TypeError("wanted a validation error") from err
    found = err.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return Problem(MALFORMED, "wanted a body of JSON, found none that can be read: check its commas and quotes")
    of_header = next((one for one in found if one["loc"][0] == "header"), None)
    if of_header is not None:
        return Problem(MALFORMED, f"wanted another header {of_header['loc'][-1]}, found: {of_header['msg']}")
    if any(one["loc"][0] == "path" for one in found):
        return Problem(NOT_FOUND, "wanted an address that there is, found one with a part that cannot be: look at it")
    errors = [{"where": _place(one["loc"]), "what": one["msg"]} for one in found[:_MOST_ERRORS]]
    first = errors[0]
    detail = f"wanted other values, found {len(found)} wrong, the first: {first['where']}: {first['what']}"
    return Problem(INVALID, detail, errors=errors)


def _place(place: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in place)
