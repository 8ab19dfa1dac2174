"""`lepton fleet listen`: hear the stations, store their alerts, acknowledge what is stored, show it."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import click

from fleet_manager.broker_choice import broker_options
from fleet_manager.stop_flag import StopFlag, stopped_by_signals

if TYPE_CHECKING:
    from fleet_manager.broker_choice import BrokerChoice
    from fleet_manager.ingest.broker_link import BrokerOptions
    from fleet_manager.ingest.watchers import QuietWatcher
    from fleet_manager.store.alert_store import AlertStore


@click.command()
@broker_options("127.0.0.1:1883", "Host and port of the MQTT broker.")
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
def listen(
    broker: BrokerChoice, where: str, count: int | None, give_up_s: float | None, *, as_json: bool, quiet: bool
) -> None:
    """Store every alert of every station, acknowledge it, and show it.

    A station keeps an alert until this command says that it is stored. SIGINT and SIGTERM end it cleanly; then the loss
    ledger of each station is printed on stderr.
    """
    from fleet_manager.store.alert_store import AlertStore  # noqa: PLC0415 - `--help` does not wait for it
    from fleet_manager.store.ledger import ledger  # noqa: PLC0415

    store = AlertStore.open(where, lambda: time.time_ns() // 1_000_000)
    try:
        _listen(store, broker.options(store.client_id), count, give_up_s, as_json=as_json, quiet=quiet)
        for line in ledger(store.engine):
            _say(line.sentence())
    finally:
        store.close()


def _listen(
    store: AlertStore, options: BrokerOptions, count: int | None, give_up_s: float | None, *, as_json: bool, quiet: bool
) -> None:
    from fleet_manager.ingest.ingest import Ingest  # noqa: PLC0415

    stop = StopFlag()
    watcher = _watcher(stop, count, as_json=as_json, quiet=quiet)
    try:
        with stopped_by_signals(stop):
            Ingest(store, options, watcher, draw=random.random, give_up_s=give_up_s).run(stop)
    finally:
        watcher.close()
    _say(f"{watcher.alerts} new alerts stored, {watcher.duplicates} re-sends, {watcher.refused} refused and kept")


def _watcher(stop: StopFlag, count: int | None, *, as_json: bool, quiet: bool) -> QuietWatcher:
    from fleet_manager.ingest.watchers import JsonWatcher, QuietWatcher, TableWatcher  # noqa: PLC0415

    if as_json:
        return JsonWatcher(_say, stop.set, count, click.echo)
    return QuietWatcher(_say, stop.set, count) if quiet else TableWatcher(_say, stop.set, count)


def _say(line: str) -> None:
    click.echo(line, err=True)
