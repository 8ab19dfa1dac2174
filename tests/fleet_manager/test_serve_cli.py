"""How the application is served: whom it believes about a browser, what it logs, and which database is none."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from edge_contracts.errors import BadInputError
from fleet_manager.api.access_log import LOGGER
from fleet_manager.serve_cli import serve, server_config, start_log
from fleet_manager.site_file import SiteFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BROWSER, ELSEWHERE = "192.0.2.7", "10.0.0.5"


def seen(comes_from: str, proxies: Sequence[str]) -> tuple[str, str]:
    """The address and the scheme that an application sees of a browser behind a proxy with TLS."""
    found: list[tuple[str, str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - ASGI
        found.append((scope["client"][0], scope["scheme"]))

    config = server_config(app, proxies)
    config.load()
    headers = [(b"x-forwarded-for", BROWSER.encode()), (b"x-forwarded-proto", b"https")]
    scope: Any = {"type": "http", "scheme": "http", "client": (comes_from, 1), "headers": headers}
    asyncio.run(config.loaded_app(scope, None, None))  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize("proxies", [["10.0.0.5"], ["::1", "10.0.0.0/24"]])
def test_a_proxy_that_the_site_names_is_believed(proxies: list[str]) -> None:
    assert seen(ELSEWHERE, proxies) == (BROWSER, "https")


def test_nobody_else_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert seen(ELSEWHERE, SiteFile().proxies) == (ELSEWHERE, "http")
    assert seen("127.0.0.1", SiteFile().proxies) == (BROWSER, "https")
    assert seen("127.0.0.1", ()) == ("127.0.0.1", "http")


@pytest.mark.parametrize("tells", [True, False])
def test_requests_are_logged_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch, *, tells: bool) -> None:
    monkeypatch.setattr(logging.getLogger(LOGGER), "level", logging.NOTSET)
    start_log(tells_requests=tells)
    assert logging.getLogger(LOGGER).isEnabledFor(logging.INFO) is tells


@pytest.mark.parametrize("url", ["sqlite:///x", "postgres:/lepton", "fleet.sqlite", "mysql://anna:secret@host/x"])
def test_a_database_that_is_no_postgresql_is_refused_before_a_file_is_made(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    result = CliRunner().invoke(serve, ["--folder", str(folder), "--database", url])
    assert isinstance(result.exception, BadInputError)
    assert "postgresql://USER@HOST/NAME" in str(result.exception)
    assert "secret" not in str(result.exception)
    assert not folder.exists()
