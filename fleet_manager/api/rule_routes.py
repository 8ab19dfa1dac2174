"""Escalation rules: who is called about alerts that nobody looks at; and the calls that they made."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from edge_contracts.alert import Severity
from edge_contracts.verdict import Cause
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow, not_found
from fleet_manager.api.services import ServicesNow
from fleet_manager.api.wire_values import Before, Document, Limit, Site, Wish, moment
from fleet_manager.desk.deliveries import PAGE
from fleet_manager.desk.escalation_rule import MOST_WAIT_S, RULE_NAME, Mail, Webhook, new_secret
from fleet_manager.desk.escalation_rules import KeptRule
from fleet_manager.people.roles import Permission
from fleet_manager.rule_keeping import NoSuchRule, RuleKeeping, RuleTerms

if TYPE_CHECKING:
    from fleet_manager.api.services import Services
    from fleet_manager.desk.deliveries import Delivery
    from fleet_manager.desk.escalation_rule import EscalationRule

_SECRET_BYTES = 32
RuleName = Annotated[str, StringConstraints(pattern=RULE_NAME), Path()]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=2000)]
MailAddress = Annotated[str, StringConstraints(pattern=r"^[!-~]+@[A-Za-z0-9.-]+$", max_length=320)]


class WebhookWish(Wish):
    """A call by HTTP; the manager makes the secret that it is signed with."""

    kind: Literal["webhook"]
    url: Url


class MailWish(Wish):
    """A call by e-mail."""

    kind: Literal["mail"]
    to: Annotated[list[MailAddress], Field(min_length=1, max_length=50)]


class RuleWish(Wish):
    """A rule; `target` may be left out where a rule of this name is there, which then keeps its own."""

    target: Annotated[WebhookWish | MailWish, Field(discriminator="kind")] | None = None
    severity: Severity = Severity.CRITICAL
    sites: Annotated[list[Site], Field(min_length=1, max_length=100)] | None = None
    causes: Annotated[tuple[Cause, ...], Field(max_length=100)] = ()
    after_s: Annotated[int, Field(ge=0, le=MOST_WAIT_S)] = 300
    every_s: Annotated[int, Field(ge=60, le=MOST_WAIT_S)] = 900


class RuleDocument(Document):
    """A rule.

    `where` is whom it calls: the addresses, or the webhook's host alone. `problem` says why no call can go out, and is
    null where it can. `called` is its last call.
    """

    name: str
    kind: Literal["webhook", "mail"]
    where: str
    severity: Severity
    sites: list[str] | None
    causes: list[Cause]
    after_s: int
    every_s: int
    problem: str | None
    called: datetime | None


class SavedRule(RuleDocument):
    """A rule that was just kept; `secret` of a webhook that was named now is shown now and never again."""

    secret: str | None


class CallDocument(Document):
    """A call: on its way while `ended` is null; it arrived where `error` is empty then, else it was given up.

    `where` is whom it calls: an address, or a webhook's host alone.
    """

    id: int
    name: str
    rule: str
    where: str
    made: datetime
    due: datetime | None
    attempts: int
    ended: datetime | None
    error: str


class CallPage(Document):
    """Calls, newest first; `next` is the next page's `before`."""

    items: list[CallDocument]
    next: int | None


@needs(Permission.CHANGE_CONFIGURATION)
def list_rules(caller: CallerNow, services: ServicesNow) -> list[RuleDocument]:
    """The rules that the caller may change."""
    keeping = rule_keeping(services)
    return [RuleDocument(**_fields(one, keeping)) for one in keeping.rules(caller.principal)]


@needs(Permission.CHANGE_CONFIGURATION)
def save_rule(caller: CallerNow, services: ServicesNow, rule: RuleName, wish: RuleWish) -> SavedRule:
    """A new rule, about alerts that come from now on, or other terms for the one of this name."""
    keeping, target = rule_keeping(services), _target(wish, services)
    sites = None if wish.sites is None else tuple(wish.sites)
    terms = RuleTerms(wish.severity, sites, wish.causes, wish.after_s, wish.every_s)
    saved = keeping.save(caller.principal, rule, terms, target)
    secret = target.secret if isinstance(target, Webhook) else None
    return SavedRule(**_fields(KeptRule(saved, 0, 0), keeping), secret=secret)


@needs(Permission.CHANGE_CONFIGURATION)
def remove_rule(caller: CallerNow, services: ServicesNow, rule: RuleName) -> None:
    """Forget a rule; its calls that are on their way still arrive."""
    try:
        rule_keeping(services).remove(caller.principal, rule)
    except NoSuchRule as err:
        raise not_found(f"the rule {rule}") from err


@needs(Permission.CHANGE_CONFIGURATION)
def try_rule(caller: CallerNow, services: ServicesNow, rule: RuleName) -> None:
    """Put a call that tells of no alert into the queue; `/calls` says how it ends."""
    try:
        rule_keeping(services).try_out(caller.principal, rule)
    except NoSuchRule as err:
        raise not_found(f"the rule {rule}") from err


def rule_routes() -> APIRouter:
    """`/rules` and `/calls`."""
    routes = guarded_router("rules")
    routes.get("/rules")(list_rules)
    routes.put("/rules/{rule}")(save_rule)
    routes.delete("/rules/{rule}", status_code=204)(remove_rule)
    routes.post("/rules/{rule}/trial", status_code=202, response_model=None)(try_rule)
    routes.get("/calls")(list_calls)
    return routes


def rule_keeping(services: Services) -> RuleKeeping:
    """The rules of a manager."""
    return RuleKeeping(services.engine, services.people.audit, services.unix_ms, takes_mail=services.takes_mail)


@needs(Permission.CHANGE_CONFIGURATION)
def list_calls(caller: CallerNow, services: ServicesNow, before: Before = None, limit: Limit = PAGE) -> CallPage:
    """Calls of the rules that the caller may change, newest first."""
    found = rule_keeping(services).calls(caller.principal, before, limit)
    return CallPage(items=[_call(one) for one in found], next=found[-1].id if len(found) == limit else None)


def _target(wish: RuleWish, services: Services) -> Webhook | Mail | None:
    if isinstance(wish.target, WebhookWish):
        return Webhook(wish.target.url, new_secret(services.draw(_SECRET_BYTES)))
    return None if wish.target is None else Mail(tuple(wish.target.to))


def _fields(kept: KeptRule, keeping: RuleKeeping) -> dict[str, object]:
    rule: EscalationRule = kept.rule
    return {
        "name": rule.name,
        "kind": rule.target.kind,
        "where": rule.target.where,
        "severity": rule.severity,
        "sites": None if rule.sites is None else list(rule.sites),
        "causes": list(rule.causes),
        "after_s": rule.after_s,
        "every_s": rule.every_s,
        "problem": keeping.problem(rule) or None,
        "called": moment(kept.called_ms) if kept.called_ms else None,
    }


def _call(one: Delivery) -> CallDocument:
    return CallDocument(
        id=one.id,
        name=one.name,
        rule=one.rule,
        where=one.where,
        made=moment(one.made_ms),
        due=None if one.due_ms is None else moment(one.due_ms),
        attempts=one.attempts,
        ended=None if one.ended_ms is None else moment(one.ended_ms),
        error=one.error,
    )
