"""A frame in words for people, and as a document for programs; values of secret keys are shown in neither."""

from __future__ import annotations

from dataclasses import fields
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from edge_contracts.serial_link import Log, StoragePut, StorageValue

if TYPE_CHECKING:
    from edge_contracts.serial_link import Frame, Message

_HIDDEN = "secret."
_SHOWN_BYTES = 16


def document(frame: Frame) -> dict[str, Any]:
    """The message's name, its fields, and the number of a reliable one."""
    message = frame.message
    shown: dict[str, Any] = {"message": type(message).__name__}
    if frame.reliable:
        shown["sequence"] = frame.sequence
    return shown | {one.name: _value(message, getattr(message, one.name)) for one in fields(message)}


def words(frame: Frame) -> str:
    """One line: `Trigger part 7, count 120, tick 3600`; a log line as it was said."""
    message = frame.message
    if isinstance(message, Log):
        return f"{message.level.name.lower()}: {_printable(message.text)}"
    shown = [f"{name} {value}" for name, value in document(frame).items() if name not in {"message", "sequence"}]
    number = f" #{frame.sequence}" if frame.reliable else ""
    return f"{type(message).__name__}{number} {', '.join(shown)}".rstrip()


def _value(message: Message, value: Any) -> Any:
    if isinstance(message, StoragePut | StorageValue) and isinstance(value, bytes):
        if message.key.startswith(_HIDDEN):
            return f"({len(value)} bytes, not shown)"
        more = f" and {len(value) - _SHOWN_BYTES} more" if len(value) > _SHOWN_BYTES else ""
        return f"{value[:_SHOWN_BYTES].hex()}{more}"
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, tuple):
        return list(value)
    return _printable(value) if isinstance(value, str) else value


def _printable(text: str) -> str:
    """What a chip says may not move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)
