"""Whatever a station file holds, it is read or refused in words."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_runtime.config import ConfigRejected, load_station
from tests.fakes.toml_documents import documents, mutations, replacements

COMPLETE = """
[station]
org = "acme"
site = "north"
device = "line-1"
state_folder = "state"
hang_restart_s = 10.0

[[points]]
name = "gate"
bundle = "part.bundle"
deadline_ms = 200
max_frame_age_ms = 400
threshold = 0.6
runtime = "litert"
threads = 2
source = { kind = "folder", path = "parts", repeat = true }
trigger = { kind = "presence", travel = "left", line = 0.4, interval_s = 1.0 }
region = { x = 0.1, y = 0.1, width = 0.8, height = 0.8 }
health = { dark_mean = 10, bright_mean = 240, sharpness_min = 5, frozen_frames = 3 }

[[points]]
name = "lid"
bundle = "part.bundle"
source = { kind = "rtsp", url = "rtsp://camera.local/1", open_timeout_s = 5.0, read_timeout_s = 2.0 }
trigger = { kind = "interval", interval_s = 1.0 }

[spool]
max_bytes = 268435456
reserve_bytes = 4194304
commit_window_ms = 20.0

[uplink]
host = "broker.local"
port = 8883
ack = "broker"
mqtt = "5"
keepalive_s = 30
username = "line-1"
password_file = "secret"
tls = { ca = "ca.crt", certificate = "board.crt", key = "board.key" }

[evidence]
enabled = true
max_bytes = 536870912
jpeg_quality = 85
"""
FILES = ("part.bundle", "secret", "ca.crt", "board.crt", "board.key")


def written(folder: str, text: str) -> Path:
    (Path(folder) / "parts").mkdir()
    for name in FILES:
        (Path(folder) / name).touch()
    path = Path(folder) / "station.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


def test_the_complete_file_is_accepted() -> None:
    with TemporaryDirectory() as folder:
        assert len(load_station(written(folder, COMPLETE)).points) == 2


@settings(max_examples=300)
@given(st.one_of(documents(), replacements(COMPLETE), mutations(COMPLETE)))
def test_whatever_a_station_file_holds_it_is_read_or_refused_in_words(text: str) -> None:
    with TemporaryDirectory() as folder, suppress(ConfigRejected):
        assert load_station(written(folder, text)).points
