"""Samples: what a user gives as typical inputs, made ready to run and parted in two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph, Tensor

    Sample = npt.NDArray[Any] | Mapping[str, npt.NDArray[Any]]
    """One run's input: an array for a model with one input, else arrays by input name."""

T = TypeVar("T")

MOST_FITTED = 20
"""Samples that weights and biases are fitted to, at most: 80 gave no more agreement than 16 (measured)."""

MOST_JUDGED = 64
"""Samples that candidates are judged by, at most."""

FEWEST_TO_PART = 8
"""With fewer samples than this, all of them fit and judge."""


def as_feeds(graph: Graph, samples: Sequence[Sample]) -> list[Feed]:
    """Each sample as the float graph takes it.

    Raises:
        BadInputError: there is none, or one lacks an input, or has another shape, or is not in the integers that an
            integer input wants.
    """
    if not samples:
        raise BadInputError("wanted at least one sample, found none; 20 to 100 typical inputs do well")
    return [_feed(graph, sample, place) for place, sample in enumerate(samples)]


def part(feeds: Sequence[T]) -> tuple[list[T], list[T]]:
    """Feeds to fit weights and biases to, and others to judge by.

    Ranges are taken from all of them: what an extreme is no sample can say of another.
    """
    if len(feeds) < FEWEST_TO_PART:
        return list(feeds), list(feeds)
    stride = max(2, -(-len(feeds) // MOST_FITTED))
    judging = [feed for place, feed in enumerate(feeds) if place % stride]
    return list(feeds[::stride]), spread(judging, MOST_JUDGED)


def spread(feeds: Sequence[T], most: int) -> list[T]:
    """At most `most` of the feeds, evenly spread over them."""
    count = min(len(feeds), most)
    return [feeds[place * len(feeds) // count] for place in range(count)]


def _feed(graph: Graph, sample: Sample, place: int) -> Feed:
    if isinstance(sample, np.ndarray):
        if len(graph.inputs) != 1:
            raise BadInputError(f"the model has the inputs {', '.join(graph.inputs)}; give samples as arrays by name")
        sample = {graph.inputs[0]: sample}
    missing = [name for name in graph.inputs if name not in sample]
    if missing:
        raise BadInputError(f"sample {place} lacks the inputs {', '.join(missing)}; give an array for each")
    return {name: _array(graph.tensors[name], sample[name], place) for name in graph.inputs}


def _array(wanted: Tensor, found: npt.NDArray[Any], place: int) -> npt.NDArray[Any]:
    is_fitting = wanted.dtype.kind == "f" or found.dtype == wanted.dtype
    if found.shape != wanted.shape or not is_fitting:
        raise BadInputError(
            f"sample {place}, input {wanted.name!r}: wanted {wanted.shape} {wanted.dtype}, "
            f"found {found.shape} {found.dtype}; bring it into the model's own form"
        )
    return np.ascontiguousarray(found, wanted.dtype)
