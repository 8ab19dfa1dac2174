"""One HTTPS connection to the manager: asks what is there, sends a range of bytes. Knows no retries.

Python's own client, so that the board installs nothing for it.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from edge_contracts.errors import LeptonError
from edge_contracts.evidence_upload import DEVICE, OFFSET, ROUTE
from edge_runtime.evidence.upload.answer import Reply

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

    from edge_contracts.evidence_upload import ContentRange

_TOLD_BYTES: Final = 300
_DRAINED_BYTES: Final = 64 << 10


class UploadLost(LeptonError, ConnectionError):
    """The manager cannot be reached, or broke off; try again."""


@dataclass(frozen=True, slots=True)
class UploadAddress:
    """Where evidence goes and who says so.

    url: `https://host[:port][/path]`; `http` sends in plain text. device: `org/site/device`.
    """

    url: str
    device: str
    token: str | None = None
    timeout_s: float = 10.0


class EvidenceLink:
    """A connection that is opened when it is first needed, and again after it broke.

    Args:
        address: of the manager.
        context: for https; None with http.
    """

    def __init__(self, address: UploadAddress, context: ssl.SSLContext | None) -> None:
        parts = urlsplit(address.url)
        self._address, self._path = address, quote(parts.path.rstrip("/")) + ROUTE
        host = parts.hostname or ""
        self._connection = http.client.HTTPConnection(host, parts.port, timeout=address.timeout_s)
        if context is not None:
            self._connection = http.client.HTTPSConnection(host, parts.port, timeout=address.timeout_s, context=context)

    def ask(self, sha256: str) -> Reply:
        """HEAD.

        Raises:
            UploadLost: no answer.
        """
        return self._say("HEAD", sha256, {}, None)

    def send(self, sha256: str, piece: ContentRange, media_type: str, blocks: Iterable[bytes]) -> Reply:
        """PUT a range; `blocks` gives exactly its bytes, and may take its time.

        Raises:
            UploadLost: no answer.
        """
        headers = {
            "Content-Range": piece.header,
            "Content-Length": str(piece.length),
            "Content-Type": media_type,
        }
        return self._say("PUT", sha256, headers, blocks)

    def close(self) -> None:
        """Let go of the connection; the next request opens another."""
        self._connection.close()

    def abort(self) -> None:
        """End whatever is going on; from any thread."""
        sock: socket.socket | None = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _say(self, method: str, sha256: str, headers: dict[str, str], body: Iterable[bytes] | None) -> Reply:
        said = {DEVICE: self._address.device, **headers}
        if self._address.token is not None:
            said["Authorization"] = f"Bearer {self._address.token}"
        is_answered = False
        try:
            with _early_answer():
                self._connection.request(method, self._path + sha256, body, said)
            reply = self._reply()
            is_answered = True
        except (OSError, http.client.HTTPException) as error:
            raise UploadLost(
                f"wanted to bring evidence to {self._address.url}, found {error!r}: is the manager there?"
            ) from error
        finally:
            if not is_answered:
                self.close()
        return reply

    def _reply(self) -> Reply:
        response = self._connection.getresponse()
        text = response.read(_DRAINED_BYTES)
        if response.will_close or not response.isclosed():
            self.close()
        told = text[:_TOLD_BYTES].decode("utf-8", "replace")
        offset, later, date = (response.getheader(name) for name in (OFFSET, "Retry-After", "Date"))
        return Reply(response.status, offset, later, told, date)


@contextlib.contextmanager
def _early_answer() -> Iterator[None]:
    """A manager that says no before it has heard all of a range closes its ears; its answer is there to be read."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        yield
