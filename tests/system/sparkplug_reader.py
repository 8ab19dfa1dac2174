"""Reads Sparkplug messages with PySparkplug, in its own environment: a topic and a body in, one line of JSON out.

Knows nothing of the product. Each line of stdin is JSON `[topic, body in hexadecimal]`; each answer holds the message's
fields as Eclipse Tahu's compiled descriptor names them, and the values by name as PySparkplug resolves them through the
births that it saw.
"""

from __future__ import annotations

import json
import sys

import pysparkplug
from pysparkplug._protobuf import Payload

PAYLOADS = {
    "NBIRTH": pysparkplug.NBirth,
    "DBIRTH": pysparkplug.DBirth,
    "NDATA": pysparkplug.NData,
    "DDATA": pysparkplug.DData,
    "NDEATH": pysparkplug.NDeath,
    "DDEATH": pysparkplug.DDeath,
}


def answer(topic, body, births):
    topic_read = pysparkplug.Topic.from_str(topic)
    device = topic_read.device_id or ""
    kind = topic_read.message_type.value
    decoded = PAYLOADS[kind].decode(body, birth=None if kind.endswith("BIRTH") else births.get(device))
    if kind.endswith("BIRTH"):
        births[device] = decoded
    metrics = getattr(decoded, "metrics", ())
    return {"fields": fields(Payload.FromString(body)), "values": {one.name: one.value for one in metrics}}


def fields(payload):
    return {
        "timestamp": payload.timestamp if payload.HasField("timestamp") else None,
        "seq": payload.seq if payload.HasField("seq") else None,
        "metrics": [metric_fields(one) for one in payload.metrics],
    }


def metric_fields(metric):
    kind = metric.WhichOneof("value")
    optional = {name: getattr(metric, name) if metric.HasField(name) else None for name in OPTIONAL}
    value = None if kind is None else getattr(metric, kind)
    return {**optional, "is_null": metric.is_null, "kind": kind, "value": value}


OPTIONAL = ("name", "alias", "timestamp", "datatype")


def main():
    births = {}
    for line in sys.stdin:
        topic, body = json.loads(line)
        sys.stdout.write(json.dumps(answer(topic, bytes.fromhex(body), births)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
