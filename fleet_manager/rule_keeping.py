"""Escalation rules in the hands of people: who may change which, what is written down, what a rule waits for.

A rule about some sites belongs to those who may change the configuration at all of them; one about every site to those
who may everywhere. Where a webhook leads and its secret are kept and never shown again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError, RefusedError
from fleet_manager.desk.deliveries import PAGE, list_deliveries
from fleet_manager.desk.escalation_rule import EscalationRule, Mail, check_rule_name
from fleet_manager.desk.escalation_rules import find_rule, kept_rules, remove_rule, save_rule
from fleet_manager.desk.trial_call import put_trial
from fleet_manager.people.principal import NotAllowed
from fleet_manager.people.roles import EVERYWHERE, Permission, only_site, permitted_sites
from fleet_manager.store.device_reading import known_sites

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    from edge_contracts.alert import Severity
    from edge_contracts.verdict import Cause
    from fleet_manager.desk.deliveries import Delivery
    from fleet_manager.desk.escalation_rule import Webhook
    from fleet_manager.desk.escalation_rules import KeptRule
    from fleet_manager.people.audit import AuditLog
    from fleet_manager.people.principal import Principal

MOST_RULES: Final = 100
NO_MAIL: Final = "no letter goes out: this manager knows no mail server, name one in [mail] of site.toml"


class NoSuchRule(BadInputError):
    """There is no rule of this name, or none that its asker may change."""


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """When a rule calls; each field as in `EscalationRule`."""

    severity: Severity
    sites: tuple[str, ...] | None
    causes: tuple[Cause, ...]
    after_s: int
    every_s: int

    def rule(self, name: str, target: Webhook | Mail) -> EscalationRule:
        """The rule of these terms.

        Raises:
            BadInputError: it is none.
        """
        return EscalationRule(name, target, self.severity, self.sites, self.causes, self.after_s, self.every_s)


class RuleKeeping:
    """The rules of a manager.

    Args:
        engine: the database, migrated.
        audit: where changes are written down.
        unix_ms: the wall clock.
        takes_mail: whether the manager has a mail server.
    """

    def __init__(self, engine: Engine, audit: AuditLog, unix_ms: Callable[[], int], *, takes_mail: bool) -> None:
        self._engine, self._audit, self._unix_ms, self._takes_mail = engine, audit, unix_ms, takes_mail

    def problem(self, rule: EscalationRule) -> str:
        """Why no call of the rule can go out, or none will be made; empty where nothing speaks against it."""
        return self._holds_back(rule) or self._knows_no_device(rule)

    def rules(self, by: Principal) -> list[KeptRule]:
        """The rules that somebody may change, by name."""
        with self._engine.connect() as con:
            return [one for one in kept_rules(con) if _may(by, one.rule)]

    def calls(self, by: Principal, before: int | None = None, limit: int = PAGE) -> tuple[Delivery, ...]:
        """Calls, the newest first, about no other sites than those where they may; of removed rules, too."""
        sites = permitted_sites(by.grants, Permission.CHANGE_CONFIGURATION)
        with self._engine.connect() as con:
            return list_deliveries(con, before, limit, None if EVERYWHERE in sites else sites)

    def save(
        self, by: Principal, name: str, terms: RuleTerms, target: Webhook | Mail | None, *, is_new: bool = False
    ) -> EscalationRule:
        """Keep a rule in the place of the one of its name; without a target it keeps that of the former one.

        Raises:
            BadInputError: it is no rule, one without a target, or one that was to be new and is there.
            RefusedError: there are too many.
            NotAllowed: `by` may not change the configuration where it acts, or where the former one did.
        """
        check_rule_name(name)
        whom = "" if target is None else target.where
        where = only_site((*self._sites(name), *(terms.sites or (EVERYWHERE,))))
        with self._audit.act(by, "change rule", _named(name), where, whom) as con:
            former = find_rule(con, name)
            if former is not None:
                if not _may(by, former.rule):
                    raise NotAllowed(
                        f"wanted to change the rule {name!r}, found one that you may not: take another name"
                    )
                if is_new:
                    raise BadInputError(f"wanted a new rule, found one of the name {name!r}: change that one")
                target = target or former.rule.target
            if target is None:
                raise BadInputError(f"wanted somebody to call by {name!r}, found nobody: name a webhook or addresses")
            rule = terms.rule(name, target)
            if not _may(by, rule):
                where = "every site" if rule.sites is None else ", ".join(rule.sites)
                raise NotAllowed(
                    f"wanted the right to change the configuration at {where}, found none: ask an admin for it"
                )
            if former is None and len(kept_rules(con)) >= MOST_RULES:
                raise RefusedError(f"wanted at most {MOST_RULES} rules, found so many: remove one first")
            save_rule(con, rule)
        return rule

    def remove(self, by: Principal, name: str) -> None:
        """Forget a rule; its calls that are on their way still arrive.

        Raises:
            NoSuchRule: there is none for `by`.
        """
        with self._audit.act(by, "remove rule", _named(name), only_site(self._sites(name))) as con:
            self._found(con, by, name)
            remove_rule(con, name)

    def try_out(self, by: Principal, name: str) -> None:
        """Put a call that tells of no alert into the queue; how it ends is in the list of calls.

        Raises:
            NoSuchRule: there is none for `by`.
            RefusedError: it could not go out.
        """
        with self._audit.act(by, "try rule", _named(name), only_site(self._sites(name))) as con:
            rule = self._found(con, by, name)
            if trouble := self._holds_back(rule):
                raise RefusedError(f"wanted to try the rule {name!r}, found that {trouble}")
            put_trial(con, rule, self._unix_ms())

    def _holds_back(self, rule: EscalationRule) -> str:
        return NO_MAIL if isinstance(rule.target, Mail) and not self._takes_mail else ""

    def _knows_no_device(self, rule: EscalationRule) -> str:
        if rule.sites is None:
            return ""
        with self._engine.connect() as con:
            unknown = sorted({*rule.sites} - {*known_sites(con)})
        return f"no device of {', '.join(unknown)} has announced itself: is the name right?" if unknown else ""

    def _sites(self, name: str) -> tuple[str, ...]:
        """The sites of a rule as it is before an act, for the entry of that."""
        with self._engine.connect() as con:
            kept = find_rule(con, name)
        return () if kept is None else _sites(kept.rule)

    def _found(self, con: Connection, by: Principal, name: str) -> EscalationRule:
        kept = find_rule(con, name)
        if kept is None or not _may(by, kept.rule):
            raise NoSuchRule(
                f"wanted the rule {name[:80]!r}, found none that you may change: look at the list of rules"
            )
        return kept.rule


def _named(name: str) -> str:
    return f"rule:{name}"


def _may(by: Principal, rule: EscalationRule) -> bool:
    return all(by.may(Permission.CHANGE_CONFIGURATION, site) for site in _sites(rule))


def _sites(rule: EscalationRule) -> tuple[str, ...]:
    return (EVERYWHERE,) if rule.sites is None else rule.sites
