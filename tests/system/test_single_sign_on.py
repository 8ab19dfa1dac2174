"""Coming in by an identity provider that we did not write, in a process of its own, with a real browser."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from fleet_manager.people.oidc_settings import OidcSettings
from tests.fakes.patience import eventually, free_port
from tests.fakes.people import PASSWORD
from tests.system.manager_site import NORTH, manager_site
from tests.system.required import require_tool

if TYPE_CHECKING:
    from collections.abc import Iterator


playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, which is not installed")
pytest.importorskip("authlib", reason="needs Authlib: pip install 'lepton-edge[oidc]'")
expect = playwright.expect

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
PEOPLE = [
    {"sub": "0042", "preferred_username": "lena", "groups": ["line-leads"]},
    {"sub": "0043", "preferred_username": "sam", "groups": ["smokers"]},
]
ROLES = [{"claim": "groups", "value": "line-leads", "role": "operator", "site": NORTH}]


class Provider:
    """oidc-provider-mock."""

    def __init__(self) -> None:
        port = free_port()
        self.issuer = f"http://127.0.0.1:{port}"
        users = [part for one in PEOPLE for part in ("--user-claims", json.dumps(one))]
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true", *users]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._answers, 20)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.issuer}/.well-known/openid-configuration", timeout=2):  # noqa: S310 - ours
                return True
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.stop()


def test_the_provider_lets_in_whom_its_claims_give_a_role(provider: Provider, tmp_path) -> None:
    chromium = require_tool("chromium")
    told = {"issuer": provider.issuer, "client_id": "lepton", "name": "the plant's account", "roles": ROLES}
    secret = tmp_path / "secret"
    secret.write_text("of the client", "utf-8")
    told["client_secret_file"] = str(secret)
    settings = OidcSettings.model_validate(told)
    with manager_site(tmp_path, seeded=False, oidc=settings) as site, playwright.sync_playwright() as player:
        site.people.links.redeem(site.set_up, PASSWORD, "anna")
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(10_000)
        page.goto(f"{site.address}/alerts")
        page.get_by_role("link", name="Log in with the plant's account").click()
        page.get_by_role("button", name="0042").click()
        page.wait_for_url(f"{site.address}/alerts")
        page.locator(".account summary").click()
        expect(page.locator(".account")).to_contain_text(f"operator at {NORTH}")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("link", name="Log out of the plant's account, too")).to_be_visible()
        page.get_by_role("link", name="Log in with the plant's account").click()
        page.get_by_role("button", name="0043").click()
        expect(page.get_by_role("alert")).to_contain_text("Wanted a role for you")
        provider.stop()
        page.get_by_role("link", name="Log in with the plant's account").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("be reached")
        page.goto(f"{site.address}/login")
        page.get_by_label("name").fill("anna")
        page.get_by_label("password").fill(PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.get_by_role("navigation").wait_for()
        names = [one.name for one in site.people.accounts.everybody()]
        browser.close()
    assert "lena" in names
    assert "sam" not in names
