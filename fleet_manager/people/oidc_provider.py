"""An identity provider by OpenID Connect: Authlib speaks with it, and its tokens are believed only when they verify.

https://openid.net/specs/openid-connect-core-1_0.html, 3.1; PKCE is RFC 7636.
"""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from edge_contracts.errors import MissingExtraError
from fleet_manager.people.identity_provider import DONE_PATH, ProofRefused, ProviderAway
from fleet_manager.people.oidc_documents import AGAIN_S, ProviderDocuments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from joserfc.jwt import Token

    from fleet_manager.people.oidc_documents import Addresses
    from fleet_manager.people.oidc_settings import OidcSettings

ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
)
"""Signatures by a key that only the provider has; `none` and those by a shared secret are not among them."""
LEEWAY_S: Final = 60
"""How far the provider's clock may be from ours."""
TIMEOUT_S: Final = 10.0
AT_ONCE: Final = 8
"""Conversations with the provider at the same time; who comes then is sent away at once, so that a provider that hangs
takes no more of the manager's threads."""
_MOST_SUBJECT: Final = 255


class OidcProvider:
    """One provider.

    Args:
        settings: `[oidc]`.
        site: where the manager's pages are: `https://fleet.plant.example`.
        unix_s: the wall clock.
        monotonic_s: seconds that never go back.

    Raises:
        MissingExtraError: Authlib is not installed.
    """

    def __init__(
        self, settings: OidcSettings, site: str, unix_s: Callable[[], float], monotonic_s: Callable[[], float]
    ) -> None:
        _check_extra()
        self._settings, self._site, self._unix_s = settings, site.rstrip("/"), unix_s
        self._tls = ssl.create_default_context(cafile=settings.ca)
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._documents = ProviderDocuments(settings.issuer, self._fetch, monotonic_s)

    @property
    def issuer(self) -> str:
        """Its name, as it stands in its tokens."""
        return self._settings.issuer

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser.

        Raises:
            ProviderAway: it does not answer.
        """
        with self._place():
            where = self._documents.addresses()
        with self._client(where) as client:
            url, _ = client.create_authorization_url(
                where.authorization, state=state, code_verifier=verifier, nonce=nonce
            )
        return str(url)

    def claims(self, code: str, nonce: str, verifier: str) -> Mapping[str, object]:
        """The claims of the ID token for a code, everything in it verified.

        Raises:
            ProofRefused: the provider says no, or the token does not verify.
            ProviderAway: it does not answer.
        """
        with self._place():
            told = self._token(code, verifier)
            raw = told.get("id_token")
            if not isinstance(raw, str):
                raise ProofRefused(f"wanted an ID token of {self.issuer}, found none: ask for the scope 'openid'")
            return self._checked(self._signed(raw), nonce, str(told.get("access_token", "")))

    def end_address(self) -> str | None:
        """Where somebody logs out of the provider, too.

        Raises:
            ProviderAway: it does not answer.
        """
        from httpx2 import URL  # noqa: PLC0415 - an extra

        with self._place():
            where = self._documents.addresses().end
        return None if where is None else str(URL(where).copy_merge_params({"client_id": self._settings.client_id}))

    def _token(self, code: str, verifier: str) -> Mapping[str, Any]:
        from authlib.integrations.base_client.errors import OAuthError  # noqa: PLC0415 - an extra
        from httpx2 import HTTPError  # noqa: PLC0415

        where = self._documents.addresses()
        try:
            with self._client(where) as client:
                told: Mapping[str, Any] = client.fetch_token(where.token, code=code, code_verifier=verifier)
        except OAuthError as err:
            raise ProofRefused(f"wanted a token of {self.issuer}, found {str(err.error)[:80]!r}: log in again") from err
        except (HTTPError, ValueError, OSError) as err:
            raise self._away(err) from err
        return told

    def _signed(self, raw: str) -> Token:
        """The token, its signature verified by a key of the provider; keys that are not known are looked for once."""
        from joserfc.errors import JoseError  # noqa: PLC0415 - an extra

        try:
            return _decoded(raw, self._documents.keys())
        except (JoseError, ValueError):
            anew = self._documents.keys(older_than_s=AGAIN_S)
        try:
            return _decoded(raw, anew)
        except (JoseError, ValueError) as err:
            raise ProofRefused(
                f"wanted a token signed by {self.issuer}, found {type(err).__name__}: log in again"
            ) from err

    def _checked(self, token: Token, nonce: str, access_token: str) -> Mapping[str, object]:
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 - an extra
        from joserfc.errors import JoseError  # noqa: PLC0415

        client = self._settings.client_id
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": client},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {"client_id": client, "nonce": nonce, "access_token": access_token}
        try:
            CodeIDToken(token.claims, token.header, options, params).validate(int(self._unix_s()), LEEWAY_S)
        except (JoseError, ValueError, TypeError) as err:
            raise ProofRefused(f"wanted a token of {self.issuer} for this log-in, found: {err}; log in again") from err
        subject = token.claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= _MOST_SUBJECT:
            raise ProofRefused(f"wanted a token of {self.issuer} that says who it is about, found none: log in again")
        return token.claims

    def _client(self, where: Addresses) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client  # noqa: PLC0415 - an extra

        secret = self._settings.client_secret
        return OAuth2Client(
            self._settings.client_id,
            None if secret is None else secret.get_secret_value(),
            token_endpoint_auth_method="client_secret_post" if secret and where.takes_post else None,
            scope=" ".join(self._settings.scopes),
            redirect_uri=self._site + DONE_PATH,
            code_challenge_method="S256",
            verify=self._tls,
            timeout=TIMEOUT_S,
        )

    def _fetch(self, url: str) -> Mapping[str, Any]:
        from httpx2 import HTTPError, get  # noqa: PLC0415 - an extra

        try:
            answer = get(url, verify=self._tls, timeout=TIMEOUT_S)
            answer.raise_for_status()
            found = answer.json()
        except (HTTPError, ValueError, OSError) as err:
            raise self._away(err) from err
        if not isinstance(found, dict):
            raise ProviderAway(f"wanted what {self.issuer} says of itself, found no JSON object at {url}")
        return found

    def _away(self, err: Exception) -> ProviderAway:
        return ProviderAway(f"wanted an answer of {self.issuer}, found {type(err).__name__}: try again later")

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise ProviderAway(f"wanted an answer of {self.issuer}, found too many who wait for it: try again later")
        try:
            yield
        finally:
            self._places.release()


def _decoded(raw: str, keys: Mapping[str, Any]) -> Token:
    from joserfc import jwt  # noqa: PLC0415 - an extra
    from joserfc.jwk import KeySet  # noqa: PLC0415

    return jwt.decode(raw, KeySet.import_key_set({"keys": keys.get("keys", [])}), algorithms=ALGORITHMS)


def _check_extra() -> None:
    try:
        import authlib.integrations.httpx_client  # noqa: F401, PLC0415 - an extra
    except ImportError as err:
        raise MissingExtraError(
            "wanted Authlib for [oidc], found it missing: pip install 'lepton-edge[oidc]', or remove [oidc]"
        ) from err
