"""All faces at a real broker: announced, born, mirrored; killed and missed; back again."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from delivery_rig import REPOSITORY, _environment
from line_broker import LineBroker, Programmer

from fleet_manager.loopback_broker import loopback_broker
from tests.fakes.device_words import OTHER, STATION, alarm, birth, body, offline, online, point, state
from tests.fakes.patience import eventually
from tests.fakes.sparkplug_line import REBIRTH
from tests.fakes.sparkplug_wire import read_payload

pytestmark = pytest.mark.system
CONFIG = "homeassistant/device/lepton_plant_hall_station-1/config"
NODE = "spBv1.0/hall/{}/plant"
DEVICE = "spBv1.0/hall/{}/plant/station-1"
MIRROR = "plant/hall/moulding/line 4/station-1/inspection/station-1"
PLACE = {"device": "plant/hall/station-1", "area": "moulding", "line": "line 4"}
SETTINGS = {
    "home_assistant": {},
    "sparkplug": [{"org": "plant", "site": "hall"}],
    "unified_namespace": {"places": [PLACE]},
}


class Site:
    """The faces' process at one broker."""

    def __init__(self, port, settings, mqtt="5") -> None:
        command = [sys.executable, str(REPOSITORY / "tests" / "system" / "faces_process.py")]
        self._process = subprocess.Popen(
            [*command, json.dumps(settings), str(port), mqtt], cwd=REPOSITORY, env=_environment()
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(20)


@pytest.fixture
def broker(tmp_path):
    with LineBroker(tmp_path) as running:
        yield running


@pytest.fixture
def site(broker):
    begun = []

    def start(settings=None, mqtt="5"):
        begun.append(Site(broker.port, settings or SETTINGS, mqtt))
        return begun[-1]

    yield start
    for one in begun:
        one.kill()


@pytest.fixture
def ears(broker):
    """Who hears everything that is said, from before the faces begin."""
    made = Programmer(broker.port, "#")
    yield made
    made.close()


def _speak(ears, device=STATION):
    for leaf, word in {
        "status": online(),
        "birth": birth("line-1"),
        "state": state(point()),
        "alarm/camera": alarm(),
    }.items():
        ears.publish(device.topic(leaf), body(word), retain=True)


def _last(ears, topic):
    return [b"nothing yet", *ears.bodies(topic)][-1]


def _retained(broker, topic):
    """What a client that comes now is given."""
    late = Programmer(broker.port, topic, "line/#")
    late.publish("line/settled", b"")
    eventually(lambda: late.bodies("line/settled"))
    found = late.bodies(topic)
    late.close()
    return found


@pytest.mark.parametrize("mqtt", ["5", "3.1.1"])
def test_a_device_that_spoke_before_the_faces_began_is_in_all_of_them(broker, site, ears, mqtt):
    _speak(ears)
    site(mqtt=mqtt)
    shown = (CONFIG, DEVICE.format("DBIRTH"), f"{MIRROR}/line-1/verdict", "lepton-mirror/status")
    eventually(lambda: all(map(ears.bodies, shown)))
    (config,) = _retained(broker, CONFIG)
    assert "point_line-1_good" in json.loads(config)["components"]
    (verdict,) = _retained(broker, f"{MIRROR}/line-1/verdict")
    assert json.loads(verdict)["good"] == 7
    (mirror,) = _retained(broker, "lepton-mirror/status")
    assert json.loads(mirror)["status"] == "online"
    assert _retained(broker, DEVICE.format("DBIRTH")) == []


def test_what_a_device_says_now_is_said_by_every_face(site, ears):
    _speak(ears)
    site()
    eventually(lambda: ears.bodies(DEVICE.format("DBIRTH")) and ears.bodies(f"{MIRROR}/status"))
    ears.publish(STATION.topic("alarm/camera"), body(alarm(active=False)), retain=True)
    eventually(lambda: b'"active":false' in _last(ears, f"{MIRROR}/alarm/camera"))
    eventually(
        lambda: any(one.value is False for data in ears.bodies(DEVICE.format("DDATA")) for one in _metrics(data))
    )
    ears.publish(STATION.topic("status"), body(offline()), retain=True)
    eventually(lambda: ears.bodies(DEVICE.format("DDEATH")))
    eventually(lambda: b'"offline"' in _last(ears, f"{MIRROR}/status"))


def test_home_assistant_is_told_again_when_it_starts_and_of_what_is_gone(broker, site, ears):
    _speak(ears)
    site()
    eventually(lambda: ears.bodies(CONFIG))
    said = len(ears.bodies(CONFIG))
    ears.publish("homeassistant/status", b"online")
    eventually(lambda: len(ears.bodies(CONFIG)) > said)
    for leaf in ("status", "state", "alarm/camera", "birth"):
        ears.publish(STATION.topic(leaf), b"", retain=True)
    eventually(lambda: _last(ears, CONFIG) == b"" and _last(ears, f"{MIRROR}/state") == b"")
    assert _retained(broker, CONFIG) == []
    assert _retained(broker, f"{MIRROR}/#") == []


def test_killed_faces_are_missed_and_born_again(broker, site, ears):
    _speak(ears)
    first = site()
    eventually(lambda: ears.bodies(DEVICE.format("DBIRTH")) and ears.bodies("lepton-mirror/status"))
    first.kill()
    eventually(lambda: ears.bodies(NODE.format("NDEATH")))
    (death,) = ears.bodies(NODE.format("NDEATH"))
    (born,) = ears.bodies(NODE.format("NBIRTH"))
    assert read_payload(death).metric("bdSeq").value == read_payload(born).metric("bdSeq").value
    eventually(lambda: _mirror_status(broker) == "offline")
    site()
    eventually(lambda: len(ears.bodies(NODE.format("NBIRTH"))) == len(ears.bodies(DEVICE.format("DBIRTH"))) == 2)
    eventually(lambda: _mirror_status(broker) == "online")


def test_a_killed_broker_is_found_again_and_told_everything(broker, site, ears):
    _speak(ears)
    site()
    eventually(lambda: ears.bodies(DEVICE.format("DBIRTH")) and ears.bodies(CONFIG))
    broker.kill()
    broker.start()
    late = Programmer(broker.port, "#")
    eventually(lambda: late.bodies(NODE.format("NBIRTH")) and late.bodies(CONFIG), 20)
    second = read_payload(late.bodies(NODE.format("NBIRTH"))[0])
    assert second.seq == 0
    assert second.metric("bdSeq").value > 0
    eventually(lambda: late.bodies(DEVICE.format("DBIRTH")) and late.bodies(f"{MIRROR}/state"))
    late.close()


def test_a_host_that_asks_for_a_rebirth_gets_all_births_in_sequence(site, ears):
    _speak(ears)
    _speak(ears, OTHER)
    site()
    eventually(lambda: len([topic for topic, _, _ in ears.heard if "/DBIRTH/" in topic]) == 2)
    before = len(ears.heard)
    ears.publish(NODE.format("NCMD"), REBIRTH)
    eventually(lambda: len([topic for topic, _, _ in ears.heard[before:] if "/DBIRTH/" in topic]) == 2)
    births = [
        (topic.split("/")[2], read_payload(said).seq) for topic, said, _ in ears.heard[before:] if "BIRTH" in topic
    ]
    assert births == [("NBIRTH", 0), ("DBIRTH", 1), ("DBIRTH", 2)]


def test_a_polite_end_says_death_itself_and_the_broker_says_nothing_more(site, ears):
    _speak(ears)
    begun = site()
    eventually(lambda: ears.bodies(DEVICE.format("DBIRTH")) and ears.bodies("lepton-mirror/status"))
    assert begun.stop() == 0
    ears.publish("line/settled", b"")
    eventually(lambda: ears.bodies("line/settled"))
    assert len(ears.bodies(NODE.format("NDEATH"))) == 1
    assert [json.loads(one)["status"] for one in ears.bodies("lepton-mirror/status")] == ["online", "offline"]


def test_births_wait_for_the_primary_host_and_die_with_it(site, ears):
    hosted = {"sparkplug": [{"org": "plant", "site": "hall", "primary_host": "scada"}]}
    _speak(ears)
    host = "spBv1.0/STATE/scada"
    ears.publish(host, b'{"online": false, "timestamp": 1}', retain=True)
    site(hosted)
    ears.publish(host, b'{"online": true, "timestamp": 2}', retain=True)
    eventually(lambda: ears.bodies(DEVICE.format("DBIRTH")))
    ears.publish(host, b'{"online": false, "timestamp": 3}', retain=True)
    eventually(lambda: ears.bodies(NODE.format("NDEATH")))
    ears.publish(host, b'{"online": true, "timestamp": 4}', retain=True)
    eventually(lambda: len(ears.bodies(NODE.format("NBIRTH"))) == 2)
    numbers = [read_payload(one).metric("bdSeq").value for one in ears.bodies(NODE.format("NBIRTH"))]
    assert numbers[1] > numbers[0]


def test_a_scada_systems_own_broker_hears_the_sites_devices(tmp_path_factory, site, ears):
    with LineBroker(tmp_path_factory.mktemp("scada")) as scada:
        host = Programmer(scada.port, "spBv1.0/#")
        own = {"host": "127.0.0.1", "port": scada.port}
        site({"sparkplug": [{"org": "plant", "site": "hall", "group_id": "Hall 3", "broker": own}]})
        _speak(ears)
        eventually(lambda: host.bodies("spBv1.0/Hall 3/DBIRTH/plant/station-1"))
        host.close()


def test_the_embedded_broker_carries_all_faces_too(tmp_path):
    with loopback_broker(tmp_path, "amqtt") as embedded:
        ears = Programmer(embedded.port, "#")
        _speak(ears)
        site = Site(embedded.port, SETTINGS, embedded.mqtt)
        try:
            shown = (CONFIG, DEVICE.format("DBIRTH"), f"{MIRROR}/line-1/verdict", "lepton-mirror/status")
            eventually(lambda: all(map(ears.bodies, shown)), 20)
            ears.publish(STATION.topic("status"), body(offline()), retain=True)
            eventually(lambda: ears.bodies(DEVICE.format("DDEATH")))
        finally:
            site.kill()
        eventually(lambda: ears.bodies(NODE.format("NDEATH")))
        ears.close()


def _metrics(data):
    return read_payload(data).metrics


def _mirror_status(broker):
    (said,) = _retained(broker, "lepton-mirror/status")
    return json.loads(said)["status"]
