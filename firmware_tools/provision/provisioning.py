"""One station: claim its identity in the ledger, write, read back, compare, and say in the ledger how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import LeptonError, OutageError
from firmware_tools.provision.ledger import IdentityTaken, Row
from firmware_tools.provision.settings import IDENTITY_KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from firmware_tools.provision.chip_storage import ChipStorage
    from firmware_tools.provision.ledger import Ledger, State
    from firmware_tools.provision.settings import Settings


class NotAsWritten(OutageError):
    """What the chip says that it holds is not what was written to it."""


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What a person allows beyond the rule.

    replaces: a chip that is out of service and gives its identity up. rename: the chip may change its identity.
    again: a station that is done is written once more.
    """

    replaces: str | None = None
    rename: bool = False
    again: bool = False

    @property
    def any(self) -> bool:
        """Whether a station that is done is to be looked at at all."""
        return bool(self.replaces) or self.rename or self.again


@dataclass(frozen=True, slots=True)
class Provisioner:
    """Gives stations what they are to have.

    Args:
        ledger: open.
        now: the wall clock, UTC; it is written down and decides nothing.
        allowed: what a person allows beyond the rule.
    """

    ledger: Ledger
    now: Callable[[], datetime]
    allowed: Exceptions = Exceptions()

    def provide(self, chip: ChipStorage, settings: Settings) -> Row:
        """Write a station's settings and read them back.

        Returns:
            The ledger's row that says `done`.

        Raises:
            IdentityTaken: two chips would have one identity; nothing was written to the chip.
            LeptonError: the chip does not answer, refuses or holds something else; the ledger says so.
        """
        board, held = chip.hello.board, _text(chip.get(IDENTITY_KEY))
        self._retire(settings.id, board, held)
        self.ledger.register.require_free(settings.id, board, None if self.allowed.rename else held)
        self._note(settings, chip, "claimed")
        try:
            self._write(chip, settings)
        except LeptonError as error:
            self._note(settings, chip, "failed", why=str(error))
            raise
        return self._note(settings, chip, "done")

    def _write(self, chip: ChipStorage, settings: Settings) -> None:
        for one in settings.values:
            chip.put(one.key, one.value)
            if not one.is_secret and chip.get(one.key) != one.value:
                raise NotAsWritten(
                    f"wanted to read {one.key} as it was written, found other bytes; the chip's storage is worn out or "
                    "another program writes to it: take another chip"
                )

    def _retire(self, identity: str, board: str, held: str | None) -> None:
        """Free what a person gives up: the identity of a chip that is out of service, or the chip's own."""
        register = self.ledger.register
        gone = self.allowed.replaces
        if gone is not None:
            if register.board_of(identity) != gone or gone == board:
                raise IdentityTaken(
                    f"wanted {identity} from the chip {gone}, found that the ledger has it with "
                    f"{register.board_of(identity) or 'no chip'}; check --replaces"
                )
            self._add(identity, gone, "retired")
        if self.allowed.rename and (old := register.id_of(board) or held) not in {None, identity}:
            self._add(old or "", board, "retired", why=f"renamed to {identity}")

    def _note(self, settings: Settings, chip: ChipStorage, state: State, why: str = "") -> Row:
        keys = " ".join(one.key for one in settings.values)
        return self._add(settings.id, chip.hello.board, state, chip.hello.firmware, keys, why)

    def _add(self, identity: str, board: str, state: State, firmware: str = "", keys: str = "", why: str = "") -> Row:
        time = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        row = Row(time, identity, board, state, firmware, keys, why)
        self.ledger.append(row)
        return row


def _text(value: bytes | None) -> str | None:
    return None if not value else value.decode("utf-8", "replace")
