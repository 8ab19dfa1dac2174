"""The finished network for a board, and what the manifest must say of it: int8 where that pays, float where it must.

A good-only detector keeps its arithmetic (its backbone is integer already, its head measures distances that int8 cannot
hold) and only stores its big constants in half the bytes. Everything else becomes full-integer int8.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from converters.calibration.representativeness import assess
from converters.delegates import delegate_reports
from converters.preprocessing.fold import fold_preprocessing
from converters.quantize import quantize
from converters.quantize.affine import Affine
from converters.quantize.float16 import store_constants_as_float16
from converters.quantize.onnx import onnx_for_board
from converters.quantize.precision import computes_in_float
from converters.quantize.prepare import prepare
from converters.starting_point import StartingPoint, onnx_details
from converters.tflite import read_tflite, write_tflite
from converters.treatment import Mixing, computes_float, require_float_kernels, treat
from converters.wishes import notes_on, recipe_for
from device_profiles.delegate_files import delegates_of
from edge_contracts.card import PrecisionShare
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import Manifest, ModelInput, Output, TensorQuantisation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from converters.calibration.samples import Sample
    from converters.graph import Graph, Tensor
    from converters.isolation.trial import TrialChild
    from converters.quantize import QuantizedModel
    from converters.quantize.recipe import Recipe
    from converters.treatment import MixedPrecision
    from converters.wishes import Wishes
    from device_profiles.board import Profile
    from edge_contracts.bundle import Bundle

    Progress = Callable[[str, float], None]

INT8_LOWEST = -128
FULL_BYTE = 255.0


@dataclass(frozen=True, slots=True)
class Artefact:
    """A network ready to be judged.

    model: the file's bytes; spec, outputs: how to feed and read it.
    precision: what the weights mostly are.
    shares: operators and stored bytes by precision.
    settings: what was chosen, for the provenance.
    notes: sentences for the card.
    details: findings for the card by topic (`sparsity`, `size`), JSON-able.
    """

    model: bytes
    spec: ModelInput
    outputs: tuple[Output, ...]
    precision: Literal["int8", "float16", "mixed"]
    operators: dict[str, int]
    shares: tuple[PrecisionShare, ...]
    settings: dict[str, Any]
    notes: tuple[str, ...]
    details: dict[str, Any] = field(default_factory=dict)


def make_artefact(
    source: Bundle,
    samples: Sequence[Sample],
    profile: Profile,
    progress: Progress,
    wishes: Wishes,
    accepts: Callable[[Artefact], bool] = lambda _artefact: True,
    child: TrialChild | None = None,
) -> Artefact:
    """Turn a float bundle's network into the one that the board runs.

    Args:
        source: the float bundle.
        samples: typical inputs.
        profile: the board.
        progress: told stage and fraction.
        wishes: what the user asks of the arithmetic.
        accepts: whether the gate would let an artefact pass; asked only where mixed precision is `auto`.
        child: who runs the model and its candidates; None for a child process of this call.

    Raises:
        BadInputError: the profile has no runtime for the model's format, or no float kernels for a number of float
            operators, or the network cannot be quantised so.
    """
    require_float_kernels(wishes.mixed_precision, profile)
    made = _made(source, samples, profile, progress, wishes, accepts, child)
    # Told here, where the file is: accelerators of this board, and those that it can carry.
    reports = delegate_reports(made.model, source.manifest.runtime, delegates_of(profile))
    own = profile.accelerator.delegate if profile.accelerator else None
    left = tuple(report.sentence for report in reports if report.delegate == own and not report.fits)
    documents = [report.as_document() for report in reports]
    return replace(made, notes=(*made.notes, *left), details={**made.details, "delegates": documents})


def _made(
    source: Bundle,
    samples: Sequence[Sample],
    profile: Profile,
    progress: Progress,
    wishes: Wishes,
    accepts: Callable[[Artefact], bool],
    child: TrialChild | None,
) -> Artefact:
    able = {"tflite": {"litert", "tflite"}, "onnx": {"onnx"}}[source.manifest.runtime]
    offered = [runtime.name for runtime in profile.runtimes]
    if not able & set(offered):
        raise BadInputError(
            f"wanted a {' or '.join(sorted(able))} runtime for this {source.manifest.runtime} model, found that "
            f"{profile.name} offers {', '.join(offered)}; export the model to another format or choose another board"
        )
    _refuse_unused(source, wishes)
    if source.manifest.runtime == "onnx":
        return _onnx(source, samples, profile, progress, wishes)
    if not is_quantised(source):
        return _detector(source, samples)
    possible = wishes if computes_float(profile) else replace(wishes, mixed_precision="off")
    return _int8(source, samples, profile, progress, possible, accepts, child)


def is_quantised(source: Bundle) -> bool:
    """Whether our own quantizer makes the artefact, and tries candidates in a child."""
    return source.manifest.runtime == "tflite" and source.manifest.task != "anomaly"


def _refuse_unused(source: Bundle, wishes: Wishes) -> None:
    """Refuse a wish that was expressed and would change nothing."""
    is_onnx, is_detector = source.manifest.runtime == "onnx", source.manifest.task == "anomaly"
    asked = (*wishes.of_integers, *(("--calibration-rule",) if is_detector and wishes.rules else ()))
    if asked and (is_onnx or is_detector):
        what = "an ONNX model" if is_onnx else "a detector, which keeps its arithmetic"
        raise BadInputError(
            f"wanted a network that becomes int8 TFLite for {' and '.join(asked)}, found {what}; leave it out"
        )


def _detector(source: Bundle, samples: Sequence[Sample]) -> Artefact:
    graph = read_tflite(source.model)
    start = StartingPoint.of(len(source.model), graph)
    halved = store_constants_as_float16(graph)
    content = write_tflite(graph)
    shares = precision_shares(graph)
    note = "the detector's head stays float: distances from good parts need more range than int8 has"
    return Artefact(
        model=content,
        spec=source.manifest.input,
        outputs=source.manifest.outputs,
        precision=_weights_of(shares),
        operators=_operators(graph),
        shares=shares,
        settings={"kept": "float head", "float16_constants": halved},
        notes=(note,),
        details={
            "calibration": assess(None, [sample.values for sample in samples], source.manifest.input).as_document(),
            **start.details(graph, content, "constants as float16"),
        },
    )


def _int8(
    source: Bundle,
    samples: Sequence[Sample],
    profile: Profile,
    progress: Progress,
    wishes: Wishes,
    accepts: Callable[[Artefact], bool],
    child: TrialChild | None,
) -> Artefact:
    given = read_tflite(source.model)
    start = StartingPoint.of(len(source.model), given)
    fold = _folded(source, given, samples)
    recipe = recipe_for(profile, wishes, _camera_bytes(fold.spec))
    made = quantize(fold.graph, fold.inputs, recipe, progress, child)
    mixing = Mixing(wishes.mixed_precision, lambda graph: accepts(_integer(source, fold, graph)))
    classes = source.manifest.task == "classification"
    treatment = treat(made, fold.inputs, mixing, classes=classes, progress=progress)
    finished = _integer(source, fold, treatment.graph)
    kept_float = treatment.findings.islands.kept_float if treatment.findings.islands else ()
    float_parts = {"float_operators": dict(made.float_operators), "kept_float": list(kept_float)}
    details = start.details(treatment.graph, finished.model, "int8 weights and arithmetic") | fold.details
    details |= {"calibration": assess(treatment.graph, fold.inputs, fold.spec).as_document()}
    details |= {"doctor": treatment.findings.as_document()}
    return replace(
        finished,
        settings=_settings(made, fold, start.removed_channels)
        | {name: kept for name, kept in float_parts.items() if kept},
        notes=(
            *made.failures,
            *fold.notes,
            *notes_on(wishes, profile, treatment.graph),
            *_float_notes(made.float_operators),
            *_mixing_notes(wishes.mixed_precision, kept_float),
        ),
        details=details,
    )


def _settings(made: QuantizedModel, fold: _Fed, removed_channels: int) -> dict[str, Any]:
    """What was chosen, for the provenance."""
    recipe = made.recipe
    return {
        "range_rule": made.rule,
        "bias": _bias_of(made.settled),
        "rounding": made.settled.rounding,
        "equalised": made.settled.equalise,
        "per_channel": list(recipe.per_channel),
        "activations": recipe.activations,
        "symmetric": recipe.symmetric,
        "int4": list(recipe.int4),
        "samples": len(fold.inputs),
        "removed_channels": removed_channels,
        "preprocessing": fold.border or "as given",
    }


def _bias_of(recipe: Recipe) -> str:
    if not recipe.bias_correction:
        return "as given"
    return "measured" if recipe.measured_bias else "corrected"


def _float_notes(kinds: Mapping[str, int]) -> tuple[str, ...]:
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return (f"computed in float, for want of an int8 form or quicker and truer so: {told}",) if told else ()


def _mixing_notes(wish: MixedPrecision, kept_float: tuple[str, ...]) -> tuple[str, ...]:
    if not kept_float:
        return ()
    why = ", because the gate would refuse int8 alone" if wish == "auto" else ""
    return (f"operators that stay float: {len(kept_float)}{why}",)


def _integer(source: Bundle, fold: _Fed, graph: Graph) -> Artefact:
    """An integer or mixed graph as the board gets it, so that it can be run; nothing is told of it yet."""
    by_name = {output.tensor: output for output in source.manifest.outputs}
    is_mixed = any(computes_in_float(graph, operator) for operator in graph.operators)
    return Artefact(
        model=write_tflite(graph),
        spec=_stored_input(fold.spec, graph.tensors[graph.inputs[0]]),
        outputs=tuple(_stored_output(by_name[name], graph.tensors[name]) for name in graph.outputs),
        precision="mixed" if is_mixed else "int8",
        operators=_operators(graph),
        shares=precision_shares(graph),
        settings={},
        notes=(),
    )


@dataclass(frozen=True, slots=True)
class _Fed:
    """The float network as it is quantised, and its calibration inputs, preprocessing folded where that is possible."""

    graph: Graph
    spec: ModelInput
    inputs: list[npt.NDArray[np.float32]]
    border: str | None = None
    notes: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


def _folded(source: Bundle, graph: Graph, samples: Sequence[Sample]) -> _Fed:
    spec, inputs = source.manifest.input, [sample.values for sample in samples]
    # A reconstruction is compared with the input in the model's own units; arrays are given in them.
    if spec.kind != "image" or source.manifest.task == "reconstruction" or not all(s.is_picture for s in samples):
        return _Fed(graph, spec, inputs)
    fold = fold_preprocessing(prepare(graph), spec, inputs)
    notes = (fold.sentence,) if fold.sentence else ()
    found = {"border": fold.border, "deviation": fold.deviation, "sentence": fold.sentence}
    details = {"preprocessing": found} if fold.sentence else {}
    kept = graph if fold.border is None else fold.graph
    return _Fed(kept, fold.spec, [fold.values(x, spec) for x in inputs], fold.border, notes, details)


def _onnx(source: Bundle, samples: Sequence[Sample], profile: Profile, progress: Progress, wishes: Wishes) -> Artefact:
    inputs = [sample.values for sample in samples]
    made = onnx_for_board(source.model, inputs, profile.quantisation, progress, wishes.rules)
    return Artefact(
        model=made.content,
        spec=source.manifest.input,
        outputs=source.manifest.outputs,
        precision=made.precision,
        operators=dict(made.operators),
        shares=made.shares,
        settings=dict(made.settings),
        notes=made.notes,
        details={
            "calibration": assess(None, inputs, source.manifest.input).as_document(),
            **onnx_details(source.model, made.content),
        },
    )


def precision_shares(graph: Graph) -> tuple[PrecisionShare, ...]:
    """Operators by the precision they compute in, constants by the type they are stored in."""
    computing = Counter(_computes_in(graph, operator.outputs[0]) for operator in graph.operators)
    stored: Counter[str] = Counter()
    for tensor in graph.tensors.values():
        if tensor.data is not None:
            stored[str(tensor.dtype)] += tensor.data.nbytes
    names = sorted({*computing, *stored})
    return tuple(PrecisionShare(precision=name, operators=computing[name], bytes=stored[name]) for name in names)


def _weights_of(shares: Sequence[PrecisionShare]) -> Literal["float16", "mixed"]:
    """`float16` where no operator computes in integers, else `mixed`."""
    integer = [share for share in shares if share.operators and not share.precision.startswith("float")]
    return "mixed" if integer else "float16"


def _computes_in(graph: Graph, output: str) -> str:
    operator = next(operator for operator in graph.operators if output in operator.outputs)
    return "float32" if computes_in_float(graph, operator) else str(graph.tensors[output].dtype)


def _operators(graph: Graph) -> dict[str, int]:
    return dict(sorted(Counter(operator.kind for operator in graph.operators).items()))


def _camera_bytes(spec: ModelInput) -> Affine | None:
    """The input's int8 parameters with one step per byte, where mean and deviation allow them; else None.

    Byte p is stored as p − 128 where the mean is a whole byte. Around another, as 127.5, no zero point is exact:
    each byte is stored up to half a step off, and two may become one. The card says so, see `fold_preprocessing`.
    """
    if spec.kind != "image" or len(set(spec.mean)) != 1 or len(set(spec.std)) != 1:
        return None
    if not 0 <= spec.mean[0] <= FULL_BYTE:
        return None
    scale = np.float32(1.0 / spec.std[0])
    return Affine(float(scale), round(INT8_LOWEST + spec.mean[0]))


def _stored_input(spec: ModelInput, tensor: Tensor) -> ModelInput:
    return spec.model_copy(update={"dtype": str(tensor.dtype), "quantisation": _quantisation(tensor)})


def _stored_output(output: Output, tensor: Tensor) -> Output:
    return output.model_copy(update={"dtype": str(tensor.dtype), "quantisation": _quantisation(tensor)})


def _quantisation(tensor: Tensor) -> TensorQuantisation | None:
    if tensor.quantization is None:
        return None
    return TensorQuantisation(
        scale=float(tensor.quantization.scale[0]), zero_point=int(tensor.quantization.zero_point[0])
    )


def with_artefact(source: Manifest, artefact: Artefact) -> dict[str, Any]:
    """The manifest's fields that the artefact changes."""
    return {
        "input": artefact.spec,
        "outputs": artefact.outputs,
        "precision": artefact.precision,
        "operators": artefact.operators,
        "runtime": source.runtime,
    }
