"""`[station]`, `[spool]` and `[evidence]`: where alerts and their pictures wait on the disk."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.alarm import AlarmType
from edge_contracts.topics import DeviceAddress
from edge_runtime.delivery import Delivery
from edge_runtime.evidence import EvidenceStore
from edge_runtime.evidence.extras import Extras
from edge_runtime.health.board_rule import ROOM
from edge_runtime.minute_book import MinuteBook, Pictures
from edge_runtime.outbox.delivery_clock import this_boot
from edge_runtime.outbox.held_note import HeldKeeper, HeldNote
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_errors import SpoolInUse
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.state_folder import MediumRefused, make_folder
from edge_runtime.supervisor import Part, Prepared, Unit

if TYPE_CHECKING:
    from edge_contracts.station import Station, StationConfig
    from edge_runtime.units.running import Running
    from edge_runtime.units.surroundings import Surroundings

OUTBOX = "the spool"
EVIDENCE = "the evidence"
DELIVERY = "the delivery"
DELIVERY_STOP_S = 6.0

_NOTE_SHARE = 0.25
"""Of the delivery's time to stop: what the note of what is held back has."""
_OUTBOX_STOP_S = 8.0
_MS_PER_S = 1000


def outbox(config: StationConfig, around: Surroundings) -> Unit:
    """The spool with its writer."""
    station, spool = config.station, config.spool
    limits = SpoolLimits(spool.max_bytes, spool.reserve_bytes)

    def start() -> Part:
        folder = Path(station.state_folder)
        try:
            box = Outbox(
                folder / "spool.sqlite",
                address(station),
                limits,
                around.delivery_clock,
                window_s=spool.commit_window_ms / _MS_PER_S,
                longest_window_s=spool.commit_window_busy_ms / _MS_PER_S,
            )
        except SpoolInUse:
            raise
        except (OSError, sqlite3.Error) as error:
            raise MediumRefused(f"wanted to open the spool in {folder}, found: {error}{_next_step(error)}") from error
        box.start()
        around.running.outbox = box
        return Part(box.stop, trouble=lambda _: None if box.running else "the spool's writer is dead")

    def prepare() -> Prepared:
        folder = Path(station.state_folder)
        is_new = not folder.exists()
        make_folder(folder, "station.state_folder")
        return Prepared(start, lambda: _remove_if_empty(folder) if is_new else None)

    return Unit(OUTBOX, "spool", (station, spool), prepare, _OUTBOX_STOP_S)


def _next_step(error: Exception) -> str:
    if isinstance(error, PermissionError) or "readonly" in str(error):
        return "; let the user of the daemon own the folder and its files (chown -R), and its disk be writable"
    return ""


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def evidence(config: StationConfig, around: Surroundings) -> Unit:
    """The pictures behind alerts."""
    settings, folder = config.evidence, config.station.state_folder

    def start() -> Part:
        running = around.running
        running.evidence = None
        if settings.enabled:
            running.evidence = EvidenceStore(
                Path(folder) / "evidence",
                settings,
                running.evidence_counts,
                may_write=lambda: _flash_bears_it(running),
                may_grow=lambda: not around.conditions.is_active(AlarmType.DISK, ROOM),
            )
        return Part(lambda _: True)

    return Unit(EVIDENCE, "evidence", (folder, settings), lambda: Prepared(start), 0.0, needs=(OUTBOX,))


def delivery(config: StationConfig, around: Surroundings) -> Unit:
    """The thread between verdicts and spool, what hands it further pictures, and the minutes where somebody hears."""
    tells_minutes = config.uplink is not None

    def start() -> Part:
        running = around.running
        if running.outbox is None:
            raise AssertionError("the delivery stands on the spool")
        minutes = None
        if tells_minutes:
            minutes = MinuteBook(around.delivery_clock, this_boot(), lambda: _pictures(running))
        made = Delivery(running.outbox, running.evidence, around.clock, running.delivery_counts, minutes)
        note = HeldNote(Path(config.station.state_folder) / "spool.sqlite.held")
        keeper = HeldKeeper(note, made.held_back, around.clock)
        made.tell(note.read())
        made.start()
        keeper.start()
        running.delivery = made
        running.extras = extras = Extras.of(config.evidence, running.evidence, made.keep)
        added = [made, *((minutes,) if minutes else ()), *extras.sinks]
        running.sinks[:0] = added

        def stop(timeout_s: float) -> bool:
            running.sinks[:] = [sink for sink in running.sinks if sink not in added]
            extras.flush()
            has_ended = made.stop(timeout_s * (1 - _NOTE_SHARE))
            return keeper.stop(timeout_s * _NOTE_SHARE) and has_ended

        return Part(stop, trouble=lambda _: None if made.running else "the delivery's thread is dead")

    return Unit(DELIVERY, "delivery", tells_minutes, lambda: Prepared(start), DELIVERY_STOP_S, needs=(OUTBOX, EVIDENCE))


def _pictures(running: Running) -> dict[str, Pictures]:
    counts = {name: reader.counts for name, reader in tuple(running.readers.items())}
    return {name: Pictures(one.frames, max(0, one.frames - one.converted)) for name, one in counts.items()}


def _flash_bears_it(running: Running) -> bool:
    return running.health is None or running.health.flash.allows_pictures


def address(station: Station) -> DeviceAddress:
    """Who the device is."""
    return DeviceAddress(station.org, station.site, station.device)
