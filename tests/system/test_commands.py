"""Commands from the manager to a real daemon, through a real broker and back."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from line_broker import LineBroker, Programmer

from fleet_manager.commands.command import CommandState
from tests.fakes.orders import ID
from tests.fakes.patience import eventually
from tests.system.commanded_station import WHERE, Rig, commanded_station, now_ms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
TOPIC = f"lepton/1/{WHERE}"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineBroker]:
    with LineBroker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture(scope="module")
def rig(broker: LineBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder: Path = tmp_path_factory.mktemp("site")
    with commanded_station(folder, broker.port, '\n[commands]\nallowed = ["ping", "restart"]\n') as made:
        yield made


@pytest.fixture
def somebody(broker: LineBroker) -> Iterator[Programmer]:
    """Somebody else at the broker."""
    client = Programmer(broker.port, f"{TOPIC}/cmd/+", f"{TOPIC}/res")
    yield client
    client.close()


def body(in_s: float = 20) -> bytes:
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + in_s))
    return json.dumps({"id": ID, "expires": expires}).encode()


def test_a_command_is_done_and_one_that_is_not_allowed_is_refused(rig: Rig) -> None:
    outcome, answer = rig.ended(rig.ask("ping"))
    assert (outcome, answer.split()[0]) == ("done", "lepton-edge")
    outcome, answer = rig.ended(rig.ask("reload"))
    assert outcome == "refused"
    assert "allows (ping, restart), found reload" in answer


def test_a_command_that_comes_again_is_answered_as_before_and_not_done_again(rig: Rig, somebody: Programmer) -> None:
    first = rig.ended(rig.ask("ping"))
    eventually(lambda: somebody.bodies(f"{TOPIC}/cmd/ping"))
    somebody.publish(f"{TOPIC}/cmd/ping", somebody.bodies(f"{TOPIC}/cmd/ping")[-1])
    eventually(lambda: len(somebody.bodies(f"{TOPIC}/res")) >= 2)
    told = [json.loads(one) for one in somebody.bodies(f"{TOPIC}/res")]
    assert {(one["outcome"], one["text"]) for one in told} == {first}, "the clock in its answer stands still"


def test_a_command_that_is_to_be_retained_is_refused_at_once(rig: Rig, somebody: Programmer) -> None:
    del rig
    somebody.publish(f"{TOPIC}/cmd/restart", body(), retain=True)
    eventually(lambda: somebody.bodies(f"{TOPIC}/res"))
    told = json.loads(somebody.bodies(f"{TOPIC}/res")[-1])
    assert (told["outcome"], told["id"]) == ("refused", ID)
    assert "retained" in told["text"]
    somebody.publish(f"{TOPIC}/cmd/restart", b"", retain=True)


def test_a_station_that_is_away_times_out_and_obeys_no_old_word_when_it_is_back(rig: Rig) -> None:
    outcome, _ = rig.ended(rig.ask("restart"))
    assert outcome == "done"
    assert rig.process is not None
    assert rig.process.wait(20) == 0, rig.said()
    number = rig.ask("restart", timeout_s=1)
    eventually(lambda: rig.find(number).state(now_ms()) is CommandState.TIMED_OUT)
    # No clock is vouched for here, so the broker alone drops what is expired: it counts whole seconds.
    expired_ms = now_ms() + 1100
    eventually(lambda: now_ms() > expired_ms)
    rig.start()
    assert rig.ended(rig.ask("ping"))[0] == "done"
    assert rig.find(number).outcome is None
