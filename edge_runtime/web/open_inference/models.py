"""Two models for each inspection point: the network itself, and the point's whole judgement of a picture.

`gate` takes the network's own input and gives its outputs in real units. `gate.picture` takes a camera's picture and
gives what the line would say: outcome, cause, score, heat map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge_runtime.capture.picture_file import PictureLimits, decode_picture
from edge_runtime.web.open_inference.tensor import BYTES, RequestRefused, WireTensor, datatype_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_runtime.web.insight import Insight, PointFace
    from edge_runtime.web.judge import Judge

PICTURE: Final = ".picture"
"""No point's name holds a full stop."""
_IMAGE: Final = "image"
_CHANNELS = 3
_PIXEL_AXES = 3
_Told = tuple[str, str, tuple[int, ...]]
"""Name, datatype and shape, as metadata tells them."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One model that clients may ask."""

    face: PointFace
    takes_pictures: bool

    @property
    def name(self) -> str:
        """In the protocol's paths."""
        return self.face.name + (PICTURE if self.takes_pictures else "")

    @property
    def version(self) -> str:
        """The bundle's sequence."""
        return str(self.face.manifest.sequence)

    def metadata(self) -> dict[str, Any]:
        """What the protocol calls model metadata."""
        inputs, outputs = self._picture_tensors() if self.takes_pictures else self._raw_tensors()
        platform = f"lepton_{self.face.manifest.runtime}"
        return {
            "name": self.name,
            "versions": [self.version],
            "platform": platform,
            "inputs": [_told(*each) for each in inputs],
            "outputs": [_told(*each) for each in outputs],
        }

    def answer(self, inputs: Sequence[WireTensor], judge: Judge, limits: PictureLimits) -> tuple[WireTensor, ...]:
        """Run it; by the judge's thread alone.

        Raises:
            RequestRefused: the inputs are not the model's.
        """
        wanted = _IMAGE if self.takes_pictures else self.face.manifest.input.tensor
        if [tensor.name for tensor in inputs] != [wanted]:
            found = ", ".join(tensor.name[:40] for tensor in inputs)
            raise RequestRefused(f"wanted the input {wanted!r} and no other, found {found}")
        if self.takes_pictures:
            return self._judgement(_pixels(inputs[0], limits), judge)
        return self._raw_outputs(inputs[0], judge)

    def _raw_tensors(self) -> tuple[list[_Told], list[_Told]]:
        spec = self.face.manifest.input
        inputs = [(spec.tensor, datatype_of(spec.dtype), spec.shape)]
        return inputs, [(output.tensor, "FP32", output.shape) for output in self.face.manifest.outputs]

    @staticmethod
    def _picture_tensors() -> tuple[list[_Told], list[_Told]]:
        words = [(name, BYTES, (1,)) for name in ("outcome", "cause", "reason", "label")]
        numbers = [("score", "FP32", (1,)), ("threshold", "FP32", (1,))]
        arrays = [("values", "FP32", (-1,)), ("heat_map", "FP32", (-1, -1))]
        return [(_IMAGE, "UINT8", (-1, -1, _CHANNELS))], [*words, *numbers, *arrays]

    def _raw_outputs(self, given: WireTensor, judge: Judge) -> tuple[WireTensor, ...]:
        spec = self.face.manifest.input
        own = datatype_of(spec.dtype)
        allowed = {own, "FP32"} if spec.quantisation is not None else {own}
        if given.datatype not in allowed:
            raise RequestRefused(f"input {given.name!r}: wanted {' or '.join(sorted(allowed))}, found {given.datatype}")
        if given.shape != tuple(spec.shape) or isinstance(given.values, tuple):
            raise RequestRefused(
                f"input {given.name!r}: wanted the shape {list(spec.shape)}, found {list(given.shape)}"
            )
        scores = judge.tensor(self.face, given.values)
        outputs = [(output.tensor, scores.outputs[output.tensor]) for output in self.face.manifest.outputs]
        return tuple(_numbers(name, values) for name, values in outputs)

    def _judgement(self, pixels: npt.NDArray[np.uint8], judge: Judge) -> tuple[WireTensor, ...]:
        judged = judge.picture(self.face, pixels, self.face.settings.region)
        decision = judged.decision
        heat = np.empty((0, 0), np.float32) if judged.heat_map is None else judged.heat_map
        numbers = {"score": decision.score, "threshold": decision.threshold}
        return (
            _word("outcome", decision.outcome.value),
            _word("cause", decision.cause.value),
            _word("reason", decision.reason),
            _word("label", decision.label or ""),
            *(_numbers(name, np.asarray([np.nan if one is None else one])) for name, one in numbers.items()),
            _numbers("values", judged.values),
            _numbers("heat_map", heat),
        )


def offered(insight: Insight) -> tuple[Offered, ...]:
    """Every model, in the order of the configuration."""
    return tuple(
        Offered(face, takes_pictures=takes_pictures)
        for face in insight.points()
        for takes_pictures in ((False, True) if face.takes_pictures else (False,))
    )


def _told(name: str, datatype: str, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": list(shape)}


def _pixels(given: WireTensor, limits: PictureLimits) -> npt.NDArray[np.uint8]:
    """H×W×3 uint8 RGB from pixels, or from the bytes of one picture file."""
    if isinstance(given.values, tuple):
        if len(given.values) != 1:
            raise RequestRefused(f"input {given.name!r}: wanted one picture file, found {len(given.values)}")
        return decode_picture(given.values[0], "the picture", limits)
    shape, dtype = given.shape, given.values.dtype
    if len(shape) != _PIXEL_AXES or shape[2] != _CHANNELS or not given.values.size or dtype != np.uint8:
        raise RequestRefused(
            f"input {given.name!r}: wanted UINT8 [height, width, 3] RGB, or BYTES [1] with a picture file, found "
            f"{given.datatype} {list(shape)}"
        )
    if shape[0] * shape[1] > limits.pixels:
        raise RequestRefused(f"input {given.name!r}: wanted at most {limits.pixels:,} pixels, found {list(shape)}")
    return given.values


def _word(name: str, text: str) -> WireTensor:
    return WireTensor(name, BYTES, (1,), (text.encode(),))


def _numbers(name: str, values: npt.NDArray[Any]) -> WireTensor:
    return WireTensor(name, "FP32", values.shape, np.asarray(values, np.float32))
