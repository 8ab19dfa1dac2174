"""A limit on a request's headers, whatever server stands in front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import HEAD_TOO_LARGE

if TYPE_CHECKING:
    from starlette.types import Scope

MOST_HEADERS: Final = 100
HEAD_BYTES: Final = 16 << 10
"""The address with its query, and all names and values of headers."""


def head_problem(scope: Scope) -> Problem | None:
    """What is wrong with a request that is larger; None for nothing."""
    headers = scope["headers"]
    size = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
    size += sum(len(name) + len(value) for name, value in headers)
    if len(headers) <= MOST_HEADERS and size <= HEAD_BYTES:
        return None
    wanted = f"wanted at most {MOST_HEADERS} headers of {HEAD_BYTES} bytes with the address"
    return Problem(HEAD_TOO_LARGE, f"{wanted}, found {len(headers)} of {size} bytes: send less")
