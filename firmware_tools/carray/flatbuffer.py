"""Reading a flatbuffer's tables: the few accessors that a model file needs, and every one of them checks its place.

A board's tools have no flatbuffers package, and a file comes from outside: each offset is compared with the file's end,
so a damaged file becomes one `BadInputError` and never an endless loop (https://flatbuffers.dev/internals).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from edge_contracts.errors import BadInputError

_SIGNED_OFFSET, _OFFSET, _SHORT = struct.Struct("<i"), struct.Struct("<I"), struct.Struct("<H")
_VTABLE_HEAD_BYTES = 4
_FIELD_BYTES = 2


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a flatbuffer.

    content: the whole file. place: where the table begins, in bytes.
    """

    content: bytes
    place: int

    @classmethod
    def root(cls, content: bytes) -> Table:
        """The table that the file begins with."""
        return cls(content, _read(_OFFSET, content, 0))

    def number(self, field: int, layout: str, default: int = 0) -> int:
        """A whole number; `layout` is its letter in Python's struct."""
        place = self._field(field)
        return default if place is None else int(_read(struct.Struct(f"<{layout}"), self.content, place))

    def table(self, field: int) -> Table | None:
        """A table that this one points to."""
        place = self._field(field)
        return None if place is None else Table(self.content, self._follow(place))

    def tables(self, field: int) -> tuple[Table, ...]:
        """A vector of tables; empty where it is absent."""
        begin, count = self._vector(field, _OFFSET.size)
        return tuple(Table(self.content, self._follow(begin + _OFFSET.size * index)) for index in range(count))

    def numbers(self, field: int, layout: str) -> tuple[float, ...]:
        """A vector of numbers; empty where it is absent."""
        size = struct.calcsize(f"<{layout}")
        begin, count = self._vector(field, size)
        return struct.unpack_from(f"<{count}{layout}", self.content, begin)

    def data(self, field: int) -> bytes:
        """A vector of bytes; empty where it is absent."""
        begin, count = self._vector(field, 1)
        return self.content[begin : begin + count]

    def vector_place(self, field: int) -> int:
        """Where a vector's first item lies, in bytes from the start of the file; 0 where it is absent."""
        return self._vector(field, 1)[0]

    def field_place(self, field: int) -> int:
        """Where a field that is there lies, in bytes from the start of the file.

        Raises:
            BadInputError: it has its default, so that nothing is stored.
        """
        place = self._field(field)
        if place is None:
            raise _damaged(self.place)
        return place

    def _field(self, field: int) -> int | None:
        """Where a field lies, in bytes from the start; None where it has its default."""
        vtable = self.place - _read(_SIGNED_OFFSET, self.content, self.place)
        if vtable < 0:
            raise _damaged(vtable)
        known = _read(_SHORT, self.content, vtable)
        entry = _VTABLE_HEAD_BYTES + _FIELD_BYTES * field
        offset = _read(_SHORT, self.content, vtable + entry) if entry < known else 0
        return self.place + offset if offset else None

    def _follow(self, place: int) -> int:
        return place + _read(_OFFSET, self.content, place)

    def _vector(self, field: int, item_bytes: int) -> tuple[int, int]:
        """Where a vector's first item lies, and how many there are."""
        place = self._field(field)
        if place is None:
            return 0, 0
        begin = self._follow(place)
        count = _read(_OFFSET, self.content, begin)
        if begin + _OFFSET.size + count * item_bytes > len(self.content):
            raise _damaged(begin)
        return begin + _OFFSET.size, count


def _read(layout: struct.Struct, content: bytes, place: int) -> int:
    if place < 0 or place + layout.size > len(content):
        raise _damaged(place)
    number: int = layout.unpack_from(content, place)[0]
    return number


def _damaged(place: int) -> BadInputError:
    return BadInputError(f"wanted a whole model file, found that it points outside of it, to {place}; make it again")
