"""What the activations of a float model are like over real inputs, and what its weights are multiplied with.

The model runs once over the samples in the child that tries candidates, too (`converters.quantize.observing`): with
every activation an output it is a form that no child has opened before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from converters.isolation.array_stream import Message
from converters.isolation.trial import CandidateFailedError
from converters.quantize.activation import BINS, Observation
from converters.quantize.operator_rules import RULES, data_slots
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph

STEP = "converters.quantize.observing"

_FLOAT = np.dtype("f4")


class Child(Protocol):
    """Who runs the float model: `converters.isolation.trial.TrialChild`."""

    def work(self, step: str, question: Message, signs: Callable[[int], None]) -> Message:
        """See there."""


class Listener(Protocol):
    """Who wants the float model's answers to some of the samples: `converters.quantize.candidate.Judge`."""

    @property
    def watched(self) -> Sequence[str]:
        """The tensors that make an answer."""

    @property
    def places(self) -> Sequence[int]:
        """The places of the samples."""

    def hear(self, place: int, answer: list[npt.NDArray[Any]]) -> None:
        """Take the values of the watched tensors for one of them."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A model over samples.

    activations: each float activation, its inputs included.
    patches: of each operator with weights, by its output: the mean of what it multiplies them with, as `mean_patch` has
        it.
    """

    activations: dict[str, Observation]
    patches: dict[str, npt.NDArray[np.float64]]


def observe(
    graph: Graph,
    feeds: Sequence[Feed],
    child: Child,
    progress: Callable[[float], None] = lambda _: None,
    listener: Listener | None = None,
) -> Observed:
    """Observe a prepared float graph.

    Args:
        graph: the float graph.
        feeds: the inputs of at least one run, by tensor name.
        child: who runs it.
        progress: told the fraction done, 0 to 1.
        listener: told answers, when all samples have run.

    Raises:
        BadInputError: the model gives NaN or infinity for one of them.
        CandidateFailedError: the model ends the process that runs it, or never returns.
    """
    names = [tensor.name for tensor in graph.tensors.values() if tensor.data is None and tensor.dtype == _FLOAT]
    watched, places = (list(listener.watched), list(listener.places)) if listener else ([], [])
    # What is watched may be a constant, which no file holds unless something reads it.
    wanted = [name for name in dict.fromkeys((*names, *watched)) if name not in graph.inputs]
    content = write_tflite(replace(graph, outputs=wanted))
    inputs, windows = list(feeds[0]), _windows(graph)
    plain = {"inputs": inputs, "names": names, "windows": list(windows.values()), "watched": watched, "places": places}
    question = Message(
        {"samples": len(feeds), **plain},
        content,
        {f"{place} {slot}": feed[name] for place, feed in enumerate(feeds) for slot, name in enumerate(inputs)},
    )
    found = child.work(STEP, question, lambda done: progress(done / len(feeds)))
    if "refusal" in found.plain:
        raise BadInputError(found.plain["refusal"])
    try:
        answers = {place: [found.arrays[f"answer {place} {slot}"] for slot in range(len(watched))] for place in places}
        seen = {name: _observation(found, slot) for slot, name in enumerate(names)}
        patches = {name: _patch(found, slot, window) for slot, (name, window) in enumerate(windows.items())}
    except (LookupError, TypeError, ValueError) as error:
        raise CandidateFailedError(
            f"wanted what the float model's values are like, found something else ({error}): the model has harmed the "
            "process that ran it; export it again, or report it"
        ) from error
    for place, answer in answers.items():
        if listener:
            listener.hear(place, answer)
    return Observed(seen, patches)


def _windows(graph: Graph) -> dict[str, dict[str, Any]]:
    """What the child has to know of each operator with weights, by the operator's output."""
    windows = {}
    for operator in graph.operators:
        rule = RULES.get(operator.kind)
        if rule is None or rule.weights is None:
            continue
        slots = (*data_slots(rule, len(operator.inputs)), rule.weights.slot)
        source, weights = (graph.tensors[str(operator.inputs[slot])] for slot in slots)
        shapes = {"weights": weights.shape, "result": graph.tensors[operator.outputs[0]].shape}
        has_places = 0 not in (*source.shape, *shapes["result"])
        if source.data is None and source.dtype == _FLOAT and weights.data is not None and has_places:
            windows[operator.outputs[0]] = {
                "kind": operator.kind,
                "options": operator.options,
                "source": source.name,
                "channels": source.shape[-1],
                **shapes,
            }
    return windows


def _observation(found: Message, slot: int) -> Observation:
    """What the child says of one tensor.

    Raises:
        LookupError, TypeError, ValueError: it has been through too much to say it.
    """
    histogram = found.arrays[f"histogram {slot}"]
    lowest, highest = (float(end) for end in found.arrays["extremes"][slot])
    if (histogram.shape, histogram.dtype) != ((BINS,), np.dtype("i8")):
        raise ValueError(f"{histogram.shape} counts in {histogram.dtype}")
    if not -np.inf < lowest <= highest < np.inf:
        raise ValueError(f"values from {lowest} to {highest}")
    return Observation(lowest, highest, histogram)


def _patch(found: Message, slot: int, window: dict[str, Any]) -> npt.NDArray[np.float64]:
    """What the child says of one window; LookupError or ValueError as above."""
    patch, weights = found.arrays[f"patch {slot}"], window["weights"]
    shape = weights[1:] if window["kind"] == "FULLY_CONNECTED" else (*weights[1:3], window["channels"])
    if (patch.shape, patch.dtype) != (tuple(shape), np.dtype("f8")) or not np.isfinite(patch).all():
        raise ValueError(f"a mean of {patch.shape} in {patch.dtype}")
    return patch
