"""The way in by an identity provider, as the pages have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_manager.people.oidc_provider import OidcProvider
from fleet_manager.people.provider_log_in import ProviderLogIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from fleet_manager.people.assembly import People
    from fleet_manager.people.identity_provider import IdentityProvider
    from fleet_manager.people.oidc_settings import OidcSettings


@dataclass(frozen=True, slots=True)
class ProviderDoor:
    """name: of the provider, for people. provider: proves who somebody is. log_in: lets them in."""

    name: str
    provider: IdentityProvider
    log_in: ProviderLogIn


def provider_door(
    settings: OidcSettings,
    site: str,
    engine: Engine,
    people: People,
    unix_ms: Callable[[], int],
    monotonic_s: Callable[[], float],
) -> ProviderDoor:
    """The door that `[oidc]` asks for.

    Args:
        settings: `[oidc]`.
        site: where the manager's pages are.
        engine: the database, migrated.
        people: its people.
        unix_ms: the wall clock.
        monotonic_s: seconds that never go back.

    Raises:
        MissingExtraError: Authlib is not installed.
    """
    provider = OidcProvider(settings, site, lambda: unix_ms() / 1000, monotonic_s)
    log_in = ProviderLogIn(
        engine, people.audit, people.sessions, unix_ms, settings.issuer, settings.rules(), settings.name_claim
    )
    return ProviderDoor(settings.name, provider, log_in)
