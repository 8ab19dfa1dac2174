"""Desired configurations, signed, as retained letters to their devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.configuration import Desired
from edge_contracts.topics import DeviceAddress
from fleet_manager.configuration.revisions import latest_revisions, note_sent, unsent_revisions
from fleet_manager.dispatcher import Letter

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from fleet_manager.configuration.revisions import KeptRevision
    from fleet_manager.configuration.signing_key import SigningKey

PORTION: Final = 50


class DesiredPost:
    """The latest of each device: once when it is new, and once on each connection, because brokers forget.

    Args:
        key: signs.
    """

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self._renewed_through: str | None = ""

    def due(self, con: Connection, now_ms: int) -> list[Letter]:
        """A portion of what the broker may have forgotten; when that is done, what is new."""
        del now_ms
        if self._renewed_through is None:
            found = unsent_revisions(con, PORTION)
        else:
            found = latest_revisions(con, self._renewed_through, PORTION)
            self._renewed_through = found[-1].address if len(found) == PORTION else None
        return [self._letter(one) for one in found]

    @staticmethod
    def sent(con: Connection, numbers: Collection[int], now_ms: int) -> None:
        """The broker has these."""
        note_sent(con, numbers, now_ms)

    def connected(self) -> None:
        """Begin with the first device again."""
        self._renewed_through = ""

    def _letter(self, one: KeptRevision) -> Letter:
        address = DeviceAddress(*one.address.split("/"))
        signature = self._key.signature(address, one.revision, one.hash)
        desired = Desired(revision=one.revision, hash=one.hash, signature=signature, text=one.text)
        return Letter(one.id, address.topic("desired"), desired.model_dump_json().encode(), retain=True)
