from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError
from edge_runtime.state_folder import MediumRefused, make_folder

if TYPE_CHECKING:
    from typing import NoReturn


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b", "station.state_folder")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_in_the_way_is_a_mistake_that_stays_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("in the way")
    with pytest.raises(BadInputError, match=r"wanted a writable station\.state_folder at .*/a"):
        make_folder(tmp_path / "a", "station.state_folder")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EPERM, errno.EACCES])
def test_a_disk_that_takes_nothing_may_be_well_in_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuses(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", refuses)
    with pytest.raises(MediumRefused, match="mend its rights or disk"):
        make_folder(tmp_path / "a", "station.state_folder")
