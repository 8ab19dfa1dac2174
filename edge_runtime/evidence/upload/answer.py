"""What the manager's answer to a piece of evidence means; pure (docs/reference/evidence-upload.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Final

from edge_contracts.evidence_upload import INCOMPLETE, OTHER_CONTENT, WRONG_PLACE, parse_offset

LONGEST_RETRY_AFTER_S: Final = 3600.0


class Meaning(str, Enum):
    """What to do next."""

    TAKEN = "taken"
    GO_ON = "go-on"
    OTHER_CONTENT = "other-content"
    NEVER = "never"
    FORBIDDEN = "forbidden"
    LATER = "later"


_MEANINGS: Final[dict[int, Meaning]] = {
    HTTPStatus.OK: Meaning.TAKEN,
    HTTPStatus.CREATED: Meaning.TAKEN,
    INCOMPLETE: Meaning.GO_ON,
    WRONG_PLACE: Meaning.GO_ON,
    OTHER_CONTENT: Meaning.OTHER_CONTENT,
    HTTPStatus.BAD_REQUEST: Meaning.NEVER,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Meaning.NEVER,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Meaning.NEVER,
    HTTPStatus.UNAUTHORIZED: Meaning.FORBIDDEN,
    HTTPStatus.FORBIDDEN: Meaning.FORBIDDEN,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, as far as it matters.

    offset, retry_after, date: headers as they came. text: the beginning of the body, for a person.
    """

    status: int
    offset: str | None = None
    retry_after: str | None = None
    text: str = ""
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A judged answer.

    offset: where to go on, with `GO_ON`. wait_s: the least wait that the manager asks for, with `LATER`.
    """

    meaning: Meaning
    offset: int = 0
    wait_s: float = 0.0


def judge(reply: Reply, total: int, *, is_question: bool) -> Answer:
    """What an answer means.

    Args:
        reply: what came.
        total: bytes of the content.
        is_question: it answers a HEAD, to which 404 is "nothing is here".
    """
    if is_question and reply.status == HTTPStatus.NOT_FOUND:
        return Answer(Meaning.GO_ON)
    meaning = _MEANINGS.get(reply.status)
    if meaning is Meaning.GO_ON:
        offset = parse_offset(reply.offset)
        return Answer(Meaning.LATER) if offset is None or offset >= total else Answer(meaning, offset)
    return Answer(meaning) if meaning else Answer(Meaning.LATER, wait_s=_asked_wait_s(reply.retry_after))


def _asked_wait_s(text: str | None) -> float:
    """Seconds of a `Retry-After`, an hour at most; a date is not read, because the board's clock may be wrong."""
    if text is None or not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return 0.0
    return min(float(text), LONGEST_RETRY_AFTER_S)
