"""The C++ beside the model: a resolver with exactly its operators, and a self-test that replays the bundle's goldens.

Both are for TensorFlow Lite Micro. The goldens lie in a C99 file of their own, so that a firmware that leaves the
self-test out does not carry them.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_contracts.errors import BadInputError
from firmware_tools.carray.c_text import integer, real, rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from firmware_tools.carray.ends import End
    from firmware_tools.carray.model_files import Export

_ODD_METHODS = {
    "BATCH_MATMUL": "BatchMatMul",
    "CUMSUM": "CumSum",
    "PADV2": "PadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTM",
}
_GENERATED = "/* Written by 'lepton firmware carray': make it again rather than change it. */\n"


@dataclass(frozen=True, slots=True)
class GoldenFiles:
    """The goldens as C99, header and source."""

    header: str
    source: str


def method(kind: str) -> str:
    """What MicroMutableOpResolver calls the registration of an operator: `CONV_2D` is `AddConv2D`."""
    words = _ODD_METHODS.get(kind) or "".join(word[:1] + word[1:].lower() for word in kind.split("_"))
    return "Add" + words.replace("2d", "2D")


def resolver_header(export: Export) -> str:
    """`model_resolver.h`."""
    name, macro = export.name, export.macro
    return (
        f"{_GENERATED}#ifndef {macro}_RESOLVER_H\n#define {macro}_RESOLVER_H\n\n"
        '#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"\n\n'
        f"#define {macro}_OPERATORS {len(export.kinds)}\n\n"
        "/* The operators of the model and no others; null where the runtime takes one of them not. */\n"
        f"const tflite::MicroMutableOpResolver<{macro}_OPERATORS> *{name}_resolver();\n\n"
        f"#endif /* {macro}_RESOLVER_H */\n"
    )


def resolver_source(export: Export) -> str:
    """`model_resolver.cc`."""
    name, macro = export.name, export.macro
    adds = " ||\n".join(f"        resolver.{method(kind)}() != kTfLiteOk" for kind in export.kinds)
    return (
        f'{_GENERATED}#include "{name}_resolver.h"\n\n'
        f"const tflite::MicroMutableOpResolver<{macro}_OPERATORS> *{name}_resolver() {{\n"
        f"    static tflite::MicroMutableOpResolver<{macro}_OPERATORS> resolver;\n"
        "    static bool is_filled = false;\n"
        "    if (is_filled) {\n        return &resolver;\n    }\n"
        f"    if ({adds.lstrip()}) {{\n        return nullptr;\n    }}\n"
        "    is_filled = true;\n    return &resolver;\n}\n"
    )


def golden_files(export: Export) -> GoldenFiles:
    """`model_goldens.h` and `.c`: inputs as stored, answers as real numbers, and how far another run may lie.

    Raises:
        BadInputError: the bundle has no goldens, they name no output, or they do not have the model's shapes.
    """
    recorded = export.bundle.manifest.golden
    if recorded is None or not recorded.goldens:
        raise BadInputError(
            f"wanted goldens to test the model with, found none in {export.bundle.manifest.name}; 'lepton convert' "
            "records them"
        )
    name, macro, count = export.name, export.macro, len(recorded.goldens)
    tested = _tested(export)
    inputs = [_values(export, golden.input, export.input) for golden in recorded.goldens]
    declared = [f"extern const {export.input.c_type} {name}_golden_inputs[{macro}_GOLDENS][{macro}_INPUT_COUNT];"]
    blocks = [_block(declared[0], [map(_stored(export.input), one.reshape(-1).tolist()) for one in inputs])]
    for number, end in tested:
        declared.append(
            f"extern const float {name}_golden_outputs{number}[{macro}_GOLDENS][{macro}_OUTPUT{number}_COUNT];"
        )
        answers = [_values(export, golden.outputs[end.name], None) for golden in recorded.goldens]
        _require_count(answers, end)
        blocks.append(_block(declared[-1], [map(real, one.reshape(-1).tolist()) for one in answers]))
    tolerances = "".join(
        f"#define {macro}_OUTPUT{number}_TOLERANCE {real(recorded.tolerance.get(end.name, 0.0))}\n"
        for number, end in tested
    )
    guard = f"{macro}_GOLDENS_H"
    text = (
        f'{_GENERATED}#ifndef {guard}\n#define {guard}\n\n#include "{name}.h"\n\n'
        f'#ifdef __cplusplus\nextern "C" {{\n#endif\n\n#define {macro}_GOLDENS {count}\n{tolerances}\n'
        + "\n".join(declared)
        + f"\n\n#ifdef __cplusplus\n}}\n#endif\n\n#endif /* {guard} */\n"
    )
    return GoldenFiles(text, f'{_GENERATED}#include "{name}_goldens.h"\n\n' + "\n".join(blocks))


def selftest(export: Export) -> str:
    """`model_selftest.cc`."""
    checks = "".join(_check(export, number, end) for number, end in _tested(export))
    return _SELFTEST.replace("@CHECKS@", checks).replace("@NAME@", export.name).replace("@MACRO@", export.macro)


def _tested(export: Export) -> list[tuple[int, End]]:
    """The outputs that every golden names, with their numbers."""
    recorded = export.bundle.manifest.golden
    goldens = recorded.goldens if recorded else ()
    named = [all(end.name in golden.outputs for golden in goldens) for end in export.outputs]
    if not any(named):
        raise BadInputError(
            f"wanted an output that every golden names, found none in {export.bundle.manifest.name}, so that no answer "
            "could be compared; 'lepton convert' records goldens"
        )
    return [(number, end) for number, end in enumerate(export.outputs) if named[number]]


def _values(export: Export, path: str, end: End | None) -> npt.NDArray[Any]:
    """One array of the bundle; of the end's type and count where one is given."""
    try:
        values: npt.NDArray[Any] = np.load(io.BytesIO(export.bundle.members[path]), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise BadInputError(f"wanted an array in {path} of the bundle, found {error}; make the bundle again") from error
    if end is not None and (values.size != end.count or values.dtype.name != end.type_name):
        raise BadInputError(
            f"wanted {end.count} values of {end.type_name} in {path}, found {values.size} of {values.dtype.name}; "
            "make the bundle again"
        )
    return values


def _require_count(answers: list[npt.NDArray[Any]], end: End) -> None:
    if wrong := [one.size for one in answers if one.size != end.count]:
        raise BadInputError(
            f"wanted {end.count} golden values of {end.name}, found {wrong[0]}; a network whose output's size is known "
            "only when it has run does not fit a microcontroller"
        )


def _stored(end: End) -> Any:
    return real if end.type_name == "float32" else lambda value: integer(int(value))


def _block(declaration: str, values: list[Iterable[str]]) -> str:
    inside = ",\n".join(f"  {{\n{rows(one)}  }}" for one in values)
    return f"{declaration.removeprefix('extern ').removesuffix(';')} = {{\n{inside}\n}};\n"


def _check(export: Export, number: int, end: End) -> str:
    start = f"{export.macro}_OUTPUT{number}"
    formula = f"{start}_SCALE * static_cast<float>(stored[at] - ({start}_ZERO_POINT))"
    shown = "static_cast<float>(stored[at])" if end.quantisation is None else formula
    return f"""
        {{
            const TfLiteTensor *answer = interpreter.output({start}_INDEX);
            if (answer == nullptr || answer->bytes != sizeof({start}_TYPE) * {start}_COUNT) {{
                MicroPrintf("{export.name}: output {number} has another size");
                return 5;
            }}
            const {start}_TYPE *stored = static_cast<const {start}_TYPE *>(answer->data.data);
            for (int at = 0; at < {start}_COUNT; ++at) {{
                const float apart = {shown} - {export.name}_golden_outputs{number}[golden][at];
                if (!(apart <= {start}_TOLERANCE && -apart <= {start}_TOLERANCE)) {{
                    MicroPrintf("{export.name}: golden %d, output {number}, value %d differs", golden, at);
                    return 6;
                }}
            }}
        }}
"""


_SELFTEST = (
    _GENERATED
    + """#include "@NAME@.h"
#include "@NAME@_goldens.h"
#include "@NAME@_resolver.h"
#include "@NAME@_selftest.h"

#include <string.h>

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace {
alignas(16) uint8_t arena[@MACRO@_ARENA_BYTES];
}

int @NAME@_selftest() {
    const tflite::Model *model = tflite::GetModel(@NAME@_data);
    if (model->version() != TFLITE_SCHEMA_VERSION) {
        MicroPrintf("@NAME@: the runtime knows another version of model files");
        return 1;
    }
    const auto *resolver = @NAME@_resolver();
    if (resolver == nullptr) {
        MicroPrintf("@NAME@: the runtime lacks an operator");
        return 2;
    }
    tflite::MicroInterpreter interpreter(model, *resolver, arena, sizeof(arena));
    if (interpreter.AllocateTensors() != kTfLiteOk) {
        MicroPrintf("@NAME@: %d bytes of arena are not enough, or a kernel refuses", static_cast<int>(sizeof(arena)));
        return 3;
    }
    MicroPrintf("@NAME@: %d of %d bytes of arena used", static_cast<int>(interpreter.arena_used_bytes()),
                static_cast<int>(sizeof(arena)));
    for (int golden = 0; golden < @MACRO@_GOLDENS; ++golden) {
        TfLiteTensor *input = interpreter.input(@MACRO@_INPUT_INDEX);
        if (input == nullptr || input->bytes != sizeof(@NAME@_golden_inputs[golden])) {
            MicroPrintf("@NAME@: the input has another size");
            return 4;
        }
        memcpy(input->data.data, @NAME@_golden_inputs[golden], input->bytes);
        if (interpreter.Invoke() != kTfLiteOk) {
            MicroPrintf("@NAME@: golden %d does not run", golden);
            return 7;
        }
@CHECKS@    }
    MicroPrintf("@NAME@: %d goldens as recorded", @MACRO@_GOLDENS);
    return 0;
}
"""
)


def selftest_header(export: Export) -> str:
    """`model_selftest.h`."""
    name, macro = export.name, export.macro
    return (
        f"{_GENERATED}#ifndef {macro}_SELFTEST_H\n#define {macro}_SELFTEST_H\n\n"
        "/* Replays the bundle's goldens. 0: all as recorded; else what was said last by MicroPrintf:\n"
        " * 1 file version, 2 operator missing, 3 arena or kernel, 4 input, 5 output, 6 another answer, 7 no run. */\n"
        f"int {name}_selftest();\n\n#endif /* {macro}_SELFTEST_H */\n"
    )
