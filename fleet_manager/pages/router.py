"""All pages, for the application that `create_app` makes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fleet_manager.pages.account_routes import account_routes
from fleet_manager.pages.alert_reading import NewAlerts
from fleet_manager.pages.alert_routes import alert_routes
from fleet_manager.pages.call_routes import call_routes
from fleet_manager.pages.case_routes import case_routes
from fleet_manager.pages.command_routes import command_routes
from fleet_manager.pages.configuration_routes import configuration_routes
from fleet_manager.pages.drawing import Drawing
from fleet_manager.pages.live_feed import LiveFeed
from fleet_manager.pages.live_routes import live_routes
from fleet_manager.pages.log_in_page import LogInPage
from fleet_manager.pages.lost_page import answer_lost_browsers
from fleet_manager.pages.overview_routes import overview_routes
from fleet_manager.pages.people_routes import people_routes
from fleet_manager.pages.provider_routes import provider_routes
from fleet_manager.pages.quarantine_routes import quarantine_routes
from fleet_manager.pages.reception import Reception
from fleet_manager.pages.session_routes import session_routes
from fleet_manager.pages.shift_routes import shift_routes
from fleet_manager.pages.static_files import StaticFiles
from fleet_manager.pages.static_routes import static_routes
from fleet_manager.pages.statistics_routes import statistics_routes
from fleet_manager.pages.token_routes import token_routes
from fleet_manager.pages.waiting_routes import waiting_routes
from fleet_manager.store.device_reading import known_sites

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI
    from sqlalchemy import Engine

    from fleet_manager.pages.page_parts import PageParts


def live_feed(engine: Engine) -> LiveFeed:
    """The one reader of new alerts; close it when the manager ends, so that no browser keeps it waiting."""
    return LiveFeed(NewAlerts(engine), time.monotonic_ns)


def add_pages(app: FastAPI, parts: PageParts, feed: LiveFeed) -> APIRouter:
    """Put `/` and every other page into an application; gives their router.

    Args:
        app: from `create_app`.
        parts: what the pages ask.
        feed: from `live_feed`.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    from fastapi import APIRouter  # noqa: PLC0415 - the command line would wait for it

    files = StaticFiles()
    drawing = Drawing(files)
    reception = Reception(parts.people.gate, drawing, parts.waits_for)
    page = LogInPage(drawing, parts.provider.name if parts.provider else "")
    engine, unix_ms = parts.engine, parts.unix_ms

    def sites() -> list[str]:
        with engine.connect() as con:
            return known_sites(con)

    router = APIRouter(include_in_schema=False)
    router.routes.extend(
        [
            *static_routes(files),
            *session_routes(parts.people, reception, page),
            *provider_routes(parts.provider, page),
            *command_routes(parts, reception),
            *configuration_routes(parts, reception),
            *overview_routes(engine, reception, unix_ms),
            *waiting_routes(reception),
            *alert_routes(parts, reception, sites),
            *case_routes(parts, reception, sites),
            *quarantine_routes(engine, reception),
            *statistics_routes(engine, reception, unix_ms, sites),
            *call_routes(parts.rules, reception, sites),
            *shift_routes(engine, parts.people.audit, reception, sites),
            *account_routes(parts.people, reception),
            *token_routes(parts.people, reception, sites, unix_ms),
            *people_routes(parts, reception, sites),
            *live_routes(engine, reception, feed, time.monotonic),
        ]
    )
    app.include_router(router)
    answer_lost_browsers(app, reception)
    return router
