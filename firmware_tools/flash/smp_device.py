"""A device that speaks the Simple Management Protocol on a serial line: what is asked of it, in our own words.

smpclient is asynchronous and has errors of its own; both end here. Every question opens the line and closes it again,
so that a device which restarts, and an adapter that vanishes meanwhile, is nothing special.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from edge_contracts.errors import MissingExtraError
from firmware_tools.flash.flasher import Chip, ChipSilent, Mismatch, WriteRefused
from firmware_tools.link import also_open

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from firmware_tools.flash.flasher import Progress

Answer = TypeVar("Answer")
UNTOLD = "how large its second slot is, is not known before the upload"
MOST_IDLE_ANSWERS = 8
"""An upload that is gone on with may be sent back once; a device that is sent the same for ever does not take it."""


TOO_LARGE = ("FLASH_CONFIG_QUERY_FAIL", "NO_FREE_MEMORY", "INVALID_IMAGE_TOO_LARGE", "ENOMEM")
"""What Zephyr's servers, newer and older ones, call an image that is larger than its slot."""


class UploadRefused(WriteRefused):
    """The device takes no more of the image."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An image in a slot.

    number: 0 is the one that runs.
    version, digest: as the image carries them.
    active: it runs now.
    confirmed: it stays after the next reset.
    pending: the next reset starts it.
    """

    number: int
    version: str
    digest: bytes
    active: bool
    confirmed: bool
    pending: bool = False


class SmpDevice:
    """One device at one port.

    Args:
        port: the serial port to open now.
        baud: of the line.
        timeout_s: for one answer.
        erase_timeout_s: for the first answer of an upload.
    """

    def __init__(self, port: Callable[[], str], baud: int, timeout_s: float, erase_timeout_s: float) -> None:
        self._port, self._baud = port, baud
        self._timeout_s, self._erase_timeout_s = timeout_s, erase_timeout_s
        _require_smpclient()

    def chip(self) -> Chip:
        """Name and processor, as the running image tells them."""
        from smpclient.requests.os_management import OSApplicationInfoRead  # noqa: PLC0415 - only MCUboot needs it

        async def ask(client: Any) -> Chip:
            board = await _asked(client, OSApplicationInfoRead(format="i"))
            processor = await _asked(client, OSApplicationInfoRead(format="p"))
            name = str(board.output).strip().lower()
            # A Zephyr board is called board@revision/soc/core; each shorter form names it, too.
            shorter = {name.partition("@")[0].partition("/")[0], name.partition("/")[0]}
            return Chip(name, str(processor.output).strip(), tuple(sorted(shorter - {name})), untold=UNTOLD)

        return self._with_client(ask)

    def slots(self) -> list[Slot]:
        """The images that it holds."""
        from smpclient.requests.image_management import ImageStatesRead  # noqa: PLC0415 - the same

        async def ask(client: Any) -> list[Slot]:
            states = await _asked(client, ImageStatesRead())
            return [
                Slot(
                    one.slot,
                    one.version,
                    bytes(one.hash or b""),
                    active=bool(one.active),
                    confirmed=bool(one.confirmed),
                    pending=bool(one.pending),
                )
                for one in states.images
            ]

        return self._with_client(ask)

    def upload(self, content: bytes, told: Progress) -> None:
        """Send an image into the second slot, from where the device says that it has come.

        Raises:
            Mismatch: it says that what it holds is not what was sent.
            UploadRefused: it says no.
        """
        from smpclient.exceptions import SMPUploadError  # noqa: PLC0415 - the same

        async def send(client: Any) -> None:
            furthest, idle = -1, 0
            try:
                async for offset in client.upload(
                    content, first_timeout_s=self._erase_timeout_s, subsequent_timeout_s=self._timeout_s
                ):
                    furthest, idle = max(furthest, offset), 0 if offset > furthest else idle + 1
                    if idle == MOST_IDLE_ANSWERS:
                        raise WriteRefused(
                            f"wanted the upload to go on, found {idle} answers in a row that stay at {furthest:,} of "
                            f"{len(content):,} bytes; reset the device and flash again"
                        )
                    told(offset / len(content))
            except SMPUploadError as error:
                if "mismatch" in str(error):
                    raise
                raise _upload_refused(error, max(furthest, 0), len(content)) from error

        self._with_client(send)

    def mark_for_trial(self, digest: bytes) -> None:
        """Have the bootloader start an image once."""
        self._mark(digest, confirm=False)

    def confirm(self, digest: bytes) -> None:
        """Have the bootloader keep an image."""
        self._mark(digest, confirm=True)

    def restart(self) -> None:
        """Reset it."""
        from smpclient.requests.os_management import ResetWrite  # noqa: PLC0415 - the same

        async def ask(client: Any) -> None:
            await _asked(client, ResetWrite())

        self._with_client(ask)

    def _mark(self, digest: bytes, *, confirm: bool) -> None:
        from smpclient.requests.image_management import ImageStatesWrite  # noqa: PLC0415 - the same

        async def ask(client: Any) -> None:
            await _asked(client, ImageStatesWrite(hash=digest, confirm=confirm))

        self._with_client(ask)

    def _with_client(self, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        return asyncio.run(self._talk(work))

    async def _talk(self, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        from serial import SerialException  # noqa: PLC0415 - the same
        from smpclient import SMPClient  # noqa: PLC0415 - the same
        from smpclient.exceptions import SMPClientException, SMPUploadError  # noqa: PLC0415 - the same
        from smpclient.transport import SMPTransportDisconnected  # noqa: PLC0415 - the same
        from smpclient.transport.serial import SMPSerialTransport  # noqa: PLC0415 - the same

        port = self._port()
        client = SMPClient(SMPSerialTransport(baudrate=self._baud), port, self._timeout_s)
        try:
            await client.connect(self._timeout_s)
            return await work(client)
        except SMPUploadError as error:
            if "mismatch" in str(error):
                raise Mismatch(
                    "wanted the device to hold what was sent, found that its hash differs; flash it again"
                ) from error
            raise WriteRefused(f"wanted the device to take the image, found {error}; flash again") from error
        # The last two are smpclient's, at an answer of another form.
        except (SMPClientException, TypeError, ValueError) as error:
            raise WriteRefused(f"wanted an answer in SMP, found {error}; check the device's firmware") from error
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise ChipSilent(
                f"wanted an answer from {port} within {self._timeout_s:g} s, found none; check port and speed, "
                f"and that the running image speaks SMP{also_open(port)}"
            ) from error
        except (SMPTransportDisconnected, SerialException, OSError) as error:
            raise ChipSilent(f"wanted to talk over {port}, found {error}; check the cable") from error
        finally:
            await client.disconnect()


async def _asked(client: Any, request: Any) -> Any:
    """The answer to a question.

    Raises:
        WriteRefused: it says no.
    """
    from smpclient.generics import error  # noqa: PLC0415 - only MCUboot needs it

    answer = await client.request(request)
    if error(answer):
        raise _refused(answer)
    return answer


def _refused(answer: object) -> WriteRefused:
    return WriteRefused(
        f"wanted the device to do it, found that it refuses ({_said(answer)}); check image, slot and key"
    )


def _upload_refused(error: Exception, at: int, size: int) -> UploadRefused:
    said = _said(error.args[0] if error.args else error)
    too_large = at == 0 and any(name in said for name in TOO_LARGE)
    hint = "the image is probably larger than the second slot: make it smaller" if too_large else "mend what it names"
    return UploadRefused(
        f"wanted to upload {size:,} bytes, found that the device refuses at byte {at:,} ({said}); {hint}"
    )


def _said(answer: object) -> str:
    told = getattr(answer, "err", None) or answer
    code = getattr(told, "rc", None)
    return f"code {int(code)}, {getattr(code, 'name', 'unknown')}" if code else str(answer)[:120]


def _require_smpclient() -> None:
    try:
        import smpclient  # noqa: F401, PLC0415 - only MCUboot needs it
    except ImportError as error:
        raise MissingExtraError(
            "wanted the Python package smpclient, found none: pip install 'lepton-edge[firmware]'"
        ) from error
    # Its own log says each fault with a traceback; ours says it once, in words.
    logging.getLogger("smpclient").setLevel(logging.CRITICAL)
