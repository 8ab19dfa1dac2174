"""Whether one bundle answers another's goldens: what changed in behaviour, not only in bytes.

The golden inputs are the first bundle's stored tensors; the second gets the same real values in its own input type.
That says something only where both prepare their input alike, so any other pair is refused with the reason.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_contracts.errors import LeptonError
from edge_runtime.infer.predictor import Predictor

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.bundle import Bundle
    from edge_contracts.manifest import Golden, Output

_PREPARATION = ("kind", "colour", "resize", "fit", "layout", "mean", "std")


@dataclass(frozen=True, slots=True)
class OutputReplay:
    """One output over all goldens, in its real unit.

    tensor: its name in the bundle that recorded. answered_by: its name in the bundle that answers.
    distance: the largest absolute difference; infinite where an answer is not finite. tolerance: what was recorded.
    """

    tensor: str
    answered_by: str
    distance: float
    tolerance: float

    @property
    def is_within(self) -> bool:
        """Whether every golden is answered within the tolerance."""
        return self.distance <= self.tolerance


@dataclass(frozen=True, slots=True)
class Replay:
    """goldens: how many were replayed. outputs: one entry per recorded output. refusal: why none was, else empty."""

    goldens: int
    outputs: tuple[OutputReplay, ...]
    refusal: str = ""

    @property
    def is_within(self) -> bool:
        """Whether goldens were replayed and all of them answered within tolerance."""
        return self.goldens > 0 and all(output.is_within for output in self.outputs)


def replay(recorded: Bundle, answering: Bundle) -> Replay:
    """Feed the goldens of `recorded` to `answering`, with this machine's runtime."""
    if reason := _refusal(recorded, answering):
        return Replay(0, (), reason)
    goldens = recorded.manifest.golden.goldens if recorded.manifest.golden else ()
    try:
        predictor = Predictor.load(answering)
        answers = [predictor.predict_tensor(_real_input(recorded, golden)).outputs for golden in goldens]
        predictor.close()
    except LeptonError as error:
        return Replay(0, (), f"the second bundle does not run here: {error}")
    pairs = zip(recorded.manifest.outputs, answering.manifest.outputs, strict=True)
    return Replay(
        len(goldens),
        tuple(
            _compared(recorded, spec, other, answers)
            for spec, other in pairs
            if all(spec.tensor in golden.outputs for golden in goldens)
        ),
    )


def _refusal(recorded: Bundle, answering: Bundle) -> str:
    before, after = recorded.manifest, answering.manifest
    if before.golden is None or not before.golden.goldens:
        return "the first bundle has no goldens"
    if before.input.shape != after.input.shape:
        return f"the first takes {_axes(before.input.shape)}, the second {_axes(after.input.shape)}"
    changed = [name for name in _PREPARATION if getattr(before.input, name, None) != getattr(after.input, name, None)]
    if changed:
        return f"they prepare their input differently: {', '.join(changed)}"
    outputs = [[(one.role, one.shape) for one in manifest.outputs] for manifest in (before, after)]
    return "" if outputs[0] == outputs[1] else "their outputs have other roles or shapes"


def _compared(
    recorded: Bundle, spec: Output, other: Output, answers: list[dict[str, npt.NDArray[np.float32]]]
) -> OutputReplay:
    golden_set = recorded.manifest.golden
    goldens = golden_set.goldens if golden_set else ()
    tolerance = golden_set.tolerance.get(spec.tensor, 0.0) if golden_set else 0.0
    distances = [
        np.max(np.abs(answer[other.tensor] - _array(recorded, golden.outputs[spec.tensor])), initial=0.0)
        for golden, answer in zip(goldens, answers, strict=True)
    ]
    largest = float(np.max(distances, initial=0.0))
    return OutputReplay(spec.tensor, other.tensor, largest if np.isfinite(largest) else float("inf"), tolerance)


def _real_input(recorded: Bundle, golden: Golden) -> npt.NDArray[Any]:
    """The stored golden input as real float32 values, which any predictor takes."""
    stored, quantisation = _array(recorded, golden.input), recorded.manifest.input.quantisation
    if quantisation is None:
        return stored
    centred = stored.astype(np.float32) - np.float32(quantisation.zero_point)
    return np.asarray(centred * np.float32(quantisation.scale), np.float32)


def _array(bundle: Bundle, member: str) -> npt.NDArray[Any]:
    return np.asarray(np.load(io.BytesIO(bundle.members[member]), allow_pickle=False))


def _axes(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
