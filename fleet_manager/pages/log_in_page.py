"""The page at which people come in: by a password of this manager, or by the site's identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.notice import Notice

if TYPE_CHECKING:
    from starlette.responses import Response

    from fleet_manager.pages.drawing import Drawing


class LogInPage:
    """Draws it.

    Args:
        drawing: the templates.
        provider: the identity provider's name for people; empty where there is none.
    """

    def __init__(self, drawing: Drawing, provider: str) -> None:
        self._drawing, self._provider = drawing, provider

    def answer(
        self, target: str, *, name: str = "", problem: str = "", status: int = 200, is_out: bool = False
    ) -> Response:
        """The page.

        Args:
            target: the page that somebody wanted to see.
            name: what stands in the form.
            problem: why they are not in; empty for none.
            status: of the answer.
            is_out: they have just logged out.
        """
        notice = Notice("problem", problem) if problem else Notice("done", "You have logged out.") if is_out else None
        values = {"next": target, "name": name, "provider": self._provider, "is_out": is_out}
        text = self._drawing.page("login", None, title="Log in", notice=notice, **values)
        return HTMLResponse(text, status, dict(PAGE_HEADERS))
