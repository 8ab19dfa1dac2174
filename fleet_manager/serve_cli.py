"""`lepton fleet serve`: the whole manager in one command."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from edge_contracts.errors import BadInputError
from fleet_manager.broker_choice import broker_options, read_text
from fleet_manager.stop_flag import StopFlag, stopped_by_signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp
    from uvicorn import Config

    from fleet_manager.broker_choice import BrokerChoice
    from fleet_manager.site import Site
    from fleet_manager.site_file import SiteFile

DEFAULT_HTTP: Final = 8700
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_ALL_OF_IT: Final = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened at
_POSTGRESQL: Final = ("postgresql://", "postgres://", "postgresql+psycopg://")
_HEAD_BYTES: Final = 16_384
_FAREWELL_S: Final = 3
"""How long a browser that listens for news may keep the manager from ending."""


@click.command()
@click.option(
    "--folder",
    default="lepton-fleet",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where alerts and evidence are kept; made if it is absent.",
)
@click.option(
    "--database",
    default="",
    envvar="LEPTON_DATABASE_URL",
    show_envvar=True,
    help="postgresql://USER@HOST/NAME instead of a SQLite file in the folder.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the pages and the interface.")
@click.option("--port", default=DEFAULT_HTTP, show_default=True, type=click.IntRange(1, 65535), help="Their port.")
@broker_options("", "Host and port of the site's MQTT broker; without it an embedded one, on this machine only.")
@click.option(
    "--broker-port",
    default=1883,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port of the embedded broker.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that share the alerts; more than one need PostgreSQL to be of use.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="site.toml: address, mail, and other faces of the site (docs/reference/site.md).",
)
@click.option("--access-log", "tells_requests", is_flag=True, help="Log each request: who, what, how it ended.")
def serve(
    broker: BrokerChoice,
    folder: Path,
    database: str,
    host: str,
    port: int,
    broker_port: int,
    workers: int,
    config: Path | None,
    *,
    tells_requests: bool,
) -> None:
    """Run the manager of a site: store every alert, show the lines on pages, answer programs.

    The first start prints a link by which the first person makes an account; there is no default password. SIGINT and
    SIGTERM end it after what it heard is stored.
    """
    from fleet_manager.site import SiteSettings, running_site  # noqa: PLC0415 - `--help` does not wait for it

    start_log(tells_requests=tells_requests)
    _check_database(database)
    file = _site_file(config)
    settings = SiteSettings(folder, database, broker if broker.host else None, broker_port, workers, file)
    if host not in LOOPBACK:
        _say("the pages travel in plain text: put a server with a certificate in front of them")
    if file.evidence is not None and file.evidence.is_plain:
        _say("pictures travel to their bucket in plain text: give it an https:// endpoint")
    stop = StopFlag()
    with stopped_by_signals(stop), _bound(host, port) as door, running_site(settings) as site:
        _greet(site, _where(file.address, host, port))
        if not stop.is_set():
            _answer(site, door, file, stop)
    _say(f"{sum(one.stored for one in site.workers.workers)} alerts stored since the start")


def start_log(*, tells_requests: bool) -> None:
    """Log what needs attention to stderr; each request as well, where that is asked for."""
    from fleet_manager.api.access_log import LOGGER  # noqa: PLC0415 - as above

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger(LOGGER).setLevel(logging.INFO if tells_requests else logging.WARNING)


def _check_database(database: str) -> None:
    """The folder has the SQLite file; another place for it would part it from its key and its pictures.

    Raises:
        BadInputError: it is no URL of PostgreSQL; it may hold a password, so it is not repeated.
    """
    if database and not database.startswith(_POSTGRESQL):
        raise BadInputError(
            "wanted --database (LEPTON_DATABASE_URL) as postgresql://USER@HOST/NAME, found another beginning: correct "
            "it, or leave it out for fleet.sqlite in --folder"
        )


def _where(address: str | None, host: str, port: int) -> str:
    """Where a browser reaches the pages; without an `address` by the name of this machine, if all of it listens."""
    if address is not None:
        return address
    reached = socket.gethostname() if host in _ALL_OF_IT else f"[{host}]" if ":" in host else host
    return f"http://{reached}:{port}"


def _greet(site: Site, where: str) -> None:
    from fleet_manager.people.links import link_address  # noqa: PLC0415 - as above

    _say(f"broker: {site.broker}")
    _say(f"pages:  {where}/")
    secret = site.services.people.links.first_set_up()
    if secret is not None:
        _say(f"set-up: {link_address(where, secret)}")
        _say("        follow it once to make the first account; it ends in 24 hours, and with the next start")


def _answer(site: Site, door: socket.socket, file: SiteFile, stop: StopFlag) -> None:
    """Serve until a signal; uvicorn takes SIGINT and SIGTERM, and hands them on when it has ended."""
    from fleet_manager.api.application import create_app  # noqa: PLC0415 - as above
    from fleet_manager.api.rule_routes import rule_keeping  # noqa: PLC0415
    from fleet_manager.page_server import PageServer  # noqa: PLC0415
    from fleet_manager.pages.page_parts import PageParts  # noqa: PLC0415
    from fleet_manager.pages.router import add_pages, live_feed  # noqa: PLC0415

    services = site.services
    app, feed = create_app(services), live_feed(services.engine)
    parts = PageParts(
        services.engine,
        services.people,
        services.evidence,
        services.unix_ms,
        rule_keeping(services),
        services.waits_for,
        provider=site.provider,
        public_key=services.public_key,
        address=file.address or "",
    )
    add_pages(app, parts, feed)
    server = PageServer(server_config(app, file.proxies), stop)
    try:
        server.run(sockets=[door])
    finally:
        feed.close()


def server_config(app: ASGIApp, proxies: Sequence[str]) -> Config:
    """How the application is served; what `proxies` say of a browser's address and of TLS is believed, nobody else."""
    from uvicorn import Config  # noqa: PLC0415 - as above

    return Config(
        app,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=_FAREWELL_S,
        h11_max_incomplete_event_size=_HEAD_BYTES,
    )


def _bound(host: str, port: int) -> socket.socket:
    """The address, taken before anything else is started.

    Raises:
        BadInputError: somebody has it, or it is not this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as err:
        raise BadInputError(
            f"wanted to serve at {host}:{port}, found {err.strerror or err}: give --host or --port"
        ) from err


def _site_file(config: Path | None) -> SiteFile:
    from fleet_manager.site_file import SiteFile, read_site  # noqa: PLC0415 - as above

    return read_site(read_text(config), str(config)) if config else SiteFile()


def _say(line: str) -> None:
    click.echo(line, err=True)
