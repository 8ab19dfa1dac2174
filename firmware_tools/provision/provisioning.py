"""One station: claim its identity in the ledger, write, read back, compare, and say in the ledger how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import LeptonError, OutageError
from firmware_tools.link import LinkLost
from firmware_tools.provision.ledger import IdentityTaken, Register, Row
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
        """Write a station's settings and read them back, but for secrets.

        Returns:
            The ledger's row that says `done`.

        Raises:
            IdentityTaken: two chips would have one identity; nothing was written to the chip.
            LeptonError: the chip does not answer, refuses or holds something else; the ledger says so.
        """
        board, held = chip.hello.board, _text(chip.get(IDENTITY_KEY))
        replaced = self._replaced(settings.id, board)
        free = Register((*self.ledger.register.rows, *replaced))
        free.require_free(settings.id, board, held, renames=self.allowed.rename)
        for row in replaced:
            self.ledger.append(row)
        self._note(settings, chip, "claimed")
        try:
            self._write(chip, settings)
        except LeptonError as error:
            self._note(settings, chip, "failed", why=str(error))
            raise
        for old in sorted({*self.ledger.register.ids_of(board), held or settings.id} - {settings.id}):
            self.ledger.append(self._row(old, board, "retired", why=f"renamed to {settings.id}"))
        return self._note(settings, chip, "done")

    def differing(self, chip: ChipStorage, settings: Settings) -> tuple[str, ...]:
        """The keys of which a chip that is done holds other values than wanted; a secret is not read, and passes.

        Raises:
            IdentityTaken: it is another chip than the ledger's.
            LeptonError: the chip does not answer.
        """
        self.ledger.register.require_free(settings.id, chip.hello.board, _text(chip.get(IDENTITY_KEY)))
        return tuple(one.key for one in settings.values if not one.is_secret and chip.get(one.key) != one.value)

    def _write(self, chip: ChipStorage, settings: Settings) -> None:
        try:
            self._write_all(chip, settings)
        except LeptonError:
            raise
        except OSError as error:
            raise LinkLost(
                f"wanted to write to the chip {chip.hello.board}, found {error}; check its line and try again"
            ) from error

    def _write_all(self, chip: ChipStorage, settings: Settings) -> None:
        for one in settings.values:
            chip.put(one.key, one.value)
            if not one.is_secret and chip.get(one.key) != one.value:
                raise NotAsWritten(
                    f"wanted to read {one.key} as it was written, found other bytes; the chip's storage is worn out or "
                    "another program writes to it: take another chip"
                )

    def _replaced(self, identity: str, board: str) -> tuple[Row, ...]:
        """The row by which a chip that is out of service gives its identity up; not in the ledger yet."""
        gone = self.allowed.replaces
        if gone is None:
            return ()
        holder = self.ledger.register.board_of(identity)
        if holder != gone or gone == board:
            raise IdentityTaken(
                f"wanted {identity} from the chip {gone}, found that the ledger has it with {holder or 'no chip'}; "
                "check --replaces"
            )
        return (self._row(identity, gone, "retired"),)

    def _note(self, settings: Settings, chip: ChipStorage, state: State, why: str = "") -> Row:
        keys = " ".join(one.mark for one in settings.values)
        row = self._row(settings.id, chip.hello.board, state, chip.hello.firmware, keys, why)
        self.ledger.append(row)
        return row

    def _row(self, identity: str, board: str, state: State, firmware: str = "", keys: str = "", why: str = "") -> Row:
        return Row(self.now().strftime("%Y-%m-%dT%H:%M:%SZ"), identity, board, state, firmware, keys, why)


def _text(value: bytes | None) -> str | None:
    return None if not value else value.decode("utf-8", "replace")
