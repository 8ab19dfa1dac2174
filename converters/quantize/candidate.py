"""Candidates: integer models of one float model, tried out in another process and compared with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from converters.execute import Kernels, run_all
from converters.quantize.affine import Affine
from converters.quantize.feeds import spread
from converters.quantize.fidelity import Fidelity, signal_to_noise_db
from converters.quantize.refinement import stored_feed
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph
    from converters.isolation.trial import Answers
    from converters.quantize.recipe import Recipe

__all__ = ["Candidate", "Judge", "Proposal", "Runner", "signal_to_noise_db"]

CONFIRMING = 8
"""Samples that the kept candidate runs with reference kernels: a kernel that computes something else shows at once."""


MOST_EXPECTED_BYTES = 64 << 20
"""The float model's answers take at most so much memory; fewer samples judge a model with large ones."""


class Runner(Protocol):
    """Who runs candidate files: `converters.isolation.trial.TrialChild`, or another runtime in a test."""

    def run(self, content: bytes, feeds: Sequence[Feed], kernels: Kernels) -> Answers:
        """The outputs of each feed; raises CandidateFailedError where the file does not run."""

    def begin(self, content: bytes, feeds: Sequence[Feed], kernels: Kernels) -> Callable[[], Answers]:
        """`run` in two halves; what waits is to be called before the next file is handed over."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A graph that somebody made with one settled recipe, under the name of what is new in it."""

    name: str
    recipe: Recipe
    graph: Graph


@dataclass(frozen=True, slots=True)
class Trial:
    """A proposal, ready to be run.

    outputs: what is compared: logits where the float model's are, else the outputs. content: a TFLite file that gives
    them.
    """

    proposal: Proposal
    outputs: tuple[str, ...]
    content: bytes


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal that runs, judged by samples that no weights were fitted to.

    trial: what ran. xnnpack: how true it is with XNNPACK's kernels, at its worst output.
    reference: the same with reference kernels, on a few of the samples; None before it is confirmed.
    content: the bytes of its TFLite file, from when it is confirmed.
    """

    trial: Trial
    xnnpack: Fidelity
    reference: Fidelity | None = None
    content: bytes = b""

    @property
    def proposal(self) -> Proposal:
        """What it was."""
        return self.trial.proposal

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
        """The same with reference kernels.

        Raises:
            ValueError: nobody has run it with them: see `Judge.confirmed`.
        """
        if self.reference is None:
            raise ValueError("wanted a confirmed candidate, found one that no reference kernel ran; confirm it first")
        return self.reference.snr_db

    def beats(self, other: Candidate, *, clearly: bool = False) -> bool:
        """Whether it is truer than `other` by more than chance would be; `clearly` asks for `CLEAR_DB`."""
        own, others = self.xnnpack, other.xnnpack
        loses_answers = own.output == others.output and (own.agreement or 0.0) < (others.agreement or 0.0)
        return self.xnnpack_db > other.xnnpack_db + (CLEAR_DB if clearly or loses_answers else MARGIN_DB)


MARGIN_DB = 0.5
"""What is less simple must win by so much: 0.1 dB more on some samples was up to 7 dB less on others (measured)."""


CLEAR_DB = 1.5
"""It must win by so much if fewer of its answers agree: then the samples near a border are not what decides."""


@dataclass(slots=True)
class Judge:
    """What candidates are held against: the float model's answers to some of its feeds.

    Example:
        judge = Judge.of(prepared, feeds, part(range(len(feeds)))[1], child)
        observe(prepared, feeds, child, listener=judge)
        candidate = judge.begin(judge.trial(proposal))()

    runner: who runs candidates. prepared: the float model. feeds: its feeds. places: of those to judge by.
    watched: the tensor that is compared for each output of the model: a distribution's logits, else the output.
    logits: the places of outputs whose logits are compared.
    """

    runner: Runner
    prepared: Graph
    feeds: Sequence[Feed]
    places: Sequence[int]
    watched: tuple[str, ...]
    logits: frozenset[int]
    _expected: dict[int, list[npt.NDArray[Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, prepared: Graph, feeds: Sequence[Feed], places: Sequence[int], runner: Runner) -> Judge:
        """A judge who has not yet heard the float model."""
        made = {name: operator for operator in prepared.operators for name in operator.outputs}
        logits = frozenset(
            place
            for place, name in enumerate(prepared.outputs)
            if name in made and made[name].kind == "SOFTMAX" and made[name].inputs[0] in made
        )
        watched = tuple(
            str(made[name].inputs[0]) if place in logits else name for place, name in enumerate(prepared.outputs)
        )
        answer_bytes = sum(4 * int(np.prod(prepared.tensors[name].shape)) for name in watched)
        most = max(MOST_EXPECTED_BYTES // max(answer_bytes, 1), 1)
        return cls(runner, prepared, feeds, spread(places, most), watched, logits)

    def hear(self, place: int, answer: list[npt.NDArray[Any]]) -> None:
        """Take the float model's answer to feed number `place`."""
        self._expected[place] = answer

    def trial(self, proposal: Proposal) -> Trial:
        """Its file."""
        pairs = enumerate(zip(self.watched, proposal.graph.outputs, strict=True))
        names = tuple(watched if place in self.logits else output for place, (watched, output) in pairs)
        return Trial(proposal, names, write_tflite(replace(proposal.graph, outputs=list(names))))

    def begin(self, trial: Trial) -> Callable[[], Candidate]:
        """Try it out with XNNPACK, in the background.

        Returns:
            What waits and compares; to be called before the next trial begins. It raises CandidateFailedError where the
            file does not run.
        """
        waiting = self.runner.begin(trial.content, self._stored(trial, self.places), Kernels.XNNPACK)
        return lambda: Candidate(trial, self._fidelity(trial, waiting(), self.places))

    def confirmed(self, candidate: Candidate) -> Candidate:
        """The candidate with its own file, unaltered, which ran with both kernel sets.

        Raises:
            CandidateFailedError: it does not run.
        """
        trial = candidate.trial
        content = write_tflite(candidate.graph) if self.logits else trial.content
        for kernels in (Kernels.XNNPACK, Kernels.REFERENCE):
            self.runner.run(content, self._stored(trial, self.places[:1]), kernels)
        few = spread(self.places, CONFIRMING)
        answers = self.runner.run(trial.content, self._stored(trial, few), Kernels.REFERENCE)
        return replace(candidate, content=content, reference=self._fidelity(trial, answers, few))

    def _stored(self, trial: Trial, places: Sequence[int]) -> list[Feed]:
        return [stored_feed(trial.proposal.graph, self.feeds[place]) for place in places]

    def _fidelity(self, trial: Trial, answers: Answers, places: Sequence[int]) -> Fidelity:
        """Of the worst output."""
        expected = self._answers()
        per_output = [
            replace(
                (Fidelity.of_logits if output in self.logits else Fidelity.of)(
                    [expected[place][output] for place in places],
                    [_real(trial.proposal.graph, name, answer[output]) for answer in answers],
                ),
                output=output,
            )
            for output, name in enumerate(trial.outputs)
        ]
        return min(per_output, key=lambda fidelity: fidelity.snr_db)

    def _answers(self) -> dict[int, list[npt.NDArray[Any]]]:
        """The float model's answers by place; what was not heard is asked for now."""
        missing = [place for place in self.places if place not in self._expected]
        if missing:
            content = write_tflite(replace(self.prepared, outputs=list(self.watched)))
            answers = run_all(content, [self.feeds[place] for place in missing], Kernels.XNNPACK)
            self._expected |= dict(zip(missing, answers, strict=True))
        return self._expected


def _real(graph: Graph, name: str, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    affine = Affine.of_tensor(graph.tensors[name])
    return stored if affine is None else affine.dequantize(stored)
