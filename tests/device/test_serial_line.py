"""A real kernel's USB serial port (an emulated FTDI); a sensor at its other end sends twenty lines a second."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.station import SerialSource as SerialSettings
from edge_runtime.capture.serial_line import SerialLineSource, build
from edge_runtime.clock import MonotonicClock
from tests.edge_runtime.capture.source_contract import WindowContract

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.device, pytest.mark.timeout(300)]


def by_id() -> str:
    """The name that stays the same in whatever port it is."""
    (link,) = Path("/dev/serial/by-id").iterdir()
    return str(link)


def source_of(port: str) -> SerialLineSource:
    settings = SerialSettings(kind="serial", port=port, rate_hz=20, window=5, columns=(1, 2))
    return build(settings, MonotonicClock(), threading.Event())


class TestSerialLineOnARealKernel(WindowContract):
    @pytest.fixture
    def source(self) -> Iterator[SerialLineSource]:
        source = source_of(by_id())
        source.open()
        yield source
        source.close()

    @pytest.fixture
    def absent(self) -> SerialLineSource:
        return source_of("/dev/serial/by-id/no-such-sensor")


def test_numbers_arrive_in_their_order_and_none_is_missing() -> None:
    source = source_of(by_id())
    source.open()
    values = np.concatenate([WindowContract.next_window(source).values for _ in range(4)])
    source.close()
    np.testing.assert_array_equal(values[:, 0], 1.5)
    np.testing.assert_array_equal(np.diff(values[:, 1]), 1)
