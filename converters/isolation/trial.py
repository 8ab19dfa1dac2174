"""Trying candidate files, and the float model that they come from, in a process of their own.

XNNPACK can abort() a process that loads an unlucky model, and a kernel may never return. Neither may take the
converter with it: a child runs the files, gets minutes for each and an end to its memory, and its end is told in words.
One child tries many candidates, since handing it its samples costs more than many a model; where one kills it, the next
candidate gets a new child. The child is `trial_child.py`.

This module loads neither numpy nor a runtime: what forks a child can start before its caller loads them.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from fcntl import F_SETPIPE_SZ, fcntl
from threading import Lock, Timer
from typing import IO, TYPE_CHECKING, Any

from converters.isolation.forking import LOST, PRELOADED_TO_COMPILE, ForkServer, ServerLostError, ready, server_in_use
from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from converters.execute import Feed, Kernels
    from converters.isolation.array_stream import Message

    Answers = list[list[npt.NDArray[Any]]]
    """The outputs of each feed, in the model's order and stored dtype."""

CHILD = "converters.isolation.trial_child"

TIMEOUT_S = 300.0
"""How long a child may take to hear a question with all its feeds, and how long it may be waited for until it answers
or gives a sign. What the caller does in between does not count."""

ENDING_S = 5.0
"""How long a child may take to end that cannot be asked any more; then it is ended."""

_PIPE_BYTES = 1 << 20
"""Samples are megabytes; in the kernel's own 64 kB the two processes would wait for each other ten times as often."""

_MANY = 4096
"""Signs that are read at once."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a child runs, what is said of it where it takes too long, and what to do where it ends the child."""

    name: str
    is_late: str
    remedy: str


_INT8 = _Subject("the int8 model", "did not finish within", "keep more in float")
_FLOAT = _Subject("the float model", "gave no sign for", "export it again, with fewer kinds of operators, or report it")


class CandidateFailedError(LeptonError, RuntimeError):
    """A candidate file, or the float model itself, aborts, hangs or does not load: it must not reach a board."""


class TrialChild:
    """A process that runs model files.

    Example:
        with closing(TrialChild()) as child:
            answers = child.run(content, feeds, Kernels.XNNPACK)

    The child is forked when it is first asked: of the server of `forked_children`, or of one of its own that starts at
    once and loads its runtime while the caller loads its own.

    Args:
        timeout_s: how long a file may be handed over, and how long a sign of it may be waited for.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._is_asked = False
        self._process: _Process | None = None
        self._own: ForkServer | None = None
        self._server = server_in_use() or self._owned()

    def run(self, content: bytes, feeds: Sequence[Feed], kernels: Kernels) -> Answers:
        """The outputs of a TFLite file for each feed, all feeds with the same names, types and shapes.

        Raises:
            CandidateFailedError: the process died, hung or refused the file.
        """
        return self.begin(content, feeds, kernels)()

    def begin(self, content: bytes, feeds: Sequence[Feed], kernels: Kernels) -> Callable[[], Answers]:
        """`run` in two halves: the child begins now, and the caller goes on.

        Returns:
            What waits, and gives and raises what `run` does. Where nobody waited for an answer, as an error came
            between, the next file gets another process.
        """
        import numpy as np  # noqa: PLC0415 - which the caller can load while the child starts

        from converters.isolation.array_stream import Message  # noqa: PLC0415 - numpy's too

        arrays = {name: np.stack([feed[name] for feed in feeds]) for name in (feeds[0] if feeds else {})}
        waiting = self._ask(_INT8, Message({"kernels": kernels.value}, content, arrays))

        def ending() -> Answers:
            answer = waiting()
            if "refusal" in answer.plain:
                raise CandidateFailedError(f"the int8 model was refused by the runtime: {answer.plain['refusal']}")
            return [list(values) for values in zip(*answer.arrays.values(), strict=True)]

        return ending

    def work(self, step: str, question: Message, signs: Callable[[int], None]) -> Message:
        """What `answer(question, give_sign)` of a module of this program makes of a question about the float model.

        Not between the halves of `begin`: one question at a time.

        Args:
            step: the module's name.
            question: what it is asked.
            signs: told how often `give_sign` was called so far.

        Raises:
            CandidateFailedError: the process died, or gave no sign for long.
        """
        return self._ask(_FLOAT, replace(question, plain={**question.plain, "step": step}), signs)()

    def _ask(
        self, subject: _Subject, question: Message, signs: Callable[[int], None] = lambda _: None
    ) -> Callable[[], Message]:
        """Hand it over; what waits gives the answer, or raises what became of the subject."""
        if self._is_asked:
            self._end()
        process = self._process = self._process or self._forked()
        self._is_asked = True
        process.ask(question, self._timeout_s)

        def ending() -> Message:
            with suppress(ServerLostError):
                return self._answered(subject, process, signs)
            # Killed for want of memory, say: nothing is known of what it ran.
            again = self._process = self._forked()
            again.ask(question, self._timeout_s)
            try:
                return self._answered(subject, again, signs)
            except ServerLostError as error:
                raise self._failure(subject, str(error), is_overdue=False) from error

        return ending

    def _answered(self, subject: _Subject, process: _Process, signs: Callable[[int], None]) -> Message:
        answer = process.answer(self._timeout_s, signs)
        self._is_asked = False
        if answer is None:
            self._process = None
            raise self._failure(subject, process.end(), is_overdue=process.is_overdue)
        return answer

    def close(self) -> None:
        """End the process; `run` would start another."""
        self._end()
        if self._own is not None:
            self._own.close()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            with suppress(ServerLostError):
                self._process.end()
            self._process, self._is_asked = None, False

    def _forked(self) -> _Process:
        try:
            return _Process(self._server)
        except ServerLostError:  # closed, or killed for want of memory
            self._server = self._owned()
            return _Process(self._server)

    def _owned(self) -> ForkServer:
        if self._own is not None:
            self._own.close()
        self._own = ForkServer(PRELOADED_TO_COMPILE)
        return self._own

    def _failure(self, subject: _Subject, told: str, *, is_overdue: bool) -> CandidateFailedError:
        if is_overdue:
            return CandidateFailedError(f"{subject.name} {subject.is_late} {self._timeout_s:g} s; {subject.remedy}")
        return CandidateFailedError(f"{subject.name} made the runtime end with {told}; {subject.remedy}")


class _Process:
    """The child as its parent has it."""

    def __init__(self, server: ForkServer) -> None:
        self.is_overdue = False
        with ExitStack() as ends, ExitStack() as theirs:
            self._questions, asked = _pipe(ends, theirs, mode="wb")
            self._answers, answered = _pipe(ends, theirs, mode="rb")
            self._signs, signed = _pipe(ends, theirs, mode="rb", buffering=0)
            # 0, 1 and `SIGNS` of `trial_child.py`, which is 3: 2 takes its complaints.
            self._child = server.start(CHILD, [], [asked, answered, signed])
            ends.callback(self._child.close)
            self._ends = ends.pop_all()
        for stream in (self._questions, self._answers):
            # A user who has many pipes gets no larger ones; the kernel's own do, slower.
            with suppress(OSError):
                fcntl(stream, F_SETPIPE_SZ, _PIPE_BYTES)

    def ask(self, question: Message, timeout_s: float) -> None:
        """Hand it over; that a child is gone, or was ended, is heard when its answer is waited for."""
        from converters.isolation.array_stream import send  # noqa: PLC0415 - numpy's

        deadline = _Deadline(timeout_s, self)
        deadline.start()
        try:
            with suppress(OSError):
                send(self._questions, question)
        finally:
            self.is_overdue = deadline.is_over_by_now()

    def answer(self, timeout_s: float, signs: Callable[[int], None]) -> Message | None:
        """The child's, which may begin so long after a sign; None where it ends without one."""
        from converters.isolation.array_stream import receive  # noqa: PLC0415 - numpy's

        output, heard = self._answers, 0
        # One answer per question: nothing of it can lie in a buffer already.
        while output not in (found := ready([output, self._signs], timeout_s)):
            told = self._signs.read(_MANY) if found else b""
            if not told:
                self.is_overdue = not found
                self.kill()
                return None
            heard += len(told)
            signs(heard)
        if self._signs in found and (told := self._signs.read(_MANY)):
            signs(heard + len(told))
        try:
            return receive(output)
        except (OSError, EOFError):
            return None

    def kill(self) -> None:
        """End it whatever it does."""
        self._child.kill()

    def end(self) -> str:
        """Have a child ended that has closed its output, said what is no answer, or is killed: how, and its last words.

        Raises:
            ServerLostError: what forked it has ended, and it with that, though it had its time.
        """
        # It ends by itself where no further question can come. What was still to be sent has no reader any more.
        with suppress(OSError):
            self._questions.close()
        try:
            if self._child.wait(ENDING_S) is None:
                self.kill()
            status = self._child.wait() or 0
            words = self._child.last_words()
        except ServerLostError:
            if not self.is_overdue:
                raise
            return LOST
        finally:
            with suppress(OSError):
                self._ends.close()
        return ": ".join(filter(None, [f"signal {-status}" if status < 0 else f"exit code {status}", words]))


def _pipe(ours: ExitStack, theirs: ExitStack, mode: str, buffering: int = -1) -> tuple[IO[bytes], int]:
    """This process' end of a new pipe, and the child's, each closed with its stack."""
    reading, writing = os.pipe()
    own, other = (reading, writing) if mode == "rb" else (writing, reading)
    theirs.callback(os.close, other)
    return ours.enter_context(os.fdopen(own, mode, buffering)), other


class _Deadline(Timer):
    """Kills a process that is not done in time; ending it waits for no thread, which busy cores would delay."""

    def __init__(self, timeout_s: float, process: _Process) -> None:
        super().__init__(timeout_s, self._kill)
        self.daemon = True
        self._late = process
        self._deciding = Lock()
        self._is_done = self._is_over = False

    def is_over_by_now(self) -> bool:
        """Whether it has killed the process; if not, it never will."""
        with self._deciding:
            self._is_done = True
        self.cancel()
        return self._is_over

    def _kill(self) -> None:
        with self._deciding:
            if not self._is_done:
                self._is_over = True
                self._late.kill()
