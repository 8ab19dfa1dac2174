"""`[oidc]` of `site.toml`: which identity provider people may come in by, and what its claims give them here."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from edge_contracts.station.settings import PathText, Settings
from edge_contracts.tls_files import check_tls_files
from fleet_manager.people.claims import ClaimRule
from fleet_manager.people.roles import Grant, Role
from fleet_manager.secret_file import SecretFile

OWN_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
Word = Annotated[str, StringConstraints(min_length=1, max_length=255)]


def _encrypted(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in OWN_MACHINE:
        raise ValueError(f"wanted https://, found {url!r}: whoever listens could come in as anybody")
    return url


def _with_openid(scopes: tuple[str, ...]) -> tuple[str, ...]:
    if "openid" not in scopes:
        raise ValueError(
            f"wanted 'openid' among the scopes, found {', '.join(scopes) or 'none'}: no ID token comes else"
        )
    return scopes


def _role(word: str) -> str:
    Role.from_word(word)
    return word


def _site(site: str) -> str:
    Grant(site, Role.VIEWER)
    return site


def _authority(path: str) -> str:
    check_tls_files(path, None, None)
    return path


class OidcRole(Settings):
    """A role for whoever has a value in a claim."""

    claim: Word
    value: Word
    role: Annotated[str, AfterValidator(_role)]
    site: Annotated[str, AfterValidator(_site)]

    def rule(self) -> ClaimRule:
        """As the claims are read with."""
        return ClaimRule(self.claim, self.value, Grant(self.site, Role.from_word(self.role)))


class OidcSettings(Settings):
    """The provider, who we are there, and which claims give which roles."""

    issuer: Annotated[str, StringConstraints(pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$"), AfterValidator(_encrypted)]
    client_id: Word
    client_secret: Annotated[SecretFile | None, Field(alias="client_secret_file")] = None
    name: Word = "single sign-on"
    scopes: Annotated[tuple[Word, ...], Field(max_length=20), AfterValidator(_with_openid)] = (
        "openid",
        "profile",
        "email",
    )
    name_claim: Word = "preferred_username"
    ca: Annotated[PathText, AfterValidator(_authority)] | None = None
    roles: Annotated[tuple[OidcRole, ...], Field(min_length=1, max_length=1000)]

    def rules(self) -> tuple[ClaimRule, ...]:
        """As the claims are read with."""
        return tuple(one.rule() for one in self.roles)
