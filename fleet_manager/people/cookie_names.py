"""What the manager's cookies are called. Pure.

Over TLS a name begins with `__Host-`: browsers then take it from this host alone, over TLS alone, so that no other host
of the domain, and nobody on the way, can put one of theirs in its place
(https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix).
"""

from __future__ import annotations

from typing import Final

SESSION: Final = "lepton_session"
"""By which the pages and the interface under `/v1` know a person."""
LOG_IN: Final = "lepton_log_in"
"""Of a log-in by an identity provider that is on its way."""


def cookie_name(stem: str, *, is_tls: bool) -> str:
    """The name of a cookie that is sent to every path of this host."""
    return f"__Host-{stem}" if is_tls else stem
