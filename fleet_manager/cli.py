"""`lepton fleet`: the manager of a site's stations, whole or only its ear, and the people who may use it."""

from __future__ import annotations

import click

from fleet_manager.listen_cli import listen
from fleet_manager.people.cli import people
from fleet_manager.serve_cli import serve


@click.group()
def fleet() -> None:
    """Hear the stations of a site, keep their alerts, show them."""


fleet.add_command(serve)
fleet.add_command(listen)
fleet.add_command(people)
