from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.station import FolderSource, Point, Region, SoundFilesSource
from edge_runtime.recording.picture_recorder import PictureRecorder
from edge_runtime.units.training_pictures import TrainingPictures
from edge_runtime.web.insight import Recording

if TYPE_CHECKING:
    from pathlib import Path

SEES = Point(name="gate", bundle="b", source=FolderSource(kind="folder", path="parts"), region=Region(width=0.5))
LISTENS = Point(name="ear", bundle="b", source=SoundFilesSource(kind="sound-files", path="sounds"))


def test_the_pages_button_records_a_points_pictures_into_the_state_folder(tmp_path: Path) -> None:
    button = TrainingPictures(PictureRecorder(), tmp_path, lambda: [SEES, LISTENS])
    assert button.progress("gate") is None
    button.begin("gate", 50)
    assert button.progress("gate") == Recording(50, 0, str(tmp_path / "training" / "gate"), running=True)
    assert button.progress("ear") is None
    with pytest.raises(BadInputError, match="is being recorded"):
        button.begin("gate", 1)


@pytest.mark.parametrize("point", ["ear", "lid"])
def test_what_sees_no_pictures_is_told(tmp_path: Path, point: str) -> None:
    with pytest.raises(BadInputError, match="wanted a point that sees pictures"):
        TrainingPictures(PictureRecorder(), tmp_path, lambda: [SEES, LISTENS]).begin(point, 1)
