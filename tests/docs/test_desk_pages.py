"""What the pages on the desk say is what the code does."""

from __future__ import annotations

import json
import re
import time
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from edge_contracts.alert import Severity
from fleet_manager.desk import deliveries, escalation, handling, inbox, mail, old_calls, webhook
from fleet_manager.desk.cases import MOST_AT_ONCE
from fleet_manager.desk.desk import GAP_MS
from fleet_manager.desk.escalation_rule import EscalationRule, new_secret
from fleet_manager.desk.followed_alert import AHEAD_BELIEVED_MS, OLDEST_BELIEVED_MS
from fleet_manager.desk.life_cycle import TRANSITIONS, AlertState
from fleet_manager.desk.training_labels import MANIFEST_COLUMNS
from fleet_manager.desk.true_labels import MOST_LABEL, TrueLabel
from fleet_manager.desk.webhook import signed_headers

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "desk.md").read_text("utf-8")
HOW_TO = (DOCS / "how-to" / "work-with-alerts.md").read_text("utf-8")


def section(title: str) -> str:
    found = re.search(rf"^(## |\*\*){re.escape(title)}.*?(?=^## |\Z)", REFERENCE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[0]


def table(text: str) -> list[list[str]]:
    """The rows of the first table, without its head."""
    rows = re.findall(r"^\|(.*)\|$", re.sub(r"\n\n.*", "", text[text.index("\n|") :], flags=re.DOTALL), re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_transitions_are_those_of_the_code() -> None:
    told = {names(before)[0]: set(names(after)) for before, after in table(section("The life of an alert"))}
    assert told == {before.value: {one.value for one in after} for before, after in TRANSITIONS.items()}
    assert list(told) == [state.value for state in AlertState]


def test_every_filter_is_told() -> None:
    told = [name for row in table(section("The inbox")) for name in names(row[0])]
    assert sorted(told) == sorted(field.name for field in fields(inbox.Filter))
    assert f"up to {inbox.MOST_SITES} sites" in section("The inbox")


def test_the_labels_columns_and_fields_are_those_of_the_export() -> None:
    manifest, lines = section("Labels for training").split("**JSON lines**")
    assert tuple(names(row[0])[0] for row in table(manifest)) == MANIFEST_COLUMNS
    assert [names(row[0])[0] for row in table(lines)] == [field.name for field in fields(TrueLabel)]


def test_a_rules_fields_and_defaults_are_those_of_the_code() -> None:
    told = {names(name)[0]: default.strip("`") for name, default, _ in table(section("Escalation rules"))}
    found = {field.name: field.default for field in fields(EscalationRule)}
    assert list(told) == list(found)
    for name, default in found.items():
        if default is MISSING:
            assert told[name] == "–"
        elif default in (None, ()):
            assert told[name] == "all"
        else:
            assert told[name] == (default.value if isinstance(default, Severity) else str(default)), name


def test_the_headers_are_those_of_a_call() -> None:
    told = {names(row[0])[0] for row in table(section("Webhook."))}
    assert told == {name for name in signed_headers(new_secret(bytes(32)), "x", 1, b"") if name.startswith("webhook-")}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("at most {} alerts, 50 by default", inbox.MOST_ON_A_PAGE),
        ("alerts, {} by default", inbox.PAGE),
        ("reads at most {:,} alerts", inbox.READ_ROWS),
        ("of at most {:,} characters", handling.MOST_TEXT),
        ("no more than {} minutes", GAP_MS // 60_000),
        ("at most {:,} at once", MOST_AT_ONCE),
        ("more than {} days before", OLDEST_BELIEVED_MS // 86_400_000),
        ("or {} minutes after", AHEAD_BELIEVED_MS // 60_000),
        ("1 to {} printable characters", MOST_LABEL),
        ("names the first {}", escalation.MOST_NAMED),
        ("of at most {} s at first", int(deliveries.RETRY.first_s)),
        ("after {} days, or an answer of 410", deliveries.GIVE_UP_MS // 86_400_000),
        ("until {} days after it ended", old_calls.KEPT_MS // 86_400_000),
        ("ends {} s after the connection", int(webhook.TIMEOUT_S)),
        ("({} s for a letter)", int(mail.LETTER_S)),
    ],
)
def test_each_limit_on_the_page_is_the_codes(text: str, value: int) -> None:
    assert text.format(value) in " ".join(REFERENCE.split())


def test_the_example_of_a_call_has_the_shape_of_a_call() -> None:
    found = re.search(r"```json\n(.*?)```", REFERENCE, re.DOTALL)
    assert found
    call = json.loads(found[1])
    assert call["type"] == escalation.CALL_TYPE
    assert list(call) == ["type", "timestamp", "data"]


def test_the_check_of_a_signature_in_the_how_to_is_right() -> None:
    found = re.search(r"```python\n(.*?)```", HOW_TO, re.DOTALL)
    assert found
    scope: dict[str, object] = {}
    exec(compile(found[1], "work-with-alerts.md", "exec"), scope)  # noqa: S102 - the page's own lines
    is_ours = scope["is_ours"]
    secret, now_s = new_secret(bytes(32)), int(time.time())
    headers = signed_headers(secret, "lepton-1", now_s, b'{"a": 1}')
    assert is_ours(secret, headers, b'{"a": 1}', now_s)
    assert not is_ours(secret, headers, b'{"a": 2}', now_s)
    assert not is_ours(new_secret(b"x" * 32), headers, b'{"a": 1}', now_s)
    assert not is_ours(secret, headers, b'{"a": 1}', now_s + 301)
