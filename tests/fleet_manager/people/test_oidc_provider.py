"""Nobody is believed whose token does not verify; each test is an attack, or a provider that is ill."""

from __future__ import annotations

import base64
import json
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from edge_contracts.errors import LeptonError, MissingExtraError
from fleet_manager.people.identity_provider import ProofRefused, ProviderAway
from fleet_manager.people.oidc_documents import AGAIN_S, KEPT_S, ProviderDocuments
from fleet_manager.people.oidc_provider import AT_ONCE, LEEWAY_S, OidcProvider
from fleet_manager.people.oidc_settings import OidcSettings
from tests.fakes.hostile_provider import CLIENT, NOON_S, HostileProvider, hostile_provider, signing_key
from tests.fakes.patience import eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATE, NONCE, VERIFIER = "s" * 64, "n" * 64, "v" * 64
SECRET = "of the client alone, and long enough"  # noqa: S105 - a drawn one
ROLES = [{"claim": "groups", "value": "line-leads", "role": "operator", "site": "plant/hall"}]


class HandClock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def theirs() -> Iterator[HostileProvider]:
    with hostile_provider() as provider:
        yield provider


def ours(issuer: str, folder: Path | None = None, clock: HandClock | None = None) -> OidcProvider:
    told: dict[str, Any] = {"issuer": issuer, "client_id": CLIENT, "roles": ROLES}
    if folder is not None:
        (folder / "secret").write_text(SECRET, "utf-8")
        told["client_secret_file"] = str(folder / "secret")
    settings = OidcSettings.model_validate(told)
    return OidcProvider(settings, "https://fleet.example", lambda: NOON_S, clock or HandClock())


def claims(provider: OidcProvider, theirs: HostileProvider, nonce: str = NONCE, verifier: str = VERIFIER) -> Any:
    code = theirs.code_for(provider.address(STATE, NONCE, VERIFIER))
    return provider.claims(code, nonce, verifier)


def test_a_token_that_verifies_says_who_it_is(theirs: HostileProvider) -> None:
    theirs.claims = {"groups": ["line-leads"]}
    found = claims(ours(theirs.issuer), theirs)
    assert (found["sub"], found["groups"]) == ("0042", ["line-leads"])


def test_the_browser_is_sent_there_with_state_nonce_and_a_challenge(theirs: HostileProvider) -> None:
    address = ours(theirs.issuer).address(STATE, NONCE, VERIFIER)
    for part in (f"state={STATE}", f"nonce={NONCE}", "code_challenge=", "scope=openid+profile+email"):
        assert part in address
    assert "redirect_uri=https%3A%2F%2Ffleet.example%2Flogin%2Foidc%2Fdone" in address
    assert VERIFIER not in address


@pytest.mark.parametrize(
    "lie",
    [
        {"aud": "another"},
        {"aud": "another", "azp": CLIENT},
        {"aud": ["lepton", "another"]},
        {"aud": ["lepton", "another"], "azp": "another"},
        {"azp": "another"},
        {"iss": "https://another.example"},
        {"exp": NOON_S - LEEWAY_S - 1},
        {"exp": "tomorrow"},
        {"nbf": NOON_S + LEEWAY_S + 1},
        {"nonce": "of another log-in"},
        {"sub": ""},
        {"sub": 42},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_log_in_is_refused(theirs: HostileProvider, lie: dict[str, Any]) -> None:
    theirs.claims = lie
    with pytest.raises(ProofRefused):
        claims(ours(theirs.issuer), theirs)


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "iat", "nonce"])
def test_a_token_that_leaves_something_out_is_refused(theirs: HostileProvider, name: str) -> None:
    theirs.left_out = {name}
    with pytest.raises(ProofRefused):
        claims(ours(theirs.issuer), theirs)


def told(theirs: HostileProvider) -> dict[str, Any]:
    return {"iss": theirs.issuer, "sub": "0042", "aud": CLIENT, "nonce": NONCE, "iat": NOON_S, "exp": NOON_S + 300}


def test_a_token_without_a_signature_is_refused(theirs: HostileProvider) -> None:
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, told(theirs))]
    theirs.forged = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
    with pytest.raises(ProofRefused):
        claims(ours(theirs.issuer), theirs)


@pytest.mark.parametrize(
    "secret", [SECRET.encode(), signing_key("first").as_pem(private=False)], ids=["ours", "public"]
)
def test_a_token_signed_by_what_others_may_know_is_refused(
    theirs: HostileProvider, tmp_path: Path, secret: bytes
) -> None:
    # As an attacker would: joserfc itself refuses to sign with a public key.
    key = (
        OctKey.import_key(base64.urlsafe_b64encode(secret).decode())
        if b"-----" in secret
        else OctKey.import_key(secret)
    )
    theirs.forged = jwt.encode({"alg": "HS256", "kid": "first"}, told(theirs), key, algorithms=["HS256"])
    with pytest.raises(ProofRefused):
        claims(ours(theirs.issuer, tmp_path), theirs)


def test_a_token_signed_by_another_key_of_the_same_name_is_refused(theirs: HostileProvider) -> None:
    theirs.forged = jwt.encode({"alg": "ES256", "kid": "first"}, told(theirs), signing_key("second"))
    with pytest.raises(ProofRefused):
        claims(ours(theirs.issuer), theirs)


def test_a_code_is_good_once_and_only_for_who_began(theirs: HostileProvider) -> None:
    provider = ours(theirs.issuer)
    code = theirs.code_for(provider.address(STATE, NONCE, VERIFIER))
    assert provider.claims(code, NONCE, VERIFIER)
    with pytest.raises(ProofRefused, match="invalid_grant"):
        provider.claims(code, NONCE, VERIFIER)
    with pytest.raises(ProofRefused, match="invalid_grant"):
        claims(provider, theirs, verifier="w" * 64)
    with pytest.raises(ProofRefused):
        claims(provider, theirs, nonce="m" * 64)


def test_a_provider_that_changed_its_key_is_believed_again_after_a_while(theirs: HostileProvider) -> None:
    clock = HandClock()
    provider = ours(theirs.issuer, clock=clock)
    claims(provider, theirs)
    theirs.key, theirs.published = "second", ["first", "second"]
    with pytest.raises(ProofRefused):
        claims(provider, theirs)
    clock.now_s += AGAIN_S + 1
    assert claims(provider, theirs)
    theirs.published, theirs.key = ["second"], "first"
    clock.now_s += KEPT_S + 1
    with pytest.raises(ProofRefused):
        claims(provider, theirs)


def test_forged_tokens_do_not_make_us_ask_for_keys_again_and_again(theirs: HostileProvider) -> None:
    provider = ours(theirs.issuer)
    theirs.forged = "no.token.at-all"
    for _ in range(5):
        with pytest.raises(ProofRefused):
            claims(provider, theirs)
    assert [path for path, _, _ in theirs.asked].count("/keys") == 1


@pytest.mark.parametrize(("methods", "is_posted"), [(None, False), (["client_secret_post"], True)])
def test_the_clients_secret_goes_as_the_provider_takes_it(
    theirs: HostileProvider, tmp_path: Path, methods: list[str] | None, *, is_posted: bool
) -> None:
    theirs.metadata = {"token_endpoint_auth_methods_supported": methods}
    claims(ours(theirs.issuer, tmp_path), theirs)
    _, form, authorization = theirs.asked[-2]
    assert (form.get("client_secret") == SECRET) is is_posted
    assert authorization.startswith("Basic ") is not is_posted


def test_nobody_is_sent_to_a_provider_that_went_down() -> None:
    clock = HandClock()
    with hostile_provider() as theirs:
        provider = ours(theirs.issuer, clock=clock)
        assert provider.address(STATE, NONCE, VERIFIER)
    clock.now_s += AGAIN_S + 1
    with pytest.raises(ProviderAway):
        provider.address(STATE, NONCE, VERIFIER)


def test_a_provider_that_is_down_is_told_as_away() -> None:
    provider = ours(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ProviderAway, match="try again later"):
        provider.address(STATE, NONCE, VERIFIER)
    with pytest.raises(ProviderAway):
        provider.claims("code", NONCE, VERIFIER)


@pytest.mark.parametrize("answer", [(500, b"{}"), (200, b"<html>"), (502, b""), (200, b"[]")])
def test_a_provider_that_is_ill_lets_nobody_in(
    theirs: HostileProvider, tmp_path: Path, answer: tuple[int, bytes]
) -> None:
    theirs.token_answer = answer
    with pytest.raises(LeptonError) as said:
        claims(ours(theirs.issuer, tmp_path), theirs)
    assert SECRET not in str(said.value)


@pytest.mark.parametrize("answer", [b'{"access_token": "x", "token_type": "Bearer"}', b'{"id_token": 7}', b"{}"])
def test_an_answer_without_a_token_proves_nobody(theirs: HostileProvider, answer: bytes) -> None:
    theirs.token_answer = (200, answer)
    with pytest.raises(ProofRefused):
        claims(ours(theirs.issuer), theirs)


@pytest.mark.parametrize(
    "lie", [{"issuer": "https://another.example"}, {"token_endpoint": "ftp://x/"}, {"jwks_uri": None}], ids=str
)
def test_a_provider_that_says_it_is_another_is_not_spoken_with(theirs: HostileProvider, lie: dict[str, Any]) -> None:
    theirs.metadata = lie
    with pytest.raises(ProviderAway):
        ours(theirs.issuer).address(STATE, NONCE, VERIFIER)


def test_over_tls_no_address_is_taken_without() -> None:
    found = {"issuer": "https://idp", "authorization_endpoint": "https://idp/a", "token_endpoint": "http://idp/t"}
    documents = ProviderDocuments("https://idp", lambda _: {**found, "jwks_uri": "https://idp/k"}, HandClock())
    with pytest.raises(ProviderAway, match="token_endpoint"):
        documents.addresses()


def test_the_way_out_names_who_asks(theirs: HostileProvider) -> None:
    assert ours(theirs.issuer).end_address() == f"{theirs.issuer}/end?client_id={CLIENT}"
    theirs.metadata = {"end_session_endpoint": None}
    assert ours(theirs.issuer).end_address() is None


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "authlib.integrations.httpx_client", None)
    with pytest.raises(MissingExtraError, match=r"lepton-edge\[oidc\]"):
        ours("https://idp.example")


def test_a_provider_that_hangs_keeps_a_few_waiting_and_sends_the_others_away(theirs: HostileProvider) -> None:
    provider, said = ours(theirs.issuer), []

    def come() -> None:
        try:
            provider.address(STATE, NONCE, VERIFIER)
        except ProviderAway as err:
            said.append(str(err))

    theirs.holds.clear()
    threads = [threading.Thread(target=come, name=f"person-{number}") for number in range(AT_ONCE + 3)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(said) == 3, 5)
    theirs.holds.set()
    for thread in threads:
        thread.join(10)
    assert all("too many who wait" in one for one in said)
    assert len(said) == 3
