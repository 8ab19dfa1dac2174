"""Every kind of problem that the interface answers with; docs/reference/problems.md is made from this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ADDRESS: Final = "https://github.com/lepton-edge/lepton-edge/blob/main/docs/reference/problems.md#"
"""What `type` begins with; the kind's name follows."""


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One row of the table.

    name: the end of its `type`. status: the HTTP status. title: the same for every problem of the kind.
    meaning: what the caller can do about it. members: what the document carries beside the five standard members.
    """

    name: str
    status: int
    title: str
    meaning: str
    members: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """Its URI."""
        return ADDRESS + self.name


MALFORMED: Final = ProblemKind(
    "malformed",
    400,
    "The request cannot be read",
    "The body is no JSON, or a header is not what it should be: mend it.",
)
NOT_LOGGED_IN: Final = ProblemKind(
    "not-logged-in",
    401,
    "Who asks is not known",
    "Send `Authorization: Bearer` with a token that is still good, or log in. `WWW-Authenticate` says how.",
)
NOT_ALLOWED: Final = ProblemKind(
    "not-allowed",
    403,
    "Not allowed here",
    "Who asks is known and may not do this at this site: ask an admin for a role.",
)
NO_CSRF_TOKEN: Final = ProblemKind(
    "no-csrf-token",
    403,
    "The request is not from a page of ours",
    "With a session in a cookie, what changes something needs the header `X-CSRF-Token` of that session.",
)
NOT_FOUND: Final = ProblemKind(
    "not-found",
    404,
    "Nothing is there",
    "No such address, or no such thing; what lies at a site that the caller may not see answers the same.",
)
WRONG_METHOD: Final = ProblemKind(
    "wrong-method", 405, "The address does not take this method", "`Allow` lists those that it takes."
)
TOO_SLOW: Final = ProblemKind("too-slow", 408, "The body came too slowly", "Send the rest later; nothing is lost.")
CONFLICT: Final = ProblemKind(
    "conflict",
    409,
    "Not in this state",
    "Somebody was quicker, or the step does not follow the last one: look again.",
    ("state",),
)
WRONG_OFFSET: Final = ProblemKind(
    "wrong-offset",
    409,
    "The piece does not begin where the last one ended",
    "Go on from `Upload-Offset`; nothing of this piece was kept.",
    ("offset",),
)
TOO_LARGE: Final = ProblemKind(
    "too-large", 413, "The body is too large", "Send less: 1 MB, or for evidence what the detail says."
)
WRONG_MEDIA_TYPE: Final = ProblemKind(
    "wrong-media-type", 415, "The body is of another kind", "Send `application/json`, without a content encoding."
)
UNMET_RANGE: Final = ProblemKind(
    "unmet-range", 416, "The file has no such bytes", "`Content-Range` says how many bytes there are."
)
INVALID: Final = ProblemKind(
    "invalid",
    422,
    "Some values are not what was wanted",
    "`errors` lists every wrong value: `where` it stands and what is wrong with it.",
    ("errors",),
)
WRONG_CONTENT: Final = ProblemKind(
    "wrong-content", 422, "The content has another SHA-256", "All of it was thrown away: look at the file, begin at 0."
)
TOO_MANY: Final = ProblemKind(
    "too-many", 429, "Too much at once", "Ask again after the seconds that `Retry-After` names."
)
HEAD_TOO_LARGE: Final = ProblemKind(
    "head-too-large", 431, "The request's headers are too large", "Send fewer and shorter ones."
)
FAULT: Final = ProblemKind(
    "fault", 500, "A fault of ours", "Tell whoever looks after the manager; `instance` names the request in its log."
)
MISSING_EXTRA: Final = ProblemKind(
    "missing-extra", 501, "A part is not installed", "The detail names the extra that brings it.", ("extra",)
)
UNAVAILABLE: Final = ProblemKind(
    "unavailable",
    503,
    "Not just now",
    "Ask again a little later; `waits_for` says what for, where it is known.",
    ("waits_for",),
)
NO_ROOM: Final = ProblemKind(
    "no-room", 507, "No room is left", "Keep the file and send it later; an operator must act."
)

PROBLEM_KINDS: Final = (
    MALFORMED,
    NOT_LOGGED_IN,
    NOT_ALLOWED,
    NO_CSRF_TOKEN,
    NOT_FOUND,
    WRONG_METHOD,
    TOO_SLOW,
    CONFLICT,
    WRONG_OFFSET,
    TOO_LARGE,
    WRONG_MEDIA_TYPE,
    UNMET_RANGE,
    INVALID,
    WRONG_CONTENT,
    TOO_MANY,
    HEAD_TOO_LARGE,
    FAULT,
    MISSING_EXTRA,
    UNAVAILABLE,
    NO_ROOM,
)
