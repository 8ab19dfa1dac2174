from __future__ import annotations

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.station import Microcontroller as Settings
from edge_runtime.capture.backoff import Backoff
from edge_runtime.clock import MonotonicClock
from edge_runtime.terminals.chips import Chips
from edge_runtime.terminals.microcontroller import Microcontroller


def chip(name: str) -> Microcontroller:
    """Not started."""
    settings = Settings.model_validate({"name": name, "port": "/dev/none"})
    return Microcontroller(settings, MonotonicClock(), Backoff(lambda: 0.0), lambda: None, lambda: 1)


def test_a_microcontroller_is_found_by_its_name() -> None:
    chips, cell = Chips(), chip("cell")
    chips.put(cell)
    assert chips.named("cell") is cell
    chips.forget("cell")
    with pytest.raises(BadInputError, match="wanted a running microcontroller among none, found cell"):
        chips.named("cell")


def test_one_that_was_prepared_and_not_started_gives_its_name_back() -> None:
    """A configuration that is refused changes nothing."""
    chips, old = Chips(), chip("cell")
    chips.put(old)
    undo = chips.put(chip("cell"))
    undo()
    assert chips.named("cell") is old
    chips.put(chip("new"))()
    with pytest.raises(BadInputError, match="among cell, found new"):
        chips.named("new")
