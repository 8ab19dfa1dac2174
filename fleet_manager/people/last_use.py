"""When a session or a token was used last: worth a line in the database, and no reason to keep anybody out.

A full disk takes no writes; then monitoring must still read its metrics, and a board must still be let in.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fleet_manager.store.database import StoreUnavailable, writing

if TYPE_CHECKING:
    from sqlalchemy import Engine, Executable

_log = logging.getLogger(__name__)


def note_use(engine: Engine, statement: Executable) -> None:
    """Write it down; a store that cannot take it is told to the log."""
    try:
        with writing(engine) as con:
            con.execute(statement)
    except StoreUnavailable as err:
        _log.warning("the last use of a session or token is not written down: %s", err)
