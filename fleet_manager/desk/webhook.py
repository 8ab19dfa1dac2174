"""A call by HTTP: JSON, signed as Standard Webhooks 1.0 has it, so that any receiver's library can check it.

The signature is HMAC-SHA256 over `id.timestamp.body`. https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fleet_manager.desk.call_connection import connected, cut_after, places
from fleet_manager.desk.escalation_rule import secret_bytes
from fleet_manager.desk.outlet import CallFailed

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from http.client import HTTPResponse
    from urllib.parse import SplitResult

    from fleet_manager.desk.escalation_rule import Webhook
    from fleet_manager.desk.reach import Reach

TIMEOUT_S: Final = 20.0
"""Until somebody takes the connection, and from then until the answer is there."""
_PORTS: Final = {"http": 80, "https": 443}
_ANSWER_BYTES: Final = 4096
"""More of an answer is not read; it is not kept either."""


def signed_headers(secret: str, name: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers of a call.

    Args:
        secret: of the webhook.
        name: the call's id, the same at each attempt.
        at_s: now, seconds since 1970-01-01 UTC.
        body: what is sent, to the byte.
    """
    signed = b".".join((name.encode(), str(at_s).encode(), body))
    digest = hmac.new(secret_bytes(secret), signed, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "user-agent": "lepton-fleet",
        "webhook-id": name,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def call_webhook(
    target: Webhook,
    name: str,
    at_s: int,
    body: str,
    reach: Reach,
    tls: ssl.SSLContext | None = None,
    timeout_s: float = TIMEOUT_S,
) -> None:
    """Post a call; an answer of 200 to 299 says that it arrived.

    No redirection is followed: whoever signs must know where the body goes. The error names the kind of the trouble and
    repeats nothing that was received: who writes rules could else read what only the manager can reach.

    Args:
        target: whom.
        name: the call's id.
        at_s: now, seconds since 1970-01-01 UTC.
        body: what, as JSON.
        reach: the addresses that it may go to.
        tls: which authorities are trusted; None for those that the machine trusts.
        timeout_s: until there is a connection, and once more until the answer.

    Raises:
        CallFailed: it did not arrive; for good when the receiver answers 410 Gone.
    """
    content = body.encode()
    try:
        status = _post(target, content, signed_headers(target.secret, name, at_s, content), reach, tls, timeout_s)
    except CallFailed:
        raise
    except (OSError, HTTPException, ValueError) as err:
        raise CallFailed(f"wanted an answer of {target.where}, found {_kind(err)}") from err
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise CallFailed(f"wanted 2xx of {target.where}, found {status}", for_good=status == HTTPStatus.GONE)


def _post(
    target: Webhook,
    body: bytes,
    headers: Mapping[str, str],
    reach: Reach,
    tls: ssl.SSLContext | None,
    timeout_s: float,
) -> int:
    url = urlsplit(target.url)
    host, port = url.hostname or "", url.port or _PORTS[url.scheme]
    found = [one for one in places(host, port) if reach.holds(one[1])]
    if not found:
        raise CallFailed(
            f"wanted an address of {target.where} in the plant or beyond, found the manager's own machine or link: "
            "name it in [webhooks] of site.toml if it is meant"
        )
    with (
        connected(found, timeout_s) as line,
        cut_after(line, timeout_s) as is_over,
        closing(_spoken(url.scheme, host, port, line, tls)) as connection,
        _answer(connection, url, body, headers) as answer,
    ):
        if is_over.is_set():  # a head that is cut off reads as one that is complete
            raise TimeoutError
        with suppress(OSError, HTTPException):  # what was said first counts
            answer.read(_ANSWER_BYTES)
        return answer.status


def _spoken(scheme: str, host: str, port: int, line: socket.socket, tls: ssl.SSLContext | None) -> HTTPConnection:
    """HTTP on a connection that stands."""
    if scheme == "http":
        connection = HTTPConnection(host, port)
        connection.sock = line
        return connection
    context = tls or ssl.create_default_context()
    connection = HTTPSConnection(host, port, context=context)
    connection.sock = context.wrap_socket(line, server_hostname=host)
    return connection


def _answer(connection: HTTPConnection, url: SplitResult, body: bytes, headers: Mapping[str, str]) -> HTTPResponse:
    where = f"{url.path or '/'}{f'?{url.query}' if url.query else ''}"
    connection.request("POST", where, body, dict(headers))
    return connection.getresponse()


def _kind(err: Exception) -> str:
    """What went wrong, in no word of the other side."""
    about = f": {err.verify_message}" if isinstance(err, ssl.SSLCertVerificationError) else ""
    return f"{type(err).__name__}{about}"
