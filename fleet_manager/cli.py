"""`lepton fleet`: hear the stations, store their alerts, acknowledge what is stored."""

from __future__ import annotations

import random
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from edge_contracts.errors import BadInputError
from edge_contracts.tls_files import check_tls_files
from fleet_manager.people.cli import people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from fleet_manager.ingest.broker_link import BrokerOptions
    from fleet_manager.ingest.watchers import QuietWatcher
    from fleet_manager.store.alert_store import AlertStore

DEFAULT_PORT: Final = 1883
_LAST_PORT: Final = 65_535
_SLICE_S: Final = 0.1


@click.group()
def fleet() -> None:
    """Hear the stations of a site."""


fleet.add_command(people)


@fleet.command()
@click.option("--broker", default="127.0.0.1:1883", show_default=True, help="Host and port of the MQTT broker.")
@click.option(
    "--store",
    "where",
    default="alerts.sqlite",
    show_default=True,
    envvar="LEPTON_DATABASE_URL",
    show_envvar=True,
    help="What keeps the alerts: a SQLite file, or postgresql://USER@HOST/NAME.",
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON on stdout per alert, once it is stored.")
@click.option("--quiet", is_flag=True, help="Show no alerts, only connections, troubles and the ledger.")
@click.option("--count", type=click.IntRange(min=1), help="Leave when this many new alerts are stored.")
@click.option(
    "--give-up-after",
    "give_up_s",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Leave with code 2 when no broker answers in this time; the default is to try for ever.",
)
@click.option(
    "--mqtt",
    type=click.Choice(["auto", "5", "3.1.1"]),
    default="auto",
    show_default=True,
    help="auto offers 5 first, and 3.1.1 where it is refused.",
)
@click.option("--username", help="User name at the broker.")
@click.option("--password-file", type=click.Path(path_type=Path), help="File that holds the password.")
@click.option("--ca", type=click.Path(path_type=Path), help="TLS: the authority that signed the broker, PEM.")
@click.option("--certificate", type=click.Path(path_type=Path), help="TLS: our certificate, PEM.")
@click.option("--key", type=click.Path(path_type=Path), help="TLS: our key, PEM.")
def listen(
    broker: str,
    where: str,
    count: int | None,
    give_up_s: float | None,
    mqtt: Any,
    username: str | None,
    password_file: Path | None,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Store every alert of every station, acknowledge it, and show it.

    A station keeps an alert until this command says that it is stored. SIGINT and SIGTERM end it cleanly; then the loss
    ledger of each station is printed on stderr.
    """
    from fleet_manager.ingest.broker_link import BrokerOptions  # noqa: PLC0415 - `lepton --help` does not wait for paho
    from fleet_manager.store.alert_store import AlertStore  # noqa: PLC0415
    from fleet_manager.store.ledger import ledger  # noqa: PLC0415

    host, port = parse_broker(broker)
    password = _read(password_file).strip() if password_file else None
    authority, own, own_key = (str(_readable(path)) if path else None for path in (ca, certificate, key))
    check_tls_files(authority, own, own_key)
    if password and authority is None:
        _say("the password travels in plain text: give --ca to encrypt the connection")
    store = AlertStore.open(where, lambda: time.time_ns() // 1_000_000)
    try:
        options = BrokerOptions(host, port, store.client_id, username, password, authority, own, own_key, mqtt)
        _listen(store, options, count, give_up_s, as_json=as_json, quiet=quiet)
        for line in ledger(store.engine):
            _say(line.sentence())
    finally:
        store.close()


def parse_broker(text: str) -> tuple[str, int]:
    """`host`, `host:port` or `[v6]:port` as host and port.

    Raises:
        BadInputError: it is none of these.
    """
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(DEFAULT_PORT)
    host = host.strip("[]")
    if not host or not port.isdigit() or not 1 <= int(port) <= _LAST_PORT:
        raise BadInputError(f"wanted --broker host:port, found {text!r}: for example 192.168.1.10:{DEFAULT_PORT}")
    return host, int(port)


def _listen(
    store: AlertStore, options: BrokerOptions, count: int | None, give_up_s: float | None, *, as_json: bool, quiet: bool
) -> None:
    from fleet_manager.ingest.ingest import Ingest  # noqa: PLC0415

    stop = _Stop()
    watcher = _watcher(stop, count, as_json=as_json, quiet=quiet)
    try:
        with _stopped_by_signals(stop):
            Ingest(store, options, watcher, draw=random.random, give_up_s=give_up_s).run(stop)
    finally:
        watcher.close()
    _say(f"{watcher.alerts} new alerts stored, {watcher.duplicates} re-sends, {watcher.refused} refused and kept")


def _watcher(stop: _Stop, count: int | None, *, as_json: bool, quiet: bool) -> QuietWatcher:
    from fleet_manager.ingest.watchers import JsonWatcher, QuietWatcher, TableWatcher  # noqa: PLC0415

    if as_json:
        return JsonWatcher(_say, stop.set, count, click.echo)
    return QuietWatcher(_say, stop.set, count) if quiet else TableWatcher(_say, stop.set, count)


class _Stop:
    """A flag that a signal handler may set; a `threading.Event` takes a lock that its own waiter may hold just then."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, timeout: float) -> bool:
        deadline_s = time.monotonic() + timeout
        while not self._is_set and (left_s := deadline_s - time.monotonic()) > 0:
            time.sleep(min(left_s, _SLICE_S))
        return self._is_set


@contextmanager
def _stopped_by_signals(stop: _Stop) -> Iterator[None]:
    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _readable(path: Path) -> Path:
    _read(path)
    return path


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise BadInputError(f"wanted a readable text file at {path}, found {err}: correct the path") from err
