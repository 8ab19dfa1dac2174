"""Whether a page of this manager sent a form, told by what a browser says of where it comes from. Pure.

For forms that no session can prove yet: the log-in, and links. Browsers name the `Origin` of every form that is sent,
over plain HTTP too; `Sec-Fetch-Site` they send to trustworthy addresses alone. What names neither is no browser, and
has no cookies that somebody could make it use (https://www.rfc-editor.org/rfc/rfc6454#section-7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN: Final = frozenset({"same-origin", "none"})


def is_own(headers: Mapping[str, str]) -> bool:
    """Whether none of a request's headers says that it comes from elsewhere.

    The scheme is not compared: behind a proxy that speaks TLS, ours is another than the browser's.
    """
    if headers.get("sec-fetch-site", "none") not in _OWN:
        return False
    origin = headers.get("origin")
    return origin is None or origin.lower().partition("://")[2] == headers.get("host", "").lower() != ""
