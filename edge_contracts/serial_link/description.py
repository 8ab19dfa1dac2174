"""The description of the station protocol, `protocol.toml`, as values: for its page, its C header and its tests.

The codec reads no file: it has a table of its own, and a test holds the two together.
"""

from __future__ import annotations

import re
import sys
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TYPE = r"^(u8|u16|u32|char\[\d{1,2}\]|text|bytes|i16\[\])$"
SIZES = {"u8": 1, "u16": 2, "u32": 4}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldText(_Part):
    """One field of the header or of a body."""

    name: str
    type: Annotated[str, Field(pattern=TYPE)]
    meaning: str
    unit: str | None = None
    least: int | None = None
    most: int | None = None
    values: str | None = None

    @property
    def size(self) -> int:
        """Bytes; 0 for what takes the rest of the body."""
        word = re.fullmatch(r"char\[(\d+)\]", self.type)
        return int(word[1]) if word else SIZES.get(self.type, 0)

    @property
    def takes_the_rest(self) -> bool:
        """Whether it is of no fixed length."""
        return self.size == 0


class MessageText(_Part):
    """One message."""

    id: Annotated[int, Field(ge=1, le=255)]
    name: str
    said_by: Annotated[Literal["daemon", "microcontroller", "both"], Field(alias="from")]
    reliable: bool
    meaning: str
    fields: tuple[FieldText, ...]

    @property
    def body_least_bytes(self) -> int:
        """Bytes of the fields of fixed length."""
        return sum(field.size for field in self.fields)

    @property
    def body_most_bytes(self) -> int:
        """Bytes of the longest body."""
        last = self.fields[-1]
        each = 2 if last.type == "i16[]" else 1
        return self.body_least_bytes + (each * (last.most or 0) if last.takes_the_rest else 0)


class ValueText(_Part):
    """One value of a field and its name."""

    name: str
    value: int
    meaning: str


class ValuesText(_Part):
    """The values that a field may have."""

    name: str
    of: tuple[ValueText, ...]


class Framing(_Part):
    """How a frame lies on the wire."""

    encoding: str
    delimiter: int
    byte_order: Literal["little"]
    body_max_bytes: int


class Crc(_Part):
    """The check of a frame."""

    name: str
    polynomial: int
    init: int
    xor_out: int
    check: int


class Reliable(_Part):
    """How reliable messages are said again."""

    retry_ms: int
    tries: int


class HeartbeatText(_Part):
    """How long a heartbeat may count."""

    timeout_least_ms: int
    timeout_most_ms: int


class Limits(_Part):
    """What a microcontroller holds, unless it says another number."""

    parts: int


class Example(_Part):
    """One message with values."""

    message: str
    sequence: int
    fields: dict[str, int | str]


class Description(_Part):
    """The whole file."""

    version: int
    framing: Framing
    crc: Crc
    header: tuple[FieldText, ...]
    reliable: Reliable
    heartbeat: HeartbeatText
    limits: Limits
    messages: Annotated[tuple[MessageText, ...], Field(alias="message")]
    values: tuple[ValuesText, ...]
    examples: Annotated[tuple[Example, ...], Field(alias="example")]


def load_description() -> Description:
    """Read the file that is beside this module."""
    text = resources.files("edge_contracts.serial_link").joinpath("protocol.toml").read_text("utf-8")
    return Description.model_validate(tomllib.loads(text))
