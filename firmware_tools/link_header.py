"""The part of the C header `lepton_link.h` that is made from the station protocol's description.

`make docs` writes it between two marks of the header, and `make check` fails where it is stale, so that C and
description cannot disagree about a message.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_contracts.serial_link.description import load_description

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.serial_link.description import Description, FieldText, MessageText

BEGIN = "/* ---- made from protocol.toml: begin ---- */\n"
END = "/* ---- made from protocol.toml: end ---- */\n"
_RANGES = {"u8": 0xFF, "u16": 0xFFFF, "u32": 0xFFFF_FFFF}
_C_TYPES = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t"}


def header_path() -> Path:
    """Where the header lies in the installed package: one file, to be copied beside a firmware's own."""
    return Path(__file__).parent / "c" / "lepton_link.h"


def renewed(header: str) -> str:
    """The header with its made part as the description has it.

    Raises:
        BadInputError: it has no marks.
    """
    before, begin, rest = header.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BadInputError(f"wanted a header with {BEGIN.strip()} and {END.strip()}, found one without")
    return before + BEGIN + made(load_description()) + END + after


def made(told: Description) -> str:
    """Constants, structures, and the two functions of each message."""
    parts = ["\n".join(_constants(told)) + "\n", _reliable(told)]
    for message in told.messages:
        parts += [_structure(message), _put(message), _get(told, message)]
    return "\n".join(parts)


def _constants(told: Description) -> Iterator[str]:
    yield f"#define LEPTON_VERSION {told.version}"
    yield f"#define LEPTON_BODY_MAX {told.framing.body_max_bytes}"
    yield f"#define LEPTON_CRC_INIT 0x{told.crc.init:04X}u"
    yield f"#define LEPTON_CRC_XOR_OUT 0x{told.crc.xor_out:04X}u"
    yield f"#define LEPTON_RETRY_MS {told.reliable.retry_ms}u"
    yield f"#define LEPTON_TRIES {told.reliable.tries}u"
    yield "#ifndef LEPTON_PARTS"
    yield f"#define LEPTON_PARTS {told.limits.parts}u"
    yield "#endif"
    for message in told.messages:
        yield f"#define LEPTON_{message.name.upper()} 0x{message.id:02X}u"
    for values in told.values:
        for value in values.of:
            yield f"#define LEPTON_{values.name.upper()}_{value.name.upper()} {value.value}u"


def _reliable(told: Description) -> str:
    cases = "".join(f"    case LEPTON_{one.name.upper()}:\n" for one in told.messages if one.reliable)
    return (
        "/* Whether a message wants an answer. */\n"
        "static inline uint8_t lepton_is_reliable(uint8_t message)\n"
        f"{{\n    switch (message) {{\n{cases}        return 1;\n    default:\n        return 0;\n    }}\n}}\n"
    )


def _structure(message: MessageText) -> str:
    members = "".join(f"    {_member(field)}\n" for field in message.fields)
    return f"/* {message.meaning} */\nstruct lepton_{message.name} {{\n{members}}};\n"


def _member(field: FieldText) -> str:
    note = f" /* {field.unit + ', ' if field.unit else ''}{field.meaning} */"
    if field.type in _C_TYPES:
        return f"{_C_TYPES[field.type]} {field.name};{note}"
    if not field.takes_the_rest:
        return f"char {field.name}[{field.size + 1}];{note}"
    if field.type == "i16[]":
        return f"uint8_t {field.name}_count; int16_t {field.name}[{field.most}];{note}"
    kind = "char" if field.type == "text" else "uint8_t"
    return f"uint8_t {field.name}_size; const {kind} *{field.name};{note}"


def _put(message: MessageText) -> str:
    tail, name = message.fields[-1], message.name
    lines = [f"static inline uint8_t lepton_put_{name}(uint8_t *body, const struct lepton_{name} *said)"]
    lines += ["{", "    uint8_t *at = body;"]
    if tail.takes_the_rest:
        lines.append(f"    if (said->{_length(tail)} > {tail.most}) return 0;")
    lines += [f"    {_put_field(field)}" for field in message.fields]
    return "\n".join([*lines, "    return (uint8_t)(at - body);", "}\n"])


def _length(tail: FieldText) -> str:
    return f"{tail.name}_{'count' if tail.type == 'i16[]' else 'size'}"


def _put_field(field: FieldText) -> str:
    if field.type in _C_TYPES:
        return f"at = lepton_put_{field.type}(at, said->{field.name});"
    if not field.takes_the_rest:
        return f"at = lepton_put_word(at, said->{field.name}, {field.size});"
    if field.type == "i16[]":
        each = f"at = lepton_put_u16(at, (uint16_t)said->{field.name}[i]);"
        return f"for (uint8_t i = 0; i < said->{_length(field)}; i++) {each}"
    return f"at = lepton_put_bytes(at, said->{field.name}, said->{_length(field)});"


def _get(told: Description, message: MessageText) -> str:
    tail, least = message.fields[-1], message.body_least_bytes
    name = message.name
    lines = [
        f"static inline uint8_t lepton_get_{name}(const uint8_t *body, uint8_t size, struct lepton_{name} *heard)",
        "{",
        f"    if (size {'<' if tail.takes_the_rest else '!='} {least}) return 0;",
    ]
    if tail.takes_the_rest:
        each = 2 if tail.type == "i16[]" else 1
        odd = f" || (size - {least}) % 2" if each > 1 else ""
        lines.append(f"    if (size - {least} > {each * (tail.most or 0)}{odd}) return 0;")
    at = 0
    for field in message.fields:
        lines += [f"    {line}" for line in _get_field(told, field, at, least)]
        at += field.size
    return "\n".join([*lines, "    return 1;", "}\n"])


def _get_field(told: Description, field: FieldText, at: int, least: int) -> Iterator[str]:
    here = f"body + {at}" if at else "body"
    if field.type in _C_TYPES:
        yield f"heard->{field.name} = lepton_get_{field.type}({here});"
        if condition := _out_of_range(told, field):
            yield f"if ({condition}) return 0;"
    elif not field.takes_the_rest:
        yield f"if (!lepton_get_word({here}, heard->{field.name}, {field.size})) return 0;"
    elif field.type == "i16[]":
        length, element = f"heard->{_length(field)}", f"heard->{field.name}[i]"
        yield f"{length} = (uint8_t)((size - {least}) / 2);"
        yield f"for (uint8_t i = 0; i < {length}; i++) {element} = (int16_t)lepton_get_u16({here} + 2 * i);"
    else:
        cast = "(const char *)" if field.type == "text" else ""
        yield f"heard->{_length(field)} = (uint8_t)(size - {least});"
        yield f"heard->{field.name} = {cast}({here});"


def _out_of_range(told: Description, field: FieldText) -> str:
    least, most = field.least or 0, field.most
    if field.values:
        known = next(values.of for values in told.values if values.name == field.values)
        least, most = known[0].value, known[-1].value
    conditions = [f"heard->{field.name} < {least}u"] if least else []
    if most is not None and most < _RANGES[field.type]:
        conditions.append(f"heard->{field.name} > {most}u")
    return " || ".join(conditions)
