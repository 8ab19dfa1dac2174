"""Escalation rules in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select

from edge_contracts.errors import BadInputError
from fleet_manager.desk.escalation_rule import EscalationRule, Mail, Webhook
from fleet_manager.desk.tables import escalation_rules
from fleet_manager.store.dialect_insert import insert_into
from fleet_manager.store.tables import alerts

if TYPE_CHECKING:
    from sqlalchemy import Connection

_RULE: Final[TypeAdapter[EscalationRule]] = TypeAdapter(EscalationRule)
_TARGET: Final[TypeAdapter[Webhook | Mail]] = TypeAdapter(Webhook | Mail)


@dataclass(frozen=True, slots=True)
class KeptRule:
    """A rule and how far it has come.

    alert_id: it has looked at the alerts up to here. called_ms: its last call, milliseconds since 1970; 0 for never.
    """

    rule: EscalationRule
    alert_id: int
    called_ms: int


def save_rule(con: Connection, rule: EscalationRule) -> None:
    """Keep a rule in place of the one of its name; a new one is about alerts that come from now on."""
    text = _RULE.dump_json(rule).decode()
    newest = func.coalesce(select(func.max(alerts.c.id)).scalar_subquery(), 0)
    row = insert_into(con, escalation_rules).values(name=rule.name, rule=text, alert_id=newest, called_ms=0)
    con.execute(row.on_conflict_do_update(index_elements=["name"], set_={"rule": text}))


def remove_rule(con: Connection, name: str) -> None:
    """Forget a rule; its calls that are on their way still arrive.

    Raises:
        BadInputError: there is no rule of this name.
    """
    if con.execute(delete(escalation_rules).where(escalation_rules.c.name == name)).rowcount != 1:
        raise BadInputError(f"wanted a rule to remove, found none of the name {name!r}")


def find_rule(con: Connection, name: str) -> KeptRule | None:
    """The rule of a name; None where there is none."""
    return next((one for one in kept_rules(con) if one.rule.name == name), None)


def kept_rules(con: Connection) -> tuple[KeptRule, ...]:
    """Every rule, by name."""
    rows = con.execute(select(escalation_rules).order_by(escalation_rules.c.name))
    return tuple(KeptRule(_RULE.validate_json(row.rule), row.alert_id, row.called_ms) for row in rows)


def target_text(target: Webhook | Mail) -> str:
    """A target as the queue of calls keeps it."""
    return _TARGET.dump_json(target).decode()


def target_of(text: str) -> Webhook | Mail:
    """The target that the queue has kept."""
    return _TARGET.validate_json(text)
