"""`lepton rehearse`: a station on recorded or scripted pictures, without its hardware."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from edge_contracts.document_text import document_text

if TYPE_CHECKING:
    from edge_contracts.station import StationConfig
    from edge_runtime.rehearsal.replay import Pace

EXIT_BROKEN = 1
_A_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("station", type=_A_PATH)
@click.option("--recording", type=_A_PATH, help="Replay a folder of pictures, a folder of evidence, or a film.")
@click.option("--script", type=_A_PATH, help="Act out a fault script (TOML).")
@click.option("--point", help="The inspection point that a recording is for.")
@click.option("--with-bundle", type=_A_PATH, help="Replay with this bundle, too, and show what it judges otherwise.")
@click.option("--pace", default="fast", show_default=True, type=click.Choice(["recorded", "fast"]), help="Of a film.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--quiet", is_flag=True, help="Leave the time line of verdicts out.")
@click.pass_context
def rehearse(
    ctx: click.Context,
    station: Path,
    *,
    recording: Path | None,
    script: Path | None,
    point: str | None,
    with_bundle: Path | None,
    pace: Pace,
    as_json: bool,
    quiet: bool,
) -> None:
    """Replay a recording, or act out faults, against STATION without its hardware.

    The station's own daemon runs with its real limits and its real model. Cameras are stand-ins, the state folder is a
    scratch one, and neither broker nor outputs hear of it.

    Exit codes: 0 done and every promise kept, 1 a promise was broken, 2 wrong configuration or input.
    """
    from edge_runtime.config import load_station  # noqa: PLC0415 - `lepton rehearse --help` loads nothing

    if (recording is None) == (script is None):
        raise click.UsageError("give one of --recording and --script")
    if script is not None and (point or with_bundle):
        raise click.UsageError("--point and --with-bundle belong to --recording")
    config = load_station(station)
    logging.getLogger("edge_runtime").addHandler(logging.NullHandler())  # the time line says it in its own words
    tells = not (quiet or as_json)
    with TemporaryDirectory(prefix="lepton-rehearsal-") as scratch:
        if script is not None:
            _act(ctx, config, script, Path(scratch), tells=tells, as_json=as_json)
        elif recording is not None:
            stage = _Replayed(config, recording, point, Path(scratch), pace, with_bundle)
            stage.show(tells=tells, as_json=as_json)


def _act(ctx: click.Context, config: StationConfig, script: Path, scratch: Path, *, tells: bool, as_json: bool) -> None:
    from edge_runtime.rehearsal import report  # noqa: PLC0415 - loads OpenCV
    from edge_runtime.rehearsal.fault_script import load_script  # noqa: PLC0415 - the same
    from edge_runtime.rehearsal.performance import perform  # noqa: PLC0415 - the same

    performance = perform(config, load_script(script), scratch)
    if as_json:
        click.echo(document_text(report.fault_document(performance)))
    else:
        lines = [report.line(told, performance.began_at_ns) for told in performance.told] if tells else []
        click.echo("\n".join([*lines, *([""] if lines else []), report.fault_table(performance)]))
    if not performance.is_kept:
        ctx.exit(EXIT_BROKEN)


class _Replayed:
    """A recording, replayed once or with each of two bundles."""

    def __init__(
        self,
        config: StationConfig,
        recording: Path,
        point: str | None,
        scratch: Path,
        pace: Pace,
        other: Path | None,
    ) -> None:
        from edge_runtime.rehearsal.replay import staged_replay  # noqa: PLC0415 - loads OpenCV

        self._config = staged_replay(config, recording, point, scratch, pace)
        self._scratch = scratch
        self._other = other

    def show(self, *, tells: bool, as_json: bool) -> None:
        """Replay, and print what came of it."""
        from edge_runtime.rehearsal import report  # noqa: PLC0415 - loads OpenCV
        from edge_runtime.rehearsal.replay import compared, replay, with_bundle  # noqa: PLC0415 - the same

        first = replay(self._config)
        changed = None
        if self._other is not None:
            changed = compared(first, replay(with_bundle(self._config, self._other, self._scratch)))
        if as_json:
            click.echo(document_text(report.replay_document(first, changed)))
            return
        for told in first.told if tells else ():
            click.echo(f"{told.part}  {told.outcome.value:<7}  {told.cause.value:<14}  {told.reason}")
        click.echo(report.replay_text(first, changed))
