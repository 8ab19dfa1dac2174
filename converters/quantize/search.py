"""The search for a recipe: ranges first, then one remedy after the other on the best so far.

Every trial runs in another process and leaves a record, won or lost. Ranges and means are taken from all samples;
weights and biases are fitted to some, and the others judge (see `converters.quantize.feeds`). A range rule or remedy
stays only if it wins by a margin: on a tie the simpler recipe is kept. A model that is true enough gets no remedy: most
cost more time than all before them, and what they win there is within the margin.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from converters.isolation.trial import CandidateFailedError
from converters.quantize.candidate import Candidate, Judge, Proposal
from converters.quantize.equalisation import find_pairs
from converters.quantize.feeds import FEWEST_TO_PART

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converters.quantize.candidate import Trial
    from converters.quantize.recipe import Recipe
    from converters.quantize.workbench import Workbench

FITTED = frozenset({"measured-bias", "second-order"})
"""Remedies that learn from samples: they would always win on the samples that they learned from."""


DOUBTED = frozenset({"equalise"})
"""It scales channels by the extremes that calibration has shown: what wins by little there loses on unlike inputs."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One trial of the search.

    name: `min-max`, ... for a range rule; `second-order`, ... for a remedy added to the best so far; `without
        bias-correction`, ... for one taken away.
    xnnpack_db, reference_db: signal to noise of the worst output (of its logits where it is a distribution); None where
        it did not run or was not tried; with reference kernels only the model that was chosen runs.
    agreement: share of judging samples whose most probable class is the float model's, with XNNPACK; None where the
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

    tried: a record per trial, in order.
    """

    bench: Workbench
    judge: Judge
    progress: Callable[[float], None]
    tried: list[Tried] = field(default_factory=list)
    _kept: list[tuple[int, Candidate]] = field(default_factory=list)
    """What won, each on the one before it, with the place of its record."""
    _skipped: set[str] = field(default_factory=set)
    _steps: int = 1
    """Records that there will be, and one for the confirmation."""

    @property
    def best(self) -> Candidate | None:
        """The best candidate so far; None until one runs."""
        return self._kept[-1][1] if self._kept else None

    def run(self, recipe: Recipe) -> None:
        """Try what the recipe allows; the best candidate then ran with every kernel set."""
        # Ranges and remedies mean nothing to a model that stays float.
        moves = bool(self.bench.integer_outputs(recipe))
        rules = recipe.ranges if moves or recipe.input else recipe.ranges[:1]
        remedies = recipe.remedies if moves else ()
        self._steps = len(rules) + len(remedies) + 1
        self._try_rules([replace(recipe, ranges=(rule,), remedies=()) for rule in rules])
        for remedy in remedies:
            self._try_remedy(remedy, recipe.enough_db)
        self._confirm()
        self.progress(1.0)

    @property
    def failures(self) -> tuple[str, ...]:
        """What became of the candidates that do not run, a sentence each."""
        return tuple(f"{one.name}: {one.note}" for one in self.tried if one.note and one.name not in self._skipped)

    def _try_remedy(self, remedy: str, enough_db: float) -> None:
        best = self.best
        if best is None:
            return
        name, recipe = turned_over(best.proposal.recipe, remedy)
        reason = self._no_use(remedy, recipe)
        if not reason and best.xnnpack_db >= enough_db:
            reason = f"{best.xnnpack_db:.1f} dB is enough without it"
        if reason:
            self._skipped.add(name)
            self._note(Tried(name, note=reason))
        else:
            self._try(name, recipe)

    def _no_use(self, remedy: str, recipe: Recipe) -> str:
        """Why a remedy is not worth a trial; empty if it is."""
        if remedy in FITTED and len(self.bench.feeds) < FEWEST_TO_PART:
            return f"needs {FEWEST_TO_PART} samples: it would be judged by those that it learned from"
        if remedy == "measured-bias" and not recipe.bias_correction:
            return "biases are not corrected"
        if remedy == "equalise" and not find_pairs(self.bench.prepared):
            return "no two operators stand so that a factor can pass between them"
        return ""

    def _try_rules(self, recipes: Sequence[Recipe]) -> None:
        """Each file is made while the one before it runs; all know the model from the first's observation."""
        running: tuple[str, Callable[[], Candidate]] | None = None
        for recipe in recipes:
            (rule,) = recipe.ranges
            trial = self._trial(rule, recipe)
            if running:
                self._settle(*running)
            running = rule, self.judge.begin(trial)
        if running:
            self._settle(*running)

    def _try(self, name: str, recipe: Recipe) -> None:
        try:
            trial = self._trial(name, recipe)
        except CandidateFailedError as error:  # of an equalised model, which is observed anew
            self._note(Tried(name, note=str(error)))
        else:
            self._settle(name, self.judge.begin(trial))

    def _trial(self, name: str, recipe: Recipe) -> Trial:
        return self.judge.trial(Proposal(name, recipe, self.bench.integer_graph(recipe)))

    def _settle(self, name: str, waiting: Callable[[], Candidate]) -> None:
        """Wait for a trial, note it, and keep what it gave if it is better."""
        try:
            candidate = waiting()
        except CandidateFailedError as error:
            self._note(Tried(name, note=str(error)))
            return
        if self.best is None or candidate.beats(self.best, clearly=name in DOUBTED):
            self._kept.append((len(self.tried), candidate))
        self._note(Tried(name, candidate.xnnpack_db, None, candidate.xnnpack.agreement))

    def _note(self, record: Tried) -> None:
        self.tried.append(record)
        self.progress(len(self.tried) / self._steps)

    def _confirm(self) -> None:
        """Run the best with every kernel set; where one fails it, go back to the best before it."""
        while self._kept:
            place, candidate = self._kept.pop()
            try:
                confirmed = self.judge.confirmed(candidate)
            except CandidateFailedError as error:
                self.tried[place] = Tried(self.tried[place].name, note=str(error))
                continue
            self.tried[place] = replace(self.tried[place], reference_db=confirmed.reference_db)
            self._kept.append((place, confirmed))
            break
        for place, candidate in self._kept:
            if self.best is not None and is_part(candidate.proposal, self.best.proposal.recipe):
                self.tried[place] = replace(self.tried[place], kept=True)


def is_part(proposal: Proposal, chosen: Recipe) -> bool:
    """Whether what is new in a proposal is in the chosen recipe too: the rule that lost to another one is not."""
    return proposal.recipe.ranges == chosen.ranges


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
