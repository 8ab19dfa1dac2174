"""`model.h` and `model.c`: a network and all that must be known to feed it, in C99 that needs nothing beside itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.manifest import AnomalyRule, ClassRule, ImageInput, MapRule, SeriesInput, SoundInput
from edge_contracts.rule_words import rule_in_words
from firmware_tools.carray.c_text import comment, data_rows, defines, integer, real, rows, string

if TYPE_CHECKING:
    from edge_contracts.bundle import Bundle
    from firmware_tools.carray.arena import ArenaNeed
    from firmware_tools.carray.ends import End


@dataclass(frozen=True, slots=True)
class Export:
    """Everything that the files are written from.

    name: the beginning of every name in C, and of every file.
    content: the model file as the runtime takes it.
    host, chip: the arena with 8-byte and 4-byte pointers.
    guessed: kinds of operators whose kernels' memory is not known.
    """

    name: str
    bundle: Bundle
    content: bytes
    kinds: tuple[str, ...]
    input: End
    outputs: tuple[End, ...]
    host: ArenaNeed
    chip: ArenaNeed
    guessed: tuple[str, ...]

    @property
    def macro(self) -> str:
        """The beginning of every macro."""
        return self.name.upper()


def header(export: Export) -> str:
    """`model.h`."""
    parts = [
        _head(export),
        f"#ifndef {export.macro}_H\n#define {export.macro}_H\n",
        "#include <stdint.h>\n",
        '#ifdef __cplusplus\nextern "C" {\n#endif\n',
        _identity(export),
        _arena(export),
        _end_macros(export, "INPUT", export.input),
        _preparation(export),
        f"#define {export.macro}_OUTPUTS {len(export.outputs)}\n",
        *(_end_macros(export, f"OUTPUT{number}", end) for number, end in enumerate(export.outputs)),
        _judging(export),
        f"extern const unsigned char {export.name}_data[{export.macro}_BYTES];\n",
        "#ifdef __cplusplus\n}\n#endif\n",
        f"#endif /* {export.macro}_H */\n",
    ]
    return "\n".join(part for part in parts if part)


def source(export: Export) -> str:
    """`model.c`."""
    name, macro = export.name, export.macro
    parts = [
        _head(export),
        f'#include "{name}.h"\n',
        _alignment(macro),
        f"{macro}_ALIGNED const unsigned char {name}_data[{macro}_BYTES] = {{\n{data_rows(export.content)}}};\n",
        _label_texts(export),
    ]
    return "\n".join(part for part in parts if part)


def _head(export: Export) -> str:
    manifest = export.bundle.manifest
    said = f"{manifest.name} {manifest.sequence}, {manifest.precision}, bundle {export.bundle.digest}"
    return f"/* {comment(said)}\n * Written by 'lepton firmware carray': make it again rather than change it. */\n"


def _identity(export: Export) -> str:
    manifest, macro = export.bundle.manifest, export.macro
    return defines(
        [
            (f"{macro}_NAME", string(manifest.name)),
            (f"{macro}_SEQUENCE", integer(manifest.sequence)),
            (f"{macro}_DIGEST", string(export.bundle.digest)),
            (f"{macro}_BYTES", f"{len(export.content)}u"),
        ]
    )


def _arena(export: Export) -> str:
    macro, host, chip = export.macro, export.host, export.chip
    guessed = f" Guessed for {', '.join(export.guessed)}: let the self-test tell." if export.guessed else ""
    return (
        f"/* Memory for TensorFlow Lite Micro: {host.activations} bytes of tensors and scratch buffers, and its own\n"
        " * records. With 8-byte pointers the figure is held against the runtime, with 4-byte ones it is estimated;\n"
        f" * kernels that are tuned for one processor may want more.{guessed} */\n"
        f"#ifndef {macro}_ARENA_BYTES\n#if UINTPTR_MAX > 0xFFFFFFFFu\n#define {macro}_ARENA_BYTES {host.bytes}u\n"
        f"#else\n#define {macro}_ARENA_BYTES {chip.bytes}u\n#endif\n#endif\n"
    )


def _end_macros(export: Export, what: str, end: End) -> str:
    start = f"{export.macro}_{what}"
    pairs = [
        (f"{start}_INDEX", integer(end.place)),
        (f"{start}_TYPE", end.c_type),
        (f"{start}_COUNT", integer(end.count)),
        (f"{start}_RANK", integer(len(end.shape))),
        (f"{start}_SHAPE", "{" + ", ".join(map(integer, end.shape or (1,))) + "}"),
    ]
    formula = "the real value itself"
    if end.quantisation is not None:
        pairs += [
            (f"{start}_SCALE", real(end.quantisation.scale)),
            (f"{start}_ZERO_POINT", integer(end.quantisation.zero_point)),
        ]
        formula = f"real = {start}_SCALE * (stored - {start}_ZERO_POINT)"
    return f"/* {comment(end.name)}: {comment(end.role)}, {formula} */\n{defines(pairs)}"


def _preparation(export: Export) -> str:
    """How the world becomes the input: what the manifest says, in words and figures."""
    spec, start = export.bundle.manifest.input, f"{export.macro}_INPUT"
    if isinstance(spec, ImageInput):
        words = (
            f"{spec.width_px} x {spec.height_px} pixels, {spec.colour}, {spec.layout}, resize {spec.resize}; "
            "real = (byte - MEAN) / STD"
        )
    elif isinstance(spec, SoundInput):
        words = (
            f"{spec.frames} log-mel spectra of {spec.mel.bands} bands at {spec.rate_hz} Hz: the bundle's manifest has "
            "the whole front end"
        )
    elif isinstance(spec, SeriesInput):
        words = f"{spec.samples} samples of {spec.channels} channels; real = (sample - MEAN) / STD"
    else:
        return ""
    pairs = [
        (f"{start}_MEAN", "{" + ", ".join(map(real, spec.mean)) + "}"),
        (f"{start}_STD", "{" + ", ".join(map(real, spec.std)) + "}"),
    ]
    return f"/* {comment(words)} */\n{defines(pairs)}"


def _judging(export: Export) -> str:
    """Labels and thresholds, as far as they are single figures; every rule in words."""
    manifest, macro = export.bundle.manifest, export.macro
    text = f"/* {comment(rule_in_words(manifest))} */\n"
    rule = manifest.rule
    if isinstance(rule, AnomalyRule | MapRule):
        text += defines([(f"{macro}_THRESHOLD", real(rule.threshold))])
    if isinstance(rule, ClassRule):
        text += defines([(f"{macro}_MIN_CONFIDENCE", real(rule.min_confidence))])
    if manifest.labels:
        text += defines([(f"{macro}_LABELS", integer(len(manifest.labels)))])
        text += f"extern const char *const {export.name}_labels[{macro}_LABELS];\n"
    if manifest.labels and isinstance(rule, ClassRule):
        text += f"extern const uint8_t {export.name}_label_is_good[{macro}_LABELS];\n"
    return text


def _label_texts(export: Export) -> str:
    manifest, name, macro = export.bundle.manifest, export.name, export.macro
    if not manifest.labels:
        return ""
    texts = rows(map(string, manifest.labels), 1)
    shown = f"const char *const {name}_labels[{macro}_LABELS] = {{\n{texts}}};\n"
    if isinstance(manifest.rule, ClassRule):
        good = rows(str(int(label in manifest.rule.good)) for label in manifest.labels)
        shown += f"\nconst uint8_t {name}_label_is_good[{macro}_LABELS] = {{\n{good}}};\n"
    return shown


def _alignment(macro: str) -> str:
    lines = [
        "/* The runtime reads the model in place and wants it on a multiple of 16 bytes. */",
        f"#ifndef {macro}_ALIGNED",
        "#if defined(__GNUC__) || defined(__clang__)",
        f"#define {macro}_ALIGNED __attribute__((aligned(16)))",
        "#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L",
        f"#define {macro}_ALIGNED _Alignas(16)",
        "#else",
        f"#error define {macro}_ALIGNED as what aligns a variable to 16 bytes with this compiler",
        "#endif",
        "#endif",
    ]
    return "\n".join(lines) + "\n"
