"""The reference page of the station protocol, made from its description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.serial_link.description import load_description
from edge_contracts.serial_link.frame import Frame, encode
from edge_contracts.serial_link.layout import BY_IDENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.serial_link.description import Description, Example, FieldText, MessageText, ValuesText
    from edge_contracts.serial_link.messages import Message

_PAIR = 2


def reference() -> str:
    """The page, Markdown."""
    told = load_description()
    parts = [_head(told), *(_message(one) for one in told.messages)]
    parts += ["## Values", *(_values(one) for one in told.values)]
    parts += ["## Examples", "Whole frames, in hexadecimal, with their delimiter.", _examples(told)]
    return "\n\n".join(parts) + "\n"


def example_frame(told: Description, example: Example) -> Frame:
    """An example as the codec's value."""
    ident = next(one.id for one in told.messages if one.name == example.message)
    make: Callable[..., Message] = BY_IDENT[ident].message
    values: dict[str, int | str | bytes] = dict(example.fields)
    if "value" in values:
        values["value"] = str(values["value"]).encode()
    return Frame(make(**values), example.sequence)


def _head(told: Description) -> str:
    header = "\n".join(f"| {at} | `{one.name}` | {one.type} | {one.meaning} |" for at, one in enumerate(told.header))
    crc, framing = told.crc, told.framing
    return f"""# Station protocol

What the daemon and a microcontroller say to each other over a serial line, version {told.version}. Made from
`edge_contracts/serial_link/protocol.toml`; the Python codec `edge_contracts.serial_link` and the C header
`lepton_link.h` are held to the same file.

A frame is a header, a body of at most {framing.body_max_bytes} bytes and a CRC, in {framing.encoding}, ended by a zero.
Whole numbers go low byte first, the CRC goes high byte first. What cannot be understood is thrown away up to the next
zero; so is a body that is longer or shorter than its message, or a field out of its range.

| byte | header | type | meaning |
|---|---|---|---|
{header}

CRC: {crc.name}, polynomial 0x{crc.polynomial:04X}, initial value 0x{crc.init:04X}, bits not reflected, final XOR
0x{crc.xor_out:04X}; of `123456789` 0x{crc.check:04X}.

A session begins with `identify`, said until `hello` answers it with the same session. Reliable messages are then
counted from 1 in each direction, one is on its way at a time, and it is said again every {told.reliable.retry_ms} ms,
{told.reliable.tries} times in all, until `ack` or `nak` answers it; then the line is lost and a new session begins. One
that comes again is answered again and not done again. `identify` of the session that is open is answered and changes
nothing.

No heartbeat, no good part: without `heartbeat` for its time-out (at most {told.heartbeat.timeout_most_ms} ms) the
reject output is active, and so it is from the start until the first one with `alive` 1.

| id | message | said by | reliable | body, bytes | what it says |
|---|---|---|---|---|---|
""" + "\n".join(_row(one) for one in told.messages)


def _row(one: MessageText) -> str:
    least, most = one.body_least_bytes, one.body_most_bytes
    size = str(least) if least == most else f"{least} to {most}"
    reliable = "yes" if one.reliable else "no"
    return f"| 0x{one.id:02X} | [`{one.name}`](#{one.name}) | {one.said_by} | {reliable} | {size} | {one.meaning} |"


def _message(one: MessageText) -> str:
    rows, at = "", 0
    for field in one.fields:
        rows += f"\n| {at} | `{field.name}` | {field.type} | {_range(field)} | {field.unit or ''} | {field.meaning} |"
        at += field.size
    return f"## {one.name}\n\n| byte | field | type | range | unit | meaning |\n|---|---|---|---|---|---|{rows}"


def _range(field: FieldText) -> str:
    if field.values:
        return f"[{field.values}](#{field.values})"
    if field.takes_the_rest:
        return f"at most {field.most}"
    if field.least is None and field.most is None:
        return ""
    least = field.least if field.least is not None else 0
    return f"{least} to {field.most}" if field.most is not None else f"from {least}"


def _values(one: ValuesText) -> str:
    rows = "\n".join(f"| {value.value} | `{value.name}` | {value.meaning} |" for value in one.of)
    return f"### {one.name}\n\n| value | name | meaning |\n|---|---|---|\n{rows}"


def _examples(told: Description) -> str:
    rows = []
    for example in told.examples:
        data = encode(example_frame(told, example)).hex()
        spaced = " ".join(data[at : at + _PAIR] for at in range(0, len(data), _PAIR))
        said = ", ".join(f"{name} {value}" for name, value in example.fields.items())
        number = f"{example.sequence}" if example.sequence else ""
        rows.append(f"| `{example.message}` | {number} | {said} | `{spaced}` |")
    return "| message | sequence | fields | bytes |\n|---|---|---|---|\n" + "\n".join(rows)
