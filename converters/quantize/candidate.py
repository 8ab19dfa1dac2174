"""Candidates: integer models of one float model, tried out in another process and compared on held-out samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from converters.execute import Kernels, run_all
from converters.quantize.affine import Affine
from converters.quantize.feeds import spread
from converters.quantize.fidelity import Fidelity, signal_to_noise_db
from converters.quantize.refinement import stored_feed
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph
    from converters.quantize.recipe import Recipe
    from converters.trial import Answers

__all__ = ["Candidate", "Judge", "Proposal", "Runner", "signal_to_noise_db"]

CONFIRMING = 8
"""Samples that the kept candidate runs with reference kernels: a kernel that computes something else shows at once."""


class Runner(Protocol):
    """Who runs candidate files: `converters.trial.TrialChild`, or another runtime in a test."""

    def run(self, content: bytes, feeds: Sequence[Feed], kernels: Kernels) -> Answers:
        """The outputs of each feed; raises CandidateFailedError where the file does not run."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A graph that somebody made with one settled recipe, under the name of what is new in it."""

    name: str
    recipe: Recipe
    graph: Graph


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal that runs, judged on held-out samples.

    content: the bytes of its TFLite file. xnnpack: how true it is with XNNPACK's kernels, at its worst output.
    reference: the same with reference kernels, on a few of the samples; None before it is confirmed.
    """

    proposal: Proposal
    content: bytes
    xnnpack: Fidelity
    reference: Fidelity | None = None

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
        return self.xnnpack_db if self.reference is None else self.reference.snr_db

    def beats(self, other: Candidate) -> bool:
        """Whether it is truer than `other` by more than chance would be."""
        margin = CLEAR_DB if (self.xnnpack.agreement or 0.0) < (other.xnnpack.agreement or 0.0) else MARGIN_DB
        return self.xnnpack_db > other.xnnpack_db + margin


MARGIN_DB = 0.5
"""What is less simple must win by so much: 0.1 dB more on some samples was up to 7 dB less on others (measured)."""


CLEAR_DB = 1.5
"""It must win by so much if fewer of its answers agree: then the samples near a border are not what decides."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What candidates are held against.

    runner: who runs them. feeds: held-out feeds of the float model.
    watched: the tensor that is compared for each output of the model: a distribution's logits, else the output.
    logits: the places of outputs whose logits are compared. expected: the float model's answers at `watched`.
    """

    runner: Runner
    feeds: Sequence[Feed]
    watched: tuple[str, ...]
    logits: frozenset[int]
    expected: Answers

    @classmethod
    def of(cls, prepared: Graph, feeds: Sequence[Feed], runner: Runner) -> Judge:
        """A judge who has heard the float model; it runs here, as it did for calibration."""
        made = {name: operator for operator in prepared.operators for name in operator.outputs}
        logits = frozenset(
            place
            for place, name in enumerate(prepared.outputs)
            if name in made and made[name].kind == "SOFTMAX" and made[name].inputs[0] in made
        )
        watched = tuple(
            str(made[name].inputs[0]) if place in logits else name for place, name in enumerate(prepared.outputs)
        )
        content = write_tflite(replace(prepared, outputs=list(watched)))
        return cls(runner, feeds, watched, logits, run_all(content, feeds, Kernels.XNNPACK))

    def candidate(self, proposal: Proposal) -> Candidate:
        """Write, try out with XNNPACK and compare.

        Raises:
            CandidateFailedError: it does not run.
        """
        return Candidate(proposal, write_tflite(proposal.graph), self._fidelity(proposal.graph, Kernels.XNNPACK, 0))

    def confirmed(self, candidate: Candidate) -> Candidate:
        """The candidate after its own file, unaltered, ran with both kernel sets.

        Raises:
            CandidateFailedError: it does not run.
        """
        stored = [stored_feed(candidate.graph, feed) for feed in self.feeds[:1]]
        self.runner.run(candidate.content, stored, Kernels.XNNPACK)
        self.runner.run(candidate.content, stored, Kernels.REFERENCE)
        return replace(candidate, reference=self._fidelity(candidate.graph, Kernels.REFERENCE, CONFIRMING))

    def _fidelity(self, graph: Graph, kernels: Kernels, most: int) -> Fidelity:
        """Of the worst output, on at most so many feeds (0 for all)."""
        places = spread(range(len(self.feeds)), most or len(self.feeds))
        pairs = zip(self.watched, graph.outputs, strict=True)
        names = [watched if place in self.logits else output for place, (watched, output) in enumerate(pairs)]
        stored = [stored_feed(graph, self.feeds[place]) for place in places]
        answers = self.runner.run(write_tflite(replace(graph, outputs=names)), stored, kernels)
        per_output = [
            self._compared(
                place,
                [self.expected[feed][place] for feed in places],
                [_real(graph, name, answer[place]) for answer in answers],
            )
            for place, name in enumerate(names)
        ]
        return min(per_output, key=lambda fidelity: fidelity.snr_db)

    def _compared(self, place: int, expected: list[npt.NDArray[Any]], found: list[npt.NDArray[Any]]) -> Fidelity:
        return (Fidelity.of_logits if place in self.logits else Fidelity.of)(expected, found)


def _real(graph: Graph, name: str, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    affine = Affine.of_tensor(graph.tensors[name])
    return stored if affine is None else affine.dequantize(stored)
