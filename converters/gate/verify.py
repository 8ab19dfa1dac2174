"""The gate: the finished artefact, run by the board's own predictor, against the float model on the same inputs.

Nothing is packed that was not run here. What is compared depends on the task; every figure goes into the card. The
runtime's default kernels and its builtin ones differ by up to .9 points of accuracy on the same file, so both are run:
the gate judges the default ones, which a board uses, and the others are quoted beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from converters.calibration.samples import GOOD_LABELS
from converters.gate.expected_loss import ExpectedLoss
from converters.gate.metrics import auroc
from converters.gate.noise import Noise, worst_output, worst_part
from edge_contracts.card import GateResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from converters.calibration.samples import Sample
    from converters.gate.answers import Answers
    from converters.gate.joined_parts import Parts
    from device_profiles.board import Limits
    from edge_contracts.manifest import Manifest
    from edge_runtime.frames import Scores
    from edge_runtime.infer.predictor import Predictor

MOST_DISAGREEMENT = 0.05
"""Without labels: the share of inputs whose best class may change, whatever it costs. Above it, what the changes cost
decides: see `converters.gate.expected_loss` and docs/decisions/054-what-a-changed-class-costs.md."""

MOST_UNDECIDED = 0.2
"""Without labels: the share of inputs whose class may change at all: float's probabilities may understate a cost."""

LEAST_LABELLED = 0.95
"""Labels decide alone from this share of the inputs on: below it accuracy says nothing of too many."""

LEAST_CLASSES = 2
"""And with labels of so many classes: a model that answers one class to everything is always right on that class."""

MOST_SCORE_SHIFT = 0.03
"""Mean relative change of an anomaly score or reconstruction error: the published loss of int8 autoencoders is .06."""

LEAST_SIGNAL_TO_NOISE_DB = 10.0
"""For models that are not judged: below it the error carries a tenth of the signal's power."""

NO_CLASS = -1
"""In place of a winner's index: the answer holds NaN or infinity, and a station takes it for none."""

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Comparison:
    """Float against artefact on the same inputs; a figure that the task does not have is None.

    samples: inputs compared.
    not_finite: inputs for which the artefact answers NaN or infinity where float does not.
    signal_to_noise_db: of the worst output; noisiest: which, empty where there is but one.
    part_signal_to_noise_db: of the worst part that is heard by itself (`converters.gate.noise`), None where none is;
        noisiest_part: which.
    agreement: share of inputs with the same best class.
    expected_loss, expected_loss_least: what changed classes cost in accuracy, 0 to 1, by float's own probabilities, and
        what they cost at least (see `converters.gate.expected_loss`).
    labelled, labelled_classes: inputs whose folder is a class, and how many classes those are.
    accuracy_float, accuracy: share of labelled inputs whose best class is the label.
    score_shift: mean over inputs of |artefact − float| / |float|.
    auroc_float, auroc: of a detector, where the folders name good and other pictures.
    scores_float, scores: one number per input: the anomaly score, or the winner's probability.
    classes_float, classes: the winner's index per input, `NO_CLASS` where an answer is not finite.
    kernels: whose arithmetic the artefact ran with, such as `litert 2.3.0, xnnpack`.
    other: the same with the runtime's builtin kernels; None where there are no others.
    """

    samples: int
    signal_to_noise_db: float
    scores_float: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    not_finite: int = 0
    agreement: float | None = None
    expected_loss: float | None = None
    expected_loss_least: float | None = None
    labelled: int = 0
    labelled_classes: int = 0
    accuracy_float: float | None = None
    accuracy: float | None = None
    score_shift: float | None = None
    auroc_float: float | None = None
    auroc: float | None = None
    classes_float: npt.NDArray[np.int64] | None = None
    classes: npt.NDArray[np.int64] | None = None
    noisiest: str = ""
    part_signal_to_noise_db: float | None = None
    noisiest_part: str = ""
    kernels: str = ""
    other: Comparison | None = None

    @property
    def labels_decide(self) -> bool:
        """Whether labelled accuracy says enough of all inputs for changed classes not to be looked at besides."""
        return self.labelled >= LEAST_LABELLED * self.samples and self.labelled_classes >= LEAST_CLASSES

    @property
    def worst_noise(self) -> Noise:
        """By which the gate judges: the worst output's, or that of a part which is worse."""
        whole = Noise(self.signal_to_noise_db, self.noisiest)
        part = self.part_signal_to_noise_db
        return whole if part is None or not part < whole.signal_to_noise_db else Noise(part, self.noisiest_part)

    @property
    def answers_one_class(self) -> bool:
        """Whether the float model gives all inputs one and the same class: agreeing with it is then no feat."""
        return self.classes_float is not None and len(set(self.classes_float.tolist())) == 1


def compare(
    float_model: Predictor,
    artefact: Predictor,
    answers: Answers,
    joined: Parts,
    progress: Callable[[str, float], None] = lambda _stage, _done: None,
    other: Predictor | None = None,
) -> Comparison:
    """Compare the artefact's answers to all inputs with float's.

    Args:
        float_model: what the artefact was made of.
        artefact: what a board would run.
        answers: to the inputs.
        joined: of which parts the float model joins its outputs, as `joined_parts` gives them.
        progress: told the stage and the fraction of it that is done.
        other: the artefact with other kernels.
    """
    models = [float_model, artefact, *([other] if other else [])]
    wanted, *found = answers.of(models, lambda done: progress("verify", done))
    own, *rest = [
        replace(
            _compared(artefact.manifest, answers.samples, list(zip(wanted, scores, strict=True)), joined),
            kernels=kernels_of(model),
        )
        for model, scores in zip(models[1:], found, strict=True)
    ]
    return replace(own, other=rest[0]) if rest else own


def kernels_of(predictor: Predictor) -> str:
    """Runtime, version and kernels in a few words."""
    backend = predictor.backend
    return f"{backend.runtime} {backend.version}, {backend.kernels}"


def _compared(
    manifest: Manifest, samples: Sequence[Sample], pairs: list[tuple[Scores, Scores]], joined: Parts
) -> Comparison:
    figures = _figures(manifest, samples, pairs, worst_output(pairs))
    lost = sum(_is_lost(wanted, found) for wanted, found in pairs)
    part = worst_part(pairs, joined)
    if part is None:
        return replace(figures, not_finite=lost)
    return replace(figures, not_finite=lost, part_signal_to_noise_db=part.signal_to_noise_db, noisiest_part=part.where)


def _figures(
    manifest: Manifest, samples: Sequence[Sample], pairs: list[tuple[Scores, Scores]], noise: Noise
) -> Comparison:
    if manifest.task == "classification":
        return _classes(manifest, samples, pairs, noise)
    before = np.asarray([_number(a) for a, _ in pairs])
    after = np.asarray([_number(b) for _, b in pairs])
    shift = float(np.mean(np.abs(after - before) / np.maximum(np.abs(before), _TINY)))
    judged = manifest.task in {"anomaly", "reconstruction"}
    aurocs = _aurocs(samples, before, after) if judged else (None, None)
    return Comparison(
        len(pairs),
        noise.signal_to_noise_db,
        before,
        after,
        noisiest=noise.where,
        score_shift=shift if judged else None,
        auroc_float=aurocs[0],
        auroc=aurocs[1],
    )


def judge(
    comparison: Comparison, limits: Limits, *, random_inputs: bool, force: bool, misfits: Sequence[str] = ()
) -> GateResult:
    """Hold the comparison against the profile's limits.

    Args:
        comparison: float against artefact.
        limits: the profile's.
        random_inputs: whether the inputs mean nothing.
        force: whether to let it pass all the same.
        misfits: what keeps the artefact from running on the board at all, a sentence each.

    Returns:
        `passed`, or `refused` with a sentence per limit crossed; `forced` when refused and `force`; `reported` for
        random inputs, which prove nothing about accuracy, unless the artefact does not fit.
    """
    reasons = (*_crossed(comparison, limits), *misfits)
    verdict: Literal["passed", "refused", "forced", "reported"] = "passed"
    if random_inputs and not misfits:
        verdict = "reported"
    elif reasons:
        verdict = "forced" if force else "refused"
    return GateResult(verdict=verdict, reasons=reasons, samples=comparison.samples, kernels=comparison.kernels)


def other_kernels_note(comparison: Comparison, limits: Limits) -> str:
    """A sentence where the builtin kernels would be refused and the default ones are not; else empty."""
    if comparison.other is None or any(_crossed(comparison, limits)):
        return ""
    reasons = "; ".join(_crossed(comparison.other, limits))
    return f"a board that runs {comparison.other.kernels} kernels would be refused: {reasons}" if reasons else ""


def _aurocs(
    samples: Sequence[Sample], before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]
) -> tuple[float, float] | tuple[None, None]:
    """Float and artefact AUROC where some pictures are labelled good and others are labelled something else."""
    good = np.asarray([sample.label.lower() in GOOD_LABELS for sample in samples])
    bad = np.asarray([bool(sample.label) for sample in samples]) & ~good
    if not (good.any() and bad.any()):
        return None, None
    return auroc(before[good], before[bad]), auroc(after[good], after[bad])


def _number(scores: Scores) -> float:
    return float(scores.values[0]) if scores.values.size else 0.0


def _classes(
    manifest: Manifest, samples: Sequence[Sample], pairs: list[tuple[Scores, Scores]], noise: Noise
) -> Comparison:
    before = np.asarray([_winner(a) for a, _ in pairs])
    after = np.asarray([_winner(b) for _, b in pairs])
    known = {label: index for index, label in enumerate(manifest.labels)}
    labelled = np.asarray([known.get(sample.label, -1) for sample in samples])
    seen = labelled >= 0
    lost = ExpectedLoss.of(np.stack([np.asarray(a.values, np.float64) for a, _ in pairs]), after)
    return Comparison(
        samples=len(pairs),
        signal_to_noise_db=noise.signal_to_noise_db,
        noisiest=noise.where,
        scores_float=np.asarray([float(a.values.max()) for a, _ in pairs]),
        scores=np.asarray([float(b.values.max()) for _, b in pairs]),
        agreement=float(np.mean(before == after)),
        expected_loss=lost.mean,
        expected_loss_least=lost.least,
        labelled=int(seen.sum()),
        labelled_classes=len(set(labelled[seen].tolist())),
        accuracy_float=float(np.mean(before[seen] == labelled[seen])) if seen.any() else None,
        accuracy=float(np.mean(after[seen] == labelled[seen])) if seen.any() else None,
        classes_float=before,
        classes=after,
    )


def _winner(scores: Scores) -> int:
    return int(np.argmax(scores.values)) if np.isfinite(scores.values).all() else NO_CLASS


def _is_lost(wanted: Scores, found: Scores) -> bool:
    """Whether the artefact answers NaN or infinity anywhere where float does not."""
    return any(
        not np.isfinite(value).all() and bool((np.isfinite(wanted.outputs[name]) & ~np.isfinite(value)).any())
        for name, value in found.outputs.items()
    )


def _crossed(comparison: Comparison, limits: Limits) -> list[str]:
    """One sentence per limit that was crossed; a NaN crosses every limit."""
    reasons = (
        _crossed_by_nan(comparison),
        _crossed_by_accuracy(comparison, limits),
        _crossed_by_classes(comparison, limits),
        _crossed_by_noise(comparison),
        _crossed_by_auroc(comparison, limits),
        _crossed_by_shift(comparison),
    )
    return [reason for reason in reasons if reason]


def _crossed_by_nan(comparison: Comparison) -> str:
    if not comparison.not_finite:
        return ""
    found = _found(comparison, lambda one: f"NaN or infinity for {one.not_finite} of {one.samples} inputs")
    return f"wanted finite answers wherever the float model gives them, found {found}"


def _crossed_by_accuracy(comparison: Comparison, limits: Limits) -> str:
    most = limits.max_accuracy_loss.value
    if comparison.accuracy is None or comparison.accuracy_float is None or _lost_points(comparison) <= most:
        return ""
    return f"wanted a loss of at most {most:g} points of accuracy, found {_found(comparison, _points_text)}"


def _crossed_by_classes(comparison: Comparison, limits: Limits) -> str:
    """Changed classes and what they cost, where labels do not say enough."""
    if comparison.agreement is None or comparison.labels_decide:
        return ""
    if comparison.agreement >= 1 - MOST_DISAGREEMENT or _costs_little(comparison, limits):
        return ""
    wanted = f"wanted the float model's class on {100 * (1 - MOST_DISAGREEMENT):g} % of the inputs"
    little = f"a loss of at most {limits.max_accuracy_loss.value:g} points of accuracy by its own probabilities"
    return f"{wanted}, or on {100 * (1 - MOST_UNDECIDED):g} % at {little}, found {_found(comparison, _agreement_text)}"


def _crossed_by_noise(comparison: Comparison) -> str:
    """Of a model about which nothing else tells; that a class never changes tells nothing where there is but one."""
    of_classes = () if comparison.answers_one_class else (comparison.accuracy, comparison.agreement)
    told = any(one is not None for one in (comparison.score_shift, *of_classes))
    if told or comparison.worst_noise.signal_to_noise_db >= LEAST_SIGNAL_TO_NOISE_DB:
        return ""
    where = ", as float answers one class to every input" if comparison.answers_one_class else ""
    wanted = f"wanted {LEAST_SIGNAL_TO_NOISE_DB:g} dB of signal over noise{where}"
    return f"{wanted}, found {_found(comparison, _noise_text)}"


def _costs_little(comparison: Comparison, limits: Limits) -> bool:
    """Whether classes changed only where the float model is undecided itself, as far as these inputs can tell."""
    least = comparison.expected_loss_least
    if comparison.agreement is None or not comparison.agreement >= 1 - MOST_UNDECIDED:
        return False
    return (
        least is not None
        and np.isfinite(comparison.signal_to_noise_db)
        and 100 * least <= limits.max_accuracy_loss.value
    )


def _crossed_by_auroc(comparison: Comparison, limits: Limits) -> str:
    most = limits.max_auroc_loss.value
    if comparison.auroc is None or comparison.auroc_float is None or _lost_auroc(comparison) <= most:
        return ""
    found = _found(comparison, lambda one: f"{_lost_auroc(one):.4f}")
    return f"wanted a loss of at most {most:g} of AUROC, found {found}"


def _crossed_by_shift(comparison: Comparison) -> str:
    if comparison.score_shift is None or comparison.score_shift <= MOST_SCORE_SHIFT:
        return ""
    wanted = f"wanted scores within {100 * MOST_SCORE_SHIFT:g} % of the float model's"
    return f"{wanted}, found {_found(comparison, _shift_text)}"


def _found(comparison: Comparison, figure: Callable[[Comparison], str]) -> str:
    """The figure, and where other kernels were run, whose it is and theirs."""
    other = comparison.other
    if other is None:
        return figure(comparison)
    mine, theirs = (one.kernels.rpartition(", ")[2] for one in (comparison, other))
    return f"{figure(comparison)} ({mine} kernels; {figure(other)} with {theirs} ones)"


def _lost_points(one: Comparison) -> float:
    return 100 * ((one.accuracy_float or 0.0) - (one.accuracy or 0.0))


def _lost_auroc(one: Comparison) -> float:
    return (one.auroc_float or 0.0) - (one.auroc or 0.0)


def _points_text(one: Comparison) -> str:
    of = f" on {one.labelled} of {one.samples} inputs" if one.labelled < one.samples else ""
    return f"{_lost_points(one):.2f}{of}"


def _agreement_text(one: Comparison) -> str:
    lost = "" if one.expected_loss is None else f" and a loss of {100 * one.expected_loss:.2f} points"
    return f"{100 * (one.agreement or 0.0):.1f} %{lost}"


def _noise_text(one: Comparison) -> str:
    worst = one.worst_noise
    return f"{worst.signal_to_noise_db:.1f} dB" + (f" in {worst.where}" if worst.where else "")


def _shift_text(one: Comparison) -> str:
    return f"{100 * (one.score_shift or 0.0):.2f} % apart"
