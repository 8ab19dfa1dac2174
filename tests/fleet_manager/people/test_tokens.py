from __future__ import annotations

import pytest
import sqlalchemy as sa

from edge_contracts.errors import BadInputError, RefusedError
from fleet_manager.people import tokens
from fleet_manager.people.principal import SYSTEM, Kind, NotAllowed
from fleet_manager.people.roles import Grant, Permission, Role
from fleet_manager.people.tables import api_tokens
from tests.fakes.people import EVERYWHERE_ADMIN, OPERATOR

VIEWER = (Grant("plant/hall", Role.VIEWER),)


@pytest.fixture
def bert(office):
    office.join("bert", (Grant("plant/hall", Role.ENGINEER),))
    return office.people.accounts.of("bert").principal


def make(office, by, grants=OPERATOR, days=30):
    return office.people.tokens.make(by, "line export", grants, days)


def test_a_program_comes_in_as_its_owners_token(office, bert):
    secret, token = make(office, bert)
    found = office.people.gate.program(secret)
    assert (found.kind, found.name, found.grants) == (Kind.TOKEN, f"bert/{token.prefix}", OPERATOR)
    assert found.may(Permission.ACKNOWLEDGE, "plant/hall")
    assert not found.may(Permission.SEND_COMMANDS, "plant/hall")
    assert not found.may(Permission.SEE_ALERTS, "plant/yard")


def test_a_secret_is_shown_once_and_only_its_beginning_is_kept(office, bert, fleet_engine):
    secret, token = make(office, bert)
    assert secret.startswith("lpt_")
    assert len(bytes.fromhex(secret.removeprefix("lpt_"))) == 32
    assert token.prefix == secret[:12]
    with fleet_engine.connect() as con:
        (row,) = con.execute(sa.select(api_tokens)).all()
    assert secret not in map(str, row)
    assert secret not in str(office.people.tokens.everybodys())
    assert all(secret not in str(entry) for entry in office.people.audit.page({"*"}))


def test_a_token_that_ended_is_listed_for_a_month(office, bert):
    make(office, bert, days=1)
    _, long = make(office, bert, days=400)
    office.clock.turn(31 * 86_400)
    make(office, bert)
    assert len(office.people.tokens.everybodys()) == 3
    office.clock.turn(1)
    _, last = make(office, bert)
    assert [one.id for one in office.people.tokens.everybodys()] == [long.id, last.id - 1, last.id]


def test_nobody_makes_tokens_without_end(office, bert, monkeypatch):
    monkeypatch.setattr(tokens, "MOST_OF_ONE", 2)
    first, _ = (make(office, bert)[1] for _ in range(2))
    with pytest.raises(RefusedError, match="revoke some first"):
        make(office, bert)
    make(office, office.people.accounts.of("anna").principal)
    office.people.tokens.revoke(bert, first.id)
    make(office, bert)


def test_a_token_ends(office, bert):
    secret, _ = make(office, bert, days=30)
    office.clock.turn(30 * 86_400 - 1)
    assert office.people.gate.program(secret) is not None
    office.clock.turn(1)
    assert office.people.gate.program(secret) is None


def test_a_token_loses_what_its_owner_loses_and_sleeps_while_they_are_out(office, bert):
    secret, _ = make(office, bert)
    office.people.accounts.regrant(SYSTEM, "bert", VIEWER)
    assert office.people.gate.program(secret).grants == VIEWER
    office.people.accounts.switch(SYSTEM, "bert", is_enabled=False)
    assert office.people.gate.program(secret) is None
    office.people.accounts.switch(SYSTEM, "bert", is_enabled=True)
    assert office.people.gate.program(secret).grants == VIEWER


@pytest.mark.parametrize("grants", [EVERYWHERE_ADMIN, (Grant("*", Role.VIEWER),), (Grant("plant/yard", Role.VIEWER),),
                                    (Grant("plant/hall", Role.ADMIN),)])  # fmt: skip
def test_nobody_makes_a_token_that_may_more_than_they(office, bert, grants):
    with pytest.raises(NotAllowed, match="may not do so much"):
        make(office, bert, grants)
    assert office.people.tokens.everybodys() == []


def test_no_token_makes_a_token(office, bert):
    secret, _ = make(office, bert)
    with pytest.raises(NotAllowed, match="log in"):
        make(office, office.people.gate.program(secret))


@pytest.mark.parametrize(
    ("label", "grants", "days"),
    [
        ("", OPERATOR, 1),
        ("x" * 65, OPERATOR, 1),
        ("a\nb", OPERATOR, 1),
        ("a", (), 1),
        ("a", OPERATOR, 0),
        ("a", OPERATOR, 401),
    ],
)
def test_a_token_without_a_label_a_grant_or_an_end_is_refused(office, bert, label, grants, days):
    with pytest.raises(BadInputError):
        office.people.tokens.make(bert, label, grants, days)


def test_last_use_is_written_at_most_once_a_minute(office, bert):
    secret, token = make(office, bert)
    assert token.used_ms is None
    used = []
    for pause_s in (0, 59, 1):
        office.clock.turn(pause_s)
        office.people.gate.program(secret)
        used.append(office.people.tokens.everybodys()[0].used_ms - token.made_ms)
    assert used == [0, 0, 60_000]


def test_a_revoked_token_is_over_at_once(office, bert):
    secret, token = make(office, bert)
    office.people.tokens.revoke(bert, token.id)
    assert office.people.gate.program(secret) is None
    assert office.people.tokens.everybodys() == []


def test_only_its_person_and_their_admin_revoke_a_token(office, bert):
    _, token = make(office, bert)
    office.join("carl", (Grant("*", Role.ENGINEER), Grant("plant/yard", Role.ADMIN)))
    with pytest.raises(NotAllowed):
        office.people.tokens.revoke(office.people.accounts.of("carl").principal, token.id)
    office.people.tokens.revoke(office.people.accounts.of("anna").principal, token.id)


def test_a_token_revokes_no_other_of_its_owner(office, bert):
    (secret, _), (_, other) = make(office, bert), make(office, bert)
    with pytest.raises(NotAllowed):
        office.people.tokens.revoke(office.people.gate.program(secret), other.id)


def test_a_token_that_is_not_there_cannot_be_revoked(office, bert):
    with pytest.raises(BadInputError, match="list of tokens"):
        office.people.tokens.revoke(bert, 99)


@pytest.mark.parametrize("secret", ["", "lpt_", "lpt_" + "0" * 64, "\ud800", "\0", "Bearer x"])
def test_nonsense_is_no_token(office, bert, secret):
    make(office, bert)
    assert office.people.gate.program(secret) is None
