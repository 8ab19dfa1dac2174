"""A disk of a few megabytes for one spool, that can be filled to the last byte (tmpfs; needs root)."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DISK_BYTES = 3 << 20
BLOCK = b"\0" * 4096


def missing() -> str | None:
    """Why no small disk can be had here, or None."""
    if os.geteuid() != 0:
        return "full disks need root, to mount small ones"
    return next((f"full disks need {tool}" for tool in ("mount", "umount") if shutil.which(tool) is None), None)


class SmallDisk:
    """A mounted folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> SmallDisk:  # noqa: PYI034 - Self is not in Python 3.10
        self.folder.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "lepton-chaos"]
        subprocess.run(["mount", *options, str(self.folder)], check=True, capture_output=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False, capture_output=True)

    def fill(self) -> None:
        """Leave no byte to anybody else."""
        with (self.folder / "ballast").open("ab", buffering=0) as file:
            try:
                while file.write(BLOCK):
                    pass
            except OSError:
                return

    def free(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)
