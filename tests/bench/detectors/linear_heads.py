"""ESC-10 with all labels: the same linear head on statistics of 64 log-mel bands and on what our sound features see.

Train on one fold, test on the other, and the reverse. The head is multinomial logistic regression on standardised
features; its regularisation is chosen by cross-validation within the training fold, for both alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.gate.metrics import auroc
from edge_runtime.signals.log_mel import LogMel
from tests.bench.detectors.sets import esc10
from training.detectors.pooled import pooled
from training.detectors.sight import Backbone, feature_parts
from training.features.feature_part import hear_features
from training.features.size_rule import SIDE_PX
from training.features.spectrogram import spectrogram_part

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.features.feature_part import FeaturePart

    Floats = npt.NDArray[np.float64]

STRENGTHS = (0.01, 0.1, 1.0, 10.0)
FOLDS, STEPS = 4, 400


def accuracies(backbone: Backbone | None) -> dict[str, tuple[float, float]]:
    """Name to accuracy and mean one-against-the-rest AUROC over both directions."""
    clips = esc10()
    names = sorted({label for label, _, _ in clips})
    labels = np.array([names.index(label) for label, _, _ in clips])
    fold = np.array([place for _, place, _ in clips])
    return {
        "64-band log-mel statistics": _both_ways(_statistics(backbone), labels, fold),
        "our sound features": _both_ways(_seen(backbone), labels, fold),
    }


def _statistics(backbone: Backbone | None) -> Floats:
    """Mean and deviation over time of each band, in dB: clips × 128."""
    part = spectrogram_part(_picture(backbone), [clip for _, _, clip in esc10()])
    assert part.heard is not None
    mel = LogMel(part.heard)
    spectra = [mel.spectra(clip.values.mean(axis=1)) for _, _, clip in esc10()]
    return np.array([np.concatenate([one.mean(axis=0), one.std(axis=0)]) for one in spectra])


def _seen(backbone: Backbone | None) -> Floats:
    """Mean and deviation over places, averaged over a clip's inputs: clips × 2C."""
    clips = [clip for _, _, clip in esc10()]
    heard = hear_features(spectrogram_part(_picture(backbone), clips), clips)
    return np.array([pooled(one).reshape(len(one), -1).mean(axis=0) for one in heard], np.float64)


def _picture(backbone: Backbone | None) -> FeaturePart:
    return next(iter(feature_parts([(SIDE_PX, SIDE_PX)], backbone).values()))


def _both_ways(features: Floats, labels: npt.NDArray[np.intp], fold: npt.NDArray[np.intp]) -> tuple[float, float]:
    right, areas = [], []
    for known, asked in ((fold == 1, fold == 2), (fold == 2, fold == 1)):
        scores = _fit_and_ask(
            features[known], labels[known], features[asked], _strength(features[known], labels[known])
        )
        right.append(np.mean(scores.argmax(axis=1) == labels[asked]))
        margins = scores - (scores.sum(axis=1, keepdims=True) - scores) / (scores.shape[1] - 1)
        areas += [auroc(margins[labels[asked] != k, k], margins[labels[asked] == k, k]) for k in range(scores.shape[1])]
    return float(np.mean(right)), float(np.mean(areas))


def _strength(features: Floats, labels: npt.NDArray[np.intp]) -> float:
    parts = np.random.default_rng(0).permutation(len(labels)) % FOLDS

    def hits(strength: float) -> int:
        return sum(
            int(
                (
                    _fit_and_ask(features[parts != n], labels[parts != n], features[parts == n], strength).argmax(
                        axis=1
                    )
                    == labels[parts == n]
                ).sum()
            )
            for n in range(FOLDS)
        )

    return max(STRENGTHS, key=hits)


def _fit_and_ask(known: Floats, labels: npt.NDArray[np.intp], asked: Floats, strength: float) -> Floats:
    """Scores of `asked`; Nesterov's gradient descent with the step that the curvature's bound allows."""
    mean, deviation = known.mean(axis=0), known.std(axis=0) + 1e-9
    rows, wanted = _with_bias((known - mean) / deviation), np.eye(10)[labels]
    decay = 1 / (strength * len(rows))
    step = 1 / (np.linalg.norm(rows, 2) ** 2 / (2 * len(rows)) + decay)
    weights = before = np.zeros((rows.shape[1], 10))
    for number in range(STEPS):
        ahead = weights + number / (number + 3) * (weights - before)
        logits = rows @ ahead
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        slope = rows.T @ (chances - wanted) / len(rows)
        slope[:-1] += decay * ahead[:-1]
        weights, before = ahead - step * slope, weights
    return _with_bias((asked - mean) / deviation) @ weights


def _with_bias(rows: Floats) -> Floats:
    return np.hstack([rows, np.ones((len(rows), 1))])
