"""The page docs/reference/people.md, written from the table of roles and the limits so that it cannot drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_manager.people.audit_chain import Entry
from fleet_manager.people.delay_rule import ACCOUNT, ADDRESS, FORGIVEN_EVERY_MS, PAIR
from fleet_manager.people.links import LINK_MS
from fleet_manager.people.log_in_delay import KNOWN_FOR_MS
from fleet_manager.people.password_rules import LONGEST, SHORTEST
from fleet_manager.people.roles import LOWEST_ROLE, Permission, Role
from fleet_manager.people.sessions import SEEN_EVERY_MS, SessionLimits
from fleet_manager.people.tokens import LONGEST_DAYS, MARK, MOST_OF_ONE, PREFIX_CHARACTERS, SHOWN_DAYS, USED_EVERY_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_manager.people.delay_rule import DelayRule

_HOUR_MS = 3_600_000
_HEAD = """\
# People

Written by `make docs`; change `fleet_manager/people/`, not this page.

## Roles

A person has a role at a site (`org/site`), or at every site (`*`). A higher role may do all that a lower one may; a
role at one site gives nothing at another. Somebody without a role may log in and sees nothing.
"""
_ADMINS = """\
An admin of one site gives roles at that site alone, and manages and sees only people all of whose roles are there.
People without a role are for the admins of every site. The last of these can be neither switched off nor given another
role.
"""
_AUDIT = """\
## Audit log

Each entry holds the SHA-256 of the entry before and its own, over its canonical JSON (RFC 8785: keys in order, no
spaces, UTF-8; texts and whole numbers only) with these keys:
"""
_HELD = """\
The first entry's `former` is 64 zeros. A head, `SEQ DIGEST`, names the end of the log at some moment. Who keeps one
away from the database can tell later that nothing before it was changed and that no tail was cut off; without one,
somebody who may write into the database could compute the whole log anew.
"""


def reference() -> str:
    """The whole page, in Markdown."""
    parts = [_HEAD, _roles(), _ADMINS, "## Limits\n", _limits(), _delays(), _AUDIT, _keys(), _HELD]
    return "\n".join(parts)


def _roles() -> str:
    rows = [
        (permission.value, *("yes" if role >= LOWEST_ROLE[permission] else "" for role in Role))
        for permission in Permission
    ]
    return _table(("may", *(role.word for role in Role)), rows)


def _limits() -> str:
    limits = SessionLimits()
    return _table(
        ("what", "limit"),
        [
            ("a password", f"{SHORTEST} to {LONGEST} characters, none that is guessed first"),
            ("a link by which a password is chosen", f"used once, within {LINK_MS // _HOUR_MS} h"),
            (
                "a session",
                f"{limits.absolute_s // 3600} h in all, {limits.idle_s // 3600} h without a request that a person made",
            ),
            ("an API token", f"1 to {LONGEST_DAYS} days; listed for {SHOWN_DAYS} days after its end"),
            ("API tokens of one person", f"{MOST_OF_ONE}"),
            ("the readable beginning of a token", f"`{MARK}` and {PREFIX_CHARACTERS - len(MARK)} characters"),
            ("last use of a session", f"written at most every {SEEN_EVERY_MS // 1000} s"),
            ("last use of a token", f"written at most every {USED_EVERY_MS // 1000} s"),
        ],
    )


def _delays() -> str:
    rules: tuple[tuple[str, DelayRule], ...] = (
        ("one account from one address", PAIR),
        ("all accounts from one address (of IPv6: one /64)", ADDRESS),
        ("one account from all addresses that it has not logged in from", ACCOUNT),
    )
    rows = [(words, str(rule.free), f"{rule.longest_ms // 1000} s") for words, rule in rules]
    told = (
        "After the free failures the next guess waits 1 s, then twice as long each time. One failure is forgiven "
        f"every {FORGIVEN_EVERY_MS // 60_000} min; an address is known for "
        f"{KNOWN_FOR_MS // 86_400_000} days after a log-in.\n"
    )
    return "\n".join(["## Wrong passwords\n", _table(("failures of", "free", "longest delay"), rows), told])


def _keys() -> str:
    names = sorted(Entry.__dataclass_fields__)
    return ", ".join(f"`{name}`" for name in names) + ".\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
