"""Evidence: how much of a file is here, the next piece of it, and the file; docs/reference/evidence-upload.md.

A file belongs to the site of the device that sends it; somebody who asks for one gets it from a site that they may see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Header, Path
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from edge_contracts.errors import BadInputError
from edge_contracts.evidence_upload import DEVICE, OFFSET, parse_content_range
from edge_contracts.identifiers import Sha256
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.bounded_body import check_encoding
from fleet_manager.api.byte_range import can_be_met, wanted_range
from fleet_manager.api.caller import CallerNow, is_everywhere, not_found
from fleet_manager.api.evidence_intake import take_piece
from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import MALFORMED, TOO_LARGE, TOO_MANY, UNAVAILABLE, UNMET_RANGE
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.api.wire_values import Address, SiteQuery
from fleet_manager.evidence.media_type import ANY, HEAD_BYTES, media_type
from fleet_manager.people.roles import Permission

if TYPE_CHECKING:
    from edge_contracts.evidence_upload import ContentRange
    from fleet_manager.evidence.evidence_store import EvidenceStore

AGAIN_S: Final = "5"
NEVER_S: Final = "3600"
_GO_ON: Final = {"description": f"A part is here: go on from `{OFFSET}`."}
_ALL_HERE: Final = {"description": "All of it is here."}
_BYTES: Final = {"content": {ANY: {"schema": {"type": "string", "format": "binary"}}}}
_BODY: Final = {"requestBody": {"required": True, **_BYTES}}

Digest = Annotated[Sha256, Path(description="SHA-256 of the whole content.")]
Sender = Annotated[Address, Header(alias=DEVICE, description="Who sends: `org/site/device`.")]


def evidence_routes() -> APIRouter:
    """`/evidence/{sha256}`."""
    routes = guarded_router("evidence")
    routes.head("/evidence/{sha256}", response_class=Response, responses={200: _ALL_HERE, 308: _GO_ON})(look)
    taken: dict[int | str, dict[str, Any]] = {
        200: {"description": "All of it was here before."},
        201: {"description": "This was the last piece; the whole is durable, and its hash is right."},
        308: _GO_ON,
    }
    routes.put("/evidence/{sha256}", response_class=Response, responses=taken, openapi_extra=_BODY)(send_piece)
    part = {"description": "The bytes that `Range` names.", **_BYTES}
    shown: dict[int | str, dict[str, Any]] = {200: {"description": "The file.", **_BYTES}, 206: part}
    routes.get("/evidence/{sha256}", response_class=Response, responses=shown)(show_file)
    return routes


@needs(Permission.SEND_EVIDENCE)
def look(caller: CallerNow, services: ServicesNow, sha256: Digest, device: Sender) -> Response:
    """How much of a file is here."""
    piece = _store(services).look(_site(caller, device), sha256)
    if piece is None:
        raise not_found(f"evidence {sha256}")
    if piece.is_whole:
        return Response(headers={"Content-Length": str(piece.size_bytes)})
    return Response(status_code=308, headers={OFFSET: str(piece.size_bytes)})


@needs(Permission.SEND_EVIDENCE, takes_bytes=True)
async def send_piece(
    caller: CallerNow,
    services: ServicesNow,
    request: Request,
    sha256: Digest,
    device: Sender,
    content_range: Annotated[str, Header(description="`bytes first-last/total`")],
) -> Response:
    """The next bytes of a file."""
    store, site = _store(services), _site(caller, device)
    piece = _piece(content_range, request, services.settings.portion_bytes)
    places = request.app.state.upload_places
    if places.locked():
        raise Problem(TOO_MANY, "wanted a free place, found many uploads under way: wait", {"Retry-After": AGAIN_S})
    async with places:
        here = await take_piece(store, site, sha256, piece, request.stream(), services.settings.patience_s)
    if here is None:
        return Response(status_code=200)
    return Response(status_code=201) if here.is_whole else _go_on(here.size_bytes)


@needs(Permission.SEE_ALERTS)
def show_file(
    caller: CallerNow,
    services: ServicesNow,
    sha256: Digest,
    site: SiteQuery = None,
    range_: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """The file; a range of it where one is asked for."""
    store = _store(services)
    wanted = caller.sites_of(site)
    for one in store.sites() if is_everywhere(wanted) else sorted(wanted):
        piece = store.look(one, sha256)
        if piece is not None and piece.is_whole:
            return _file(store, one, sha256, piece.size_bytes, range_)
    raise not_found(f"evidence {sha256}")


def _file(store: EvidenceStore, site: str, sha256: str, size: int, asked: str | None) -> Response:
    head = b"".join(store.blocks(site, sha256, 0, min(HEAD_BYTES, size)))
    # The name is the content's hash: what it names never changes.
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'"{sha256}"',
    }
    first, end, status = 0, size, 200
    if (wanted := wanted_range(asked, size)) is not None:
        if not can_be_met(wanted, size):
            detail = f"wanted bytes of a file of {size}, found none in the range: ask for others"
            raise Problem(UNMET_RANGE, detail, {"Content-Range": f"bytes */{size}"})
        first, end, status = *wanted, 206
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - first)
    return StreamingResponse(store.blocks(site, sha256, first, end), status, headers, media_type(head))


def _go_on(offset: int) -> Response:
    return Response(status_code=308, headers={OFFSET: str(offset)})


def _store(services: Services) -> EvidenceStore:
    if services.evidence is None:
        raise Problem(
            UNAVAILABLE, "wanted a place for evidence, found that this manager keeps none", {"Retry-After": NEVER_S}
        )
    return services.evidence


def _site(caller: CallerNow, device: str) -> str:
    site = device.rpartition("/")[0]
    caller.check_site(site, f"the site {site}")
    return site


def _piece(header: str, request: Request, most: int) -> ContentRange:
    check_encoding(request.headers)
    try:
        piece = parse_content_range(header)
    except BadInputError as err:
        raise Problem(MALFORMED, str(err)) from err
    if piece.length > most:
        raise Problem(TOO_LARGE, f"wanted at most {most} bytes in one piece, found {piece.length}: send smaller ones")
    told = request.headers.get("Content-Length")
    if told is not None and told != str(piece.length):
        raise Problem(MALFORMED, f"wanted the {piece.length} bytes that Content-Range names, found {told[:20]}")
    return piece
