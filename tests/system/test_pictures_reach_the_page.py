"""From the camera to the page: a daemon's picture of a defect, at a manager, with a token that the interface made."""

from __future__ import annotations

import hashlib
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from serving_manager import PATIENCE_S, serving_manager
from visitor import Visitor

from edge_runtime.clock import MonotonicClock
from edge_runtime.config import load_station
from edge_runtime.doctor.patient import Patient
from edge_runtime.doctor.round import examine
from tests.fakes.patience import eventually
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL, write_parts, write_station

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
pytest.importorskip("amqtt", reason="needs the embedded broker: pip install amqtt")
WATCHED = 'source = { kind = "folder", path = "parts", watch = true }\n'


@contextmanager
def daemon(station: Path) -> Iterator[None]:
    log = station.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "lepton", "run", station], stdout=output, stderr=output)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0, log.read_text("utf-8")


def found_by_doctor(station: Path) -> list[str]:
    patient = Patient(load_station(station), station, MonotonicClock())
    return [f"{one.standing.value}: {one.found}" for one in examine(patient, ("evidence_upload",))]


def test_the_picture_of_a_defect_is_on_its_alerts_page(tmp_path: Path) -> None:
    with serving_manager(tmp_path) as manager:
        anna = Visitor(manager)
        tables: dict[str, Any] = {"uplink": f'host = "127.0.0.1"\nport = {manager.mqtt}\nmqtt = "3.1.1"'}
        tables["upload"] = f'url = "http://127.0.0.1:{manager.http}"\ntoken_file = "token"'
        more = "".join(f"\n[{name}]\n{lines}\n" for name, lines in tables.items())
        write_parts(tmp_path / "parts", [GOOD_LEVEL])
        station = write_station(tmp_path, WATCHED, more=more)
        (tmp_path / "token").write_text(anna.token("acme/south"))
        assert found_by_doctor(station)[0].startswith("failed: "), "a token of another site"
        (tmp_path / "token").write_text("lpt_nobodys")
        assert "401" in found_by_doctor(station)[0]
        (tmp_path / "token").write_text(anna.token("acme/north"))
        assert [line.partition(":")[0] for line in found_by_doctor(station)] == ["ok", "ok"]
        with daemon(station):
            eventually(lambda: "1 pictures lie there already" in station.with_suffix(".log").read_text("utf-8"))
            write_parts(tmp_path / "parts", [GOOD_LEVEL, DEFECT_LEVEL])
            eventually(lambda: 'src="/v1/evidence/' in anna.ask("GET", "/alerts/1")[1].decode(), 6)
        page = anna.ask("GET", "/alerts/1")[1].decode()
        digests = set(re.findall(r'src="/v1/evidence/([0-9a-f]{64})', page))
        assert digests
        for digest in digests:
            status, picture = anna.ask("GET", f"/v1/evidence/{digest}")
            assert (status, hashlib.sha256(picture).hexdigest()) == (200, digest)
            assert picture.startswith(b"\xff\xd8"), "a JPEG"
