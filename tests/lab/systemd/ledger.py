"""Runs on the board: what its spool and its evidence hold, as one JSON object.

The daemon holds its spool for itself, so a copy is read; a torn end of its log is left out by SQLite.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path


def main(state: str) -> None:
    """Print epoch, last sequence and pictures."""
    with tempfile.TemporaryDirectory() as folder:
        for file in Path(state).glob("spool.sqlite*"):
            shutil.copy(file, folder)
        connection = sqlite3.connect(Path(folder) / "spool.sqlite")
        epoch, seq = connection.execute("SELECT epoch, last_seq FROM life").fetchone()
        connection.close()
    pictures = sorted(path.name for path in Path(state).glob("evidence/*/*/*.jpg"))
    print(json.dumps({"epoch": epoch, "seq": seq, "pictures": pictures}))


if __name__ == "__main__":
    main(sys.argv[1])
