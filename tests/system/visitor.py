"""Somebody at a manager's pages without a browser: knows cookies, forms and the interface."""

from __future__ import annotations

import http.client
import json
import re
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.fakes.people import PASSWORD

if TYPE_CHECKING:
    from tests.system.serving_manager import ServingManager

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Visitor:
    """The first admin, who has followed the set-up link of a manager that has just been started."""

    def __init__(self, manager: ServingManager) -> None:
        self._port, self._cookie = manager.http, ""
        (secret,) = re.findall(r"/link#(\S+)", manager.said)
        chosen = {"secret": secret, "name": "anna", "password": PASSWORD, "again": PASSWORD}
        assert self.ask("POST", "/link", urlencode(chosen), FORM)[0] == 303
        page = self.ask("GET", "/")[1].decode()
        (self._csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page))

    def ask(self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Status and content of an answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)) as connection:
            connection.request(method, path, body, {"Cookie": self._cookie, **(headers or {})})
            answer = connection.getresponse()
            self._cookie = (answer.getheader("Set-Cookie") or self._cookie).partition(";")[0]
            return answer.status, answer.read()

    def token(self, site: str) -> str:
        """An API token for a station of a site."""
        wish = {"label": "line-1", "grants": [{"site": site, "role": "device"}], "days": 30}
        headers = {"Content-Type": "application/json", "X-CSRF-Token": self._csrf}
        status, body = self.ask("POST", "/v1/tokens", json.dumps(wish), headers)
        assert status == 201, body
        return str(json.loads(body)["secret"])
