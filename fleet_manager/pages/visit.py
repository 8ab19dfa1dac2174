"""One request of one person: who, with which rights, and what they sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fleet_manager.people.principal import NotAllowed
from fleet_manager.people.roles import permitted_sites

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from fleet_manager.pages.viewer import Viewer
    from fleet_manager.people.principal import Principal
    from fleet_manager.people.roles import Permission


REFRESH: Final = "lepton-refresh"
"""The header of a page that asks for itself again, with nobody doing anything."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page is made from.

    secret: of the session. form: what was sent; empty for a page that is only looked at.
    """

    request: Request
    principal: Principal
    viewer: Viewer
    secret: str
    form: Mapping[str, str]

    @property
    def query(self) -> Mapping[str, str]:
        """What the address asks for."""
        return self.request.query_params

    @property
    def is_piece(self) -> bool:
        """Whether a part of a page was asked for, by a script of ours."""
        return self.request.headers.get("hx-request") == "true"

    def require_anywhere(self, permission: Permission) -> frozenset[str]:
        """The sites where they may do it.

        Raises:
            NotAllowed: there is none.
        """
        sites = permitted_sites(self.principal.grants, permission)
        if not sites:
            raise NotAllowed(f"wanted the right to {permission.value}, found that you have it at no site: ask an admin")
        return sites


Handler = Callable[[Visit], "Response"]
"""Makes the answer to a visit; runs in a thread, so it may read the database."""
