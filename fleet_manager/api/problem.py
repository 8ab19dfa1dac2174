"""A problem as it is raised inside, and as the document that leaves (RFC 9457)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from fleet_manager.api.request_id import request_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

    from fleet_manager.api.problem_kinds import ProblemKind

MEDIA_TYPE: Final = "application/problem+json"


class Problem(HTTPException):
    """The answer is a problem.

    Args:
        kind: which.
        detail: what was wanted, what was found, what to do next.
        headers: of the answer.
        members: what the document carries beside the standard members, as the kind says.
    """

    def __init__(
        self, kind: ProblemKind, detail: str, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(kind.status, detail, dict(headers or {}))
        self.kind, self.members = kind, members

    def answer(self, scope: Scope) -> Response:
        """The document, for one request."""
        document = {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": f"urn:lepton:request:{request_id(scope)}",
            **self.members,
        }
        # Whatever somebody sent may stand in the detail: ASCII takes a lone surrogate, too.
        body = json.dumps(document, ensure_ascii=True, allow_nan=False).encode("ascii")
        return Response(body, self.kind.status, self.headers, MEDIA_TYPE)
