"""The entities of one device as Home Assistant's discovery wants them: each points to a topic of the device itself.

Keys and values are those of Home Assistant's MQTT integration (binary_sensor, sensor, event), since 2024.12. A field
that the device left out makes its entity unknown, not zero; what a device told of its parts and its health expires when
it falls silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edge_contracts.alarm import AlarmType
from edge_contracts.device import Presence
from edge_contracts.verdict import Outcome
from fleet_manager.store.device_reading import STALE_S

if TYPE_CHECKING:
    from edge_contracts.device import Birth
    from edge_contracts.identifiers import Slug
    from edge_contracts.topics import DeviceAddress

Component: TypeAlias = "dict[str, Any]"
_STATUS: Final = "{{ value_json.status }}"
_ALERT: Final = (
    "{{ {'event_type': value_json.data.outcome, 'id': value_json.id, 'point': value_json.data.point,"
    " 'part': value_json.data.part, 'cause': value_json.data.cause, 'reason': value_json.data.reason,"
    " 'severity': value_json.data.severity, 'count': value_json.data.count} | tojson }}"
)


def components(device: DeviceAddress, birth: Birth, object_id: str) -> dict[str, Component]:
    """Every entity of the device, by its id within the device."""
    found = {"online": _online(device), "heard": _heard(device), "alert": _alert(device)}
    found |= _health(device)
    found |= {f"alarm_{kind.value}": _alarm(device, kind) for kind in AlarmType}
    for point in birth.points:
        found |= _point(device, point.name)
    return {key: one | {"unique_id": f"{object_id}_{key}"} for key, one in found.items()}


def _online(device: DeviceAddress) -> Component:
    """As the device, or the broker in its name, said last."""
    return {
        "platform": "binary_sensor",
        "name": "Online",
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "state_topic": device.topic("status"),
        "value_template": _STATUS,
        "payload_on": Presence.ONLINE.value,
        "payload_off": Presence.OFFLINE.value,
    }


def _heard(device: DeviceAddress) -> Component:
    """On with each state, off after six of them did not come: a device that died with its broker left no will."""
    return {
        "platform": "binary_sensor",
        "name": "Heard",
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "state_topic": device.topic("state"),
        "value_template": "{{ 'ON' }}",
        "off_delay": STALE_S,
    }


def _alert(device: DeviceAddress) -> Component:
    return _while_online(device) | {
        "platform": "event",
        "name": "Alert",
        "event_types": [Outcome.DEFECT.value, Outcome.UNKNOWN.value],
        "state_topic": device.topic("alert"),
        "value_template": _ALERT,
    }


def _health(device: DeviceAddress) -> dict[str, Component]:
    return {
        "temperature": _sensor(device, "Temperature", "{{ value_json.temperature_c | default(none) }}")
        | {"device_class": "temperature", "unit_of_measurement": "°C", "state_class": "measurement"}
        | {"entity_category": "diagnostic"},
        "spool_depth": _sensor(device, "Alerts in the spool", "{{ value_json.spool_depth }}")
        | {"unit_of_measurement": "alerts", "state_class": "measurement", "entity_category": "diagnostic"},
        "disk_free": _sensor(device, "Disk free", "{{ value_json.disk_free_bytes }}")
        | {"device_class": "data_size", "unit_of_measurement": "B", "state_class": "measurement"}
        | {"entity_category": "diagnostic"},
    }


def _alarm(device: DeviceAddress, kind: AlarmType) -> Component:
    topic = device.topic(f"alarm/{kind.value}")
    return _while_online(device) | {
        "platform": "binary_sensor",
        "name": f"Problem: {kind.value}",
        "device_class": "problem",
        "state_topic": topic,
        "value_template": "{{ 'ON' if value_json.active else 'OFF' }}",
        "json_attributes_topic": topic,
    }


def _point(device: DeviceAddress, point: Slug) -> dict[str, Component]:
    last = _sensor(device, f"{point}: last verdict", _of_point(point, "last")) | {
        "device_class": "enum",
        "options": [outcome.value for outcome in Outcome],
    }
    counters = {
        f"point_{point}_{outcome.value}": _sensor(device, f"{point}: {outcome.value}", _of_point(point, outcome.value))
        | {"unit_of_measurement": "parts", "state_class": "total_increasing"}
        for outcome in Outcome
    }
    return {f"point_{point}_last_verdict": last} | counters


def _of_point(point: Slug, name: str) -> str:
    """A template for one field of one point of the state; none where the point or the field is missing."""
    return (
        f"{{{{ value_json.points | selectattr('point', 'eq', '{point}') | map(attribute='{name}', default=none)"
        " | first | default(none) }}"
    )


def _sensor(device: DeviceAddress, name: str, template: str) -> Component:
    return _while_online(device) | {
        "platform": "sensor",
        "name": name,
        "state_topic": device.topic("state"),
        "value_template": template,
        "expire_after": STALE_S,
    }


def _while_online(device: DeviceAddress) -> Component:
    return {
        "availability_topic": device.topic("status"),
        "availability_template": _STATUS,
        "payload_available": Presence.ONLINE.value,
        "payload_not_available": Presence.OFFLINE.value,
    }
