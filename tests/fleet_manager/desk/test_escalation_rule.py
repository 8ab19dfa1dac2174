from __future__ import annotations

from dataclasses import replace

import pytest

from edge_contracts.alert import Severity
from edge_contracts.errors import BadInputError
from edge_contracts.verdict import Cause
from fleet_manager.desk.escalation_rule import EscalationRule, Mail, Webhook, new_secret, secret_bytes
from fleet_manager.desk.followed_alert import FollowedAlert

SECRET = new_secret(bytes(range(32)))
HOOK = Webhook("https://example.com/hook", SECRET)
RULE = EscalationRule("night", HOOK, Severity.WARNING, ("o/s",), (Cause.DARK, Cause.FROZEN), after_s=60, every_s=600)
ALERT = FollowedAlert(
    1, "o/s", "o/s/d", "gate", "p", "unknown", "dark", "", Severity.WARNING, "", 1, 1_000_000, 1_000_000
)


def test_a_rule_is_about_what_is_as_grave_here_and_of_its_causes() -> None:
    assert RULE.concerns(ALERT)
    assert RULE.concerns(replace(ALERT, severity=Severity.CRITICAL, cause="frozen"))
    assert not RULE.concerns(replace(ALERT, severity=Severity.INFO))
    assert not RULE.concerns(replace(ALERT, site="o/other"))
    assert not RULE.concerns(replace(ALERT, cause="threshold"))
    everything = EscalationRule("all", HOOK, Severity.INFO)
    assert everything.concerns(replace(ALERT, severity=Severity.INFO, site="o/other", cause="threshold"))


def test_an_alert_is_ripe_when_it_has_waited_its_time() -> None:
    assert not RULE.is_ripe(ALERT, ALERT.stored_ms + 59_999)
    assert RULE.is_ripe(ALERT, ALERT.stored_ms + 60_000)


def test_a_clock_that_was_set_back_holds_up_no_rule() -> None:
    assert RULE.is_ripe(ALERT, ALERT.stored_ms - 3_600_000)
    assert not RULE.is_ripe(ALERT, ALERT.stored_ms - 1_000)
    assert RULE.may_call(called_ms=9_000_000, now_ms=1_000_000)


def test_two_calls_are_as_far_apart_as_the_rule_says() -> None:
    assert RULE.may_call(0, 1_700_000_000_000)
    assert not RULE.may_call(1_000_000, 1_000_000 + 599_999)
    assert RULE.may_call(1_000_000, 1_000_000 + 600_000)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Webhook("ftp://example.com", SECRET),
        lambda: Webhook("https://", SECRET),
        lambda: Webhook("https://[", SECRET),
        lambda: Webhook("https://example.com:99999/", SECRET),
        lambda: Webhook("https://@example.com/", SECRET),
        lambda: Webhook("https://user:pass@example.com/", SECRET),
        lambda: Webhook("https://example.com/\r\nx: y", SECRET),
        lambda: Webhook("https://example.com/", "hush"),
        lambda: Webhook("https://example.com/", "whsec_c2hvcnQ="),
        lambda: Mail(()),
        lambda: Mail(("nobody",)),
        lambda: Mail(("a@example.com\r\nBcc: b@example.com",)),
        lambda: Mail(("a@example.com, b@example.com",)),
        lambda: EscalationRule("", HOOK),
        lambda: EscalationRule("x", HOOK, after_s=-1),
        lambda: EscalationRule("x", HOOK, every_s=1),
    ],
)
def test_a_rule_that_cannot_work_or_could_be_abused_is_refused(make) -> None:
    with pytest.raises(BadInputError, match="wanted") as caught:
        make()
    assert "hush" not in str(caught.value), "an error never repeats a secret"


def test_no_text_of_a_rule_shows_its_secret() -> None:
    assert SECRET not in repr(RULE)
    assert secret_bytes(SECRET) == bytes(range(32))
