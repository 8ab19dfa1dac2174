"""What a microcontroller's runtime must know of a TFLite file: tensors, operators, what goes in and what comes out.

The converter has a reader of its own that gives every value and option; this one needs no package beside Python and
gives the sizes that an arena is planned with.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from edge_contracts.errors import BadInputError
from firmware_tools.carray.flatbuffer import Table
from firmware_tools.carray.operator_codes import OPERATOR_KINDS

IDENTIFIER = b"TFL3"
_IDENTIFIER_PLACE = 4

ITEM_BYTES = {
    "float32": 4, "float16": 2, "int32": 4, "uint8": 1, "int64": 8, "bool": 1, "int16": 2, "int8": 1, "float64": 8,
    "uint64": 8, "uint32": 4, "uint16": 2, "bfloat16": 2, "complex64": 8, "complex128": 16,
}  # fmt: skip
_TYPE_NAMES = (
    "float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64",
    "complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16",
)  # fmt: skip
_TWO_PER_BYTE = "int4"


@dataclass(frozen=True, slots=True)
class Tensor:
    """One value of the network.

    type_name: numpy's name of the stored type, and those that numpy has not.
    is_constant: whether the file holds its values. is_state: whether it lasts from one run to the next.
    scales: how many scales it is quantised with, 0 for none, one per channel or one for all.
    """

    name: str
    shape: tuple[int, ...]
    type_name: str
    is_constant: bool
    is_state: bool
    scales: int

    @property
    def bytes(self) -> int:
        """Bytes of its values in memory."""
        count = prod(self.shape)
        return (count + 1) // 2 if self.type_name == _TWO_PER_BYTE else count * ITEM_BYTES.get(self.type_name, 0)


@dataclass(frozen=True, slots=True)
class Operator:
    """One node; inputs and outputs are places in the network's tensors, -1 for an input that is left out."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """A model file: its tensors in the file's order, its operators in the order that they run in."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Each kind of operator once, sorted."""
        return tuple(sorted({operator.kind for operator in self.operators}))


def read_network(content: bytes) -> Network:
    """Read a TFLite file.

    Raises:
        BadInputError: it is none, is damaged, or has several subgraphs.
    """
    if content[_IDENTIFIER_PLACE : _IDENTIFIER_PLACE + len(IDENTIFIER)] != IDENTIFIER:
        raise BadInputError("wanted a TFLite model (its bytes 4-7 read 'TFL3') in the bundle, found something else")
    model = Table.root(content)
    subgraphs = model.tables(2)
    if len(subgraphs) != 1:
        raise BadInputError(
            f"wanted a model of one subgraph, found {len(subgraphs)}; branches and loops are not exported: "
            "convert the body alone"
        )
    graph = subgraphs[0]
    kinds = [_kind(code) for code in model.tables(1)]
    filled = [_is_filled(buffer) for buffer in model.tables(4)]
    network = Network(
        tuple(_tensor(table, filled) for table in graph.tables(0)),
        tuple(_operator(table, kinds) for table in graph.tables(3)),
        _places(graph, 1),
        _places(graph, 2),
    )
    _check_places(network)
    return network


def _kind(code: Table) -> str:
    # Files older than the 128th operator know only the first field, which holds 127 in newer ones.
    number = max(code.number(0, "b"), code.number(3, "i"))
    if not 0 <= number < len(OPERATOR_KINDS):
        return f"OPERATOR_{number}"
    if OPERATOR_KINDS[number] == "CUSTOM":
        return f"CUSTOM {code.data(1).decode('utf-8', 'replace')}".strip()
    return OPERATOR_KINDS[number]


def _is_filled(buffer: Table) -> bool:
    if buffer.number(1, "Q") > 1:
        raise BadInputError(
            "wanted weights inside the model's tables, found them behind; no microcontroller's runtime reads that"
        )
    return bool(buffer.data(0))


def _tensor(table: Table, filled: list[bool]) -> Tensor:
    number, buffer = table.number(1, "b"), table.number(2, "I")
    if not 0 <= number < len(_TYPE_NAMES) or buffer >= len(filled):
        raise BadInputError(
            f"wanted tensors of known types and buffers, found type {number} and buffer {buffer} of {len(filled)}; "
            "the model is damaged, or newer than this program"
        )
    quantisation = table.table(4)
    return Tensor(
        table.data(3).partition(b"\0")[0].decode("utf-8", "replace"),
        _places(table, 0),
        _TYPE_NAMES[number],
        is_constant=filled[buffer],
        is_state=bool(table.number(5, "B")),
        scales=0 if quantisation is None else len(quantisation.numbers(2, "f")),
    )


def _operator(table: Table, kinds: list[str]) -> Operator:
    code = table.number(0, "I")
    if code >= len(kinds):
        raise BadInputError(f"wanted an operator of the {len(kinds)} that the model lists, found {code}; it is damaged")
    return Operator(kinds[code], _places(table, 1), _places(table, 2))


def _places(table: Table, field: int) -> tuple[int, ...]:
    return tuple(int(number) for number in table.numbers(field, "i"))


def _check_places(network: Network) -> None:
    count = len(network.tensors)
    optional = {place for operator in network.operators for place in operator.inputs} - {-1}
    asked = {*network.inputs, *network.outputs, *optional}
    asked.update(place for operator in network.operators for place in operator.outputs)
    if strangers := sorted(place for place in asked if not 0 <= place < count):
        raise BadInputError(f"wanted tensors below {count}, found {strangers[0]} asked for; the model is damaged")
    if any(size < 0 for tensor in network.tensors for size in tensor.shape):
        raise BadInputError("wanted fixed shapes, found one below 0; the model is damaged")
