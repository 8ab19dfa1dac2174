"""The codec says what the description says: every number of one is found in the other."""

import dataclasses
from enum import IntEnum

from edge_contracts import serial_link
from edge_contracts.serial_link import frame, reliable
from edge_contracts.serial_link.description import load_description
from edge_contracts.serial_link.field import Tail, Whole, Word
from edge_contracts.serial_link.layout import LAYOUTS
from edge_contracts.serial_link.reference import example_frame, reference

TOLD = load_description()


def told_of(field):
    if isinstance(field, Whole):
        named = field.values.__name__.lower() if field.values else None
        return {"type": field.kind, "least": field.least, "most": field.most, "values": named}
    if isinstance(field, Word):
        return {"type": f"char[{field.size}]", "least": None, "most": None, "values": None}
    assert isinstance(field, Tail)
    return {"type": field.kind, "least": None, "most": field.most, "values": None}


def test_codec_and_description_have_the_same_messages():
    def spelled(name):
        return "".join(part.capitalize() for part in name.split("_"))

    told = [(one.id, spelled(one.name), one.reliable) for one in TOLD.messages]
    assert [(one.ident, one.message.__name__, one.reliable) for one in LAYOUTS] == told


def test_codec_and_description_have_the_same_fields_in_the_same_order():
    for layout, message in zip(LAYOUTS, TOLD.messages, strict=True):
        assert [{"name": one.name} | told_of(one) for one in layout.fields] == [
            one.model_dump(include={"name", "type", "least", "most", "values"}) for one in message.fields
        ], message.name
        assert [one.name for one in dataclasses.fields(layout.message)] == [one.name for one in message.fields]


def test_codec_and_description_name_the_same_values():
    spoken = {
        one.__name__.lower(): {value.name.lower(): value.value for value in one}
        for one in vars(serial_link).values()
        if isinstance(one, type) and issubclass(one, IntEnum)
    }
    assert spoken == {one.name: {value.name: value.value for value in one.of} for one in TOLD.values}


def test_codec_and_description_have_the_same_framing():
    assert TOLD.version == serial_link.VERSION
    assert bytes([TOLD.framing.delimiter]) == serial_link.DELIMITER
    assert TOLD.framing.body_max_bytes == serial_link.BODY_MAX_BYTES
    assert serial_link.crc16(b"123456789") == TOLD.crc.check
    assert serial_link.crc16(b"") == TOLD.crc.init ^ TOLD.crc.xor_out
    assert len(TOLD.header) + TOLD.framing.body_max_bytes + 2 + 2 == frame.FRAME_MAX_BYTES
    assert (TOLD.reliable.retry_ms, TOLD.reliable.tries) == (reliable.RETRY_MS, reliable.TRIES)


def test_the_crc_is_the_named_polynomials():
    def slow(data):
        crc = TOLD.crc.init
        for byte in data:
            crc ^= byte << 8
            for _ in range(8):
                crc = ((crc << 1) ^ (TOLD.crc.polynomial if crc & 0x8000 else 0)) & 0xFFFF
        return crc ^ TOLD.crc.xor_out

    for data in (b"", b"\0", b"123456789", bytes(range(256))):
        assert serial_link.crc16(data) == slow(data)


def test_no_body_is_longer_than_a_frame_may_carry():
    assert max(one.body_most_bytes for one in TOLD.messages) == TOLD.framing.body_max_bytes


def test_a_heartbeats_range_is_the_promised_time_out():
    (beat,) = [one for one in TOLD.messages if one.name == "heartbeat"]
    (timeout,) = [one for one in beat.fields if one.name == "timeout_ms"]
    assert (timeout.least, timeout.most) == (TOLD.heartbeat.timeout_least_ms, TOLD.heartbeat.timeout_most_ms)


def test_every_example_is_a_frame_that_the_codec_reads_back():
    for example in TOLD.examples:
        wanted = example_frame(TOLD, example)
        assert serial_link.decode(serial_link.encode(wanted)[:-1]) == wanted
        assert serial_link.encode(wanted).hex(" ") in reference()
