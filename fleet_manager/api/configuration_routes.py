"""Configurations of devices: what is wanted, what each says that it has, every revision, and the way back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from edge_contracts.configuration import MAX_TEXT_BYTES, Phase
from edge_contracts.message import SEQ_MAX
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow, not_found
from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import INVALID
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.api.wire_values import Before, Document, Limit, SlugPath, Wish, moment
from fleet_manager.configuration.revisions import (
    LONGEST_NOTE,
    ConfigurationRefused,
    Draft,
    KeptRevision,
    check_draft,
    find_revision,
    keep_draft,
    list_revisions,
    read_reported,
)
from fleet_manager.configuration.standing import Standing, standing
from fleet_manager.people.roles import Permission
from fleet_manager.store.device_reading import read_devices

if TYPE_CHECKING:
    from fleet_manager.api.caller import Caller

Note = Annotated[str, StringConstraints(max_length=LONGEST_NOTE, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
RevisionPath = Annotated[int, Path(ge=1, le=SEQ_MAX)]


class ConfigurationWish(Wish):
    """A configuration for a device.

    `text` is TOML as in station.toml, without the tables that belong to the board. `after` is the latest revision that
    was seen, 0 for none: where somebody was quicker, nothing is changed.
    """

    text: Annotated[str, StringConstraints(max_length=MAX_TEXT_BYTES)]
    note: Note = ""
    after: Annotated[int, Field(ge=0, le=SEQ_MAX)]


class RestoreWish(Wish):
    """To go back to a revision: its text becomes the next one."""

    after: Annotated[int, Field(ge=0, le=SEQ_MAX)]


class RevisionDocument(Document):
    """One revision, without its text; `sent` is null while no broker had it."""

    revision: int
    hash: str
    note: str
    who: str
    made: datetime
    sent: datetime | None


class RevisionText(RevisionDocument):
    """One revision with its text."""

    text: str


class RevisionPage(Document):
    """Revisions of a device, newest first; `next` is the next page's `before`."""

    items: list[RevisionDocument]
    next: int | None


class ReportedDocument(Document):
    """What the device said last: the revision that runs (0 is its own file), and the fate of the last one heard."""

    revision: int
    hash: str
    heard: int | None
    phase: Phase
    errors: tuple[str, ...]


class ConfigurationDocument(Document):
    """Desired against reported; `trusted_key` is what the station's `[remote]` must name to obey this manager."""

    standing: Standing
    desired: RevisionDocument | None
    reported: ReportedDocument | None
    trusted_key: str


_PATH = "/devices/{org}/{site}/{device}/configuration"


@needs(Permission.SEE_ALERTS)
def show_configuration(
    caller: CallerNow, services: ServicesNow, org: SlugPath, site: SlugPath, device: SlugPath
) -> ConfigurationDocument:
    """How far a device is with what is wanted of it."""
    address = _device(caller, services, f"{org}/{site}/{device}")
    with services.engine.connect() as con:
        found = list_revisions(con, address, limit=1)
        said = read_reported(con, address)
    wanted = found[0] if found else None
    return ConfigurationDocument(
        standing=standing(wanted, said),
        desired=None if wanted is None else _document(wanted),
        reported=None if said is None else ReportedDocument(**said.model_dump()),
        trusted_key=services.public_key,
    )


@needs(Permission.CHANGE_CONFIGURATION)
def show_revisions(
    caller: CallerNow,
    services: ServicesNow,
    org: SlugPath,
    site: SlugPath,
    device: SlugPath,
    before: Before = None,
    limit: Limit = 100,
) -> RevisionPage:
    """Everything that was ever wanted of a device."""
    address = _device(caller, services, f"{org}/{site}/{device}")
    with services.engine.connect() as con:
        found = list_revisions(con, address, before, limit + 1)
    items = [_document(one) for one in found[:limit]]
    return RevisionPage(items=items, next=items[-1].revision if len(found) > limit else None)


@needs(Permission.CHANGE_CONFIGURATION)
def show_revision(
    caller: CallerNow,
    services: ServicesNow,
    org: SlugPath,
    site: SlugPath,
    device: SlugPath,
    revision: RevisionPath,
) -> RevisionText:
    """One revision with its text."""
    found = _revision(services, _device(caller, services, f"{org}/{site}/{device}"), revision)
    return RevisionText(**_document(found).model_dump(), text=found.text)


@needs(Permission.CHANGE_CONFIGURATION)
def make_revision(
    caller: CallerNow,
    services: ServicesNow,
    org: SlugPath,
    site: SlugPath,
    device: SlugPath,
    wish: ConfigurationWish,
) -> RevisionText:
    """Want another configuration; it is checked as a whole, kept, and sent as soon as there is a broker."""
    address = _device(caller, services, f"{org}/{site}/{device}")
    return _kept(caller, services, Draft(address, wish.text, wish.note, wish.after))


@needs(Permission.CHANGE_CONFIGURATION)
def restore_revision(
    caller: CallerNow,
    services: ServicesNow,
    org: SlugPath,
    site: SlugPath,
    device: SlugPath,
    revision: RevisionPath,
    wish: RestoreWish,
) -> RevisionText:
    """Go back to a revision: its text becomes the next one."""
    address = _device(caller, services, f"{org}/{site}/{device}")
    text = _revision(services, address, revision).text
    return _kept(caller, services, Draft(address, text, f"back to revision {revision}", wish.after))


def configuration_routes() -> APIRouter:
    """`/devices/{org}/{site}/{device}/configuration` and its `/revisions`."""
    routes = guarded_router("configuration")
    routes.get(_PATH)(show_configuration)
    routes.get(f"{_PATH}/revisions")(show_revisions)
    routes.get(f"{_PATH}/revisions/{{revision}}")(show_revision)
    routes.post(f"{_PATH}/revisions", status_code=201)(make_revision)
    routes.post(f"{_PATH}/revisions/{{revision}}/restore", status_code=201)(restore_revision)
    return routes


def _device(caller: Caller, services: Services, address: str) -> str:
    site = address.rpartition("/")[0]
    caller.check_site(site, f"the device {address}")
    with services.engine.connect() as con:
        if next(read_devices(con, frozenset({site}), address=address), None) is None:
            raise not_found(f"the device {address}")
    return address


def _revision(services: Services, address: str, number: int) -> KeptRevision:
    with services.engine.connect() as con:
        found = find_revision(con, address, number)
    if found is None:
        raise not_found(f"revision {number} of {address}")
    return found


def _kept(caller: Caller, services: Services, draft: Draft) -> RevisionText:
    try:
        check_draft(draft)
    except ConfigurationRefused as err:
        errors = [{"where": "text", "what": one} for one in err.problems]
        raise Problem(INVALID, str(err), errors=errors) from err
    on = f"device:{draft.address}"
    with services.people.audit.act(caller.principal, "change configuration", on, draft.site, draft.note) as con:
        number = keep_draft(con, draft, caller.principal.name, services.unix_ms())
    found = _revision(services, draft.address, number)
    return RevisionText(**_document(found).model_dump(), text=found.text)


def _document(one: KeptRevision) -> RevisionDocument:
    return RevisionDocument(
        revision=one.revision,
        hash=one.hash,
        note=one.note,
        who=one.who,
        made=moment(one.made_ms),
        sent=None if one.sent_ms is None else moment(one.sent_ms),
    )
