"""Features that need no network: two layers of Gabor modulus, as a graph.

A scattering transform (Bruna and Mallat, "Invariant Scattering Convolution Networks", 2013) cut to what a board can
afford: 3 octaves × 6 angles, each modulus looked at again by 3 angles. Light is flattened first: luma is divided by its
own wide blur, which is pooled, smoothed and resized, because a true blur of an eighth of the side costs more than the
rest together.

75 channels at stride 16: 18 first moduli, 54 second moduli and luma, in logarithms, then two of chroma. The order is,
per octave: 6 first, 18 second; then luma, blue, red.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from converters.graph import Graph, Quantization, Tensor
from training.features.feature_part import FeaturePart
from training.features.wiring import Wiring

STRIDE_PX = 16
OCTAVES = 3
FIRST_ANGLES = 6
SECOND_ANGLES = 3
CHANNELS = OCTAVES * FIRST_ANGLES * (1 + SECOND_ANGLES) + 3

WAVELENGTH_PX = 4.0
ENVELOPE_SIGMA_PX = 2.0
KERNEL_HALF_PX = 3

# Blur of an eighth of the short side (224 px), in cells of 16 px.
LIGHT_SIGMA_CELLS = 1.75
LIGHT_HALF_CELLS = 4
# Black stays black: a twentieth of full scale is added before dividing and before the logarithm.
LUMA_FLOOR = 0.05
# A modulus below a thousandth of the local luma is sensor noise; it also keeps the logarithm finite.
MODULUS_FLOOR = 1e-3
# ITU-R BT.601 luma; chroma as differences to it, at a weight comparable with the logarithms.
LUMA_OF_RGB = (0.299, 0.587, 0.114)
CHROMA_GAIN = 4.0
BLUE_SCALE, RED_SCALE = 0.564, 0.713


def gabor_features(height_px: int, width_px: int) -> FeaturePart:
    """Draw the feature part for 1×H×W×3 int8 RGB (camera byte - 128), H and W multiples of 32.

    Its output is 1 × H/16 × W/16 × 75 float32.
    """
    graph = Graph({}, [], [], [], name="gabor")
    graph.tensors["image"] = Tensor(
        "image",
        (1, height_px, width_px, 3),
        np.dtype(np.int8),
        quantization=Quantization(np.array([1 / 255], np.float32), np.array([-128], np.int64)),
    )
    graph.inputs.append("image")
    pen = Wiring(graph, "gabor")
    rgb = pen.apply("DEQUANTIZE", ["image"], (1, height_px, width_px, 3))
    graph.outputs.append(pen.rename(_features(pen, rgb), "features"))
    return FeaturePart(graph, "gabor", tuple(graph.outputs))


def gabor_pair(angle_rad: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the even and the odd 7×7 kernel of one direction; both sum to zero, so that flat light gives nothing."""
    span = np.arange(-KERNEL_HALF_PX, KERNEL_HALF_PX + 1, dtype=np.float64)
    y, x = np.meshgrid(span, span, indexing="ij")
    envelope = np.exp(-(x**2 + y**2) / (2 * ENVELOPE_SIGMA_PX**2))
    envelope /= envelope.sum()
    phase = 2 * np.pi * (x * np.cos(angle_rad) + y * np.sin(angle_rad)) / WAVELENGTH_PX
    even = envelope * np.cos(phase)
    return even - envelope * even.sum(), envelope * np.sin(phase)


def _features(pen: Wiring, rgb: str) -> str:
    cells = pen.average(rgb, STRIDE_PX)
    luma_cells = pen.convolve(cells, _mix([LUMA_OF_RGB]), [LUMA_FLOOR])
    surface = _flatten_light(pen, pen.convolve(rgb, _mix([LUMA_OF_RGB]), [0.0]), luma_cells)
    moduli: list[str] = []
    for octave in range(OCTAVES):
        surface = pen.average(surface, 2) if octave else surface
        moduli += _two_layers(pen, surface, rows=pen.shape(cells)[1])
    logarithm = pen.apply("LOG", [_join(pen, [*moduli, luma_cells])], (*pen.shape(cells)[:3], CHANNELS - 2))
    return _join(pen, [logarithm, pen.convolve(cells, _mix(_chroma_rows()), [0.0, 0.0])])


def _flatten_light(pen: Wiring, luma: str, luma_cells: str) -> str:
    """Luma / (its wide blur + floor) - 1: about zero on a plain surface, so that zero padding adds no edge."""
    side = 2 * LIGHT_HALF_CELLS + 1
    span = np.arange(side, dtype=np.float64) - LIGHT_HALF_CELLS
    line = np.exp(-(span**2) / (2 * LIGHT_SIGMA_CELLS**2))
    kernel = np.outer(line, line) / line.sum() ** 2
    mirrored = pen.mirror(luma_cells, LIGHT_HALF_CELLS)
    light = pen.convolve(mirrored, kernel[None, :, :, None], [0.0], padding="VALID")
    size = pen.constant("size", pen.shape(luma)[1:3], np.int32)
    wide = pen.apply("RESIZE_BILINEAR", [light, size], pen.shape(luma), align_corners=False, half_pixel_centers=True)
    return pen.pointwise("SUB", pen.pointwise("DIV", luma, wide), pen.constant("one", [1.0]))


def _two_layers(pen: Wiring, surface: str, rows: int) -> list[str]:
    """First and second moduli of one octave, each pooled to `rows` rows of cells."""
    first = _modulus(pen, pen.convolve(surface, _first_bank(), np.zeros(2 * FIRST_ANGLES), stride=2))
    bank = _second_bank()
    second = _modulus(pen, pen.convolve_each(first, bank, np.zeros(bank.shape[3]), stride=2))
    return [pen.average(one, pen.shape(one)[1] // rows) for one in (first, second)]


def _modulus(pen: Wiring, pairs: str) -> str:
    """sqrt(even² + odd² + floor²) for channels that alternate even, odd."""
    squares = pen.pointwise("MUL", pairs, pairs)
    count = pen.shape(pairs)[3] // 2
    total = pen.convolve(squares, _mix(np.repeat(np.eye(count), 2, axis=1)), np.full(count, MODULUS_FLOOR**2))
    return pen.apply("SQRT", [total], pen.shape(total))


def _first_bank() -> npt.NDArray[np.float64]:
    kernels = [kernel for n in range(FIRST_ANGLES) for kernel in gabor_pair(n * np.pi / FIRST_ANGLES)]
    return np.stack(kernels)[..., None]


def _second_bank() -> npt.NDArray[np.float64]:
    kernels = [kernel for n in range(SECOND_ANGLES) for kernel in gabor_pair(n * np.pi / SECOND_ANGLES)]
    return np.tile(np.stack(kernels, axis=-1), FIRST_ANGLES)[None]


def _mix(rows: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Weights of a 1×1 convolution from an out × in matrix."""
    return np.asarray(rows, dtype=np.float64)[:, None, None, :]


def _chroma_rows() -> npt.NDArray[np.float64]:
    luma = np.array(LUMA_OF_RGB)
    blue = BLUE_SCALE * (np.array([0.0, 0.0, 1.0]) - luma)
    red = RED_SCALE * (np.array([1.0, 0.0, 0.0]) - luma)
    return CHROMA_GAIN * np.stack([blue, red])


def _join(pen: Wiring, parts: list[str]) -> str:
    shape = (*pen.shape(parts[0])[:3], sum(pen.shape(part)[3] for part in parts))
    inputs: list[str | None] = list(parts)
    return pen.apply("CONCATENATION", inputs, shape, axis=3, fused_activation_function="NONE")
