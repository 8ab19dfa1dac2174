"""A call by HTTP: JSON, signed as Standard Webhooks 1.0 has it, so that any receiver's library can check it.

The signature is HMAC-SHA256 over `id.timestamp.body`. https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fleet_manager.desk.escalation_rule import secret_bytes
from fleet_manager.desk.outlet import CallFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_manager.desk.escalation_rule import Webhook

TIMEOUT_S: Final = 20.0
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


def call_webhook(target: Webhook, name: str, at_s: int, body: str, tls: ssl.SSLContext | None = None) -> None:
    """Post a call; an answer of 200 to 299 says that it arrived.

    No redirection is followed: whoever signs must know where the body goes.

    Raises:
        CallFailed: it did not arrive; for good when the receiver answers 410 Gone.
    """
    content = body.encode()
    try:
        status = _post(target.url, content, signed_headers(target.secret, name, at_s, content), tls)
    except (OSError, HTTPException, ValueError) as err:
        raise CallFailed(f"wanted an answer of {target.where}, found {type(err).__name__}: {err}") from err
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise CallFailed(f"wanted 2xx of {target.where}, found {status}", for_good=status == HTTPStatus.GONE)


def _post(url: str, body: bytes, headers: Mapping[str, str], tls: ssl.SSLContext | None) -> int:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = tls or ssl.create_default_context()
        connection: HTTPConnection = HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=context)
    else:
        connection = HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request(
            "POST", f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", body, dict(headers)
        )
        answer = connection.getresponse()
        answer.read(_ANSWER_BYTES)
        return answer.status
    finally:
        connection.close()
