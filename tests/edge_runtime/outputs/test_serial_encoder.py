"""Where an encoder that writes lines begins to count."""

from __future__ import annotations

import pytest

from edge_contracts.station import SerialEncoder
from edge_runtime.outputs.belt import Moved
from edge_runtime.outputs.serial_encoder import SILENT_NS, LineEncoder
from tests.fakes.clock import FakeClock


class Port:
    """Gives what a test wrote."""

    def __init__(self) -> None:
        self.written = b""

    def open(self) -> None: ...

    def read(self, timeout_s: float) -> bytes:
        del timeout_s
        data, self.written = self.written, b""
        return data


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.port = Port()
        self.encoder = LineEncoder(SerialEncoder(kind="serial", port="/dev/none"), self.clock)
        self.encoder._port = self.port  # type: ignore[assignment]
        self.encoder.open()

    def after(self, seconds: float, line: bytes = b"") -> list[Moved]:
        self.clock.advance(seconds)
        self.port.written = line
        return self.encoder.wait(0.0)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_an_encoder_that_is_silent_for_a_second_stands(scene: Scene) -> None:
    begun_ns = scene.clock.now_ns()
    assert scene.after(0.9) == []
    assert scene.after(0.1) == [Moved(begun_ns + SILENT_NS, 0)]
    assert scene.after(5) == []
    assert [one.counts for one in scene.after(1, b"7\n9\n")] == [0, 2]


def test_until_then_only_its_first_line_says_where_it_is(scene: Scene) -> None:
    assert [one.counts for one in scene.after(0.5, b"7\n")] == [0]
    assert scene.after(5) == []
    assert [one.counts for one in scene.after(0.1, b"9\n")] == [2]


def test_one_that_is_opened_again_is_waited_for_again(scene: Scene) -> None:
    scene.after(1)
    scene.encoder.open()
    assert scene.after(0.9) == []
    assert len(scene.after(0.1)) == 1
