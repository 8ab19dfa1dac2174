"""The page on receiving alerts without a manager: its station's settings and its subscriber, as they stand there."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from required import require_tool
from test_tls import Station
from test_uplink import PATIENCE_S, broker

from tests.fakes.how_to import blocks, section
from tests.fakes.letters import ADDRESS, alert
from tests.fakes.patience import eventually

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
PAGE = section("receive-alerts", "With any MQTT client")
UPLINK = tomllib.loads(blocks(PAGE, "toml")[0])["uplink"]


@contextmanager
def subscriber(port: int, heard: Path) -> Iterator[None]:
    words = shlex.split(blocks(PAGE, "sh")[0])
    require_tool(words[0])
    words[words.index("broker.local")] = "127.0.0.1"
    with heard.open("ab") as out:
        process = subprocess.Popen([*words, "-p", str(port)], stdout=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def parts(heard: Path) -> list[str]:
    return [json.loads(line)["data"]["part"] for line in heard.read_text("utf-8").splitlines()]


def test_a_subscriber_of_any_make_hears_each_alert_also_those_of_the_time_without_it(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    with broker(tmp_path, "log_type all") as port:
        log = tmp_path / "broker.log"
        with subscriber(port, heard):
            eventually(lambda: "Sending SUBACK to my-subscriber" in log.read_text("utf-8"))
            with Station(tmp_path, port, None, ack=UPLINK["ack"]) as station:
                for number in range(3):
                    station.outbox.append(alert(part=f"part-{number}"))
                assert station.outbox.drained(PATIENCE_S)
                eventually(lambda: len(parts(heard)) == 3)
        with Station(tmp_path, port, None, ack=UPLINK["ack"]) as station:
            for number in range(3, 5):
                station.outbox.append(alert(part=f"part-{number}"))
            assert station.outbox.drained(PATIENCE_S), "the broker's word frees them"
        assert len(parts(heard)) == 3
        with subscriber(port, heard):
            eventually(lambda: len(parts(heard)) == 5)
    assert parts(heard) == [f"part-{number}" for number in range(5)]
    assert json.loads(heard.read_text("utf-8").splitlines()[0])["source"] == ADDRESS.source
