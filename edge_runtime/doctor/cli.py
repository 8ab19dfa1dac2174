"""`lepton doctor`: ask a board whether it can do what its station file asks of it."""

from __future__ import annotations

import logging
import math
import shutil
from pathlib import Path
from typing import Any

import click

from edge_contracts.document_text import document_text

EXIT_UNFIT = 1


class FiniteRange(click.FloatRange):
    """A range of numbers that leaves out `nan`, which is neither below nor above a limit."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As `click.FloatRange`; what is not finite is refused in words."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"wanted a finite number of seconds, found {value}", param, ctx)
        return number


@click.command()
@click.argument("station", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the table.")
@click.option("--no-network", is_flag=True, help="Leave broker, manager and Modbus devices alone.")
@click.option("--fire-outputs", is_flag=True, help="Pulse each output once: gates and valves move.")
@click.option(
    "--seconds",
    default=3.0,
    show_default=True,
    type=FiniteRange(min=0.1, max=600),
    help="How long each camera is watched.",
)
@click.pass_context
def doctor(
    ctx: click.Context, station: Path, *, as_json: bool, no_network: bool, fire_outputs: bool, seconds: float
) -> None:
    """Check camera, model, takt time, disk, clock, broker, upload and service of STATION.

    Each finding is ok, warning, failed or skipped, and says what to do next. A daemon that runs on the same state
    folder is left in peace: its cameras are not opened.

    Exit codes: 0 nothing failed, 1 something failed, 2 wrong configuration.
    """
    from edge_runtime.clock import MonotonicClock  # noqa: PLC0415 - `lepton doctor --help` loads nothing
    from edge_runtime.config import load_station  # noqa: PLC0415 - the same
    from edge_runtime.doctor import report  # noqa: PLC0415 - the same
    from edge_runtime.doctor.patient import Patient  # noqa: PLC0415 - the same
    from edge_runtime.doctor.round import examine  # noqa: PLC0415 - the same
    from edge_runtime.doctor.running_daemon import daemon_on  # noqa: PLC0415 - the same

    config = load_station(station)
    logging.getLogger("edge_runtime").addHandler(logging.NullHandler())  # the findings say it in their own place
    pid = daemon_on(Path(config.station.state_folder))
    patient = Patient(config, station.resolve(), MonotonicClock(), not no_network, pid, seconds, fire_outputs)
    findings = list(examine(patient))
    if as_json:
        click.echo(document_text(report.document(patient.file, findings)))
    else:
        click.echo(report.table(findings, shutil.get_terminal_size((100, 24)).columns))
    if not report.is_fit(findings):
        ctx.exit(EXIT_UNFIT)
