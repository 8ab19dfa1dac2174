from __future__ import annotations

from dataclasses import replace

import pytest

from edge_contracts.alert import Severity
from edge_contracts.errors import BadInputError
from edge_contracts.verdict import Cause
from fleet_manager.desk.deliveries import Delivery
from fleet_manager.desk.escalation_rule import EscalationRule, Mail, Webhook, new_secret
from fleet_manager.desk.escalation_rules import KeptRule, target_text
from fleet_manager.pages.calls_page import RuleForm, call_line, form_of, rule_line, target_of, terms_of

SECRET = new_secret(bytes(32))
MAIL = Mail(("a@plant.example", "b@plant.example"))
RULE = EscalationRule("night", MAIL, Severity.WARNING, ("plant/hall",), (Cause.DARK, Cause.FROZEN), 60, 600)


def call(target: Webhook | Mail, ended_ms: int | None = None, error: str = "") -> Delivery:
    return Delivery(1, "night", target_text(target), "", 1, None, 2, ended_ms, error)


def test_what_a_form_shows_it_sends_back() -> None:
    form = rule_line(KeptRule(RULE, 0, 0), "").form
    assert terms_of(form).rule(RULE.name, target_of(form.whom, lambda: SECRET)) == RULE


def test_a_webhooks_address_is_not_in_the_form_and_empty_keeps_it() -> None:
    line = rule_line(KeptRule(replace(RULE, target=Webhook("https://chat.example/hook/secret", SECRET)), 0, 0), "")
    assert line.where == "https://chat.example"
    assert line.form.whom == ""
    assert "hook" not in repr(line)
    assert target_of("", lambda: SECRET) is None
    assert target_of("https://chat.example/x", lambda: SECRET) == Webhook("https://chat.example/x", SECRET)


@pytest.mark.parametrize(
    "wrong",
    [
        {"severity": "bad"},
        {"sites": "hall"},
        {"causes": "dark, bleak"},
        {"after_s": "x"},
        {"every_s": ""},
        {"after_s": "९"},
    ],
)
def test_a_field_that_says_nothing_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(BadInputError):
        terms_of(replace(RuleForm(), **wrong))


@pytest.mark.parametrize("whom", ["ftp://host/", "nobody", "a@b, c"])
def test_nobody_is_called_at_what_is_no_address(whom: str) -> None:
    with pytest.raises(BadInputError):
        target_of(whom, lambda: SECRET)


def test_what_was_sent_stands_in_the_form_again() -> None:
    assert form_of({"name": " night ", "sites": "x"}) == RuleForm("night", "", "", "x", "", "", "")


@pytest.mark.parametrize(
    ("ended_ms", "error", "told"),
    [(None, "", "on its way"), (None, "refused", "on its way"), (5, "", "arrived"), (5, "found 410", "given up")],
)
def test_a_call_that_did_not_arrive_never_reads_as_arrived(ended_ms: int | None, error: str, told: str) -> None:
    assert call_line(call(MAIL, ended_ms, error)).state.name == told


def test_a_call_says_whom_it_calls_and_no_path() -> None:
    assert call_line(call(Mail(("a@plant.example",)))).where == "a@plant.example"
    assert call_line(call(Webhook("https://chat.example/hook/secret", SECRET))).where == "https://chat.example"


@pytest.mark.parametrize("name", ["Nacht/Früh", "", " ", ".hidden", "a" * 65, "two\nlines"])
def test_a_rule_gets_no_name_that_the_interface_could_not_say(visitors, name: str) -> None:
    whom = {"whom": "https://calls.example.org/here", "severity": "critical", "after_s": "300", "every_s": "900"}
    answer = visitors.post("/calls/rules", "anna", name=name, is_new="1", **whom)
    assert answer.status_code == 422
    assert visitors.get("/v1/rules").json() == []
