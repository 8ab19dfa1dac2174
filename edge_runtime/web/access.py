"""Who may come in: the token, the sessions of browsers, and by which names the page may be called. No network here."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_contracts.station import Web

TOKEN_MIN: Final = 20
"""Characters; 24 random bytes in hexadecimal are 48, and nobody guesses them over a network."""
SESSION_S: Final = 12 * 3600
SESSIONS_MAX: Final = 64
_NS_PER_S = 1_000_000_000


def read_token(path: str | None) -> str | None:
    """The first line of the token file; None where no token is asked for.

    Raises:
        BadInputError: the file cannot be read, or what it holds is too short to keep anybody out.
    """
    if path is None:
        return None
    try:
        token = Path(path).read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"web.token_file: wanted a token in {path}, found that it cannot be read: {error}"
        ) from error
    if len(token) < TOKEN_MIN or not token.isascii():
        raise BadInputError(
            f"web.token_file: wanted a token of at least {TOKEN_MIN} ASCII characters in {path}, found "
            f"{len(token)}; make one with 'openssl rand -hex 24'"
        )
    return token


def is_loopback(address: str) -> bool:
    """Whether a peer's address is this board itself."""
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


class Access:
    """Tokens, sessions and names.

    Args:
        settings: the `[web]` table.
        token: what must be known, None for nothing.
        machine_names: this machine's own.
        now_ns: monotonic.
        draw: a new session's secret.
    """

    def __init__(
        self,
        settings: Web,
        token: str | None,
        machine_names: Iterable[str],
        now_ns: Callable[[], int],
        draw: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self.wants_token = token is not None
        self._digest = None if token is None else _digest(token)
        self._names = {
            "localhost",
            settings.host.lower(),
            *(name.lower() for name in (*settings.names, *machine_names)),
        }
        self._now_ns = now_ns
        self._draw = draw
        self._sessions: OrderedDict[bytes, int] = OrderedDict()

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this board.

        An address does: rebinding a name to it is the attack, and a name that is none of ours is refused.
        """
        name = _host_name(host)
        if name is None:
            return False
        try:
            ip_address(name)
        except ValueError:
            return name in self._names
        return True

    @staticmethod
    def is_own_origin(origin: str, host: str) -> bool:
        """Whether a page that sends a request was served under the very name that the request goes to."""
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()

    def token_fits(self, token: str) -> bool:
        """Compare in constant time; True where no token is asked for."""
        return self._digest is None or hmac.compare_digest(self._digest, _digest(token))

    def open_session(self, token: str) -> str | None:
        """A browser's secret for the next twelve hours, None when the token is wrong."""
        if not self.token_fits(token):
            return None
        secret = self._draw()
        self._sessions[_digest(secret)] = self._now_ns() + SESSION_S * _NS_PER_S
        while len(self._sessions) > SESSIONS_MAX:
            self._sessions.popitem(last=False)
        return secret

    def session_is_open(self, secret: str) -> bool:
        """Whether a browser's secret is one of ours and not too old."""
        ends_ns = self._sessions.get(_digest(secret))
        return ends_ns is not None and self._now_ns() < ends_ns

    def close_session(self, secret: str) -> None:
        """Forget it."""
        self._sessions.pop(_digest(secret), None)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _host_name(host: str) -> str | None:
    """The name of `name:port`, `[::1]:port` or a bare one; None for what is none of them."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if not host or parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname
