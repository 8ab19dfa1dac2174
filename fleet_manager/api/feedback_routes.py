"""A defect that was called good and found later: feedback that no alert can carry."""

from __future__ import annotations

from fastapi import APIRouter

from edge_contracts.identifiers import Sha256, Slug
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow
from fleet_manager.api.services import ServicesNow
from fleet_manager.api.wire_values import Address, Document, Name, Wish
from fleet_manager.desk.true_labels import DEFECT, MissedDefect, report_missed
from fleet_manager.people.roles import Permission


class MissedWish(Wish):
    """Which part it was, what kind of defect, and, where there is one, its picture among the evidence."""

    device: Address
    point: Slug
    part: Name
    label: Name = DEFECT
    sha256: Sha256 | None = None
    model: Sha256 | None = None


class Kept(Document):
    """It is among the labels for the next training."""

    part: str
    label: str


@needs(Permission.LABEL)
def missed(caller: CallerNow, services: ServicesNow, wish: MissedWish) -> Kept:
    """A defect that was called good, for the next training; false alarms are told with their alerts."""
    site = wish.device.rpartition("/")[0]
    caller.check_site(site, f"the site {site}")
    told = MissedDefect(wish.device, wish.point, wish.part, wish.label, wish.sha256, None, wish.model or "")
    with services.people.audit.act(caller.principal, "report missed defect", wish.device, site, wish.part) as con:
        report_missed(con, told, caller.principal.name, services.unix_ms())
    return Kept(part=wish.part, label=wish.label)


def feedback_routes() -> APIRouter:
    """`/missed-defects`."""
    routes = guarded_router("feedback")
    routes.post("/missed-defects", status_code=201)(missed)
    return routes
