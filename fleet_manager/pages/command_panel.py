"""What may be asked of a device and what was asked, as its page shows it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.command import MEANINGS
from fleet_manager.commands.command import CommandState
from fleet_manager.pages.overview import device_href
from fleet_manager.pages.wording import moment_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet_manager.commands.command import GivenCommand
    from fleet_manager.pages.device_reading import DeviceFile

SHOWN: Final = 10
_CAPABILITY: Final = "cmd/"
_PENDING: Final = (CommandState.WAITING, CommandState.SENT)
_ASKS: Final = {"restart": "Nothing is inspected for some seconds. Restart it?"}


@dataclass(frozen=True, slots=True)
class CommandButton:
    """One command that the station allows; `asks` is what a person is asked first, empty for nothing."""

    name: str
    meaning: str
    asks: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One command that was given."""

    name: str
    who: str
    time: datetime
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class CommandPanel:
    """The commands' part of a page.

    denied: why there are no buttons. is_pending: whether an answer may come any moment.
    configuration_href: of the page of the configuration, for who may change it.
    """

    href: str
    buttons: tuple[CommandButton, ...]
    denied: str
    lines: tuple[CommandLine, ...]
    is_pending: bool
    configuration_href: str = ""


def command_panel(file: DeviceFile, given: Sequence[GivenCommand], now_ms: int, *, may_send: bool) -> CommandPanel:
    """The panel of a device.

    Args:
        file: what it said last; its birth says what it allows.
        given: what was asked of it, newest first.
        now_ms: wall clock.
        may_send: whether the viewer may.
    """
    told = file.birth.capabilities if file.birth else ()
    allowed = [name for name in MEANINGS if f"{_CAPABILITY}{name}" in told]
    denied = (
        "" if allowed else "The station allows no commands; [commands] in its station.toml names those that it takes."
    )
    if not may_send:
        denied = "To send commands you need the role engineer."
    return CommandPanel(
        f"{device_href(file.address)}/commands",
        () if denied else tuple(CommandButton(name, MEANINGS[name], _ASKS.get(name, "")) for name in allowed),
        denied,
        tuple(_line(one, now_ms) for one in given),
        any(one.state(now_ms) in _PENDING for one in given),
        f"{device_href(file.address)}/configuration" if may_send else "",
    )


def _line(one: GivenCommand, now_ms: int) -> CommandLine:
    return CommandLine(one.name, one.who, moment_of(one.made_ms), one.state(now_ms).value, one.words(now_ms))
