"""The seam to an identity provider (OpenID Connect): what a part that speaks with one must offer.

The provider proves who somebody is, `claims` says what they may do here, `provider_log_in` lets them in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from edge_contracts.errors import LeptonError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

DONE_PATH: Final = "/login/oidc/done"
"""Where the provider sends the browser back to, behind the manager's own address."""


class ProviderAway(LeptonError, OSError):
    """The provider does not answer, or not as one does."""


class ProofRefused(RefusedError, PermissionError):
    """What came from the provider proves nobody's identity."""


class IdentityProvider(Protocol):
    """Authorization code flow with PKCE (RFC 7636, S256); `state`, `nonce` and `verifier` are fresh for each log-in."""

    @property
    def issuer(self) -> str:
        """Its name, as it stands in its tokens."""
        ...

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser.

        Raises:
            ProviderAway: it does not answer.
        """
        ...

    def claims(self, code: str, nonce: str, verifier: str) -> Mapping[str, object]:
        """The claims of the ID token for a code, its signature, issuer, audience, times and nonce verified.

        Raises:
            ProofRefused: the provider says no, or the token does not verify.
            ProviderAway: it does not answer.
        """
        ...

    def end_address(self) -> str | None:
        """Where somebody logs out of the provider, too; None where it has no such page.

        Raises:
            ProviderAway: it does not answer.
        """
        ...
