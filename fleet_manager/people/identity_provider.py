"""The seam to an identity provider (OpenID Connect): what a part that speaks with one must offer.

The provider proves who somebody is, `claims` says what they may do here. Nothing in this folder speaks with a provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class IdentityProvider(Protocol):
    """Authorization code flow with PKCE (RFC 7636, S256); `state`, `nonce` and `verifier` are fresh for each log-in."""

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser."""
        ...

    def claims(self, code: str, nonce: str, verifier: str) -> Mapping[str, object]:
        """The claims of the ID token for a code, its signature, issuer, audience, times and nonce verified.

        Raises:
            RefusedError: the provider says no, or the token does not verify.
        """
        ...
