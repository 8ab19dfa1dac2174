"""What ten thousand devices cost the faces: processor time and messages, without any broker.

python -m tests.bench.faces [devices]
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from edge_contracts.alarm import AlarmType
from edge_contracts.topics import DeviceAddress
from fleet_manager.adapters.hearing import Hearing
from fleet_manager.adapters.home_assistant.face import HomeAssistantFace
from fleet_manager.adapters.home_assistant.settings import HomeAssistantSettings
from fleet_manager.adapters.news import Said
from fleet_manager.adapters.sparkplug.codec import PayloadCodec
from fleet_manager.adapters.sparkplug.edge_node import EdgeNode
from fleet_manager.adapters.sparkplug.settings import SparkplugSettings
from fleet_manager.adapters.unified_namespace.face import UnifiedNamespaceFace
from fleet_manager.adapters.unified_namespace.settings import UnifiedNamespaceSettings
from tests.fakes.device_words import alarm, birth, body, online, point, state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_manager.adapters.face import Face
    from fleet_manager.adapters.news import News
    from fleet_manager.adapters.publication import Publication

ASKED = 3000


def main(count: int) -> None:
    devices = [DeviceAddress("plant", "hall", f"station-{number}") for number in range(count)]
    news = _hear(devices)
    faces: tuple[Face, ...] = (
        HomeAssistantFace(HomeAssistantSettings(), "1"),
        EdgeNode(SparkplugSettings(org="plant", site="hall"), PayloadCodec(), "1"),
        UnifiedNamespaceFace(UnifiedNamespaceSettings()),
    )
    for face in faces:
        face.terms(0)
        for one in news:
            tuple(face.tell(one, 0))
        everything = _spent(face.connected(0))
        states = _spent(one for device in devices[:ASKED] for one in face.tell(Said(device, state(point(good=99))), 1))
        print(f"{face.name:30} everything: {everything}; {min(ASKED, count)} states: {states}")


def _hear(devices: list[DeviceAddress]) -> list[News]:
    words = {"status": body(online()), "birth": body(birth("line-1")), "state": body(state(point()))}
    words |= {f"alarm/{kind.value}": body(alarm(kind, active=False)) for kind in AlarmType}
    hearing, began_s = Hearing(), time.process_time()
    heard = [hearing.hear(device.topic(leaf), said) for device in devices for leaf, said in words.items()]
    spent_s = time.process_time() - began_s
    print(f"{'ear':30} {len(heard)} messages in {spent_s:.2f} s: {len(heard) / spent_s:.0f} per second and core")
    return [one for one in heard if one is not None]


def _spent(publications: Iterable[Publication]) -> str:
    began_s, messages, size = time.process_time(), 0, 0
    for one in publications:
        messages, size = messages + 1, size + len(one.body)
    return f"{time.process_time() - began_s:.2f} s, {messages} messages, {size / 1e6:.1f} MB"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
