"""Whether a command that came may be done. Pure.

The topic names it and says for whom it is; what cannot even be read has no id, so nobody can be answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from edge_contracts.command import LONGEST_COMMAND_S, MAX_COMMAND_BYTES, Command
from edge_contracts.errors import BadInputError, RefusedError
from edge_contracts.identifiers import Slug
from edge_contracts.message import ClockTrust

if TYPE_CHECKING:
    from collections.abc import Collection

    from edge_runtime.outbox.delivery_clock import Moment

_MS_PER_S: Final = 1000
_SLUG: Final[TypeAdapter[str]] = TypeAdapter(Slug)


class CommandUnread(BadInputError):
    """What came is no command; there is nobody to answer."""


class CommandRefused(RefusedError):
    """The command is understood and not done; the message is its answer."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it came.

    name: the topic's last level. retained: whether the broker kept it, or was asked to.
    """

    name: str
    body: bytes
    retained: bool


def read(order: Order) -> Command:
    """What is asked for.

    Raises:
        CommandUnread: it is too large, or not by the contract.
    """
    if len(order.body) > MAX_COMMAND_BYTES:
        raise CommandUnread(f"wanted at most {MAX_COMMAND_BYTES} bytes of a command, found {len(order.body)}")
    try:
        _SLUG.validate_python(order.name)
        return Command.model_validate_json(order.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the body"
        raise CommandUnread(f"wanted a command by the contract, found {where}: {first['msg']}") from error


def admit(order: Order, command: Command, allowed: Collection[str], now: Moment) -> None:
    """Let pass what may be done, as far as this can be told without the ids of earlier ones.

    A clock that nobody vouches for is not asked for the expiry: the broker keeps no command for a device that is away
    longer than a minute, and drops those that expire there (MQTT 5; mosquitto counts whole seconds, so up to one late).

    Raises:
        CommandRefused: it is retained, not allowed on this station, has arguments, is expired, or good for too long.
    """
    if order.retained:
        raise CommandRefused("wanted a command that is not retained, found that the broker keeps it: empty its topic")
    if order.name not in allowed:
        known = ", ".join(sorted(allowed)) or "none"
        raise CommandRefused(
            f"wanted a command that this station allows ({known}), found {order.name[:40]}: see [commands] in its "
            "station.toml"
        )
    if command.arguments:
        raise CommandRefused(f"wanted {order.name} without arguments, found {', '.join(sorted(command.arguments))}")
    if now.trust is not ClockTrust.NONE:
        _check_expiry(command, now)


def _check_expiry(command: Command, now: Moment) -> None:
    left_s = command.expires.timestamp() - now.unix_ms / _MS_PER_S
    if left_s <= 0:
        raise CommandRefused(f"wanted a command in time, found it expired {-left_s:.0f} s ago by the device's clock")
    if left_s > LONGEST_COMMAND_S and now.trust is ClockTrust.NTP:
        raise CommandRefused(
            f"wanted a command that is good for at most {LONGEST_COMMAND_S} s, found {left_s:.0f} s: compare the "
            "clocks of manager and device"
        )
