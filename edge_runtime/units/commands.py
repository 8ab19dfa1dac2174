"""`[commands]`: the thread that does what the manager asks for, and what each command does."""

from __future__ import annotations

from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_runtime.commands.done_before import DoneBefore
from edge_runtime.commands.executor import Done, Executor
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.spool import OUTBOX

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.station import StationConfig
    from edge_runtime.units.surroundings import Surroundings

COMMANDS = "the commands"
FILE: Final = "commands.sqlite"
_DISTRIBUTION = "lepton-edge"
_STOP_S = 1.0


def commands(config: StationConfig, around: Surroundings) -> Unit:
    """What does the manager's commands; nothing where none is allowed, or nobody could send one."""
    allowed, folder = config.commands.allowed, config.station.state_folder
    hears = config.uplink is not None and bool(allowed)

    def start() -> Part:
        if not hears:
            return Part(lambda _: True)
        running = around.running
        known = acts_of(around)
        acts = {str(name): known[name] for name in allowed}
        made = Executor(acts, DoneBefore(Path(folder) / FILE), around.delivery_clock, running.command_counts)
        made.start()
        running.commands = made

        def stop(timeout_s: float) -> bool:
            running.commands = None
            return made.stop(timeout_s)

        return Part(stop, made.ask_to_stop)

    made_from = (folder, allowed, hears)
    return Unit(COMMANDS, "commands", made_from, lambda: Prepared(start), _STOP_S, needs=(OUTBOX,), needs_restart=False)


def acts_of(around: Surroundings) -> dict[str, Callable[[], Done]]:
    """What each command does."""
    return {
        "ping": lambda: Done(_here(around)),
        "reload": lambda: Done("station.toml is read anew; the log says what changed", around.reload.set),
        "restart": lambda: Done("the daemon ends; the service manager starts it anew", around.stop.set),
    }


def _here(around: Surroundings) -> str:
    now = around.delivery_clock.now()
    told = datetime.fromtimestamp(now.unix_ms / 1000, timezone.utc).isoformat(timespec="milliseconds")
    return f"lepton-edge {version(_DISTRIBUTION)}; its clock says {told}, trusted as {now.trust.value}"
