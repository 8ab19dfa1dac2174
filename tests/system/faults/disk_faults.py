"""Disks that are full, read-only or emptied under the daemon; inspection must not notice."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.system.faults.fault import Fault, Harm

if TYPE_CHECKING:
    from tests.system.faults.rig import Rig

DISK_BYTES = 24 << 20
BLOCK = b"\0" * 65_536


class OnOwnDisk(Fault):
    """The state folder is a file system of its own."""

    harm = Harm.NONE
    tools: tuple[str, ...] = ("mount", "umount")
    more = "\n[spool]\nmax_bytes = 4194304\nreserve_bytes = 262144\n"

    def missing(self) -> str | None:
        if os.geteuid() != 0:
            return "needs root to mount a small disk"
        return next((f"needs {tool}" for tool in self.tools if shutil.which(tool) is None), None)

    def prepare(self, rig: Rig) -> None:
        rig.state.mkdir()
        _run("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "lepton-fault", str(rig.state))

    def clear(self, rig: Rig) -> None:
        subprocess.run(["umount", "--lazy", str(rig.state)], check=False, capture_output=True)


class Full(OnOwnDisk):
    name = "disk full"

    def begin(self, rig: Rig) -> None:
        with (rig.state / "ballast").open("wb", buffering=0) as file:
            try:
                while file.write(BLOCK):
                    pass
            except OSError:
                return

    def end(self, rig: Rig) -> None:
        (rig.state / "ballast").unlink()


class ReadOnly(OnOwnDisk):
    """A file system error, after which ext4 takes no writes until it is mounted anew: a restart, not an end."""

    name = "disk read-only after an error (ext4)"
    tools = ("mount", "umount", "mkfs.ext4", "losetup")

    def missing(self) -> str | None:
        lacks_loops = None if Path("/dev/loop-control").exists() else "needs loop devices"
        return super().missing() or lacks_loops

    def prepare(self, rig: Rig) -> None:
        rig.state.mkdir()
        image = rig.folder / "disk.img"
        with image.open("wb") as file:
            file.truncate(DISK_BYTES)
        _run("mkfs.ext4", "-q", "-O", "^has_journal", str(image))
        device = _run("losetup", "--find", "--show", str(image))
        rig.notes["device"] = device
        _run("mount", "-o", "errors=remount-ro", device, str(rig.state))

    def begin(self, rig: Rig) -> None:
        name = Path(str(rig.notes["device"])).name
        Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("lepton-fault")

    def clear(self, rig: Rig) -> None:
        super().clear(rig)
        if device := rig.notes.get("device"):
            subprocess.run(["losetup", "--detach", str(device)], check=False, capture_output=True)


class EvidenceDeleted(Fault):
    name = "evidence folder deleted"
    harm = Harm.NONE

    def begin(self, rig: Rig) -> None:
        shutil.rmtree(rig.state / "evidence", ignore_errors=True)

    def look(self, rig: Rig) -> str | None:
        kept = list((rig.state / "evidence").rglob("*.jpg"))
        return None if kept else "no picture was kept after the folder was deleted"


def _run(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


DISK_FAULTS = (Full(), ReadOnly(), EvidenceDeleted())
