"""A running microcontroller for tests of what stands on it."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edge_contracts.station import Microcontroller as Settings
from edge_runtime.capture.backoff import Backoff
from edge_runtime.clock import MonotonicClock
from edge_runtime.terminals.chips import Chips
from edge_runtime.terminals.microcontroller import Microcontroller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_runtime.terminals.chip_session import Clearance


@contextmanager
def microcontroller(
    port: str, why_not: Callable[[], str | None] = lambda: None, clearance: Clearance | None = None, **keys: Any
) -> Iterator[Microcontroller]:
    settings = Settings.model_validate({"name": "chip", "port": port, **keys})
    sessions = itertools.count(100)
    backoff = Backoff(lambda: 0.0, first_s=0.05, most_s=0.2)
    chip = Microcontroller(settings, MonotonicClock(), backoff, why_not, lambda: next(sessions), clearance)
    chip.start()
    try:
        yield chip
    finally:
        assert chip.stop(5)


def chips_of(chip: Microcontroller) -> Chips:
    chips = Chips()
    chips.put(chip)
    return chips
