"""Payloads to protobuf and back, with Google's library and a descriptor of the fields that we use.

Field numbers and types are those of Eclipse Tahu's sparkplug_b.proto (proto2); fields that we do not know the library
keeps out of the way. The descriptor lives in a pool of its own, so it clashes with no other one in the process.
"""

from __future__ import annotations

from typing import Any, Final

from edge_contracts.errors import BadInputError, MissingExtraError
from fleet_manager.adapters.sparkplug.payload import DataType, Metric, Payload, Value

_PACKAGE: Final = "org.eclipse.tahu.protobuf"
_VALUE_FIELDS: Final = {
    DataType.INT64: "long_value",
    DataType.DOUBLE: "double_value",
    DataType.BOOLEAN: "boolean_value",
    DataType.STRING: "string_value",
}
_METRIC_FIELDS: Final = (
    ("name", 1, "STRING"),
    ("alias", 2, "UINT64"),
    ("timestamp", 3, "UINT64"),
    ("datatype", 4, "UINT32"),
    ("is_null", 7, "BOOL"),
)
_METRIC_VALUES: Final = (
    ("int_value", 10, "UINT32"),
    ("long_value", 11, "UINT64"),
    ("float_value", 12, "FLOAT"),
    ("double_value", 13, "DOUBLE"),
    ("boolean_value", 14, "BOOL"),
    ("string_value", 15, "STRING"),
)
_INT64_SPAN: Final = 1 << 64


class PayloadCodec:
    """Builds the message class once.

    Raises:
        MissingExtraError: protobuf is not installed.
    """

    def __init__(self) -> None:
        try:
            from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory  # noqa: PLC0415
        except ImportError as err:
            raise MissingExtraError(
                "wanted protobuf for Sparkplug, found it missing: pip install 'lepton-edge[fleet]'"
            ) from err
        pool = descriptor_pool.DescriptorPool()
        pool.AddSerializedFile(_file(descriptor_pb2).SerializeToString())
        found = pool.FindMessageTypeByName(f"{_PACKAGE}.Payload")
        self._message: Any = message_factory.GetMessageClass(found)
        self._decode_error: type[Exception] = message.DecodeError

    def encode(self, payload: Payload) -> bytes:
        """The bytes of a payload."""
        message = self._message(timestamp=payload.timestamp_ms)
        if payload.seq is not None:
            message.seq = payload.seq
        for metric in payload.metrics:
            _fill(message.metrics.add(), metric)
        return bytes(message.SerializeToString())

    def booleans(self, body: bytes) -> dict[str, bool]:
        """The boolean metrics of a command that have a name.

        Raises:
            BadInputError: the bytes are no payload.
        """
        message = self._message()
        try:
            message.ParseFromString(body)
        except self._decode_error as err:
            raise BadInputError(f"wanted a Sparkplug B payload, found {len(body)} other bytes: {err}") from err
        return {
            metric.name: metric.boolean_value
            for metric in message.metrics
            if metric.HasField("name") and metric.WhichOneof("value") == "boolean_value"
        }


def _fill(message: Any, metric: Metric) -> None:
    if metric.name is not None:
        message.name = metric.name
        message.datatype = int(metric.datatype)
    if metric.alias is not None:
        message.alias = metric.alias
    message.timestamp = metric.timestamp_ms
    if metric.value is None:
        message.is_null = True
    else:
        setattr(message, _VALUE_FIELDS[metric.datatype], _told(metric.datatype, metric.value))


def _told(datatype: DataType, value: Value) -> Value:
    """An Int64 travels as the unsigned number with the same bits."""
    return int(value or 0) % _INT64_SPAN if datatype is DataType.INT64 else value


def _file(descriptor_pb2: Any) -> Any:
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_b.proto", package=_PACKAGE, syntax="proto2")
    payload = file.message_type.add(name="Payload")
    metric = payload.nested_type.add(name="Metric")
    metric.oneof_decl.add(name="value")
    for name, number, kind in _METRIC_FIELDS:
        metric.field.add(name=name, number=number, label=kinds.LABEL_OPTIONAL, type=_type(kinds, kind))
    for name, number, kind in _METRIC_VALUES:
        metric.field.add(name=name, number=number, label=kinds.LABEL_OPTIONAL, type=_type(kinds, kind), oneof_index=0)
    payload.field.add(name="timestamp", number=1, label=kinds.LABEL_OPTIONAL, type=kinds.TYPE_UINT64)
    payload.field.add(
        name="metrics",
        number=2,
        label=kinds.LABEL_REPEATED,
        type=kinds.TYPE_MESSAGE,
        type_name=f".{_PACKAGE}.Payload.Metric",
    )
    payload.field.add(name="seq", number=3, label=kinds.LABEL_OPTIONAL, type=kinds.TYPE_UINT64)
    return file


def _type(kinds: Any, kind: str) -> int:
    return int(getattr(kinds, f"TYPE_{kind}"))
