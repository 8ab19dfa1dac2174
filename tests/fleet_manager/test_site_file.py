"""The file of a site: every mistake at once, and no secret where somebody could read it."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError
from fleet_manager.desk.mail import MailServer
from fleet_manager.people.claims import ClaimRule
from fleet_manager.people.roles import Grant, Role
from fleet_manager.site_file import SiteFile, read_site

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2 hunter2"  # noqa: S105 - a drawn one


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{SECRET}\n", "utf-8")
    return path


def mail(**keys: object) -> str:
    told = {"server": "smtp.plant.example", "from": "lepton@plant.example"} | keys
    return "[mail]\n" + "".join(f'{key} = "{value}"\n' for key, value in told.items())


def refusal(text: str) -> str:
    with pytest.raises(BadInputError) as told:
        read_site(text, "site.toml")
    whole = "".join(traceback.format_exception(told.value))
    assert SECRET not in whole
    return str(told.value)


def test_an_empty_file_asks_for_nothing() -> None:
    assert read_site("", "site.toml") == SiteFile()


def test_the_mail_server_is_the_one_that_is_named_with_the_password_of_the_file(secret: Path) -> None:
    read = read_site(mail(user="lepton", password_file=secret), "site.toml")
    assert read.mail is not None
    assert read.mail.mail_server() == MailServer(
        "smtp.plant.example", "lepton@plant.example", 587, "starttls", "lepton", SECRET
    )
    assert SECRET not in repr(read) + str(read) + repr(read.mail.mail_server()) + read.model_dump_json()


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_way_has_its_usual_port(tls: str, port: int) -> None:
    read = read_site(mail(tls=tls), "site.toml")
    assert read.mail is not None
    assert read.mail.mail_server().port == port


@pytest.mark.parametrize("proxy", ["proxy.plant.example", "*", "10.0.0.5/24", ""])
def test_a_proxy_is_an_address_or_a_network(proxy: str) -> None:
    assert "wanted an address such as 10.0.0.5" in refusal(f'proxies = ["{proxy}"]')


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = mail(server="smtp plant", password_file=tmp_path / "none", fromm="x", ca=tmp_path / "ca.pem")
    said = refusal(
        f'address = "fleet.plant.example/path"\ncolour = "red"\n{text}'.replace("lepton@plant.example", "me")
    )
    for part in ("address: wanted an address as https://host", "colour: unknown key", "mail.server: wanted a host"):
        assert part in said
    for part in ("mail.from: wanted an address such as", "did you mean 'from'", "mail.password_file: wanted a secret"):
        assert part in said
    assert "mail.ca: " in said


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"user": "lepton"}, "wanted user and password_file together"),
        ({"user": "lepton", "tls": "none"}, "found 'none': encrypt it"),
        ({"password": SECRET}, "mail.password: unknown key; did you mean 'password_file'?"),
    ],
)
def test_a_password_stands_in_a_file_and_never_travels_open(secret: Path, keys: dict[str, str], said: str) -> None:
    more = {"password_file": secret} if "tls" in keys else {}
    assert said in refusal(mail(**keys, **more))


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"\xff\xfe", b"x" * 5000])
def test_a_file_that_holds_no_secret_is_named_and_not_shown(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)
    said = refusal(mail(user="lepton", password_file=path))
    assert str(path) in said
    assert "two" not in said.replace(str(path), "")


def oidc(**keys: str) -> str:
    told = {"issuer": '"https://idp.plant.example/realms/plant"', "client_id": '"lepton"', "roles": f"[{ROLE}]"} | keys
    return "".join(f"{key} = {value}\n" for key, value in told.items())


ROLE = '{ claim = "groups", value = "line-leads", role = "operator", site = "plant/hall" }'


def test_claims_give_roles_as_the_file_says(secret: Path) -> None:
    text = f'address = "https://fleet.example"\n[oidc]\n{oidc(client_secret_file=repr(str(secret)))}'
    read = read_site(text, "site.toml").oidc
    assert read is not None
    assert read.rules() == (ClaimRule("groups", "line-leads", Grant("plant/hall", Role.OPERATOR)),)
    assert SECRET not in repr(read) + read.model_dump_json()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"issuer": '"http://idp.plant.example"'}, "oidc.issuer: wanted https://"),
        ({"roles": "[]"}, "oidc.roles: wanted at least 1 value"),
        ({"roles": ROLE.replace("operator", "boss").join("[]")}, "wanted a role, found 'boss'"),
        ({"roles": ROLE.replace("plant/hall", "hall").join("[]")}, "wanted a site as org/site"),
        ({"scopes": '["email"]'}, "wanted 'openid' among the scopes"),
        ({"client_secret": f'"{SECRET}"'}, "oidc.client_secret: unknown key; did you mean 'client_secret_file'?"),
    ],
)
def test_a_provider_that_cannot_be_trusted_or_gives_nothing_is_refused(keys: dict[str, str], said: str) -> None:
    assert said in refusal(f'address = "https://fleet.example"\n[oidc]\n{oidc(**keys)}')


def test_a_provider_must_know_the_way_back() -> None:
    assert "wanted address beside [oidc]" in refusal(f"[oidc]\n{oidc()}")


def test_a_webhook_reaches_what_the_file_names_besides() -> None:
    read = read_site('[webhooks]\nmay_reach = ["127.0.0.1", "169.254.7.0/24"]', "site.toml")
    assert read.webhooks is not None
    assert read.webhooks.reach().holds("169.254.7.1")
    assert "may_reach.0: wanted an address such as" in refusal('[webhooks]\nmay_reach = ["169.254.7.1/24"]')


def test_the_room_for_pictures_is_the_sites_own_choice() -> None:
    assert (read_site("", "site.toml").evidence_gib, read_site("evidence_gib = 500", "site.toml").evidence_gib) == (
        50,
        500,
    )
    assert "evidence_gib" in refusal("evidence_gib = 0")
