"""The page of a running station: it comes and goes by a reload, and what is set on it holds."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.reloads import Script, at_once, changed, nothing, of, run
from tests.fakes.stations import GOOD_LEVEL, write_parts, write_station
from tests.fakes.web import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.live

ENDLESS = (
    'source = { kind = "folder", path = "parts", repeat = true }\ntrigger = { kind = "interval", interval_s = 0.15 }\n'
)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def station(tmp_path: Path) -> Path:
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    return write_station(tmp_path, ENDLESS, deadline_ms=150)


def is_served(port: int) -> Callable[[], bool]:
    def look() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    return look


def is_not_served(port: int) -> Callable[[], bool]:
    return lambda: not is_served(port)()


def ask(port: int, path: str, **body: Any) -> Any:
    content = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", content, timeout=10) as answer:
        return json.load(answer)


def test_the_page_comes_and_goes_while_the_point_goes_on(
    station: Path, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    web = f"\n[web]\nport = {port}\n"
    known: list[Any] = []
    script = Script(
        (at_once, lambda: station.write_text(station.read_text() + web)),
        (is_served(port), lambda: known.append(ask(port, "/healthz"))),
        (at_once, changed(station, web, "")),
        (is_not_served(port), nothing),
    )
    summary = run(station, script)
    assert known == [{"status": "ok", "reasons": []}]
    assert caplog.text.count("started anew: the page\n") == 2
    parts = [verdict["part"] for verdict in script.verdicts]
    assert len(set(parts)) == len(parts)
    assert (summary.unknown, summary.faults, summary.left_behind) == (0, 0, 0)


def test_a_threshold_of_the_page_holds_from_the_next_part_on_over_restarts_and_without_the_page(
    station: Path, port: int
) -> None:
    web, path = f"\n[web]\nport = {port}\n", "/points/gate/sensitivity"
    station.write_text(station.read_text() + web)
    first = Script((is_served(port), lambda: ask(port, path, threshold=0.1, name="Anna")))
    run(station, first)
    assert (of(first, "gate")[0], of(first, "gate")[-1]) == ("good", "defect")
    changed(station, web, "")()
    without = Script()
    run(station, without)
    assert set(of(without, "gate")) == {"defect"}
    station.write_text(station.read_text() + web)
    last = Script((is_served(port), lambda: ask(port, path, threshold=None)))
    run(station, last)
    assert (of(last, "gate")[0], of(last, "gate")[-1]) == ("defect", "good")


def test_a_page_that_cannot_be_is_named_and_what_runs_goes_on(
    station: Path, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    (station.parent / "token").write_text("short")
    web = f'\n[web]\nport = {port}\ntoken_file = "token"\n'
    script = Script((at_once, lambda: station.write_text(station.read_text() + web)))
    summary = run(station, script)
    assert "the old one goes on: web.token_file: wanted a token of at least 20" in caplog.text
    assert summary.unknown == 0


def test_a_token_that_was_changed_is_the_only_one_after_a_reload(
    station: Path, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    old, new, known = "a" * 48, "b" * 48, []
    token = station.parent / "token"
    token.write_text(old)
    station.write_text(station.read_text() + f'\n[web]\nport = {port}\ntoken_file = "token"\n')

    def knock(token: str) -> int:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/about", headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own address
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return int(refused.code)

    script = Script(
        (is_served(port), lambda: token.write_text(new)),
        (is_served(port), lambda: known.extend((knock(old), knock(new)))),
    )
    run(station, script)
    assert "the configuration was reloaded" in caplog.text
    assert known == [401, 200]
    assert new not in caplog.text


def test_others_need_a_token_and_every_mistake_is_told(station: Path) -> None:
    from edge_runtime.config import ConfigRejected, load_station  # noqa: PLC0415 - this test alone

    station.write_text(station.read_text() + '\n[web]\nhost = "0.0.0.0"\n')
    with pytest.raises(ConfigRejected, match="wanted a token_file, because others can reach"):
        load_station(station)
    station.write_text(station.read_text() + 'token_file = "none"\n')
    with pytest.raises(ConfigRejected, match=r"web.token_file: wanted a file, found none"):
        load_station(station)
