"""The search for a recipe: ranges first, then one remedy after the other on the best so far.

Every trial runs in a process of its own on samples that calibration has not seen, and leaves a record, won or lost. A
remedy stays only if it wins by a margin: on a tie the simpler recipe is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from converters.quantize.candidate import Candidate, Judge, Proposal
from converters.quantize.equalisation import find_pairs
from converters.quantize.feeds import FEWEST_TO_PART
from converters.trial import CandidateFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converters.quantize.recipe import Recipe
    from converters.quantize.workbench import Workbench

FITTED = frozenset({"measured-bias", "second-order"})
"""Remedies that learn from samples: they would always win on the samples that they learned from."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One trial of the search.

    name: `mse`, ... for a range rule; `second-order`, ... for a remedy added to the best so far; `without
        bias-correction`, ... for one taken away.
    xnnpack_db, reference_db: signal to noise of the worst output; None where it did not run or was not tried.
    agreement: share of held-out samples whose most probable class is the float model's, with XNNPACK; None where the
        output is no distribution.
    kept: whether it is in the model that was chosen. note: why it was not tried, or what became of it.
    """

    name: str
    xnnpack_db: float | None = None
    reference_db: float | None = None
    agreement: float | None = None
    kept: bool = False
    note: str = ""


@dataclass(slots=True)
class Search:
    """A search in progress.

    best: None until a candidate runs. tried: a record per trial, in order.
    """

    bench: Workbench
    judge: Judge
    progress: Callable[[float], None]
    best: Candidate | None = None
    tried: list[Tried] = field(default_factory=list)

    def run(self, recipe: Recipe) -> None:
        """Try everything that the recipe allows."""
        # Ranges and remedies mean nothing to a model that stays float.
        moves = bool(self.bench.integer_outputs(recipe))
        rules = recipe.ranges if moves or recipe.input else recipe.ranges[:1]
        remedies = recipe.remedies if moves else ()
        self._try([(rule, replace(recipe, ranges=(rule,), remedies=())) for rule in rules])
        for place, remedy in enumerate(remedies):
            self.progress((place + 1) / (len(remedies) + 1))
            self._try_remedy(remedy)
        self.progress(1.0)

    @property
    def failures(self) -> tuple[str, ...]:
        """What became of the candidates that do not run, a sentence each."""
        return tuple(f"{one.name}: {one.note}" for one in self.tried if one.note and one.name not in self._skipped)

    _skipped: set[str] = field(default_factory=set)

    def _try_remedy(self, remedy: str) -> None:
        if self.best is None:
            return
        name, recipe = turned_over(self.best.proposal.recipe, remedy)
        reason = self._no_use(remedy, recipe)
        if reason:
            self._skipped.add(name)
            self.tried.append(Tried(name, note=reason))
        else:
            self._try([(name, recipe)])

    def _no_use(self, remedy: str, recipe: Recipe) -> str:
        """Why a remedy is not worth a trial; empty if it is."""
        if remedy in FITTED and len(self.judge.feeds) == len(self.bench.feeds) < FEWEST_TO_PART:
            return f"needs {FEWEST_TO_PART} samples: it would be judged by those that it learned from"
        if remedy == "measured-bias" and not recipe.bias_correction:
            return "biases are not corrected"
        if remedy == "equalise" and not find_pairs(self.bench.prepared):
            return "no two operators stand so that a factor can pass between them"
        return ""

    def _try(self, settings: Sequence[tuple[str, Recipe]]) -> None:
        proposals = [Proposal(name, recipe, self.bench.integer_graph(recipe)) for name, recipe in settings]
        first = len(self.tried)
        winner: int | None = None
        for candidate in self.judge.candidates(proposals):
            if isinstance(candidate, CandidateFailedError):
                self.tried.append(Tried(proposals[len(self.tried) - first].name, note=str(candidate)))
                continue
            if self.best is None or candidate.beats(self.best):
                self.best, winner = candidate, len(self.tried)
            self.tried.append(_record(candidate))
        if winner is not None:
            self.tried[winner] = replace(self.tried[winner], kept=True)


def turned_over(recipe: Recipe, remedy: str) -> tuple[str, Recipe]:
    """A recipe with one setting turned over, and that trial's name."""
    added = {
        "bias-correction": replace(recipe, bias_correction=not recipe.bias_correction),
        "equalise": replace(recipe, equalise=not recipe.equalise),
        "measured-bias": replace(recipe, measured_bias=not recipe.measured_bias),
        "second-order": replace(recipe, rounding="nearest" if recipe.rounding == "second-order" else "second-order"),
    }[remedy]
    was_on = {
        "bias-correction": recipe.bias_correction,
        "equalise": recipe.equalise,
        "measured-bias": recipe.measured_bias,
        "second-order": recipe.rounding == "second-order",
    }[remedy]
    return (f"without {remedy}" if was_on else remedy), added


def _record(candidate: Candidate) -> Tried:
    return Tried(candidate.proposal.name, candidate.xnnpack_db, candidate.reference_db, candidate.xnnpack.agreement)
