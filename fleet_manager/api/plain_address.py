"""No control character in an address: PostgreSQL stores no NUL, and no page or program of ours sends another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import MALFORMED, NOT_FOUND

if TYPE_CHECKING:
    from starlette.types import Scope

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


def address_problem(scope: Scope) -> Problem | None:
    """What is wrong with path and query that hold one; None for nothing."""
    if _CONTROL.search(scope["path"].encode("utf-8", "surrogateescape")):
        return Problem(NOT_FOUND, "wanted an address that there is, found one with a control character: look at it")
    if _CONTROL.search(unquote_to_bytes(scope.get("query_string") or b"")):
        return Problem(MALFORMED, "wanted a query of plain text, found a control character: leave it out")
    return None
