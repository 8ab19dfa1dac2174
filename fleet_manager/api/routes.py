"""All routes of the interface, in the order of its document."""

from __future__ import annotations

from functools import cache
from typing import Final

from fastapi.routing import APIRoute

from fleet_manager.api.alert_routes import alert_routes
from fleet_manager.api.audit_routes import audit_routes
from fleet_manager.api.case_routes import case_routes
from fleet_manager.api.command_routes import command_routes
from fleet_manager.api.configuration_routes import configuration_routes
from fleet_manager.api.device_routes import device_routes
from fleet_manager.api.evidence_routes import evidence_routes
from fleet_manager.api.export_routes import export_routes
from fleet_manager.api.feedback_routes import feedback_routes
from fleet_manager.api.health_routes import health_routes
from fleet_manager.api.metric_routes import metric_routes
from fleet_manager.api.openapi_routes import openapi_routes
from fleet_manager.api.people_routes import people_routes
from fleet_manager.api.quarantine_routes import quarantine_routes
from fleet_manager.api.rule_routes import rule_routes
from fleet_manager.api.shift_routes import shift_routes
from fleet_manager.api.statistics_routes import statistics_routes
from fleet_manager.api.token_routes import token_routes

_PARTS: Final = (
    device_routes,
    command_routes,
    configuration_routes,
    alert_routes,
    case_routes,
    quarantine_routes,
    feedback_routes,
    rule_routes,
    statistics_routes,
    shift_routes,
    export_routes,
    evidence_routes,
    audit_routes,
    token_routes,
    people_routes,
    openapi_routes,
    health_routes,
    metric_routes,
)


@cache
def all_routes() -> tuple[APIRoute, ...]:
    """`/v1/…`, and what has the same address in every version: `/healthz`, `/readyz`, `/metrics`.

    Made once, as an application puts nothing of its own into them.
    """
    return tuple(route for part in _PARTS for route in part().routes if isinstance(route, APIRoute))
