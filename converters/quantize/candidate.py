"""Candidates: integer models of one float model, tried out in another process and compared on held-out samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.affine import Affine
from converters.quantize.fidelity import Fidelity, signal_to_noise_db
from converters.quantize.refinement import stored_feed
from converters.tflite import write_tflite
from converters.trial import CandidateFailedError, try_out_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph
    from converters.quantize.recipe import Recipe
    from converters.trial import Answers

__all__ = ["Candidate", "Judge", "Proposal", "signal_to_noise_db"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A graph that somebody made with one settled recipe, under the name of what is new in it."""

    name: str
    recipe: Recipe
    graph: Graph


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal that runs, judged on held-out samples.

    content: the bytes of its TFLite file. xnnpack, reference: how true it is with either arithmetic.
    """

    proposal: Proposal
    content: bytes
    xnnpack: Fidelity
    reference: Fidelity

    @property
    def graph(self) -> Graph:
        """The integer graph."""
        return self.proposal.graph

    @property
    def rule(self) -> str:
        """The name of its range rule."""
        return self.proposal.recipe.ranges[0]

    @property
    def xnnpack_db(self) -> float:
        """Signal to noise of its worst output with XNNPACK's kernels; minus infinity where one is not finite."""
        return self.xnnpack.snr_db

    @property
    def reference_db(self) -> float:
        """The same with reference kernels."""
        return self.reference.snr_db

    def beats(self, other: Candidate) -> bool:
        """Whether it is truer than `other` by more than chance would be: see `Fidelity.merit`."""
        merit, others = (
            (one.xnnpack.merit + one.reference.merit) / 2 if one.is_finite else -np.inf for one in (self, other)
        )
        return bool(merit > others + MARGIN_DB)

    @property
    def is_finite(self) -> bool:
        """Whether both arithmetics gave numbers throughout."""
        return bool(min(self.xnnpack_db, self.reference_db) > -np.inf)


MARGIN_DB = 0.1
"""A remedy must win by so much, or the simpler recipe stays."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Held-out feeds of the float model and its answers to them, in the model's order of outputs.

    classes: the places of the outputs that are a distribution over classes.
    """

    feeds: Sequence[Feed]
    expected: Answers
    classes: frozenset[int] = frozenset()

    def candidates(self, proposals: Sequence[Proposal]) -> list[Candidate | CandidateFailedError]:
        """Write, try out and compare: what became of each proposal, in order."""
        contents = [write_tflite(proposal.graph) for proposal in proposals]
        feeds = [[stored_feed(proposal.graph, feed) for feed in self.feeds] for proposal in proposals]
        trials = try_out_all(list(zip(contents, feeds, strict=True)))
        return [
            trial
            if isinstance(trial, CandidateFailedError)
            else Candidate(
                proposal, content, *(self._fidelity(proposal.graph, a) for a in (trial.xnnpack, trial.reference))
            )
            for proposal, content, trial in zip(proposals, contents, trials, strict=True)
        ]

    def _fidelity(self, graph: Graph, answers: Answers) -> Fidelity:
        per_output = [
            Fidelity.of(
                [answer[place] for answer in self.expected],
                [_real(graph, name, answer[place]) for answer in answers],
                classes=place in self.classes,
            )
            for place, name in enumerate(graph.outputs)
        ]
        return min(per_output, key=lambda fidelity: fidelity.merit)


def _real(graph: Graph, name: str, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    affine = Affine.of_tensor(graph.tensors[name])
    return stored if affine is None else affine.dequantize(stored)
