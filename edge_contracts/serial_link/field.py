"""The kinds of fields of a message's body: a whole number, a word of fixed length, and what takes the rest."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from enum import IntEnum

CODES = {"u8": "B", "u16": "H", "u32": "I"}
"""struct's letter for each type of whole number."""
RANGES = {"u8": (0, 0xFF), "u16": (0, 0xFFFF), "u32": (0, 0xFFFF_FFFF)}
_FIRST_PRINTABLE, _LAST_PRINTABLE = 0x20, 0x7E
_I16 = 0x8000


class Field(Protocol):
    """One field of a body.

    name: as in the message's class and in `protocol.toml`.
    size: bytes at least.
    """

    @property
    def name(self) -> str:
        """As in the message's class and in `protocol.toml`."""
        ...

    @property
    def size(self) -> int:
        """Bytes, at least."""
        ...

    def pack(self, value: Any) -> bytes:
        """The bytes of a value.

        Raises:
            BadInputError: it is out of its range.
        """
        ...

    def unpack(self, data: bytes) -> Any:
        """The value of these bytes.

        Raises:
            BadInputError: it is out of its range.
        """
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number; `values` names those that there are."""

    name: str
    kind: Literal["u8", "u16", "u32"]
    least: int | None = None
    most: int | None = None
    values: type[IntEnum] | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return struct.calcsize(CODES[self.kind])

    @property
    def range(self) -> tuple[int, int]:
        """Least and most."""
        least, most = RANGES[self.kind]
        return (least if self.least is None else self.least, most if self.most is None else self.most)

    def pack(self, value: int) -> bytes:
        """Low byte first."""
        self._checked(value)
        return struct.pack("<" + CODES[self.kind], value)

    def unpack(self, data: bytes) -> int:
        """A number, or its name."""
        (value,) = struct.unpack("<" + CODES[self.kind], data)
        return self._checked(int(value))

    def _checked(self, value: int) -> int:
        least, most = self.range
        if not least <= value <= most:
            raise BadInputError(f"wanted {self.name} from {least} to {most}, found {value}")
        if self.values is None:
            return value
        try:
            return self.values(value)
        except ValueError as error:
            known = ", ".join(f"{one.value} {one.name.lower()}" for one in self.values)
            raise BadInputError(f"wanted {self.name} among {known}, found {value}") from error


@dataclass(frozen=True, slots=True)
class Word:
    """Printable ASCII, filled up with zeros."""

    name: str
    size: int

    def pack(self, value: str) -> bytes:
        """The characters and the zeros behind them."""
        data = value.encode("ascii", "replace")
        if not value.isascii() or len(data) > self.size or not _printable(data):
            raise BadInputError(
                f"wanted {self.name} of at most {self.size} printable ASCII characters, found {value!r}"
            )
        return data.ljust(self.size, b"\0")

    def unpack(self, data: bytes) -> str:
        """The characters before the zeros."""
        word = data.rstrip(b"\0")
        if not _printable(word):
            raise BadInputError(f"wanted {self.name} in printable ASCII, found {word!r}")
        return word.decode("ascii")


@dataclass(frozen=True, slots=True)
class Tail:
    """What takes the rest of the body: UTF-8, bytes, or 16-bit numbers; `most` elements."""

    name: str
    kind: Literal["text", "bytes", "i16[]"]
    most: int

    @property
    def size(self) -> int:
        """It may be empty."""
        return 0

    def pack(self, value: Any) -> bytes:
        """The elements one after the other."""
        if self.kind == "i16[]":
            if strange := [one for one in value if not -_I16 <= one < _I16]:
                raise BadInputError(f"wanted {self.name} from {-_I16} to {_I16 - 1}, found {strange[0]}")
            data = struct.pack(f"<{len(value)}h", *value)
        else:
            data = value.encode() if self.kind == "text" else bytes(value)
        self._measured(data)
        return data

    def unpack(self, data: bytes) -> Any:
        r"""The elements; bytes of a text that are no UTF-8 become escapes such as `\xe9`."""
        elements = self._measured(data)
        if self.kind == "i16[]":
            return struct.unpack(f"<{elements}h", data)
        return data.decode("utf-8", "backslashreplace") if self.kind == "text" else data

    def _measured(self, data: bytes) -> int:
        elements, odd = divmod(len(data), 2 if self.kind == "i16[]" else 1)
        if odd:
            raise BadInputError(f"wanted {self.name} of whole elements, found {len(data)} bytes")
        if elements > self.most:
            raise BadInputError(f"wanted {self.name} of at most {self.most}, found {elements}")
        return elements


def _printable(word: bytes) -> bool:
    return all(_FIRST_PRINTABLE <= byte <= _LAST_PRINTABLE for byte in word)
