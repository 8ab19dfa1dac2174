"""Each site's plan of shifts, kept in the database."""

from __future__ import annotations

import json
from datetime import time
from typing import TYPE_CHECKING

from sqlalchemy import select

from fleet_manager.desk.shifts import Shift, ShiftPlan, whole_days
from fleet_manager.desk.tables import shift_plans
from fleet_manager.store.dialect_insert import insert_into

if TYPE_CHECKING:
    from sqlalchemy import Connection


def save_shifts(con: Connection, site: str, plan: ShiftPlan) -> None:
    """Keep a site's plan in place of the one before; what was counted stays as it is."""
    shifts = [{"name": one.name, "begins": one.begins.isoformat("minutes")} for one in plan.shifts]
    text = json.dumps({"zone": plan.zone, "shifts": shifts})
    row = insert_into(con, shift_plans).values(site=site, plan=text)
    con.execute(row.on_conflict_do_update(index_elements=["site"], set_={"plan": text}))


def shifts_of(con: Connection, site: str) -> ShiftPlan:
    """A site's plan; whole days in UTC where none is made."""
    text = con.execute(select(shift_plans.c.plan).where(shift_plans.c.site == site)).scalar()
    if text is None:
        return whole_days()
    plan = json.loads(text)
    return ShiftPlan(
        plan["zone"], tuple(Shift(one["name"], time.fromisoformat(one["begins"])) for one in plan["shifts"])
    )
