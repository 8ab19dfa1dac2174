"""Exports: all alerts that a filter finds, as CSV or Parquet, and the labels for the next training.

A file is sent as it is made, so that its size costs no memory. Each export is an entry of the audit log.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from edge_contracts.verdict import Outcome
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.alert_columns import COLUMNS, alert_pages
from fleet_manager.api.caller import CallerNow
from fleet_manager.api.csv_cells import csv_text
from fleet_manager.api.parquet_stream import MEDIA_TYPE as PARQUET
from fleet_manager.api.parquet_stream import parquet_writer
from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import UNAVAILABLE
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.api.training_archive import MEDIA_TYPE as ZIP
from fleet_manager.api.training_archive import training_archive
from fleet_manager.api.wire_values import AddressQuery, Since, SiteQuery, Until, maybe_milliseconds, site_tuple
from fleet_manager.desk.inbox import Filter
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.desk.teaching import contradicted_pictures, lessons
from fleet_manager.desk.training_labels import json_lines, manifest_lines
from fleet_manager.desk.true_labels import true_labels
from fleet_manager.people.roles import Permission, only_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Engine

    from fleet_manager.api.caller import Caller
    from fleet_manager.desk.teaching import Lesson
    from fleet_manager.desk.true_labels import TrueLabel

_LABELS_AT_ONCE: Final = 1000
_DETAIL: Final = 1000
_BINARY: Final = {"type": "string", "format": "binary"}
_TEXT: Final = {"type": "string"}
State = Annotated[AlertState | None, Query()]
Verdict = Annotated[Outcome | None, Query()]


def export_routes() -> APIRouter:
    """`/exports/…`."""
    routes = guarded_router("exports")
    routes.get("/exports/alerts.csv", response_class=Response, responses=_answer("text/csv", _TEXT))(alerts_csv)
    routes.get("/exports/alerts.parquet", response_class=Response, responses=_answer(PARQUET, _BINARY))(alerts_parquet)
    routes.get("/exports/labels.zip", response_class=Response, responses=_answer(ZIP, _BINARY))(labels_zip)
    routes.get("/exports/labels.csv", response_class=Response, responses=_answer("text/csv", _TEXT))(labels_csv)
    routes.get("/exports/labels.jsonl", response_class=Response, responses=_answer("application/jsonl", _TEXT))(
        labels_jsonl
    )
    return routes


@needs(Permission.EXPORT)
def alerts_csv(
    caller: CallerNow,
    services: ServicesNow,
    site: SiteQuery = None,
    device: AddressQuery = None,
    outcome: Verdict = None,
    state: State = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """Alerts as CSV, newest first; a text that a spreadsheet would run as a formula has a `'` in front."""
    wanted = _filter(caller, site, device, outcome, state, since, until)
    _note(caller, services, site, "alerts.csv")
    pages = alert_pages(services.engine, wanted)
    return _file((csv_text(rows) for rows in chain([[tuple(COLUMNS)]], pages)), "text/csv; charset=utf-8", "alerts.csv")


@needs(Permission.EXPORT)
def alerts_parquet(
    caller: CallerNow,
    services: ServicesNow,
    site: SiteQuery = None,
    device: AddressQuery = None,
    outcome: Verdict = None,
    state: State = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """Alerts as Parquet, newest first; needs the extra `parquet`."""
    wanted = _filter(caller, site, device, outcome, state, since, until)
    write = parquet_writer()
    _note(caller, services, site, "alerts.parquet")
    return _file(write(COLUMNS, alert_pages(services.engine, wanted)), PARQUET, "alerts.parquet")


@needs(Permission.EXPORT)
def labels_zip(caller: CallerNow, services: ServicesNow, site: SiteQuery = None) -> Response:
    """What people said of parts with the pictures: unpacked, `lepton train labels.csv` takes it."""
    store = services.evidence
    if store is None:
        raise Problem(UNAVAILABLE, "wanted the pictures, found that this manager keeps none: take labels.csv")
    sites = site_tuple(caller.sites_of(site))
    _note(caller, services, site, "labels.zip")
    archive = training_archive(_lessons(services.engine, sites), store)
    begun = next(archive)  # a store of pictures that is away is told now; later the download breaks
    return _file(chain((begun,), archive), ZIP, "labels.zip")


@needs(Permission.EXPORT)
def labels_csv(caller: CallerNow, services: ServicesNow, site: SiteQuery = None) -> Response:
    """The manifest of `lepton train` alone: one line per picture; contradicted labels are left out."""
    lessons = _lessons(services.engine, site_tuple(caller.sites_of(site)))
    _note(caller, services, site, "labels.csv")
    return _file(manifest_lines(lessons), "text/csv; charset=utf-8", "labels.csv")


@needs(Permission.EXPORT)
def labels_jsonl(caller: CallerNow, services: ServicesNow, site: SiteQuery = None) -> Response:
    """What people said of parts, one JSON object per line."""
    labels = _labels(services.engine, site_tuple(caller.sites_of(site)))
    _note(caller, services, site, "labels.jsonl")
    return _file(json_lines(labels), "application/jsonl", "labels.jsonl")


def _filter(
    caller: Caller,
    site: str | None,
    device: str | None,
    outcome: Outcome | None,
    state: AlertState | None,
    since: datetime | None,
    until: datetime | None,
) -> Filter:
    return Filter(
        site_tuple(caller.sites_of(site)),
        device,
        outcome=outcome,
        state=state,
        since_ms=maybe_milliseconds(since),
        until_ms=maybe_milliseconds(until),
    )


def _lessons(engine: Engine, sites: tuple[str, ...] | None) -> Iterator[Lesson]:
    with engine.connect() as con:
        contradicted = contradicted_pictures(con, sites)
    return lessons(_labels(engine, sites), contradicted)


def _labels(engine: Engine, sites: tuple[str, ...] | None) -> Iterator[TrueLabel]:
    """All labels, read in batches: no transaction lasts as long as a slow download."""
    after = 0
    while True:
        with engine.connect() as con:
            batch = list(islice(true_labels(con, sites, after), _LABELS_AT_ONCE))
        yield from batch
        if len(batch) < _LABELS_AT_ONCE:
            return
        after = batch[-1].id


def _note(caller: Caller, services: Services, site: str | None, what: str) -> None:
    sites = sorted(caller.sites_of(site))
    with services.people.audit.act(caller.principal, "export", what, only_site(sites), ", ".join(sites)[:_DETAIL]):
        pass


def _file(content: Iterator[str] | Iterator[bytes], media: str, name: str) -> Response:
    return StreamingResponse(
        content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _answer(media: str, schema: dict[str, str]) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The file.", "content": {media: {"schema": schema}}}}
