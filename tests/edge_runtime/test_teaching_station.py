"""Teaching a running station over HTTP: in force from the next part on, over restarts, and lost lessons are loud."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest

from tests.edge_runtime.test_page_station import ENDLESS, ask, is_served
from tests.fakes.models import BundleRecipe
from tests.fakes.reloads import Script, nothing, of, run
from tests.fakes.stations import GOOD_LEVEL, THRESHOLD, write_parts, write_station
from tests.fakes.web import free_port

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live
PATH = "/points/gate/lessons"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def station(tmp_path: Path, port: int) -> Path:
    write_parts(tmp_path / "parts", [GOOD_LEVEL + 30])
    recipe = BundleRecipe(threshold=THRESHOLD, teachable=True)
    return write_station(tmp_path, ENDLESS, recipe=recipe, deadline_ms=150, more=f"\n[web]\nport = {port}\n")


def call(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", content, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own, on loopback
        return json.load(answer)


def shown_number(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/points/gate/picture.jpg", timeout=60) as answer:
        return int(answer.headers["X-Number"])


def teach(port: int, kind: str) -> Any:
    return call(port, "POST", PATH, {"number": shown_number(port), "kind": kind, "name": "Anna"})


def test_a_part_taught_as_defective_is_one_from_the_next_on_and_after_a_restart_until_taken_back(
    station: Path, port: int
) -> None:
    known: list[Any] = []

    def teach_and_look() -> None:
        known.append(teach(port, "defective"))
        known.append(ask(port, f"/points/gate/alike?number={shown_number(port)}"))

    first = Script((is_served(port), teach_and_look))
    run(station, first)
    assert (of(first, "gate")[0], of(first, "gate")[-1]) == ("good", "defect")
    assert "it looks the same as a part taught as defective (1 lesson, revision 1)" in first.verdicts[-1]["reason"]
    assert [(one["kind"], one["name"], one["applies"]) for one in known[0]["lessons"]] == [("defective", "Anna", True)]
    assert [(one["told"], one["picture"]) for one in known[1]["defective"]] == [
        (f"taught: part {known[0]['lessons'][0]['part']}", f"{PATH}/1/picture.jpg")
    ]
    second = Script((is_served(port), lambda: known.append(call(port, "DELETE", f"{PATH}/1"))))
    run(station, second)
    assert (of(second, "gate")[0], of(second, "gate")[-1]) == ("defect", "good")
    assert (known[2]["lessons"], known[2]["revision"]) == ([], 2)
    audited = [json.loads(line)["what"] for line in (station.parent / "state" / "audit.jsonl").read_text().splitlines()]
    assert audited == ["lesson", "lesson taken back"]


def test_lost_lessons_are_an_alarm_and_no_part_passes_until_they_are_begun_anew(station: Path, port: int) -> None:
    kept = station.parent / "state" / "lessons" / "gate.sqlite"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"nothing of the kind" * 300)
    found: list[Any] = []

    def metrics() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            return str(answer.read().decode())

    def look() -> None:
        found.append(ask(port, PATH))
        with pytest.raises(HTTPError) as refused:
            teach(port, "defective")
        found.append(json.load(refused.value)["error"])
        found.append(metrics())
        call(port, "DELETE", PATH)

    script = Script((is_served(port), look), (lambda: 'lepton_alarm_active{type="model"} 0\n' in metrics(), nothing))
    run(station, script)
    assert (of(script, "gate")[0], of(script, "gate")[-1]) == ("unknown", "good")
    assert found[0]["damaged"] is True
    assert "a part without a defect is unknown" in found[1]
    assert 'lepton_alarm_active{type="model"} 1\n' in found[2]
