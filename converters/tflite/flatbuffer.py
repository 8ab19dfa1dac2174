"""Flatbuffers: one while it is written, from its end to its beginning, and the tables of one that is read.

flatbuffers' own builder for Python places each field by itself, some forty calls each, and ignores the alignment that
TFLite's schema asks of buffers. This one lays a table out at once, and stores equal vectors, strings and layouts once
(files are 5-20 % smaller). Its accessors look a field's place up in two calls and two objects each time; here a table
knows its fields' places from the start. The format: https://flatbuffers.dev/internals.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache, partialmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

BYTES_ALIGNMENT = 16
"""Of vectors of bytes, as schema.fbs has it for a buffer: `data:[ubyte] (force_align: 16)`."""

OFFSET = "offset"
"""The kind of a field that refers to a table, a vector or a string."""

_IDENTIFIER_BYTES = 4
_OFFSET_BYTES = 4
_UNSIGNED, _SIGNED = struct.Struct("<I"), struct.Struct("<i")
_MOST_BYTES = (1 << 31) - 1
"""Of a file: references between its parts are signed, and runtimes read no larger one."""

_BYTES = "|u1"
"""numpy's name for a vector of bytes."""

_WIDEST = 8
_KIND_OF_WIDTH = {1: "b", 2: "h", 4: "i", 8: "q"}
"""Of a vector's elements until one says its own."""

_WIDTHS = {code: struct.calcsize(code) for code in "?bBhHiIqQf"} | {OFFSET: _OFFSET_BYTES}


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a table with some fields lies. content: its bytes, the last field first. description: its "vtable".

    places: of its fields, from its end.
    """

    content: struct.Struct
    description: bytes
    places: tuple[int, ...]
    widest: int


@cache
def _layout(phase: int, fields: tuple[tuple[int, str], ...]) -> _Layout:
    """Of a table that ends so many bytes beyond a multiple of `_WIDEST`, with fields of these numbers and kinds."""
    places, end = [], phase
    for _, kind in fields:
        end += -end % _WIDTHS[kind] + _WIDTHS[kind]
        places.append(end)
    begin = end + -end % _OFFSET_BYTES + _OFFSET_BYTES
    code, free = "<i", begin - _OFFSET_BYTES
    for (_, kind), place in reversed(list(zip(fields, places, strict=True))):
        code += f"{free - place}x{'I' if kind == OFFSET else kind}"
        free = place - _WIDTHS[kind]
    at = {slot: begin - place for (slot, _), place in zip(fields, places, strict=True)}
    entries = [at.get(slot, 0) for slot in range(max(at, default=-1) + 1)]
    lengths = 2 * (2 + len(entries)), begin - phase
    return _Layout(
        struct.Struct(f"{code}{free - phase}x"),
        struct.pack(f"<{2 + len(entries)}H", *lengths, *entries),
        tuple(place - phase for place in places),
        max((_WIDTHS[kind] for _, kind in fields), default=1),
    )


class FlatBuffer:
    """What was written so far. A place is the distance of something's first byte from the end, in bytes; 0 is none."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._widest = 1
        self._vectors: dict[tuple[str, bytes], int] = {}
        self._strings: dict[str, int] = {}
        self._layouts: dict[bytes, int] = {}
        """The place of each table's description ("vtable")."""

    def vector(self, values: npt.NDArray[Any]) -> int:
        """The place of a vector equal to a one-dimensional array, written now or before."""
        content = (values if values.dtype.str[0] in "<|" else values.byteswap()).tobytes()
        if values.dtype.str == _BYTES:
            return self.octets(content)
        return self._stored(values.dtype.str, content, values.itemsize, values.size)

    def octets(self, content: bytes) -> int:
        """The place of a vector of these bytes, written now or before; they are not copied."""
        return self._stored(_BYTES, content, BYTES_ALIGNMENT, len(content))

    def string(self, text: str) -> int:
        """The place of a string equal to `text`, written now or before."""
        if text not in self._strings:
            content = text.encode()
            self._align(_OFFSET_BYTES, len(content) + 1)
            self._strings[text] = self._counted(content + b"\0", len(content))
        return self._strings[text]

    def references(self, places: Sequence[int]) -> int:
        """The place of a vector that refers to what lies at these."""
        self._align(_OFFSET_BYTES, _OFFSET_BYTES * len(places))
        end = self._size + _OFFSET_BYTES * len(places)
        offsets = [end - _OFFSET_BYTES * number - place for number, place in enumerate(places)]
        return self._counted(struct.pack(f"<{len(offsets)}I", *offsets), len(offsets))

    def table(self, fields: Sequence[tuple[int, str, Any]]) -> int:
        """The place of a new table.

        Args:
            fields: of each that has not its default: its number in the schema, its kind (`struct`'s code, or `OFFSET`)
                and its value.
        """
        begin = self._size
        layout = _layout(begin % _WIDEST, tuple((slot, kind) for slot, kind, _ in fields))
        self._widest = max(self._widest, layout.widest)
        end = begin + layout.content.size
        described = self._layouts.setdefault(layout.description, end + len(layout.description))
        values = [
            begin + place - value if kind == OFFSET else value
            for place, (_, kind, value) in zip(layout.places, fields, strict=True)
        ]
        self._put(layout.content.pack(described - end, *reversed(values)))
        if described > end:
            self._put(layout.description)
        return end

    def finished(self, root: int, identifier: bytes) -> bytes:
        """All of it, with the place of the table that it is about, and its four letters."""
        self._align(max(self._widest, _OFFSET_BYTES), _OFFSET_BYTES + _IDENTIFIER_BYTES)
        self._put(identifier)
        self._put(struct.pack("<I", self._size + _OFFSET_BYTES - root))
        return b"".join(reversed(self._parts))

    def _stored(self, code: str, content: bytes, width: int, count: int) -> int:
        key = code, content
        if key not in self._vectors:
            self._align(width, len(content))
            self._vectors[key] = self._counted(content, count)
        return self._vectors[key]

    def _align(self, width: int, coming: int) -> None:
        """Fill up, so that after so many bytes more a multiple of `width` is reached, and one of four."""
        self._widest = max(self._widest, width, _OFFSET_BYTES)
        self._put(bytes(-(self._size + coming) % max(width, _OFFSET_BYTES)))

    def _counted(self, content: bytes, count: int) -> int:
        self._put(content)
        self._put(struct.pack("<I", count))
        return self._size

    def _put(self, content: bytes) -> None:
        self._parts.append(content)
        self._size += len(content)
        if self._size > _MOST_BYTES:
            raise BadInputError(
                f"wanted a model of less than 2 GiB, as TFLite files hold it, found more than {self._size:,} bytes; "
                "give a smaller one"
            )


class ReadTable:
    """A table of a flatbuffer from outside; a field goes by its number in the schema.

    What lies beyond the file's ends, as in a damaged one, is a struct.error or a ValueError.

    Args:
        content: the whole file.
        place: of the table, from the file's beginning; None for the root.
        layouts: the places of fields by their description's place, which many tables share.
    """

    __slots__ = ("_fields", "_layouts", "content", "place")

    def __init__(
        self, content: bytes, place: int | None = None, layouts: dict[int, tuple[int, ...]] | None = None
    ) -> None:
        self.content = content
        self._layouts = {} if layouts is None else layouts
        self.place = _UNSIGNED.unpack_from(content)[0] if place is None else place
        description = self.place - _SIGNED.unpack_from(content, self.place)[0]
        if description not in self._layouts:
            self._layouts[description] = _described(content, description)
        self._fields = self._layouts[description]

    def has(self, slot: int) -> bool:
        """Whether the field is there."""
        return slot < len(self._fields) and self._fields[slot] != 0

    def number(self, slot: int, kind: str, default: int = 0) -> int:
        """A number of a kind of `struct`'s."""
        if not self.has(slot):
            return default
        return int(struct.unpack_from(f"<{kind}", self.content, self.place + self._fields[slot])[0])

    def table(self, slot: int) -> ReadTable | None:
        """The table that it refers to."""
        return ReadTable(self.content, self._reference(slot), self._layouts) if self.has(slot) else None

    def tables(self, slot: int) -> list[ReadTable]:
        """The tables of a vector; none where there is no vector."""
        begin = self._reference(slot) + _OFFSET_BYTES if self.has(slot) else 0
        return [
            ReadTable(self.content, begin + _OFFSET_BYTES * number + offset, self._layouts)
            for number, offset in enumerate(self.vector(slot, np.dtype("<u4")).tolist())
        ]

    def vector(self, slot: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """The elements of a vector, where they lie; none where there is no vector."""
        if not self.has(slot):
            return np.zeros(0, dtype)
        place = self._reference(slot)
        (count,) = _UNSIGNED.unpack_from(self.content, place)
        return np.frombuffer(self.content, dtype, count, place + _OFFSET_BYTES)

    def text(self, slot: int) -> bytes:
        """A string's bytes; none where there is no string."""
        return self.vector(slot, np.dtype("u1")).tobytes()

    def _reference(self, slot: int) -> int:
        at = self.place + self._fields[slot]
        return at + int(_UNSIGNED.unpack_from(self.content, at)[0])


def _described(content: bytes, place: int) -> tuple[int, ...]:
    """Where a table's fields lie from its beginning, 0 for those that are not there."""
    if place < 0:
        raise ValueError("a table's description lies before the file's beginning")
    size = struct.unpack_from("<H", content, place)[0]
    return struct.unpack_from(f"<{max(size // 2 - 2, 0)}H", content, place + 4)


class GeneratedCode:
    """A flatbuffer as code wants it that flatc generates, such as `Conv2DOptionsT.Pack`, whose names these are.

    It writes no arrays of numpy's and no vectors of references: no option of TFLite's that is read here is one.
    """

    def __init__(self, buffer: FlatBuffer) -> None:
        self._buffer = buffer
        self._fields: list[tuple[int, str, Any]] = []
        self._elements: list[Any] = []
        self._kind = ""

    def StartObject(self, _count: int) -> None:  # noqa: N802
        """Fields follow."""
        self._fields = []

    def EndObject(self) -> int:  # noqa: N802
        """The place of the table of the fields that came."""
        return self._buffer.table(self._fields)

    def StartVector(self, width: int, _count: int, _alignment: int) -> None:  # noqa: N802
        """Elements follow, the last one first."""
        self._elements = []
        self._kind = _KIND_OF_WIDTH[width]

    def EndVector(self) -> int:  # noqa: N802
        """The place of the vector of the elements that came."""
        # struct takes no number for another; numpy's arrays of old would.
        content = struct.pack(f"<{len(self._elements)}{self._kind}", *reversed(self._elements))
        return self._buffer.vector(np.frombuffer(content, f"<{self._kind}"))

    def CreateString(self, text: str) -> int:  # noqa: N802
        """The place of a string."""
        return self._buffer.string(text)

    def _field(self, kind: str, slot: int, value: Any, default: Any) -> None:
        if value != default:
            self._fields.append((slot, kind, value))

    PrependBoolSlot = partialmethod(_field, "?")
    PrependInt8Slot = partialmethod(_field, "b")
    PrependUint8Slot = partialmethod(_field, "B")
    PrependInt32Slot = partialmethod(_field, "i")
    PrependUint32Slot = partialmethod(_field, "I")
    PrependInt64Slot = partialmethod(_field, "q")
    PrependUint64Slot = partialmethod(_field, "Q")
    PrependFloat32Slot = partialmethod(_field, "f")
    PrependUOffsetTRelativeSlot = partialmethod(_field, OFFSET)

    def _element(self, kind: str, value: Any) -> None:
        self._kind = kind
        self._elements.append(value)

    PrependBool = partialmethod(_element, "?")
    PrependUint8 = partialmethod(_element, "B")
    PrependUint16 = partialmethod(_element, "H")
    PrependInt32 = partialmethod(_element, "i")
    PrependUint32 = partialmethod(_element, "I")
    PrependInt64 = partialmethod(_element, "q")
    PrependFloat32 = partialmethod(_element, "f")
