"""`lepton fleet people`: for whoever has the manager's own machine: who is there, a new link, is the log whole."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_contracts.errors import BadInputError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from fleet_manager.people.account_rows import Account

_database = click.option(
    "--store",
    "where",
    default="lepton-fleet/fleet.sqlite",
    show_default=True,
    envvar="LEPTON_DATABASE_URL",
    show_envvar=True,
    help="The manager's database: a SQLite file, or postgresql://USER@HOST/NAME.",
)


@click.group()
def people() -> None:
    """See to the people of a manager, on its own machine."""


@people.command("list")
@_database
def list_people(where: str) -> None:
    """Print each account: its name, whether it can come in, its roles."""
    from sqlalchemy import true  # noqa: PLC0415 - `lepton --help` waits for no database

    from fleet_manager.people.account_rows import read_accounts  # noqa: PLC0415

    with _opened(where) as engine, engine.connect() as con:
        for account in read_accounts(con, true()):
            click.echo(_line(account))


@people.command()
@click.argument("name")
@_database
@click.option(
    "--site",
    "address",
    default="http://127.0.0.1:8700",
    show_default=True,
    help="Where the manager's pages are, for the link.",
)
def link(name: str, where: str, address: str) -> None:
    """Print a link by which NAME chooses a new password.

    It is good once and for a day. For an admin whom no other admin can help.
    """
    from fleet_manager.people.assembly import assemble_people  # noqa: PLC0415
    from fleet_manager.people.links import link_address  # noqa: PLC0415
    from fleet_manager.people.principal import SYSTEM  # noqa: PLC0415

    with _opened(where) as engine:
        secret = assemble_people(engine).links.invite(SYSTEM, name)
    click.echo(link_address(address, secret))


@people.command()
@_database
@click.option("--head", "known", metavar="LINE", help="A head that was printed earlier: 'NUMBER DIGEST'.")
def audit(where: str, known: str | None) -> None:
    """Walk over the whole audit log; leave with code 1 where it is broken.

    Prints the head, one line: keep it where this machine cannot change it, and give it with --head another time.
    """
    from fleet_manager.people.assembly import wall_clock_ms  # noqa: PLC0415
    from fleet_manager.people.audit import AuditLog  # noqa: PLC0415
    from fleet_manager.people.audit_chain import Head  # noqa: PLC0415

    head = None if known is None else Head.from_text(known)
    with _opened(where) as engine:
        found = AuditLog(engine, wall_clock_ms).verify(head)
    if found.broken is not None:
        raise RefusedError(f"{found.sentence()}: keep this database, and compare it with a backup")
    click.echo(str(found.head))


def _line(account: Account) -> str:
    from fleet_manager.people.accounts import words_of  # noqa: PLC0415

    state = "" if account.is_enabled else " (switched off)"
    waiting = "" if account.has_password else " (has no password yet)"
    return f"{account.name}{state}{waiting}: {words_of(account.grants)}"


@contextmanager
def _opened(where: str) -> Iterator[Engine]:
    """The database of a manager that has run; never makes one."""
    from fleet_manager.store.database import database_url, name_of, open_database  # noqa: PLC0415
    from fleet_manager.store.migration import is_current  # noqa: PLC0415

    engine = open_database(database_url(where))
    try:
        is_file = engine.url.get_backend_name() == "sqlite"
        if is_file and not Path(engine.url.database or "").is_file():
            raise BadInputError(f"wanted the manager's database, found no file {where}: give --store")
        if not is_current(engine):
            raise BadInputError(
                f"wanted a database of this version, found another at {name_of(engine)}: start the manager once"
            )
        yield engine
    finally:
        engine.dispose()
