"""What all routes share, and how they read a body and have something done without waiting for ever."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from edge_contracts.errors import BadInputError
from edge_runtime.infer.backend import BackendError
from edge_runtime.lessons.lessons import OtherBundle
from edge_runtime.state_folder import MediumRefused
from edge_runtime.web.worker import TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from edge_contracts.station import Web
    from edge_runtime.clock import Clock
    from edge_runtime.web.access import Access
    from edge_runtime.web.drawing import Album
    from edge_runtime.web.insight import Insight, PointFace
    from edge_runtime.web.judge import Judge
    from edge_runtime.web.live_view import LiveView
    from edge_runtime.web.metrics import Metric
    from edge_runtime.web.score_keeper import ScoreKeeper
    from edge_runtime.web.shown import Shown
    from edge_runtime.web.verdict_meter import VerdictMeter
    from edge_runtime.web.worker import Worker

_Answer = TypeVar("_Answer")
ANSWER_S: Final = 30.0
"""How long anybody waits for the model or a drawing."""
BODY_S: Final = 30.0
"""How long a body may take to arrive."""
BODIES_MAX: Final = 3
"""Large bodies in memory at a time."""
AGAIN: Final = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with.

    judge: used by the thread for the model alone.
    judging, drawing, filing: the threads for the model, for pictures, and for what may wait for a disk.
    metrics: of other parts of the daemon.
    crashes: how often the server was started anew.
    stopping: whether long answers should end.
    """

    settings: Web
    insight: Insight
    access: Access
    live: LiveView
    meter: VerdictMeter
    scores: ScoreKeeper
    judge: Judge
    judging: Worker
    album: Album
    shown: Shown
    drawing: Worker
    filing: Worker
    clock: Clock
    metrics: tuple[Metric, ...]
    crashes: Callable[[], int]
    stopping: Callable[[], bool]
    bodies: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(BODIES_MAX))

    def point(self, request: Request) -> PointFace:
        """The point that the path names.

        Raises:
            HTTPException: 404, there is none of that name.
        """
        name = request.path_params["point"]
        face = self.insight.point(name)
        if face is None:
            known = ", ".join(face.name for face in self.insight.points())
            raise HTTPException(404, f"wanted an inspection point ({known}), found {name[:80]!r}")
        return face


async def done(worker: Worker, call: Callable[[], _Answer]) -> _Answer:
    """Have a worker do it.

    Raises:
        HTTPException: 400 for wrong input, 409 for another bundle than the line's, 503 when it is busy or does not
            answer, 507 when the disk refuses.
    """
    try:
        return await asyncio.wait_for(asyncio.wrap_future(worker.submit(call)), ANSWER_S)
    except TryAgain as error:
        raise HTTPException(503, str(error), AGAIN) from error
    except asyncio.TimeoutError as error:
        sentence = f"wanted an answer within {ANSWER_S:g} s, found none; the line is not concerned"
        raise HTTPException(503, sentence, AGAIN) from error
    except OtherBundle as error:
        raise HTTPException(409, str(error)) from error
    except BadInputError as error:
        raise HTTPException(400, str(error)) from error
    except BackendError as error:
        raise HTTPException(503, f"the page's model failed; the line's is another: {error}", AGAIN) from error
    except MediumRefused as error:
        raise HTTPException(507, str(error)) from error


async def body(request: Request, most_bytes: int) -> bytes:
    """The request's body.

    Raises:
        HTTPException: 400 for a compressed one or one that breaks off, 408 for a slow one, 413 for a large one.
    """
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(400, "wanted a body that is not compressed, found Content-Encoding; send it as it is")
    told = request.headers.get("content-length", "0")
    if told.isascii() and told.isdigit() and int(told[:20]) > most_bytes:
        raise _too_large(most_bytes)
    try:
        return await asyncio.wait_for(_read(request, most_bytes), BODY_S)
    except asyncio.TimeoutError as error:
        raise HTTPException(408, f"wanted the whole body within {BODY_S:g} s, found it unfinished") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "wanted the whole body, found that the client left") from error


def text_of(document: Any, key: str, most: int = 64) -> str:
    """A short text of a JSON object, empty when it is not there; see `one_line`."""
    value = document.get(key, "") if isinstance(document, dict) else ""
    return one_line(value, most) if isinstance(value, str) else ""


def one_line(text: str, most: int = 64) -> str:
    """A text as a line of a log can carry it: without control characters, which could forge another line."""
    return "".join(sign for sign in text if sign.isprintable()).strip()[:most]


async def _read(request: Request, most_bytes: int) -> bytes:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > most_bytes:
            raise _too_large(most_bytes)
    return bytes(content)


def _too_large(most_bytes: int) -> HTTPException:
    return HTTPException(
        413, f"wanted a body of at most {most_bytes:,} bytes, found a larger one", {"Connection": "close"}
    )
