"""Float ONNX to int8 ONNX: observe once, try every range rule, keep what stays nearest to the float model.

Candidates run node by node as their files have them, so that the choice is the same on every machine; the one that is
kept runs with ONNX Runtime's default kernels, too. The float model is the one that was given, before it was made ready.

All of it runs in the converter's own process, candidates too: ONNX Runtime tells what it cannot run by an error, and
has ended no process here (docs/decisions/044-foreign-models.md). The float model itself was opened in a child first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.candidate import MARGIN_DB, signal_to_noise_db
from converters.quantize.feeds import part, spread
from converters.quantize.onnx.description import QuantizedOnnx, describe_onnx
from converters.quantize.onnx.observation import observe_onnx
from converters.quantize.onnx.prepare import Packages, first_line, prepare
from converters.quantize.onnx.scheme import ASYMMETRIC, Scheme
from converters.quantize.onnx.shared_weights import part_shared_weights
from converters.quantize.onnx.static import quantize_with
from converters.quantize.onnx.unlike_parts import unlike_joins
from converters.quantize.ranges import RULES
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Array = npt.NDArray[Any]

MOST_JUDGING = 16
"""Held-out samples that a rule is judged by; the rules differ by more than more samples would tell."""


def quantize_onnx(
    content: bytes,
    samples: Sequence[npt.NDArray[np.float32]],
    *,
    scheme: Scheme = ASYMMETRIC,
    rules: Sequence[str] = tuple(RULES),
    keep_float: Sequence[str] = (),
    progress: Callable[[str, float], None] = lambda _stage, _done: None,
) -> QuantizedOnnx:
    """Quantise a float ONNX model with one input.

    Args:
        content: the bytes of the float model.
        samples: typical inputs in the model's own shape, real values; 20 to 100 do well.
        scheme: for processors or for TensorRT.
        rules: names of `converters.quantize.ranges.RULES`, tried in this order; a later one must win by `MARGIN_DB`.
        keep_float: names of nodes that stay float, beside the kinds that always do.
        progress: told the stage and the fraction of it that is done.

    Raises:
        BadInputError: not a model that ONNX Runtime loads, or samples that do not fit it.
        MissingExtraError: the packages onnx and onnxruntime are not installed.
    """
    if not samples:
        raise BadInputError("wanted at least one sample, found none; 20 to 100 typical inputs do well")
    packages = Packages.load()
    model = prepare(packages, content)
    part_shared_weights(packages.onnx, model)
    own = [np.ascontiguousarray(sample, np.float32) for sample in samples]
    try:
        return _best(packages, content, model, own, scheme, rules, keep_float, progress)
    except BadInputError:
        raise
    except packages.failures() as error:
        raise BadInputError(f"ONNX Runtime does not quantise this model: {first_line(error)}") from error


def _best(
    packages: Packages,
    content: bytes,
    model: Any,
    samples: Sequence[Array],
    scheme: Scheme,
    rules: Sequence[str],
    keep_float: Sequence[str],
    progress: Callable[[str, float], None],
) -> QuantizedOnnx:
    judging = spread(part(samples)[1], MOST_JUDGING)
    seen = observe_onnx(packages, model, samples, lambda done: progress("calibrate", done))
    in_float = (*keep_float, *unlike_joins(model, seen))
    expected = _answers(packages.session(content), judging)
    made: dict[str, bytes] = {}
    tried: dict[str, float] = {}
    for place, rule in enumerate(rules):
        ranges = {name: RULES[rule](observation) for name, observation in seen.items()}
        made[rule] = quantize_with(packages, model, scheme, ranges, in_float)
        tried[rule] = _worst_db(expected, _answers(packages.session(made[rule], as_written=True), judging))
        progress("quantize", (place + 1) / len(rules))
    best = rules[0]
    for rule in rules[1:]:
        best = rule if tried[rule] > tried[best] + MARGIN_DB else best
    _answers(packages.session(made[best]), judging[:1])
    return describe_onnx(packages.onnx, made[best], best, scheme.kinds, in_float, tried)


def _answers(session: Any, samples: Sequence[Array]) -> list[list[Array]]:
    name = session.get_inputs()[0].name
    return [session.run(None, {name: sample}) for sample in samples]


def _worst_db(expected: Sequence[Sequence[Array]], found: Sequence[Sequence[Array]]) -> float:
    """Signal to noise of the worst float output, in dB."""
    per_output = [
        signal_to_noise_db([answers[output] for answers in expected], [answers[output] for answers in found])
        for output in range(len(expected[0]))
        if expected[0][output].dtype.kind == "f"
    ]
    return min(per_output, default=-np.inf)
