"""The child's half of `converters.quantize.calibrate`: runs the float model, every activation an output.

Samples are shared by two lanes, a process each: their calls are too many and too short for two threads, which would
wait for each other. Which lane takes which sample is fixed and nothing is random: the same samples give the same
observations on any number of cores.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
import warnings
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np

from converters.execute import Session
from converters.graph import Operator
from converters.isolation.array_stream import Message
from converters.quantize.activation import Activation
from converters.quantize.bias_correction import mean_patch
from edge_runtime.infer.isolated.parent_death import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Lane = tuple[dict[str, Activation], list[Array], dict[int, list[Array]]]
    """What one lane has seen, the sums of what each window read on average, and its answers by the sample's place."""

T = TypeVar("T")

LANES = 2
"""Processes that run the model. The sums depend on it, so it is the same on every machine."""


def answer(question: Message, give_sign: Callable[[], None]) -> Message:
    """Run the samples of a question.

    Args:
        question: as `observe` asks it.
        give_sign: called by every lane when it has run a sample.

    Raises:
        BadInputError: the model gives NaN or infinity for one of them, or does not load.
    """
    samples = question.plain["samples"]
    places = [range(lane, samples, LANES) for lane in range(min(LANES, samples))]
    with ExitStack() as ends:
        others = [ends.enter_context(_apart(partial(_run, question, own, give_sign))) for own in places[1:]]
        lanes = [_run(question, places[0], give_sign), *(wait() for wait in others)]
    return _message(question, lanes)


def _run(question: Message, places: Sequence[int], give_sign: Callable[[], None]) -> Lane:
    """One lane's work: its own interpreter, its own samples, its own findings."""
    names, watched, wanted = (question.plain[key] for key in ("names", "watched", "places"))
    session = Session(question.blob)
    summed = {window["source"] for window in question.plain["windows"]}
    seen = {name: Activation(name, question.plain["samples"], name in summed) for name in names}
    answers = {}
    for place in places:
        feed = {name: question.arrays[f"{place} {slot}"] for slot, name in enumerate(question.plain["inputs"])}
        session.run(feed)
        for name, activation in seen.items():
            activation.add(place, feed[name] if name in feed else session.view(name))
        if place in wanted:
            answers[place] = [session.value(name) for name in watched]
        give_sign()
    for activation in seen.values():
        activation.histogram()
    patches = [_patch(window, seen[window["source"]].total) for window in question.plain["windows"]]
    for activation in seen.values():
        activation.total = None  # millions of values, of which nobody needs more
    return seen, patches, answers


def _patch(window: dict[str, Any], total: Array | None) -> Array:
    """The sum over samples of what an operator's window reads on average: a mean is the same of a sum as of each."""
    operator = Operator(window["kind"], [], [], window["options"])
    return mean_patch(operator, np.asarray(total), tuple(window["weights"]), tuple(window["result"]))


def _message(question: Message, lanes: Sequence[Lane]) -> Message:
    names, samples = question.plain["names"], question.plain["samples"]
    (first, *_), *others = lanes
    seen = [first.pop(name).observation([lane.pop(name) for lane, *_ in others]) for name in names]
    arrays: dict[str, Array] = {"extremes": np.array([(one.lowest, one.highest) for one in seen], np.float64)}
    arrays |= {f"histogram {slot}": one.histogram for slot, one in enumerate(seen)}
    for slot in range(len(question.plain["windows"])):
        arrays[f"patch {slot}"] = sum(patches[slot] for _, patches, _ in lanes) / samples
    for *_, answers in lanes:
        for place, values in answers.items():
            arrays |= {f"answer {place} {slot}": value for slot, value in enumerate(values)}
    return Message({}, arrays=arrays)


@contextmanager
def _apart(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Begin a work in a fork of this process; the block's end ends it.

    Yields:
        What waits, and gives and raises what the work did.
    """
    parent, (reading, writing) = os.getpid(), os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of other threads. Those of a numeric library wait for work, and hold nothing meanwhile.
        warnings.simplefilter("ignore", DeprecationWarning)
        fork = os.fork()
    if not fork:
        os.close(reading)
        _work_and_leave(work, writing, parent)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        try:
            yield lambda: _outcome(stream.read(), fork)
        finally:
            os.kill(fork, signal.SIGKILL)
            os.waitpid(fork, 0)


def _work_and_leave(work: Callable[[], Any], writing: int, parent: int) -> NoReturn:
    status = 1
    try:
        die_with_parent()
        # A parent that died before kills nobody any more.
        if os.getppid() == parent:
            with os.fdopen(writing, "wb") as stream:
                pickle.dump(_tried(work), stream, pickle.HIGHEST_PROTOCOL)
            status = 0
    except BaseException:  # noqa: BLE001 - what Python does with an error that nobody catches
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _tried(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """What it gives, or what it raises, for who waits."""
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001 - raised again there
        return None, error


def _outcome(told: bytes, fork: int) -> Any:
    ending = os.waitid(os.P_PID, fork, os.WEXITED | os.WNOWAIT)
    if ending is None or ending.si_status:
        how = "exit code" if ending and ending.si_code == os.CLD_EXITED else "signal"
        raise RuntimeError(f"half of the samples ended with {how} {ending.si_status if ending else 'unknown'}")
    value, error = pickle.loads(told)  # noqa: S301 - from a fork of this very process
    if error is not None:
        raise error
    return value
