"""The next piece of an evidence file, from the network to the disk, a block at a time.

What came of a request that broke off or stopped is kept, so that a transfer over a bad link ends at all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import MALFORMED, NO_ROOM, TOO_LARGE, TOO_SLOW, WRONG_CONTENT, WRONG_OFFSET
from fleet_manager.evidence.evidence_store import BLOCK_BYTES, NoRoom, TooLarge, WrongContent, WrongOffset

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from edge_contracts.evidence_upload import ContentRange
    from fleet_manager.evidence.evidence_store import EvidenceStore, Piece, Receipt


async def take_piece(
    store: EvidenceStore, site: str, sha256: str, piece: ContentRange, body: AsyncIterator[bytes], patience_s: float
) -> Piece | None:
    """How much is here now; None when all of it was here before.

    Args:
        store: where it goes.
        site: `org/site` of the sender.
        sha256: of the whole.
        piece: which bytes these are.
        body: the bytes.
        patience_s: so long the next of them may take.

    Raises:
        Problem: it is too large, does not fit, is another file, or there is no room.
    """
    try:
        receipt = await run_in_threadpool(store.receive, site, sha256, piece.first, piece.total)
        if receipt is None:
            return None
        try:
            await _copy(body, receipt, piece.length, patience_s)
        finally:
            here = await run_in_threadpool(receipt.close)
    except TooLarge as err:
        raise Problem(TOO_LARGE, str(err)) from err
    except WrongOffset as err:
        offset = err.offset_bytes
        raise Problem(WRONG_OFFSET, str(err), {"Upload-Offset": str(offset)}, offset=offset) from err
    except WrongContent as err:
        raise Problem(WRONG_CONTENT, str(err)) from err
    except NoRoom as err:
        raise Problem(NO_ROOM, str(err)) from err
    return here


async def _copy(body: AsyncIterator[bytes], receipt: Receipt, length: int, patience_s: float) -> None:
    block = bytearray()
    came = 0
    try:
        while (chunk := await _next(body, patience_s)) is not None:
            came += len(chunk)
            if came > length:
                raise Problem(MALFORMED, f"wanted {length} bytes, as Content-Range says, found more: send those alone")
            block += chunk
            if len(block) >= BLOCK_BYTES:
                await run_in_threadpool(receipt.write, bytes(block))
                block.clear()
    finally:
        await run_in_threadpool(receipt.write, bytes(block))


async def _next(body: AsyncIterator[bytes], patience_s: float) -> bytes | None:
    """The next bytes; None at the end, also where the sender is gone."""
    try:
        return await asyncio.wait_for(anext(body), patience_s)
    except (StopAsyncIteration, ClientDisconnect):
        return None
    except asyncio.TimeoutError as err:
        raise Problem(TOO_SLOW, f"wanted bytes within {patience_s:g} s, found none: go on later") from err
