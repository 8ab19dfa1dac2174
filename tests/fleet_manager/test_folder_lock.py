"""A folder has one manager, for as long as its process lives and not longer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError
from fleet_manager.folder_lock import FILE, locked_folder
from fleet_manager.site import SiteSettings, running_site

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import pathlib, sys, time
from fleet_manager.folder_lock import locked_folder
with locked_folder(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_manager_is_refused_before_it_touches_a_file(tmp_path: Path) -> None:
    with (
        locked_folder(tmp_path),
        pytest.raises(BadInputError, match=f"in use by process {os.getpid()}"),
        running_site(SiteSettings(tmp_path)),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_the_next_manager_has_the_folder_whatever_ended_the_one_before(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BadInputError, match=f"process {holder.pid}:"), locked_folder(tmp_path):
            pass
        holder.send_signal(signal.SIGKILL)
    with locked_folder(tmp_path):
        assert (tmp_path / FILE).read_text("ascii") == f"{os.getpid()}\n"


def test_a_folder_that_takes_no_lock_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to("elsewhere")
    with pytest.raises(BadInputError, match=f"wanted to write .*{FILE}, found"), locked_folder(tmp_path):
        pass
