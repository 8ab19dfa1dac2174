"""Attacks on a bundle through the gradients of the float network that it was made from.

The changed bytes are shown to the bundle, which rounds as no gradient knows: what is measured is the board's answer.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput
from training.dataset import Photographs
from training.dataset.input_size import resized
from training.robustness.attacks import Attack, attacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from edge_contracts.manifest import Manifest
    from training.dataset import Sample

BYTES = (1.0, 2.0, 4.0, 8.0)
PGD_STEPS = 10
COLOURS = 3


def gradient_attacks(
    network: Any, manifest: Manifest, seed: int = 0
) -> list[tuple[str, str, Callable[[Sequence[Sample]], Iterator[npt.NDArray[np.uint8]]]]]:
    """FGSM and PGD in four strengths, for `run_suite`.

    Args:
        network: takes N×3×H×W float32 bytes, 0 to 255, at the bundle's size, and has gradients.
        manifest: of the bundle that will be judged.
        seed: of PGD's random starts.

    Raises:
        BadInputError: the bundle tells no classes apart or takes no colour pictures.
    """
    spec = manifest.input
    if not isinstance(spec, ImageInput) or spec.channels != COLOURS or manifest.task != "classification":
        raise BadInputError(
            f"wanted a bundle that tells classes of colour pictures apart, found {manifest.name} ({manifest.task}); "
            "gradient attacks are for those"
        )
    kinds = [("FGSM", 1), (f"PGD, {PGD_STEPS} steps", PGD_STEPS)]
    return [
        (name, f"±{size:g} of 255", partial(_changed, network, manifest.labels, spec, Attack(size, steps), seed))
        for name, steps in kinds
        for size in BYTES
    ]


def _changed(
    network: Any, labels: Sequence[str], spec: ImageInput, attack: Attack, seed: int, samples: Sequence[Sample]
) -> Iterator[npt.NDArray[np.uint8]]:
    for place, (sample, pixels) in enumerate(zip(samples, Photographs(samples), strict=True)):
        seen = resized(pixels, spec)
        if sample.label not in labels:
            yield seen
            continue
        wanted = torch.tensor([labels.index(sample.label)])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + place)
            batch = torch.from_numpy(seen.astype(np.float32)).permute(2, 0, 1)[None]
            harder = attacked(attack, partial(_loss, network, wanted), batch)
        yield np.rint(harder[0].permute(1, 2, 0).numpy()).astype(np.uint8)


def _loss(network: Any, wanted: Any, pixels: Any) -> Any:
    return functional.cross_entropy(network(pixels), wanted)
