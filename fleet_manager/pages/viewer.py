"""Who looks at a page, as far as pages differ by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fleet_manager.people.roles import EVERYWHERE, Permission, permitted_sites

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_manager.people.roles import Grant


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the menu."""

    key: str
    name: str
    href: str


_FOR_ALL: Final = (
    Entry("overview", "Overview", "/"),
    Entry("alerts", "Alerts", "/alerts"),
    Entry("cases", "Cases", "/cases"),
    Entry("statistics", "Statistics", "/statistics"),
)
_OWN: Final = (Entry("account", "Your account", "/account"), Entry("tokens", "API tokens", "/tokens"))
_OF_ENGINEERS: Final = (Entry("calls", "Calls", "/calls"), Entry("shifts", "Shifts", "/shifts"))
_AUDIT: Final = Entry("audit", "Audit", "/audit")
_PEOPLE: Final = Entry("people", "People", "/people")


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person with a session.

    csrf: what each of their forms must carry. roles: what they may do, in words. entries: the menu.
    settings: the menu behind their name.
    sites: those whose alerts they may see; `*` alone stands for all.
    """

    name: str
    csrf: str
    roles: str
    entries: tuple[Entry, ...]
    settings: tuple[Entry, ...]
    sites: frozenset[str]

    def sees(self, site: str) -> bool:
        """Whether the alerts of `org/site` are for their eyes."""
        return EVERYWHERE in self.sites or site in self.sites


def viewer_of(name: str, grants: Sequence[Grant], csrf: str) -> Viewer:
    """The viewer that somebody with these grants is."""
    entries = list(_FOR_ALL)
    if permitted_sites(grants, Permission.SEE_AUDIT):
        entries.append(_AUDIT)
    if permitted_sites(grants, Permission.MANAGE_PEOPLE):
        entries.append(_PEOPLE)
    roles = ", ".join(
        f"{grant.role.word} at {'all sites' if grant.site == EVERYWHERE else grant.site}" for grant in grants
    )
    settings = _OWN + (_OF_ENGINEERS if permitted_sites(grants, Permission.CHANGE_CONFIGURATION) else ())
    sites = permitted_sites(grants, Permission.SEE_ALERTS)
    return Viewer(name, csrf, roles or "no role yet", tuple(entries), settings, sites)
