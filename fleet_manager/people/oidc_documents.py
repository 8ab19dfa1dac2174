"""What an identity provider publishes of itself: addresses (OpenID Connect Discovery 1.0) and keys (RFC 7517)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fleet_manager.people.identity_provider import ProviderAway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WELL_KNOWN: Final = "/.well-known/openid-configuration"
KEPT_S: Final = 3600.0
"""How long keys are taken from memory."""
AGAIN_S: Final = 60.0
"""Keys that do not fit a token are fetched anew, but not more often than this: the provider may have changed them.

Addresses are kept for so long alone: asking for them shows whether the provider is there before anybody is sent to it.
"""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the provider's parts are.

    end: where somebody logs out there, None where it has no such page.
    takes_post: the client's secret goes into the form, because the provider takes it in no header.
    """

    authorization: str
    token: str
    keys: str
    end: str | None
    takes_post: bool


class ProviderDocuments:
    """Fetched when they are first wanted, and kept for a while. Thread-safe.

    Args:
        issuer: whose.
        fetch: the JSON object at an address; raises `ProviderAway`.
        monotonic_s: seconds that never go back.
    """

    def __init__(
        self, issuer: str, fetch: Callable[[str], Mapping[str, Any]], monotonic_s: Callable[[], float]
    ) -> None:
        self._issuer, self._fetch, self._monotonic_s = issuer, fetch, monotonic_s
        self._lock = threading.Lock()
        self._addresses: tuple[float, Addresses] | None = None
        self._keys: tuple[float, Mapping[str, Any]] | None = None

    def addresses(self) -> Addresses:
        """Where the provider's parts are.

        Raises:
            ProviderAway: it does not answer, or is another than it should be.
        """
        with self._lock:
            now_s = self._monotonic_s()
            if self._addresses is None or now_s - self._addresses[0] > AGAIN_S:
                found = self._fetch(self._issuer.rstrip("/") + WELL_KNOWN)
                self._addresses = (now_s, _addresses(found, self._issuer))
            return self._addresses[1]

    def keys(self, *, older_than_s: float = KEPT_S) -> Mapping[str, Any]:
        """The provider's keys, fetched anew when they are older.

        Raises:
            ProviderAway: it does not answer.
        """
        where = self.addresses().keys
        with self._lock:
            now_s = self._monotonic_s()
            if self._keys is None or now_s - self._keys[0] > older_than_s:
                self._keys = (now_s, self._fetch(where))
            return self._keys[1]


def _addresses(found: Mapping[str, Any], issuer: str) -> Addresses:
    if found.get("issuer") != issuer:
        said = str(found.get("issuer"))[:200]
        raise ProviderAway(f"wanted the identity provider {issuer}, found one that calls itself {said!r}: mend issuer")
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Addresses(
        _address(found, "authorization_endpoint", issuer),
        _address(found, "token_endpoint", issuer),
        _address(found, "jwks_uri", issuer),
        _address(found, "end_session_endpoint", issuer) if found.get("end_session_endpoint") else None,
        "client_secret_basic" not in methods and "client_secret_post" in methods,
    )


def _address(found: Mapping[str, Any], name: str, issuer: str) -> str:
    """An address of the provider; one that is named over TLS names none without."""
    address = found.get(name)
    if not isinstance(address, str) or urlsplit(address).scheme not in {"https", urlsplit(issuer).scheme}:
        raise ProviderAway(f"wanted {name} of the identity provider {issuer}, found {str(address)[:200]!r}")
    return address
