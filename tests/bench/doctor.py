"""`make bench-doctor`: MobileNetV1-0.25 in float, int8, and with the four float operators that the doctor chooses.

Calibration and judging pictures are cut from different photographs of the data folder (`LEPTON_DATA`, `../shared/data`
by default). The floor of the milliseconds is the int8 model of the same run; the models take turns. Seconds are the
processor's, child processes included, so that other work on the machine does not count.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.doctor.pair import Pair
from converters.doctor.trials import time_in_turns
from converters.execute import Kernels, run_all
from converters.quantize import Recipe, quantize
from converters.quantize.affine import Affine
from converters.tflite import read_tflite, write_tflite
from converters.treatment import Mixing, treat
from tests.fakes.photographs import crops

if TYPE_CHECKING:
    from converters.graph import Graph

REPOSITORY = Path(__file__).resolve().parents[2]
MODEL = "tflite-support/mobilenet_v1_0.25_224_1_default_1.tflite"
SIDE_PX = 224
CAMERA = Affine(float(np.float32(1 / 127.5)), 0)
OPERATORS = 4
TURNS = 301


def main() -> None:
    """Quantise, treat, judge, time, print."""
    data = Path(os.environ.get("LEPTON_DATA", REPOSITORY.parent / "shared" / "data")).resolve()
    original = read_tflite((data / MODEL).read_bytes())
    calibration, judging = (_inputs(data, which) for which in ("calibration", "judging"))
    begin = _cpu_s()
    made = quantize(original, calibration, Recipe(input=CAMERA))
    quantized = _cpu_s()
    treatment = treat(made, calibration, Mixing(OPERATORS), classes=True, progress=lambda _stage, _done: None)
    treated = _cpu_s()
    graphs = {"float": made.bench.prepared, "int8": made.graph, "mixed": treatment.graph}
    wanted = _classes(original, original, judging, Kernels.XNNPACK)
    feeds = [Pair(original, graph).feed({original.inputs[0]: judging[0]}) for graph in graphs.values()]
    plain, *integer = time_in_turns([write_tflite(graph) for graph in graphs.values()], feeds, TURNS)
    print(f"{'':8}{'bytes':>10}{'xnnpack':>10}{'reference':>11}{'ms':>8}{'× int8':>8}")
    for (name, graph), ms in zip(graphs.items(), (plain, *integer), strict=True):
        shares = [np.mean(_classes(original, graph, judging, kernels) == wanted) for kernels in Kernels]
        size = len(write_tflite(graph))
        print(f"{name:8}{size:>10,}{shares[0]:>10.1%}{shares[1]:>11.1%}{ms:>8.3f}{ms / integer[0]:>8.2f}")
    print(f"agreement with float on {len(judging)} pictures, {len(calibration)} others to calibrate; 1 thread")
    print(f"quantize {quantized - begin:.1f} s, examine and mix {treated - quantized:.1f} s of one processor")
    for line in treatment.findings.sentences:
        print(line)
    for point in treatment.findings.islands.points if treatment.findings.islands else ():
        figures = f"{point.output_db:6.1f} dB {point.bytes:>9,} B  × {point.time_ratio or np.nan:.2f} measured"
        print(f"  {figures}, {point.estimated_ratio:.2f} estimated  {', '.join(point.operators) or 'int8 alone'}")


def _cpu_s() -> float:
    return sum(os.times()[:4])


def _inputs(data: Path, which: Any) -> list[Any]:
    return [(picture.astype(np.float32) / 127.5 - 1)[None] for picture in crops(data, SIDE_PX, which)]


def _classes(original: Graph, graph: Graph, inputs: list[Any], kernels: Kernels) -> Any:
    pair = Pair(original, graph)
    answers = run_all(write_tflite(graph), [pair.feed({graph.inputs[0]: one}) for one in inputs], kernels)
    return np.array([answer[0].argmax() for answer in answers])


if __name__ == "__main__":
    main()
