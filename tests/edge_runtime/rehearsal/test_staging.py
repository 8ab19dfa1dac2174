"""What a rehearsal takes away from a station, and that nobody forgets to decide it for a new table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.station import EvidenceSettings, FolderSource, Point, Region, StationConfig
from edge_runtime.evidence import EvidenceStore
from edge_runtime.occasion import Inspected, Mark
from edge_runtime.rehearsal.replay import in_order
from edge_runtime.rehearsal.staging import _OUTSIDE, changes, chosen, confined, patient, recorded
from tests.fakes.parts import frame, inspected, verdict

if TYPE_CHECKING:
    from pathlib import Path

INSIDE = {"station", "points", "spool", "evidence", "records", "board", "governor", "drift"}
"""Tables that speak to nobody, in a scratch folder."""
STATION = {
    "station": {"org": "acme", "site": "north", "device": "line-1", "state_folder": "/var/lib/lepton-edge"},
    "points": [
        {"name": name, "bundle": "part.bundle", "source": {"kind": "rtsp", "url": "rtsp://user:s3cret@camera/1"}}
        for name in ("gate", "lid")
    ],
    "uplink": {"host": "broker.local"},
    "upload": {"url": "https://fleet.local"},
    "web": {"port": 8080},
    "outputs": [{"name": "gate", "kind": "serial", "port": "/dev/ttyUSB0"}],
}


def station() -> StationConfig:
    return StationConfig.model_validate(STATION)


def test_every_table_of_a_station_is_known_to_be_harmless_or_taken_away() -> None:
    """A new table fails here: put it where it belongs, or rehearsals may reach the world."""
    assert set(StationConfig.model_fields) <= INSIDE | set(_OUTSIDE)


def test_neither_broker_nor_page_nor_state_is_the_station_s_own(tmp_path: Path) -> None:
    config = station()
    staged = confined(config, tmp_path / "state", config.points[:1])
    assert staged.uplink is None
    assert staged.upload is None
    assert staged.web is None
    assert staged.outputs == ()
    assert staged.station.state_folder == str(tmp_path / "state")
    assert [point.name for point in staged.points] == ["gate"]
    assert config.uplink is not None


def test_a_hang_does_not_end_the_rehearsal() -> None:
    assert patient(station(), 40.0).station.hang_restart_s == 40.0


def test_what_stands_for_what_is_said_without_passwords(tmp_path: Path) -> None:
    config = station()
    gate = recorded(config.points[0], FolderSource(kind="folder", path="pictures"), is_film=False)
    told = changes(config, confined(config, tmp_path, (gate,)))
    assert told[:4] == [f"[{table}] is not used" for table in ("uplink", "upload", "outputs", "web")]
    assert told[-1] == "gate: folder pictures stands for its rtsp source"
    assert "s3cret" not in "".join(told)


def test_a_trigger_that_stills_cannot_give_becomes_one_part_per_picture() -> None:
    pictures = FolderSource(kind="folder", path="pictures")
    asked = {"kind": "interval", "interval_s": 1.0}
    timed = Point.model_validate({**STATION["points"][0], "trigger": asked})
    belt = Point.model_validate({**STATION["points"][0], "trigger": {"kind": "presence"}})
    assert recorded(timed, pictures, is_film=False).trigger.kind == "frame"
    assert recorded(belt, pictures, is_film=False).trigger.kind == "frame"
    assert recorded(belt, pictures, is_film=True).trigger.kind == "presence"


def test_a_point_is_named_where_there_are_several() -> None:
    assert chosen(station(), "lid").name == "lid"
    with pytest.raises(BadInputError, match="wanted --point to name one of gate, lid, found none"):
        chosen(station(), None)


def test_a_picture_that_the_daemon_would_judge_unknown_is_not_left_out(tmp_path: Path) -> None:
    names = ("a.gif", "b.png", "broken.jpg", "c.TIFF", "notes.txt")
    for name in names:
        (tmp_path / name).write_bytes(b"no picture")
    links = in_order(tmp_path, tmp_path / "links")
    assert sorted(link.name[7:] for link in links.iterdir()) == list(names[:4])


def test_of_evidence_each_part_is_replayed_once_without_what_was_drawn_over_it(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "evidence", EvidenceSettings())
    marks = (Mark("dent", 0.9, (0.1, 0.1, 0.6, 0.6), is_fault=True),)
    boxes = replace(inspected(), marks=marks)
    heat = Inspected(verdict(), frame(number=2), inspected(heat=True).heat_map, Region())
    kept = [[piece.sha256 for piece in store.keep(one)] for one in (boxes, heat)]
    assert [len(pieces) for pieces in kept] == [2, 2]
    links = in_order(tmp_path / "evidence", tmp_path / "links")
    assert {link.resolve().stem for link in links.iterdir()} == {pieces[0] for pieces in kept}


def test_a_microphone_is_not_shown_pictures() -> None:
    deaf = Point.model_validate(
        {"name": "ear", "bundle": "b", "source": {"kind": "sound-files", "path": "s", "window_s": 1.0}}
    )
    with pytest.raises(BadInputError, match="wanted an inspection point that judges pictures, found ear"):
        recorded(deaf, FolderSource(kind="folder", path="pictures"), is_film=False)
