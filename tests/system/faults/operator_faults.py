"""What people and programs around the daemon do wrong; inspection must not notice."""

from __future__ import annotations

import fcntl
import signal
from typing import TYPE_CHECKING

from edge_contracts.manifest import Output
from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.system.faults.fault import Fault, Harm

if TYPE_CHECKING:
    from tests.system.faults.rig import Rig

PIPE_BYTES = 4096


class Reloads(Fault):
    """SIGHUP with a file that cannot be used; then the right one again, without a signal."""

    harm = Harm.NONE

    def spoil(self, rig: Rig) -> None:
        """Write what cannot be used."""
        raise NotImplementedError

    def begin(self, rig: Rig) -> None:
        self.spoil(rig)
        assert rig.daemon is not None
        rig.daemon.process.send_signal(signal.SIGHUP)

    def end(self, rig: Rig) -> None:
        rig.write_station()

    def look(self, rig: Rig) -> str | None:
        assert rig.daemon is not None
        is_told = "was not reloaded" in rig.daemon.log.read_text(errors="replace")
        return None if is_told else "the refusal is not in the log"


class UnknownKey(Reloads):
    name = "reload with a mistake in the file"

    def spoil(self, rig: Rig) -> None:
        rig.write_station(more="\n[evidnce]\nenabled = false\n")


class OtherShape(Reloads):
    name = "reload with a model whose output has another shape"

    def spoil(self, rig: Rig) -> None:
        outputs = (Output(tensor="score", role="score", shape=(7,), dtype="float32"),)
        write_brightness_bundle(rig.folder / "shape.bundle", BundleRecipe(changes={"outputs": outputs}))
        rig.station.write_text(rig.station.read_text().replace("part.bundle", "shape.bundle"))


class BadModel(Reloads):
    name = "reload with a model that is none"

    def spoil(self, rig: Rig) -> None:
        (rig.folder / "none.bundle").write_bytes(b"PK\x03\x04 no bundle")
        rig.station.write_text(rig.station.read_text().replace("part.bundle", "none.bundle"))


class LinesNotRead(Fault):
    name = "nobody reads the JSON lines"
    harm = Harm.NONE
    unread = True
    lasts_s = 6.0

    def begin(self, rig: Rig) -> None:
        assert rig.daemon is not None
        assert rig.daemon.process.stdout is not None
        fcntl.fcntl(rig.daemon.process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        rig.daemon.reading.clear()

    def end(self, rig: Rig) -> None:
        assert rig.daemon is not None
        rig.daemon.reading.set()


OPERATOR_FAULTS = (UnknownKey(), OtherShape(), BadModel(), LinesNotRead())
