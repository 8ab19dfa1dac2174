"""The protocol's addresses: health, metadata, inference."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from edge_runtime.capture.picture_file import PictureLimits
from edge_runtime.lessons.lessons import OtherBundle
from edge_runtime.web.answer import JsonAnswer
from edge_runtime.web.desk import AGAIN, body, done
from edge_runtime.web.open_inference.models import Offered, offered
from edge_runtime.web.open_inference.request import HEADER
from edge_runtime.web.open_inference.response import WireResponse, write_response
from edge_runtime.web.worker import TryAgain

if TYPE_CHECKING:
    from starlette.requests import Request

    from edge_runtime.web.desk import Desk
    from edge_runtime.web.open_inference.long_json import RequestReader

_DISTRIBUTION: Final = "lepton-edge"
_MODEL: Final = "/v2/models/{model}"
_VERSION: Final = "/v2/models/{model}/versions/{version}"


def open_inference_routes(desk: Desk, reader: RequestReader) -> list[Route]:
    """Everything under `/v2`; `reader` is used by the thread for the model alone."""

    async def server(request: Request) -> Response:  # noqa: ARG001 - starlette's signature
        about = {"name": _DISTRIBUTION, "version": version(_DISTRIBUTION), "extensions": ["binary_tensor_data"]}
        return JsonAnswer(about)

    async def live(request: Request) -> Response:  # noqa: ARG001 - starlette's signature
        return JsonAnswer({"live": True})

    async def ready(request: Request) -> Response:  # noqa: ARG001 - starlette's signature
        troubles = list(desk.insight.troubles())
        return JsonAnswer({"ready": not troubles, "reasons": troubles}, 503 if troubles else 200)

    async def metadata(request: Request) -> Response:
        return JsonAnswer(_asked_for(desk, request).metadata())

    async def model_ready(request: Request) -> Response:
        return JsonAnswer({"name": _asked_for(desk, request).name, "ready": True})

    async def infer(request: Request) -> Response:
        model, header = _asked_for(desk, request), request.headers.get(HEADER)
        if desk.bodies.locked():
            raise HTTPException(503, "wanted a free place, found other requests under way; try again", AGAIN)
        async with desk.bodies:
            content = await body(request, desk.settings.max_upload_bytes)
            return _answer(await done(desk.judging, lambda: _infer(desk, reader, model, content, header)))

    answers = [("", metadata, "GET"), ("/ready", model_ready, "GET"), ("/infer", infer, "POST")]
    return [
        Route("/v2", server),
        Route("/v2/health/live", live),
        Route("/v2/health/ready", ready),
        *(Route(_MODEL + end, answer, methods=[method]) for end, answer, method in answers),
        *(Route(_VERSION + end, answer, methods=[method]) for end, answer, method in answers),
    ]


def _asked_for(desk: Desk, request: Request) -> Offered:
    name, wanted = request.path_params["model"], request.path_params.get("version")
    models = offered(desk.insight)
    found = next((model for model in models if model.name == name), None)
    if found is None:
        known = ", ".join(model.name for model in models)
        raise HTTPException(400, f"wanted a model of {known}, found {name[:80]!r}")
    if wanted is not None and wanted != found.version:
        raise HTTPException(400, f"wanted version {found.version} of {name}, found {wanted[:20]!r}")
    return found


def _infer(desk: Desk, reader: RequestReader, model: Offered, content: bytes, header: str | None) -> WireResponse:
    request = reader.read(content, header)
    limits = PictureLimits(desk.settings.max_upload_bytes, desk.settings.max_pixels)
    try:
        outputs = model.answer(request.inputs, desk.judge, limits)
    except OtherBundle as error:
        raise TryAgain(f"the model is not served just now: {error}") from error
    return write_response(request, model.name, model.version, outputs)


def _answer(response: WireResponse) -> Response:
    if response.json_bytes is None:
        return Response(response.content, media_type="application/json")
    headers = {HEADER: str(response.json_bytes)}
    return Response(response.content, media_type="application/octet-stream", headers=headers)
