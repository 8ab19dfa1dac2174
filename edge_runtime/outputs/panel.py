"""Everything that the station drives at the line: built from the file, started and stopped together."""

from __future__ import annotations

import logging
import random
import threading
from typing import TYPE_CHECKING, Any

from edge_contracts.station import EncoderGate
from edge_runtime.capture.backoff import Backoff
from edge_runtime.outputs.actuator import Actuator
from edge_runtime.outputs.belt import CountedBelt, TimedBelt, build_encoder
from edge_runtime.outputs.duty import duty_of
from edge_runtime.outputs.gate_watch import GateWatch
from edge_runtime.outputs.line_guard import LineGuard
from edge_runtime.outputs.output import build_output
from edge_runtime.outputs.run_line import RunLine
from edge_runtime.terminals.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.station import Output as OutputSettings
    from edge_runtime.clock import Clock
    from edge_runtime.occasion import Inspected
    from edge_runtime.outputs.belt import Belt
    from edge_runtime.outputs.output import Output
    from edge_runtime.outputs.output_counts import OutputCounts
    from edge_runtime.terminals.chips import Chips

STOP_S = 4.0
"""How long parts on their way may still be told when the daemon stops, and the outputs may take to end."""
LINE = "line"
"""Where an alarm is about a stop, and not about one output."""
_STOP_TOLD_S = 60.0
"""How long a stop lasts as an alarm."""
_LAST_WORDS_S = 1.0
_DROP_S = 0.25
"""How long a run signal may take to be dropped before the points stop: a driver that hangs must not hold them up."""
_MS_PER_S = 1000
_NS_PER_S = 1_000_000_000
_REOPEN_MOST_S = 2.0
_POLL_S = 0.02

_log = logging.getLogger(__name__)


class Panel:
    """The outputs of a station; a sink of verdicts.

    Args:
        settings: the `outputs` tables.
        clock: monotonic.
        build: makes the driver of one output, in place of `build_output`.
        chips: the microcontrollers that run.
        tell: told again and again what is wrong with an output or with the line, or None while nothing is.

    Raises:
        MissingExtraError: a library that an output needs is not installed.
        BadInputError: a file of a broker's connection cannot be used.
    """

    def __init__(
        self,
        settings: Sequence[OutputSettings],
        clock: Clock,
        build: Callable[[OutputSettings, Clock], Output] | None = None,
        tell: Callable[[str, str | None], None] = lambda _where, _reason: None,
        chips: Chips | None = None,
    ) -> None:
        self.guard = LineGuard(clock)
        self._chips = chips
        self._clock = clock
        self._tell = tell
        self._encoders: list[Listener[Any]] = []
        self._verdicts: list[Actuator] = []
        self._stops: list[Actuator] = []
        self._runs: list[RunLine] = []
        for one in settings:
            self._add(one, build(one, clock) if build is not None else build_output(one, clock, chips))
        self._watches = (GateWatch(self.guard, clock),) if self._verdicts else ()

    @property
    def counts(self) -> dict[str, OutputCounts]:
        """What happened to each output since the start, by name."""
        return {output.name: output.counts for output in self._outputs}

    @property
    def lost(self) -> dict[str, str | None]:
        """Why an output cannot be driven, None while it can, by name."""
        return {output.name: output.lost for output in self._outputs}

    def dead_thread(self) -> str | None:
        """Which output's thread, or the watch's, is not alive, None while all are."""
        dead = next((part.name for part in (*self._outputs, *self._watches) if not part.running), None)
        return None if dead is None else f"the thread of output {dead} is dead"

    def start(self) -> None:
        """Start all threads; run signals are dropped until the first sign of life."""
        for part in (*self._encoders, *self._outputs, *self._watches):
            part.start()

    def alive(self) -> None:
        """Every loop of the daemon makes progress; without this word for 3 s the run signals are dropped."""
        self.guard.sign_of_life()
        for output in self._outputs:
            self._tell(output.name, output.lost)
        if self.guard.stops:
            self._tell(LINE, self.guard.stopped(_STOP_TOLD_S))

    def expect(self, point: str, triggered_at_ns: int, moment_ns: int) -> None:
        """A part was at the camera at this moment; its verdict will follow."""
        for actuator in self._verdicts:
            actuator.expect(point, triggered_at_ns, moment_ns)

    def take(self, inspected: Inspected) -> None:
        """Take a verdict; returns at once."""
        for actuator in self._verdicts:
            actuator.take(inspected.verdict, inspected.triggered_at_ns)

    def drop_run_signals(self) -> None:
        """Nobody will inspect any more: the line must not run; parts on their way are told all the same."""
        self.guard.end()
        until_ns, never = self._clock.now_ns() + int(_DROP_S * _NS_PER_S), threading.Event()
        while any(run.is_active for run in self._runs) and self._clock.now_ns() < until_ns:
            self._clock.wait(never, _POLL_S)

    def stop(self, timeout_s: float = STOP_S) -> bool:
        """Drop the run signals, tell what is on its way while there is time, stop the line for the rest, and end.

        Alarms of these outputs are over then; a stop that was called meanwhile has been one.

        Returns:
            False, with a line in the log, when a driver hangs.
        """
        self.guard.end()
        until_ns = self._clock.now_ns() + int((timeout_s - 2 * _LAST_WORDS_S) * _NS_PER_S)
        self._wait_for(self._verdicts, until_ns)
        for actuator in self._verdicts:
            actuator.abandon()
        self._wait_for(self._stops, self._clock.now_ns() + int(_LAST_WORDS_S * _NS_PER_S))
        parts = (*self._outputs, *self._encoders, *self._watches)
        for part in parts:
            part.ask_to_stop()
        end_ns = self._clock.now_ns() + int(_LAST_WORDS_S * _NS_PER_S)
        ended = [part.stop(max(end_ns - self._clock.now_ns(), 0) / _NS_PER_S) for part in parts]
        self._end_alarms()
        return all(ended)

    @property
    def _outputs(self) -> tuple[Actuator | RunLine, ...]:
        return (*self._verdicts, *self._stops, *self._runs)

    def _end_alarms(self) -> None:
        if (reason := self.guard.stopped(_STOP_TOLD_S)) is not None:
            self._tell(LINE, reason)
        for where in (*self.lost, LINE):
            self._tell(where, None)

    def _wait_for(self, actuators: Sequence[Actuator], until_ns: int) -> None:
        never = threading.Event()
        while any(actuator.underway for actuator in actuators) and self._clock.now_ns() < until_ns:
            self._clock.wait(never, _POLL_S)

    def _add(self, settings: OutputSettings, output: Output) -> None:
        backoff = Backoff(random.random, first_s=0.1, most_s=_REOPEN_MOST_S)
        if settings.role == "run":
            beat_s, hold_s = settings.beat_ms / _MS_PER_S, settings.hold_s
            run = RunLine(settings.name, output, self.guard, self._clock, backoff, beat_s=beat_s, hold_s=hold_s)
            self._runs.append(run)
            return
        belt = self._belt(settings)
        actuator = Actuator(settings.name, output, duty_of(settings), belt, self.guard, self._clock, backoff)
        if isinstance(belt, CountedBelt):
            self._listen(settings, belt, actuator)
        if settings.role == "stop":
            self._stops.append(actuator)
            self.guard.tell(actuator.order)
            return
        self._verdicts.append(actuator)
        if settings.required:
            self.guard.watch(actuator)

    @staticmethod
    def _belt(settings: OutputSettings) -> Belt:
        return CountedBelt() if isinstance(settings.gate, EncoderGate) else TimedBelt()

    def _listen(self, settings: OutputSettings, belt: CountedBelt, actuator: Actuator) -> None:
        assert isinstance(settings.gate, EncoderGate)  # noqa: S101 - the belt is counted
        wire = build_encoder(settings.gate.encoder, self._clock, self._chips)
        backoff = Backoff(random.random, first_s=0.1, most_s=_REOPEN_MOST_S)
        encoder = Listener(f"{settings.name}-encoder", wire, belt.take, clock=self._clock, backoff=backoff)
        belt.listen_to(encoder, actuator.wake)
        self._encoders.append(encoder)
