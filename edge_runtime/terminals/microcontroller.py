"""The thread that keeps the line to one microcontroller: hears parts and counts, says rejects, lamps and heartbeats.

It says that the line may run only while it is told so. Where the daemon stalls, this thread stalls too or is told that
the line must not run, and the microcontroller rejects everything within the heartbeat's time-out.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from edge_contracts.serial_link import Answered, Heartbeat, Hello, Identify, Level, Log, StreamDecoder, encode
from edge_contracts.serial_link import Frame as LinkFrame
from edge_runtime.own_thread import OwnThread
from edge_runtime.terminals.chip_news import Audience, ChipRefused, Moments, Subscription
from edge_runtime.terminals.chip_session import ChipSession, Clearance
from edge_runtime.terminals.serial_port import OpenPort
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.serial_link import Message, Reason
    from edge_contracts.station import Microcontroller as Settings
    from edge_runtime.capture.backoff import Backoff
    from edge_runtime.clock import Clock

OPEN_S: Final = 1.0
"""How long whoever needs the line waits for it to open."""
ANSWER_S: Final = 0.5
"""How long an order may take until it is acknowledged: the ten tries of the protocol, and a little."""
_IDENTIFY_S: Final = 0.1
_HELLO_S: Final = 2.0
_LONGEST_READ_S: Final = 0.02
_SURE_BEATS: Final = 3
"""Times that a heartbeat counts, from the part that was not heard until everything is rejected: two, and delays."""
_NS_PER_S: Final = 1_000_000_000
_LEVELS: Final = {Level.DEBUG: 10, Level.INFO: 20, Level.WARNING: 30, Level.ERROR: 40}
_log = logging.getLogger(__name__)


class Microcontroller(OwnThread):
    """One microcontroller and its thread; every method may be called from any thread.

    The last that a thread which is stopped says is that the line must not run.

    Args:
        settings: one of the `microcontrollers` tables.
        clock: monotonic.
        backoff: the waits between attempts to open.
        why_not: why the line must not run, None while it may; asked at each heartbeat, under the lock of the line, so
            it takes no lock of its own and gives no order.
        session: draws a number above 0 for each session.
        clearance: how long parts of an earlier session may still be on their way.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        backoff: Backoff,
        why_not: Callable[[], str | None],
        session: Callable[[], int],
        clearance: Clearance | None = None,
    ) -> None:
        super().__init__(f"microcontroller-{settings.name}", f"microcontroller {settings.name}")
        self.name = settings.name
        self._settings = settings
        self._clock = clock
        self._backoff = backoff
        self._why_not = why_not
        self._draw = session
        self._clearance = clearance or Clearance()
        self._port = OpenPort(settings, leads_to_chip=True)
        self._moments = Moments()
        self._session: ChipSession | None = None
        self._lost: str | None = "it is not open yet"
        self._audience = Audience()
        self._answers: dict[int, _Answer] = {}
        self._lock = threading.Lock()
        self._open = threading.Event()

    @property
    def lost(self) -> str | None:
        """Why it cannot be spoken to, None while it can."""
        return self._lost

    @property
    def hello(self) -> Hello:
        """Who it is.

        Raises:
            WireLost: it has not said so.
        """
        return self._spoken_to().hello

    def wait_open(self, timeout_s: float = OPEN_S) -> None:
        """Wait until it has said who it is.

        Raises:
            WireLost: it has not.
        """
        self._clock.wait(self._open, timeout_s)
        self._spoken_to()

    def listen(self, name: str = "") -> Subscription:
        """Have what it tells from now on; where one of this name left, the parts that were told meanwhile too."""
        made = Subscription(name)
        with self._lock:
            self._audience.join(made)
        return made

    def leave(self, subscription: Subscription) -> None:
        """Have it no more."""
        with self._lock:
            self._audience.leave(subscription)

    def number_at(self, at_ns: int) -> int | None:
        """Its number of the part that came at this moment, None where there was none."""
        return self._moments.number_at(at_ns)

    def rejects_alone(self, at_ns: int, gate_ms: float) -> bool:
        """Whether it surely rejected the part of this moment, because nobody told it that the line may run.

        The part came, unheard, before the present session. After it the microcontroller may have been told for as long
        as a heartbeat counts that the line may run, and have believed so for as long again. From then on it rejects
        everything until parts of before this session are past the gate.

        Args:
            at_ns: monotonic.
            gate_ms: from the camera to the gate.
        """
        return self._moments.came_alone(at_ns) and gate_ms >= _SURE_BEATS * self._settings.heartbeat_ms

    def order(self, message: Message) -> None:
        """Have something done; returns when it is acknowledged.

        Raises:
            ChipRefused: it was heard and will not be done.
            WireLost: nobody answers.
        """
        answer = _Answer()
        with self._lock:
            session = self._spoken_to()
            self._answers[session.link.say(message)] = answer
            self._port.write(session.link.poll(self._clock.now_ns()))
        self._clock.wait(answer.event, ANSWER_S)
        wanted = f"wanted {message} of microcontroller {self.name}"
        if answer.refused is not None:
            why = f"{wanted}, found that it refuses: {answer.refused.name.lower()}; check gate and line"
            raise ChipRefused(why, answer.refused)
        if not answer.event.is_set() or answer.lost is not None:
            raise WireLost(f"{wanted}, found {answer.lost or 'no answer'}; check gate and line")

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._speak()
            except WireLost as error:
                self._note_loss(str(error))
            except Exception as error:  # noqa: BLE001 - a driver's own exceptions; the line is opened again
                _log.exception("microcontroller %s failed", self.name)
                self._note_loss(f"it failed ({type(error).__name__}: {error})")
            finally:
                self._close()
            if not self._stop.is_set():
                self._clock.wait(self._stop, self._backoff.next_s())

    def _speak(self) -> None:
        self._port.open()
        decoder = StreamDecoder()
        hello = self._meet(decoder)
        self._require_board(hello.board)
        timeout_ms = self._settings.heartbeat_ms
        session = ChipSession(hello, self._moments, self._clock.now_ns(), timeout_ms, self._clearance)
        with self._lock:
            self._session, self._lost = session, None
        self._open.set()
        self._backoff.reset()
        _log.info("microcontroller %s: %s with firmware %s", self.name, hello.board or "a board", hello.firmware)
        while not self._stop.is_set():
            self._turn(session, decoder)
        self._port.write(encode(LinkFrame(Heartbeat(0, timeout_ms))))

    def _meet(self, decoder: StreamDecoder) -> Hello:
        """Say identify until the right hello has come; what an earlier session said is passed over."""
        session, until_ns = self._draw(), self._clock.now_ns() + int(_HELLO_S * _NS_PER_S)
        while not self._stop.is_set() and self._clock.now_ns() < until_ns:
            self._port.write(b"\0" + encode(LinkFrame(Identify(session))))
            again_ns = self._clock.now_ns() + int(_IDENTIFY_S * _NS_PER_S)
            while (left_ns := again_ns - self._clock.now_ns()) > 0:
                for frame in decoder.feed(self._port.read(left_ns / _NS_PER_S)):
                    if isinstance(frame.message, Hello) and frame.message.session == session:
                        return frame.message
        found = decoder.last_refusal or ("none" if decoder.frames == 0 else "other messages")
        raise WireLost(
            f"wanted an answer to identify on {self._settings.port}, found {found}; check speed, wiring and firmware"
        )

    def _require_board(self, found: str) -> None:
        """Another board hears no heartbeat, and goes on rejecting everything."""
        wanted = self._settings.board
        if wanted is not None and found != wanted:
            raise WireLost(
                f"wanted board {wanted} on {self._settings.port}, found {found or 'one without an id'}; plug the right "
                f"one in, or set board of microcontroller {self.name}"
            )

    def _turn(self, session: ChipSession, decoder: StreamDecoder) -> None:
        with self._lock:
            # Asked behind the lock: an order that hangs in its write may hold it until the answer is another one.
            now_ns, may_run = self._clock.now_ns(), self._why_not() is None
            if data := session.beat(now_ns, may_run=may_run):
                self._port.write(data)
            wait_s = min(session.wait_ns(now_ns) / _NS_PER_S, _LONGEST_READ_S)
        frames = decoder.feed(self._port.read(wait_s))
        now_ns = self._clock.now_ns()
        with self._lock:
            for frame in frames:
                self._take(session, frame, now_ns)
            if data := session.link.poll(now_ns):
                self._port.write(data)

    def _take(self, session: ChipSession, frame: LinkFrame, now_ns: int) -> None:
        """Under the lock."""
        heard = session.hear(frame, now_ns)
        if isinstance(heard, Answered):
            answer = self._answers.pop(heard.ticket, None)
            if answer is not None:
                answer.give(refused=heard.refused)
        elif isinstance(heard, Log):
            _log.log(_LEVELS[heard.level], "microcontroller %s says: %s", self.name, heard.text)
        elif heard is not None:
            self._audience.tell(heard)

    def _spoken_to(self) -> ChipSession:
        session, lost = self._session, self._lost
        if session is None or lost is not None:
            raise WireLost(f"wanted microcontroller {self.name}, found that it cannot be spoken to: {lost}; check it")
        return session

    def _note_loss(self, reason: str) -> None:
        if self._lost != reason:
            _log.warning("microcontroller %s: %s", self.name, reason)
        with self._lock:
            self._open.clear()
            self._session, self._lost = None, reason
            answers, self._answers = list(self._answers.values()), {}
        for answer in answers:
            answer.give(lost=f"that the line is lost: {reason}")

    def _close(self) -> None:
        with self._lock:
            self._open.clear()
            self._session = None
            self._lost = self._lost or "it is closed"
            self._port.close()


class _Answer:
    """What became of an order.

    Attributes:
        refused: why it will not be done.
        lost: why nobody knows what became of it.
    """

    def __init__(self) -> None:
        self.event = threading.Event()
        self.refused: Reason | None = None
        self.lost: str | None = None

    def give(self, refused: Reason | None = None, lost: str | None = None) -> None:
        """It is known; wakes whoever waits."""
        self.refused, self.lost = refused, lost
        self.event.set()
