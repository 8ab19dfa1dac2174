"""Which figures of a sensor's readings a verdict rests on.

Each figure in turn is put where it would look most usual beside the others; what the score falls by is its share. The
detector's score is a squared Mahalanobis distance, a parabola in each figure, so three evaluations give the lowest
point exactly. (For one Gaussian this is the decomposition of Mason, Tracy and Young, "Decomposition of T² for
multivariate control chart interpretation", 1995: the part of T² that a variable adds to all others.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converters.tflite import read_tflite, write_tflite
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import SeriesInput
from edge_runtime.infer.backend import open_backend
from edge_runtime.signals.feeder import Feeder
from training.detectors.detector_graph import SCORE
from training.features.cut import operators_before
from training.features.feature_part import RUNTIME
from training.features.of_bundle import FEATURES
from training.features.readings import in_units, reading_names

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.bundle import Bundle
    from edge_runtime.frames import Window
    from edge_runtime.infer.backend import Backend

STEP = 1.0


@dataclass(frozen=True, slots=True)
class FigureShare:
    """One figure of a recording.

    name: which. found: what it is, in the sensor's unit where it has one. usual: what it would have to be, beside the
    others. share: of the score that rests on it, 0 to 1; shares of figures that go together overlap and need not
    add up to 1.
    """

    name: str
    found: float
    usual: float
    share: float


def figure_shares(bundle: Bundle, window: Window) -> list[FigureShare]:
    """All figures of the most suspicious input of a recording, the greatest share first.

    Raises:
        BadInputError: a bundle that 'lepton train --readings' did not make, or a recording that does not fit it.
    """
    spec = bundle.manifest.input
    graph = read_tflite(bundle.model) if bundle.manifest.runtime == "tflite" else None
    if graph is None or not isinstance(spec, SeriesInput) or FEATURES not in graph.tensors:
        raise BadInputError(
            f"wanted a bundle of 'lepton train --readings', found that {bundle.manifest.name} is none; figures are "
            "known of such a detector only"
        )
    graph.outputs[:] = [FEATURES]
    figures = _figures(write_tflite(graph), spec, window)
    graph.operators[:] = [one for one in graph.operators if one not in operators_before(graph, {FEATURES})]
    graph.inputs[:], graph.outputs[:] = [FEATURES], [SCORE]
    head = _open(write_tflite(graph))
    worst = max(figures, key=lambda one: _score(head, one))
    score, shares = _score(head, worst), []
    for place, name in enumerate(reading_names(spec)):
        fall, usual = _lowest(head, worst, place, score)
        found, wanted = (in_units(spec, place, value) for value in (float(worst[place]), usual))
        shares.append(FigureShare(name, found, wanted, fall / score if score > 0 else 0.0))
    head.close()
    return sorted(shares, key=lambda one: -one.share)


def _open(model: bytes) -> Backend:
    return open_backend(model, model_format="tflite", runtime=RUNTIME, threads=1)


def _figures(model: bytes, spec: SeriesInput, window: Window) -> list[npt.NDArray[np.float32]]:
    """K figures of each input."""
    feeder, backend = Feeder(spec), _open(model)
    found = [
        backend.run(lambda buffer, one=one: feeder.write(one, buffer))[FEATURES].reshape(-1).copy()  # type: ignore[misc]
        for one in feeder.inputs(window)
    ]
    backend.close()
    return found


def _score(head: Backend, figures: npt.NDArray[np.float32]) -> float:
    answer = head.run(lambda buffer: np.copyto(buffer.reshape(-1), figures))
    return float(answer[SCORE].reshape(-1)[0])


def _lowest(head: Backend, figures: npt.NDArray[np.float32], place: int, score: float) -> tuple[float, float]:
    """By how much the score falls where this figure is at its most usual, and that value."""
    lower, higher = figures.copy(), figures.copy()
    lower[place] -= STEP
    higher[place] += STEP
    below, above = _score(head, lower), _score(head, higher)
    curvature = (above + below - 2 * score) / (2 * STEP**2)
    slope = (above - below) / (2 * STEP)
    if curvature <= 0:
        return 0.0, float(figures[place])
    return slope**2 / (4 * curvature), float(figures[place]) - slope / (2 * curvature)
