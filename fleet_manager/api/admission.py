"""Each route declares what it needs, and nothing of it runs for somebody who has it not.

The declaration is a decorator on the route's function; a route without one is an error when it is made. The check comes
before the body is read: a stranger learns nothing of what a body should be, and cannot make us read one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from fleet_manager.api.access_log import note_who
from fleet_manager.api.authentication import authenticate
from fleet_manager.api.bounded_body import bounded, check_body
from fleet_manager.api.caller import caller_for
from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import INVALID
from fleet_manager.api.services import services_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fleet_manager.people.roles import Permission

PREFIX: Final = "/v1"
_SHOWN: Final = 200
_MOST_NAMED: Final = 20
_ATTRIBUTE: Final = "lepton_need"
Endpoint = TypeVar("Endpoint", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class Need:
    """What a route wants of its caller.

    permission: at one site at least; None for what is open to everybody.
    takes_bytes: the route reads its body itself, and bounds it.
    """

    permission: Permission | None
    takes_bytes: bool = False


def needs(permission: Permission, *, takes_bytes: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Declare what a route needs; it stands directly above the function."""
    return _declared(Need(permission, takes_bytes))


def open_to_everybody(endpoint: Endpoint) -> Endpoint:
    """Declare that a route needs nothing."""
    return _declared(Need(None))(endpoint)


def need_of(route: APIRoute) -> Need:
    """What a route declares.

    Raises:
        TypeError: nothing.
    """
    need = getattr(route.endpoint, _ATTRIBUTE, None)
    if not isinstance(need, Need):
        raise TypeError(f"wanted {route.path} to declare what it needs, found nothing: put @needs(…) on its function")
    return need


def guarded_router(tag: str, prefix: str = PREFIX) -> APIRouter:
    """A router whose routes are guarded, listed under `tag`, and begin with `prefix`."""
    return APIRouter(prefix=prefix, route_class=GuardedRoute, tags=[tag])


class GuardedRoute(APIRoute):
    """A route that lets in only whom it declares."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What FastAPI calls, with the check before it."""
        need, handle = need_of(self), super().get_route_handler()
        has_body = self.body_field is not None
        names = frozenset(one.alias for one in self.dependant.query_params)

        async def guarded(request: Request) -> Response:
            services = services_of(request)
            if need.permission is not None:
                principal = await authenticate(request, services.people.gate)
                note_who(request.scope, principal.name)
                request.state.caller = caller_for(principal, need.permission)
                _check_names(request, names)
            if need.takes_bytes:
                return await handle(request)
            limit = services.settings.body_bytes
            if has_body:
                check_body(request.headers, limit)
            return await handle(Request(request.scope, bounded(request.receive, limit)))

        return guarded


def _check_names(request: Request, known: frozenset[str]) -> None:
    """A filter that is misspelt would be no filter: what it leaves through is not what was asked for.

    Raises:
        Problem: the address has a parameter that the route does not know.
    """
    unknown = sorted({*request.query_params} - known)
    if unknown:
        found = ", ".join(unknown)[:_SHOWN]
        there = f"it knows {', '.join(sorted(known))}" if known else "it knows none"
        detail = f"wanted known parameters, found {found!r}: {there}"
        errors = [{"where": f"query.{name[:_SHOWN]}", "what": "unknown parameter"} for name in unknown[:_MOST_NAMED]]
        raise Problem(INVALID, detail, errors=errors)


def _declared(need: Need) -> Callable[[Endpoint], Endpoint]:
    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, need)
        return endpoint

    return declare
