"""The manager of a site: builds every part, starts them, stops them in reverse; the only place that wires objects.

One process serves the pages and the interface; the ingest lives in processes of its own, so that a slow page holds up
no alert. Without a broker of the site's own an embedded one runs on loopback.
"""

from __future__ import annotations

import logging
import os
import random
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from fleet_manager.adapters.faces import Faces
from fleet_manager.api.services import Services
from fleet_manager.broker_choice import BrokerChoice
from fleet_manager.commands.command_post import CommandPost
from fleet_manager.configuration.desired_post import DesiredPost
from fleet_manager.configuration.signing_key import open_signing_key
from fleet_manager.desk.courier import Courier
from fleet_manager.desk.couriers import Couriers
from fleet_manager.desk.desk import Desk
from fleet_manager.desk.reach import Reach
from fleet_manager.dispatcher import Dispatcher
from fleet_manager.embedded_broker import LOOPBACK, EmbeddedBroker
from fleet_manager.evidence.bucket_shelf import BucketShelf
from fleet_manager.evidence.disk_store import DiskEvidence
from fleet_manager.evidence.evidence_store import Limits
from fleet_manager.evidence.sweeper import Sweeper
from fleet_manager.folder_lock import locked_folder
from fleet_manager.ingest.workers import Workers, tasks
from fleet_manager.people.assembly import assemble_people, wall_clock_ms
from fleet_manager.people.provider_door import provider_door
from fleet_manager.site_file import SiteFile
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import database_url
from fleet_manager.store.database_lock import locked_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fleet_manager.ingest.broker_link import BrokerOptions
    from fleet_manager.people.assembly import People
    from fleet_manager.people.provider_door import ProviderDoor

DISTRIBUTION: Final = "lepton-edge"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What a manager is started with.

    folder: where everything is that has no other place: the SQLite file, evidence, the embedded broker's files.
    database: a URL instead of the file in the folder, empty for that.
    broker: the site's, None for the embedded one, on `broker_port`.
    workers: processes that share the alerts.
    file: what `site.toml` says; empty where there is none.
    """

    folder: Path
    database: str = ""
    broker: BrokerChoice | None = None
    broker_port: int = 1883
    workers: int = 1
    file: SiteFile = field(default_factory=SiteFile)


@dataclass(frozen=True, slots=True)
class Site:
    """A manager that runs.

    services: what the routes ask. workers: the ingest. faces: the adapters. broker: where it is, for a person.
    provider: the way in by an identity provider; None where there is none.
    """

    services: Services
    workers: Workers
    faces: Faces | None
    broker: str
    provider: ProviderDoor | None


@contextmanager
def running_site(settings: SiteSettings) -> Iterator[Site]:
    """A manager, ready or still waiting for its broker, until the block ends.

    Raises:
        BadInputError: folder, database or files cannot be used, or another manager uses the folder.
        MissingExtraError: a library of what is asked for is not installed.
        OutageError: another manager has the database, or it cannot be reached.
    """
    with ExitStack() as stack:
        folder = _made(settings.folder)
        stack.enter_context(locked_folder(folder))
        key = open_signing_key(folder)
        url = database_url(settings.database or folder / "fleet.sqlite")
        stack.enter_context(locked_database(url))
        store = AlertStore.open(url, wall_clock_ms)
        stack.callback(store.close)
        people = assemble_people(store.engine)
        provider = _provider(settings.file, store, people)
        broker, shares = _broker(settings, folder, stack)
        options = broker.options(store.client_id)
        workers = Workers(tasks(url, options, settings.workers, shares=shares), random.random)
        workers.start()
        stack.callback(workers.stop)
        posts = (CommandPost(), DesiredPost(key))
        dispatcher = Dispatcher(store.engine, replace(options, client_id=f"{options.client_id}-c"), posts)
        dispatcher.start()
        stack.callback(dispatcher.stop)
        faces = _faces(settings, options, stack)
        desk = _start_desk(store, settings.file, stack)
        services = Services(
            engine=store.engine,
            people=people,
            evidence=_evidence(folder, settings.file, stack),
            waits_for=lambda: [*([workers.trouble] if workers.trouble else []), *desk.health.waits_for],
            desk=lambda: desk.health,
            unix_ms=wall_clock_ms,
            monotonic_s=time.monotonic,
            draw=os.urandom,
            takes_mail=settings.file.mail is not None,
            public_key=key.public,
        )
        where = f"{options.where}{'' if shares else ' (embedded, this machine only, MQTT 3.1.1)'}"
        yield Site(services, workers, faces, where, provider)


def _faces(settings: SiteSettings, options: BrokerOptions, stack: ExitStack) -> Faces | None:
    if settings.file.adapters is None:
        return None
    own = replace(options, client_id=f"{options.client_id}-f")
    faces = Faces(settings.file.adapters, own, version(DISTRIBUTION))
    faces.start()
    stack.callback(faces.stop)
    return faces


def _start_desk(store: AlertStore, file: SiteFile, stack: ExitStack) -> Desk:
    server = None if file.mail is None else file.mail.mail_server()
    reach = Reach() if file.webhooks is None else file.webhooks.reach()
    courier = Courier(store.engine, server, reach, wall_clock_ms, random.random, _log.warning)
    couriers = Couriers(courier, _log.warning)
    desk = Desk(store.engine, couriers, wall_clock_ms, _log.warning, url_of=_alert_pages(file))
    desk.start()
    stack.callback(desk.stop)
    return desk


def _provider(file: SiteFile, store: AlertStore, people: People) -> ProviderDoor | None:
    if file.oidc is None or file.address is None:
        return None
    return provider_door(file.oidc, file.address, store.engine, people, wall_clock_ms, time.monotonic)


def _alert_pages(file: SiteFile) -> Callable[[int], str] | None:
    return None if file.address is None else lambda number: f"{file.address}/alerts/{number}"


def _evidence(folder: Path, file: SiteFile, stack: ExitStack) -> DiskEvidence:
    shelf = None if file.evidence is None else BucketShelf(file.evidence, time.monotonic)
    limits = Limits(total_bytes=file.evidence_gib << 30)
    evidence = DiskEvidence(folder / "evidence", limits, time.monotonic, shelf=shelf)
    sweeper = Sweeper(evidence, time.time, _log.warning)
    sweeper.start()
    stack.callback(sweeper.stop)
    return evidence


def _broker(settings: SiteSettings, folder: Path, stack: ExitStack) -> tuple[BrokerChoice, bool]:
    """Where the broker is, and whether it divides what it has among several that listen."""
    if settings.broker is not None:
        return settings.broker, True
    own = EmbeddedBroker(folder, settings.broker_port)
    stack.callback(own.stop)
    own.start()
    return BrokerChoice(LOOPBACK, settings.broker_port, "3.1.1", None, None, None, None, None), False


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as err:
        raise BadInputError(f"wanted a folder at {folder}, found that it cannot be made: {err}") from err
    return folder
