"""What alerts have held back so far, noted beside the spool: who is killed leaves it to the next start.

Parts may be held back for a minute or a day before one alert tells of all of them. The note has that alert as it would
be told now. It is overwritten in place, in two slots in turn, so that a power cut in the middle leaves the note before;
it is written at most once a second, and not at all while nothing is held back.
"""

from __future__ import annotations

import logging
import os
import zlib
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter

from edge_contracts.alert import Alert
from edge_contracts.durable_folder import sync_folder
from edge_runtime.own_thread import OwnThread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_runtime.clock import Clock

PERIOD_S: Final = 1.0
TOLD_S: Final = 0.02
"""The same at the start: what another life noted is told now, and a daemon that dies soon must not tell it again."""
ALERTS_MOST: Final = 128
"""A point has two at most; of more that wait for a slow disk, too, the rest is not noted."""
SLOT_BYTES: Final = 1 << 20
"""Room for so many alerts; what is not used takes no room of the disk."""
_ALERTS: Final = TypeAdapter(tuple[Alert, ...])
_LOG = logging.getLogger(__name__)


class HeldNote:
    """The file `<spool>.held`; what goes wrong with it is said once and holds up no alert.

    A slot: number of the note, length and CRC-32 of its body as ASCII in one line, then the body, alerts as JSON.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number = 0
        self._is_well = True

    def read(self) -> tuple[Alert, ...]:
        """The alerts that were noted last; none where none can be read."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            _LOG.warning("wanted what was held back from %s, found: %s; it will not be told", self._path, error)
            return ()
        found = [_sound(content[at : at + SLOT_BYTES]) for at in (0, SLOT_BYTES)]
        self._number, alerts = max((one for one in found if one), key=lambda one: one[0], default=(0, None))
        if alerts is None:
            _LOG.warning("wanted what was held back from %s, found it damaged; it will not be told", self._path)
        return alerts or ()

    def write(self, alerts: tuple[Alert, ...]) -> bool:
        """Note these, durably, in place of those before; whether the disk took it."""
        body = _ALERTS.dump_json(alerts[:ALERTS_MOST], exclude_none=True)
        number = self._number + 1
        try:
            self._overwrite(number % 2, f"{number} {len(body)} {zlib.crc32(body)}\n".encode("ascii") + body)
        except OSError as error:
            if self._is_well:
                _LOG.warning("wanted what is held back noted in %s, found %s: check the disk", self._path, error)
            self._is_well = False
            return False
        self._number, self._is_well = number, True
        return True

    def _overwrite(self, slot: int, content: bytes) -> None:
        is_new = not self._path.exists()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.pwrite(descriptor, content, slot * SLOT_BYTES)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            sync_folder(self._path.parent)


class HeldKeeper(OwnThread):
    """Keeps the note true, within a second.

    Args:
        note: where; what it says now was read.
        held_back: the alerts that would have to be told if nothing more came.
        clock: monotonic.
    """

    def __init__(self, note: HeldNote, held_back: Callable[[], tuple[Alert, ...]], clock: Clock) -> None:
        super().__init__("held-note", "the note of what is held back")
        self._note, self._held_back, self._clock = note, held_back, clock

    def _run(self) -> None:
        noted = self._note.read()
        period_s = TOLD_S if noted else PERIOD_S
        is_over = False
        while not is_over:
            is_over = self._clock.wait(self._stop, period_s)
            if (held := self._held_back()) != noted and self._note.write(held):
                noted, period_s = held, PERIOD_S


def _sound(slot: bytes) -> tuple[int, tuple[Alert, ...]] | None:
    """The note's number and what it says; None where it is none."""
    head, _, rest = slot.partition(b"\n")
    try:
        number, length, check = map(int, head.split())
        body = rest[:length]
        return (number, _ALERTS.validate_json(body)) if zlib.crc32(body) == check else None
    except ValueError:
        return None
