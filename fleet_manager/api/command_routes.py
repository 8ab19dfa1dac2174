"""Commands to devices: given, looked at, listed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from pydantic import Field

from edge_contracts.command import LONGEST_COMMAND_S, CommandName
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow, not_found
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.api.wire_values import Before, Document, Limit, RowNumber, SlugPath, Wish, moment
from fleet_manager.commands import command_log
from fleet_manager.commands.command import CommandState
from fleet_manager.people.roles import Permission
from fleet_manager.store.device_reading import read_devices

if TYPE_CHECKING:
    from fleet_manager.commands.command import GivenCommand


class CommandWish(Wish):
    """What to ask of a device, and how many seconds an answer is waited for."""

    name: CommandName
    timeout_s: Annotated[int, Field(ge=1, le=LONGEST_COMMAND_S)] = command_log.DEFAULT_TIMEOUT_S


class CommandDocument(Document):
    """A command.

    `state` is `waiting` while the broker has not taken it, then `sent`, and in the end `done`, `refused` or `failed` by
    the device's own word, or `timed-out` where none came in time. An answer that comes later counts all the same.
    """

    id: int
    command_id: str
    address: str
    name: str
    who: str
    made: datetime
    expires: datetime
    sent: datetime | None
    ended: datetime | None
    state: CommandState
    answer: str


class CommandPage(Document):
    """Commands of one device, newest first; `next` is the next page's `before`."""

    items: list[CommandDocument]
    next: int | None


@needs(Permission.SEND_COMMANDS)
def give_command(
    caller: CallerNow, services: ServicesNow, org: SlugPath, site: SlugPath, device: SlugPath, wish: CommandWish
) -> CommandDocument:
    """Ask something of a device; it is written down at once and sent as soon as there is a broker."""
    address = f"{org}/{site}/{device}"
    caller.check_site(f"{org}/{site}", f"the device {address}")
    _check_device(services, address)
    asked = command_log.Wish(address, wish.name, wish.timeout_s)
    audit = services.people.audit
    with audit.act(caller.principal, "send command", f"device:{address}", asked.site, wish.name) as con:
        now_ms = services.unix_ms()
        number = command_log.give_command(con, asked, caller.principal.name, now_ms, services.draw)
        given = command_log.find_command(con, number)
    return _document(_there(given, number), now_ms)


@needs(Permission.SEE_ALERTS)
def list_commands(
    caller: CallerNow,
    services: ServicesNow,
    org: SlugPath,
    site: SlugPath,
    device: SlugPath,
    before: Before = None,
    limit: Limit = 100,
) -> CommandPage:
    """What was asked of one device."""
    address = f"{org}/{site}/{device}"
    caller.check_site(f"{org}/{site}", f"the device {address}")
    _check_device(services, address)
    with services.engine.connect() as con:
        found = command_log.list_commands(con, address, before, limit + 1)
    items = [_document(one, services.unix_ms()) for one in found[:limit]]
    return CommandPage(items=items, next=items[-1].id if len(found) > limit else None)


@needs(Permission.SEE_ALERTS)
def show_command(caller: CallerNow, services: ServicesNow, command: RowNumber) -> CommandDocument:
    """One command, and what the device answered."""
    with services.engine.connect() as con:
        found = _there(command_log.find_command(con, command), command)
    caller.check_site(found.site, f"command {command}")
    return _document(found, services.unix_ms())


def command_routes() -> APIRouter:
    """`/devices/{org}/{site}/{device}/commands` and `/commands/{id}`."""
    routes = guarded_router("commands")
    routes.post("/devices/{org}/{site}/{device}/commands", status_code=201)(give_command)
    routes.get("/devices/{org}/{site}/{device}/commands")(list_commands)
    routes.get("/commands/{command}")(show_command)
    return routes


def _check_device(services: Services, address: str) -> None:
    site = address.rpartition("/")[0]
    with services.engine.connect() as con:
        if next(read_devices(con, frozenset({site}), address=address), None) is None:
            raise not_found(f"the device {address}")


def _there(found: GivenCommand | None, number: int) -> GivenCommand:
    if found is None:
        raise not_found(f"command {number}")
    return found


def _document(one: GivenCommand, now_ms: int) -> CommandDocument:
    return CommandDocument(
        id=one.id,
        command_id=one.command_id,
        address=one.address,
        name=one.name,
        who=one.who,
        made=moment(one.made_ms),
        expires=moment(one.expires_ms),
        sent=None if one.sent_ms is None else moment(one.sent_ms),
        ended=None if one.ended_ms is None else moment(one.ended_ms),
        state=one.state(now_ms),
        answer=one.answer,
    )
