"""How each message lies in the body of a frame: the codec's own table, held to `protocol.toml` by a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edge_contracts.errors import BadInputError
from edge_contracts.serial_link import messages as say
from edge_contracts.serial_link.field import Tail, Whole, Word

if TYPE_CHECKING:
    from edge_contracts.serial_link.field import Field
    from edge_contracts.serial_link.messages import Message

_DELAY_MOST: Final = 0x3FFF_FFFF
_KEY: Final = Word("key", 16)
_PIECE: Final = Tail("value", "bytes", 44)


@dataclass(frozen=True, slots=True)
class Layout:
    """One message.

    ident: its id in the header.
    reliable: it wants an answer.
    """

    ident: int
    message: type[Message]
    reliable: bool
    fields: tuple[Field, ...]

    @property
    def least_bytes(self) -> int:
        """Of the body."""
        return sum(field.size for field in self.fields)

    def pack(self, message: Message) -> bytes:
        """The body.

        Raises:
            BadInputError: a field is out of its range.
        """
        return b"".join(field.pack(getattr(message, field.name)) for field in self.fields)

    def unpack(self, body: bytes) -> Message:
        """The message.

        Raises:
            BadInputError: the body's length is wrong, or a field is out of its range.
        """
        has_tail = isinstance(self.fields[-1], Tail)
        if len(body) < self.least_bytes or (len(body) > self.least_bytes and not has_tail):
            least = "at least " if has_tail else ""
            raise BadInputError(f"wanted {least}{self.least_bytes} bytes of {self.message.__name__}, found {len(body)}")
        values: list[Any] = []
        for field in self.fields:
            size = len(body) if isinstance(field, Tail) else field.size
            values.append(field.unpack(body[:size]))
            body = body[size:]
        return self.message(*values)


LAYOUTS: Final[tuple[Layout, ...]] = (
    Layout(0x01, say.Identify, False, (Whole("session", "u32", least=1),)),
    Layout(
        0x02,
        say.Hello,
        False,
        (
            Whole("session", "u32"),
            Whole("protocol", "u8"),
            Whole("ticks_per_second", "u32", 1000, 1_000_000),
            Whole("parts", "u8", least=1),
            Word("firmware", 12),
            Word("board", 24),
        ),
    ),
    Layout(0x03, say.Ack, False, (Whole("sequence", "u8"),)),
    Layout(0x04, say.Nak, False, (Whole("sequence", "u8"), Whole("reason", "u8", values=say.Reason))),
    Layout(0x05, say.Heartbeat, False, (Whole("alive", "u8", most=1), Whole("timeout_ms", "u8", 10, 100))),
    Layout(
        0x06,
        say.State,
        False,
        (
            Whole("tick", "u32"),
            Whole("count", "u32"),
            Whole("part", "u32"),
            Whole("reject", "u8", most=1),
            Whole("failsafe", "u8", most=1),
        ),
    ),
    Layout(0x10, say.Trigger, True, (Whole("part", "u32", least=1), Whole("count", "u32"), Whole("tick", "u32"))),
    Layout(
        0x11,
        say.Reject,
        True,
        (
            Whole("part", "u32", least=1),
            Whole("by", "u8", values=say.By),
            Whole("delay", "u32", most=_DELAY_MOST),
            Whole("length_ticks", "u32", 1, _DELAY_MOST),
        ),
    ),
    Layout(0x12, say.Lamp, True, (Whole("lamp", "u8", most=15), Whole("light", "u8", values=say.Light))),
    Layout(0x20, say.Samples, False, (Whole("channel", "u8"), Whole("tick", "u32"), Tail("values", "i16[]", 28))),
    Layout(0x21, say.Log, False, (Whole("level", "u8", values=say.Level), Tail("text", "text", 60))),
    Layout(0x30, say.StoragePut, True, (_KEY, Whole("offset", "u16"), _PIECE)),
    Layout(0x31, say.StorageCommit, True, (_KEY, Whole("size", "u16"), Whole("crc", "u16"))),
    Layout(0x32, say.StorageGet, True, (_KEY, Whole("offset", "u16"))),
    Layout(0x33, say.StorageValue, False, (_KEY, Whole("offset", "u16"), Whole("size", "u16"), _PIECE)),
)
BY_IDENT: Final = {layout.ident: layout for layout in LAYOUTS}
BY_MESSAGE: Final = {layout.message: layout for layout in LAYOUTS}
