"""Which known parts look most like a part: for a person, an example says more than a score.

A picture is described by the features that the bundle's own network sees: their mean over all places, and their mean
over the places where the heat map is hottest, so that a small scratch is not lost in the part around it. Nothing is
stored beside a bundle for this: a hundred known parts are described in a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from converters.tflite import read_tflite, write_tflite
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput
from edge_runtime.infer.backend import open_backend
from edge_runtime.preprocess import Preprocessor
from training.features.feature_part import RUNTIME
from training.features.of_bundle import FEATURES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_contracts.bundle import Bundle

    Descriptions = npt.NDArray[np.float32]

HOTTEST_SHARE = 0.02
# A number that hardly varies among the known parts must not decide.
LEAST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A known part. place: its number among the known; distance: 1 is usual between two known parts."""

    place: int
    distance: float


def describe(bundle: Bundle, frames: Iterable[npt.NDArray[np.uint8]]) -> Descriptions:
    """A row of numbers for each frame (H×W×3 uint8 RGB), N×2C.

    Raises:
        BadInputError: a bundle that `lepton train` did not make, or that takes no pictures.
        BackendError: the runtime refuses the model.
    """
    spec, heat_map = bundle.manifest.input, _heat_map_name(bundle)
    graph = read_tflite(bundle.model) if bundle.manifest.runtime == "tflite" else None
    if graph is None or not isinstance(spec, ImageInput) or FEATURES not in graph.tensors or not heat_map:
        raise BadInputError(
            f"wanted a bundle of 'lepton train' for pictures, found that {bundle.manifest.name} has no features of its "
            "kind; parts can be compared by such a detector only"
        )
    graph.outputs[:] = [heat_map, FEATURES]
    backend = open_backend(write_tflite(graph), model_format="tflite", runtime=RUNTIME, threads=1)
    write = Preprocessor(spec).write
    rows = []
    for frame in frames:
        found = backend.run(lambda buffer, frame=frame: write(frame, buffer))  # type: ignore[misc]
        rows.append(_described(found[FEATURES][0], found[heat_map][0, ..., 0]))
    backend.close()
    return np.stack(rows)


def nearest(part: Descriptions, known: Descriptions, count: int) -> list[Neighbour]:
    """The known parts that look most like one, nearest first.

    Args:
        part: one row.
        known: N rows, two or more.
        count: how many, at most N.
    """
    spread = known.std(axis=0)
    scale = np.where(spread > LEAST_SPREAD, spread, np.inf)
    distances = np.sqrt(np.square((known - part) / scale).mean(axis=1) / 2)
    order = np.argsort(distances, kind="stable")[:count]
    return [Neighbour(int(place), float(distances[place])) for place in order]


def _heat_map_name(bundle: Bundle) -> str:
    return next((one.tensor for one in bundle.manifest.outputs if one.role == "heat-map"), "")


def _described(features: npt.NDArray[np.float32], heat: npt.NDArray[np.float32]) -> Descriptions:
    """Features h×w×C; where the heat map has another grid its hottest places are looked up in proportion."""
    rows, columns, channels = features.shape
    hot = np.argsort(heat, axis=None)[-max(1, round(HOTTEST_SHARE * heat.size)) :]
    row, column = np.unravel_index(hot, heat.shape)
    hottest = features[row * rows // heat.shape[0], column * columns // heat.shape[1]]
    everywhere = features.reshape(-1, channels).mean(axis=0)
    return np.concatenate([everywhere, hottest.mean(axis=0)]).astype(np.float32)
