"""What somebody can come in by at this moment: the sessions that are open, and a link that is still good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from fleet_manager.people.tables import one_time_links, sessions

if TYPE_CHECKING:
    from sqlalchemy import Connection


def end_ways_in(con: Connection, account: int) -> None:
    """End the sessions and the link of an account, in the caller's transaction: what it was before opens it no more."""
    con.execute(delete(sessions).where(sessions.c.account == account))
    con.execute(delete(one_time_links).where(one_time_links.c.account == account))
