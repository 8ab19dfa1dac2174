"""Pins of a GPIO chip through the kernel's character device (libgpiod 2), as inputs with edges and as outputs.

Edges carry the kernel's own monotonic time stamp, so that a busy process does not make a part look late. Wiring and
limits: docs/how-to/triggers/gpio.md, docs/how-to/outputs/gpio.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edge_contracts.errors import MissingExtraError
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from edge_contracts.station.terminal import GpioPin

CONSUMER = "lepton-edge"
"""What `gpioinfo` shows beside the pins that we hold."""
EDGES_KEPT = 256
"""Edges that the kernel keeps for us while we do not read."""
_DEVICES = Path("/dev")


def load_gpiod() -> Any:
    """The libgpiod bindings.

    Raises:
        MissingExtraError: they are not installed.
    """
    try:
        import gpiod  # noqa: PLC0415 - only stations with pins need it
        from gpiod import line  # noqa: F401, PLC0415 - so that gpiod.line is there
    except ImportError as error:
        raise MissingExtraError(
            "wanted the Python package gpiod 2, found none: pip install 'lepton-edge[gpio]'"
        ) from error
    return gpiod


@dataclass(frozen=True, slots=True)
class PinEdge:
    """One edge on an input.

    at_ns: the kernel's monotonic time stamp.
    number: counts the edges of this pin from 1; a gap means edges that the kernel threw away.
    """

    at_ns: int
    number: int


class EdgePin:
    """An input that reports its edges.

    Args:
        pin: chip and line.
        edge: which edges.
        bias: the chip's own resistor.
        debounce_ms: an edge that is followed by another within this time is a bounce; 0 leaves all.
    """

    def __init__(
        self,
        pin: GpioPin,
        *,
        edge: Literal["rising", "falling", "both"],
        bias: str = "as-is",
        debounce_ms: float = 0.0,
    ) -> None:
        self._gpiod = load_gpiod()
        self._pin, self._edge, self._bias, self._debounce_ms = pin, edge, bias, debounce_ms
        self._request: Any = None

    def open(self) -> None:
        """Ask the kernel for the pin.

        Raises:
            WireLost: no such chip or line, or somebody else holds it.
        """
        self.close()
        line = self._gpiod.line
        settings = self._gpiod.LineSettings(
            direction=line.Direction.INPUT,
            edge_detection=line.Edge[self._edge.upper()],
            bias=line.Bias[self._bias.upper().replace("-", "_")],
            debounce_period=timedelta(milliseconds=self._debounce_ms),
            event_clock=line.Clock.MONOTONIC,
        )
        self._request = request_pin(self._gpiod, self._pin, settings, event_buffer_size=EDGES_KEPT)

    def edges(self, timeout_s: float) -> list[PinEdge]:
        """The edges since the last call; empty when there was none for `timeout_s`.

        Raises:
            WireLost: the chip is gone.
        """
        try:
            if not self._request.wait_edge_events(timeout_s):
                return []
            events = self._request.read_edge_events()
        except (OSError, ValueError) as error:
            raise WireLost(f"wanted edges of {shown(self._pin)}, found {error}; check the chip") from error
        return [PinEdge(event.timestamp_ns, event.line_seqno) for event in events]

    def close(self) -> None:
        """Give the pin back."""
        request, self._request = self._request, None
        release(request)


class OutputPin:
    """An output that is inactive from the moment it is ours.

    Args:
        pin: chip and line.
        active: the level that stands for active.
        open_drain: the pin pulls down or lets go, and never drives high.
    """

    def __init__(self, pin: GpioPin, *, active: Literal["high", "low"] = "high", open_drain: bool = False) -> None:
        self._gpiod = load_gpiod()
        self._pin, self._active, self._open_drain = pin, active, open_drain
        self._request: Any = None

    def open(self) -> None:
        """Ask the kernel for the pin; it becomes inactive in the same step.

        Raises:
            WireLost: no such chip or line, or somebody else holds it.
        """
        self.close()
        line = self._gpiod.line
        settings = self._gpiod.LineSettings(
            direction=line.Direction.OUTPUT,
            drive=line.Drive.OPEN_DRAIN if self._open_drain else line.Drive.PUSH_PULL,
            active_low=self._active == "low",
            output_value=line.Value.INACTIVE,
        )
        self._request = request_pin(self._gpiod, self._pin, settings)

    def set(self, *, active: bool) -> None:
        """Drive the pin.

        Raises:
            WireLost: the chip is gone.
        """
        value = self._gpiod.line.Value.ACTIVE if active else self._gpiod.line.Value.INACTIVE
        try:
            self._request.set_value(self._pin.line, value)
        except (OSError, ValueError) as error:
            raise WireLost(f"wanted to drive {shown(self._pin)}, found {error}; check the chip") from error

    def close(self) -> None:
        """Make the pin inactive if its chip is still there, and give it back."""
        try:
            if self._request is not None:
                self.set(active=False)
        except WireLost:
            pass
        finally:
            request, self._request = self._request, None
            release(request)


def request_pin(gpiod: Any, pin: GpioPin, settings: Any, **options: int) -> Any:
    """Hold one pin.

    Raises:
        WireLost: no such chip or line, or somebody else holds it.
    """
    try:
        return gpiod.request_lines(chip_path(gpiod, pin.chip), {pin.line: settings}, consumer=CONSUMER, **options)
    except (OSError, ValueError) as error:
        raise WireLost(
            f"wanted {shown(pin)}, found {error}; check 'gpioinfo': is it there, is it free, may this user open it?"
        ) from error


def chip_path(gpiod: Any, chip: str, devices: Path = _DEVICES) -> str:
    """The device of a chip that is given by path, name (`gpiochip0`) or label (`pinctrl-rp1`).

    Raises:
        OSError: there is none; a label stays the same when the kernel renumbers its chips.
    """
    if chip.startswith("/"):
        return chip
    found: list[str] = []
    for path in sorted(devices.glob("gpiochip*")):
        with gpiod.Chip(str(path)) as opened:
            info = opened.get_info()
        if chip in {info.name, info.label}:
            return str(path)
        found.append(f"{info.name} [{info.label}]")
    raise OSError(f"no chip {chip!r} among {', '.join(found) or 'none at all'}")


def release(request: Any) -> None:
    """Give a pin back; one whose chip is gone is given back already."""
    if request is None:
        return
    try:
        request.release()
    except OSError:
        return


def shown(pin: GpioPin) -> str:
    """A pin as a person names it."""
    return f"line {pin.line} of {pin.chip}"
