"""The routes over real HTTP: what each answers, and what it refuses."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_contracts.alarm import Alarm, AlarmType
from edge_contracts.alert import Severity
from edge_contracts.manifest import NoRule
from edge_contracts.station.point import PointModel
from edge_contracts.verdict import Cause
from edge_runtime.audit_file import AuditFile
from edge_runtime.infer.predictor import Predictor
from edge_runtime.inspection.decision import Ruling
from edge_runtime.inspection.sensitivity import Sensitivity
from edge_runtime.web.live_routes import _fixed_because
from tests.fakes.parts import inspected, point, verdict
from tests.fakes.pictures import picture
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL
from tests.fakes.web import TOKEN, Recorder, Served, served_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_page(tmp_path_factory.mktemp("open"), recorder=Recorder(), max_upload_bytes=1 << 16) as served:
        yield served


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_page(tmp_path_factory.mktemp("locked"), token=TOKEN) as served:
        yield served


def png(level: int) -> bytes:
    return cv2.imencode(".png", picture(level))[1].tobytes()


def tell(served: Served, *causes: Cause, **changes: Any) -> None:
    for cause in causes:
        part = inspected(verdict(cause, **changes), heat=True)
        for sink in served.face.sinks:
            sink.take(part)


@contextmanager
def watching(served: Served) -> Iterator[Any]:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=10)
    try:
        connection.request("GET", "/events")
        yield connection.getresponse()
    finally:
        connection.close()


def next_event(stream: Any) -> dict[str, Any]:
    while True:
        line = stream.readline()
        assert line, "the stream has ended"
        if line.startswith(b"data: "):
            return json.loads(line[6:])


def test_the_page_and_its_files_come_from_the_package_alone(page: Served) -> None:
    document = page.get("/")
    assert document.status == 200
    assert b"http://" not in document.content
    assert b"https://" not in document.content
    for name in (
        "page.js",
        "point_card.js",
        "sensitivity.js",
        "upload.js",
        "recording.js",
        "lessons.js",
        "alike.js",
        "ask.js",
        "page.css",
        "icon.svg",
    ):
        assert page.get(f"/static/{name}").status == 200
    assert "default-src 'none'" in document.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/static/../face.py", "/static/..%2fface.py", "/static/page.html", "/nothing"])
def test_nothing_else_is_served(page: Served, path: str) -> None:
    answer = page.get(path)
    assert answer.status == 404
    assert answer.error.startswith("wanted")


def test_whoever_watches_hears_of_each_verdict(page: Served) -> None:
    with watching(page) as stream:
        first = next_event(stream)["points"][0]
        tell(page, Cause.THRESHOLD, part="42", score=0.75, threshold=0.6)
        second = next_event(stream)["points"][0]
    assert second["number"] == first["number"] + 1
    assert second["verdicts"][0]["part"] == "42"
    assert second["last"]["heat"] is True


def test_a_verdict_without_a_number_is_told_as_json_can(page: Served) -> None:
    tell(page, Cause.CLEAN, score=float("inf"))
    with watching(page) as stream:
        assert next_event(stream)["points"][0]["verdicts"][0]["score"] is None


def test_whoever_watches_hears_of_alarms_and_prometheus_too(page: Served) -> None:
    with watching(page) as stream:
        assert next_event(stream)["alarms"] == []
        page.alarms.append(
            Alarm(type=AlarmType.DISK, active=True, severity=Severity.WARNING, reason="the disk is full")
        )
        try:
            assert next_event(stream)["alarms"] == ["disk: the disk is full"]
            text = page.get("/metrics").content.decode()
        finally:
            page.alarms.clear()
    assert 'lepton_alarm_active{type="disk"} 1\n' in text
    assert 'lepton_alarm_active{type="power"} 0\n' in text


def test_the_last_picture_comes_with_and_without_its_heat(page: Served) -> None:
    tell(page, Cause.THRESHOLD)
    bare, hot = page.get("/points/gate/picture.jpg"), page.get("/points/gate/picture.jpg?heat=1&which=rejected")
    assert bare.headers["content-type"] == "image/jpeg"
    assert cv2.imdecode(np.frombuffer(bare.content, np.uint8), cv2.IMREAD_COLOR).shape == (48, 64, 3)
    assert hot.content != bare.content
    assert page.get("/points/gate/picture.jpg?which=other").status == 404
    assert page.get("/points/exit/picture.jpg").error == "wanted an inspection point (gate), found 'exit'"


@pytest.mark.parametrize(("level", "outcome"), [(GOOD_LEVEL, "good"), (DEFECT_LEVEL, "defect"), (0, "unknown")])
def test_an_upload_is_judged_by_a_model_of_the_pages_own(page: Served, level: int, outcome: str) -> None:
    told = page.post("/points/gate/judge", png(level)).json
    assert told["outcome"] == outcome
    assert (told["heat"] is None) == (outcome == "unknown")
    assert len(page.opened) <= 1


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"", 400, "found the upload which is none"),
        (b"no picture", 400, "found the upload which is none"),
        (png(100)[:-20], 400, "cut off"),
        (b"\x89PNG" + bytes(1 << 16), 413, "at most 65,536 bytes"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(page: Served, content: bytes, status: int, told: str) -> None:
    answer = page.post("/points/gate/judge", content)
    assert answer.status == status
    assert told in answer.error


def test_the_slider_knows_the_scores_and_applies_a_threshold(page: Served) -> None:
    tell(page, Cause.CLEAN, score=0.25, model=page.face._insight.points()[0].digest)
    page.face._scores.file()
    before = page.get("/points/gate/sensitivity").json
    assert before["scores"][-1] == 0.25
    after = page.post("/points/gate/sensitivity", {"threshold": 0.45, "name": " Anna "}).json
    assert (after["threshold"], after["applied"], page.used[-1]) == (0.45, True, 0.45)
    entry = json.loads((page.state_folder / "audit.jsonl").read_text().splitlines()[-1])
    assert (entry["name"], entry["address"], entry["new"]) == ("Anna", "127.0.0.1", 0.45)
    assert page.post("/points/gate/sensitivity", {"threshold": None}).json["threshold"] == 0.6


def test_a_point_of_several_models_says_where_its_thresholds_stand(page: Served) -> None:
    face = page.face._insight.points()[0]
    fixed = Sensitivity(
        "gate", Ruling(NoRule(), ()), face.digest, page.state_folder, AuditFile(page.state_folder, datetime.now)
    )
    models = (PointModel(name="one", bundle="/one.bundle"), PointModel(name="two", bundle="/two.bundle"))
    several = replace(face, settings=point(models=models), sensitivity=fixed)
    assert _fixed_because(several) == "Each of its models has a threshold of its own; change limits in station.toml."
    assert _fixed_because(face) == ""


@pytest.mark.parametrize("threshold", [1e30, -5])
def test_a_threshold_far_outside_of_all_scores_must_be_meant(page: Served, threshold: float) -> None:
    in_force = page.sensitivity.in_force
    asked = page.post("/points/gate/sensitivity", {"threshold": threshold})
    assert (asked.status, page.sensitivity.in_force) == (409, in_force)
    assert asked.error.startswith("wanted a threshold near")
    assert asked.error.endswith('send "sure": true if it is meant')
    assert page.post("/points/gate/sensitivity", {"threshold": threshold, "sure": "yes"}).status == 409
    assert page.post("/points/gate/sensitivity", {"threshold": threshold, "sure": True}).status == 200
    assert page.sensitivity.in_force == threshold
    page.post("/points/gate/sensitivity", {"threshold": None})


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"threshold": "x"}', '{"threshold": NaN}', "[" * 4000, "x" * 5000])
def test_what_is_no_threshold_changes_nothing(page: Served, body: str) -> None:
    in_force = page.sensitivity.in_force
    answer = page.post("/points/gate/sensitivity", body)
    assert answer.status in {400, 413}
    assert answer.error.startswith("wanted")
    assert page.sensitivity.in_force == in_force


@pytest.mark.parametrize("given", ["true", "false", '"0.6"', '"abc"', "[0.5]"])
def test_neither_true_nor_text_is_taken_for_a_threshold(page: Served, given: str) -> None:
    in_force = page.sensitivity.in_force
    answer = page.post("/points/gate/sensitivity", f'{{"threshold": {given}, "sure": true}}')
    assert (answer.status, page.sensitivity.in_force) == (400, in_force)
    assert answer.error == f'wanted {{"threshold": a number or null}}, found {given}'


def test_training_pictures_are_recorded_by_whoever_can(page: Served, locked: Served) -> None:
    told = page.post("/points/gate/recording", {"count": 50}).json["recording"]
    assert (told["wanted"], told["taken"], told["running"]) == (50, 3, True)
    assert page.post("/points/gate/recording", {"count": 0}).status == 400
    assert page.ask("DELETE", "/points/gate/recording").json == {"recording": None}
    missing = locked.get("/points/gate/recording", Authorization=f"Bearer {TOKEN}")
    assert "this daemon has none" in missing.error


def test_health_is_good_only_while_every_pipeline_makes_progress(page: Served) -> None:
    assert (page.get("/healthz").status, page.get("/v2/health/ready").status) == (200, 200)
    page.troubles.append("gate: the loop makes no progress")
    try:
        failing = page.get("/healthz")
        assert (failing.status, failing.json["reasons"]) == (503, page.troubles)
        assert page.get("/v2/health/ready").status == 503
        assert page.get("/v2/health/live").status == 200
        assert "\nlepton_failing 1\n" in page.get("/metrics").content.decode()
    finally:
        page.troubles.clear()


def test_metrics_are_text_for_prometheus(page: Served) -> None:
    answer = page.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b'lepton_threshold{point="gate"} 0.6\n' in answer.content


@pytest.mark.parametrize("path", ["/about", "/metrics", "/events", "/v2", "/points/gate/picture.jpg", "/healthz"])
def test_a_name_that_somebody_points_at_the_board_is_refused(page: Served, path: str) -> None:
    answer = page.get(path, Host="evil.example")
    assert answer.status == 421
    assert "add it to [web] names" in answer.error


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "navigate"},
    ],
)
def test_another_sites_page_changes_nothing(page: Served, headers: dict[str, str]) -> None:
    in_force = page.sensitivity.in_force
    assert page.post("/points/gate/sensitivity", {"threshold": 0.1}, **headers).status == 403
    assert page.sensitivity.in_force == in_force
    own = {"Origin": f"http://127.0.0.1:{page.port}", "Sec_Fetch_Site": "same-origin"}
    assert page.post("/points/gate/sensitivity", {"threshold": None}, **own).status == 200


@pytest.mark.parametrize(
    "path", ["/about", "/metrics", "/events", "/v2", "/v2/models/gate", "/points/gate/picture.jpg"]
)
def test_without_the_token_nothing_is_told(locked: Served, path: str) -> None:
    assert locked.get(path).status == 401
    assert locked.get(path, Authorization="Bearer wrong").status == 401
    assert locked.get(path, Cookie="lepton_session=wrong").status == 401


def test_a_program_sends_the_token_and_health_needs_none_on_the_board(locked: Served) -> None:
    assert locked.get("/metrics", Authorization=f"Bearer {TOKEN}").status == 200
    assert locked.get("/healthz").status == 200


def test_a_browser_logs_in_and_out(locked: Served) -> None:
    sent_away = locked.get("/", **PAGE)
    assert (sent_away.status, sent_away.headers["location"]) == (303, "/login")
    wrong = locked.post("/login", "token=wrong")
    assert wrong.status == 401
    assert b"not the right one" in wrong.content
    assert wrong.content.count(b"in the file that") == 1
    right = locked.post("/login", f"token={TOKEN}")
    cookie = right.headers["set-cookie"]
    assert right.status == 303
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    session = {"Cookie": cookie.partition(";")[0]}
    assert locked.get("/about", **session).status == 200
    locked.post("/logout", **session)
    assert locked.get("/about", **session).status == 401


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([b"", b"GET / HTTP/1.1\r\n", b"POST /v2/models/gate/infer HTTP/1.1\r\nHost: localhost\r\n"]),
    st.binary(max_size=200),
)
def test_no_bytes_bring_the_server_down(page: Served, head: bytes, rest: bytes) -> None:
    with socket.create_connection(("127.0.0.1", page.port), 5) as connection:
        connection.sendall(head + rest + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            assert connection.recv(9999)[:8] in {b"", b"HTTP/1.1"}
    assert page.get("/healthz").status == 200


def test_connections_are_bounded_and_free_again(tmp_path: Path) -> None:
    with served_page(tmp_path, max_connections=4) as page:
        idle = [socket.create_connection(("127.0.0.1", page.port), 5) for _ in range(4)]
        try:
            for connection in idle:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert b"200 OK" in connection.recv(9999)
            with pytest.raises((ConnectionError, HTTPException)):
                page.get("/healthz")
        finally:
            for connection in idle:
                connection.close()
        status = 0
        while status != 200:
            with suppress(ConnectionError, HTTPException):
                status = page.get("/healthz").status


class Slow(Predictor):
    """Answers when it is let go."""

    begun = threading.Event()
    release = threading.Event()

    def predict(self, pixels):
        self.begun.set()
        assert self.release.wait(20)
        return super().predict(pixels)


def test_too_many_uploads_are_told_to_come_again(tmp_path: Path) -> None:
    head = b"POST /points/gate/judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"
    with served_page(tmp_path) as page:
        unfinished = [socket.create_connection(("127.0.0.1", page.port), 5) for _ in range(3)]
        for connection in unfinished:
            connection.sendall(head)
        assert page.get("/healthz").status == 200
        busy = page.post("/points/gate/judge", png(GOOD_LEVEL))
        assert (busy.status, busy.headers["retry-after"]) == (503, "1")
        for connection in unfinished:
            connection.close()
        while page.post("/points/gate/judge", png(GOOD_LEVEL)).status != 200:
            pass


def test_a_model_that_hangs_holds_up_nothing_else(tmp_path: Path) -> None:
    with served_page(tmp_path, open_predictor=lambda: Slow.open(tmp_path / "part.bundle")) as page:
        answers: list[int] = []
        upload = threading.Thread(target=lambda: answers.append(page.post("/points/gate/judge", png(100)).status))
        upload.start()
        assert Slow.begun.wait(10)
        tell(page, Cause.CLEAN)
        assert page.get("/points/gate/picture.jpg").status == 200
        assert page.get("/metrics").status == 200
        Slow.release.set()
        upload.join(10)
        assert answers == [200]
