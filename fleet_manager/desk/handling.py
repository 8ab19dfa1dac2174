"""What people do to one alert: change its state, comment, and read what others did.

A change names the state that it expects. Of two people who act at once, the second is told that the first was faster;
nothing is overwritten unseen. A judgement is a label for training in the same transaction. Each function runs inside
the caller's transaction (`writing`), so that the audit log can be part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from edge_contracts.errors import BadInputError, RefusedError
from fleet_manager.desk.inbox import AlertLine, alert_columns, alert_line
from fleet_manager.desk.life_cycle import JUDGED, AlertState, check_change
from fleet_manager.desk.tables import alert_history, alert_states
from fleet_manager.desk.true_labels import label_of_judgement, remember_label
from fleet_manager.store.dialect_insert import insert_into
from fleet_manager.store.tables import alerts

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

MOST_TEXT: Final = 4000
"""Characters of a comment."""


class AlertChanged(RefusedError):
    """Somebody else changed the alert first: look again, then decide.

    found: the state that it has now.
    """

    def __init__(self, message: str, found: AlertState) -> None:
        super().__init__(message)
        self.found = found


class NoSuchAlert(BadInputError):
    """The store has no alert of this number, or none that this person may see."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that a person did; a comment has neither `before` nor `after`.

    at_ms: milliseconds since 1970-01-01 UTC.
    """

    who: str
    at_ms: int
    before: AlertState | None
    after: AlertState | None
    text: str


@dataclass(frozen=True, slots=True)
class AlertFile:
    """One alert with everything that is known of it.

    body: the message as it came, JSON.
    history: oldest first.
    """

    line: AlertLine
    body: str
    history: tuple[HistoryEntry, ...]


def alert_file(con: Connection, alert_id: int, sites: tuple[str, ...] | None = None) -> AlertFile:
    """One alert with its history.

    Args:
        con: a connection that reads.
        alert_id: its number in the inbox.
        sites: those that the person may see; None for every one.

    Raises:
        NoSuchAlert: there is none, or the person may not see it.
    """
    row = con.execute(alert_columns().where(alerts.c.id == alert_id)).one_or_none()
    if row is None or (sites is not None and row.site not in sites):
        raise _nowhere(alert_id)
    query = select(alert_history).where(alert_history.c.alert_id == alert_id).order_by(alert_history.c.id)
    return AlertFile(alert_line(row), row.body, tuple(_entry(one) for one in con.execute(query)))


def change_state(
    con: Connection,
    alert_id: int,
    expected: AlertState,
    after: AlertState,
    who: str,
    at_ms: int,
    text: str = "",
    label: str | None = None,
) -> None:
    """Move an alert on, with what the person said to it.

    Args:
        con: a connection that writes.
        alert_id: which alert.
        expected: the state that the person saw.
        after: the state that it shall have.
        who: the person's name.
        at_ms: now, milliseconds since 1970-01-01 UTC.
        text: a comment, or nothing.
        label: for a judgement, what the part truly was; None for `good` after a false alarm and, after a confirmed
            defect, for the label that the model gave.

    Raises:
        NoSuchAlert: there is none.
        BadInputError: `after` may not follow `expected`, or a text or label cannot be taken.
        AlertChanged: the alert has another state than `expected` by now.
    """
    check_change(expected, after)
    check_text(text)
    if label is not None and after not in JUDGED:
        raise BadInputError(f"wanted a label with confirmed-defect or false-alarm only, found one with {after.value}")
    row = con.execute(alert_columns().where(alerts.c.id == alert_id)).one_or_none()
    if row is None:
        raise _nowhere(alert_id)
    line = alert_line(row)
    if not _moved(con, line, expected, after, who, at_ms):
        raise _changed(con, alert_id, expected)
    _write_history(con, alert_id, HistoryEntry(who, at_ms, expected, after, text))
    if after in JUDGED:
        remember_label(con, line, after, label_of_judgement(line, after, label), who, at_ms)


def comment(con: Connection, alert_id: int, who: str, at_ms: int, text: str) -> None:
    """Say something to an alert, whatever its state.

    Raises:
        NoSuchAlert: there is none.
        BadInputError: the text is empty or cannot be taken.
    """
    check_text(text)
    if not text.strip():
        raise BadInputError("wanted a comment, found an empty text: write something")
    if con.execute(select(alerts.c.id).where(alerts.c.id == alert_id)).one_or_none() is None:
        raise _nowhere(alert_id)
    _write_history(con, alert_id, HistoryEntry(who, at_ms, None, None, text))


def check_text(text: str) -> None:
    """Let a person's text pass.

    Raises:
        BadInputError: it is too long, or holds what no database takes.
    """
    if len(text) > MOST_TEXT:
        raise BadInputError(f"wanted at most {MOST_TEXT} characters, found {len(text)}: shorten the text")
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise BadInputError("wanted text, found a character that is none: type it again")


def _moved(con: Connection, line: AlertLine, expected: AlertState, after: AlertState, who: str, at_ms: int) -> bool:
    """Whether the alert had the state that was expected, and so has the other one now."""
    values = {"state": after.value, "who": who, "changed_ms": at_ms}
    if expected is AlertState.NEW:
        fresh = insert_into(con, alert_states).values(alert_id=line.id, site=line.site, **values)
        taken = fresh.on_conflict_do_nothing().returning(alert_states.c.alert_id)
        return con.execute(taken).one_or_none() is not None
    of_alert = (alert_states.c.alert_id == line.id, alert_states.c.state == expected.value)
    return con.execute(update(alert_states).where(*of_alert).values(**values)).rowcount == 1


def _changed(con: Connection, alert_id: int, expected: AlertState) -> AlertChanged:
    query = select(alert_states.c.state, alert_states.c.who).where(alert_states.c.alert_id == alert_id)
    row = con.execute(query).one_or_none()
    found = AlertState(row.state) if row else AlertState.NEW
    by = f" by {row.who}" if row else ""
    return AlertChanged(
        f"wanted alert {alert_id} {expected.value}, found it {found.value}{by} meanwhile: look again", found
    )


def _write_history(con: Connection, alert_id: int, entry: HistoryEntry) -> None:
    con.execute(
        insert(alert_history).values(
            alert_id=alert_id,
            who=entry.who,
            at_ms=entry.at_ms,
            before=entry.before and entry.before.value,
            after=entry.after and entry.after.value,
            text=entry.text,
        )
    )


def _entry(row: Row[Any]) -> HistoryEntry:
    before, after = (AlertState(state) if state else None for state in (row.before, row.after))
    return HistoryEntry(row.who, row.at_ms, before, after, row.text)


def _nowhere(alert_id: int) -> NoSuchAlert:
    return NoSuchAlert(f"wanted an alert, found none of number {alert_id}: look in the inbox")
