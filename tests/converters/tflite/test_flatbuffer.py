"""What our flatbuffers hold is what flatbuffers' own builder writes, and what its accessors read."""

from __future__ import annotations

import struct
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given
from hypothesis import strategies as st

from converters.tflite.flatbuffer import BYTES_ALIGNMENT, OFFSET, FlatBuffer, GeneratedCode, ReadTable
from edge_contracts.errors import BadInputError

IDENTIFIER = b"TFL3"
OPTIONS = sorted(name for name in vars(schema) if name.endswith("OptionsT"))


def ours(table: Any) -> bytes:
    buffer = FlatBuffer()
    return buffer.finished(table.Pack(GeneratedCode(buffer)), IDENTIFIER)


def theirs(table: Any) -> bytes:
    builder = flatbuffers.Builder()
    builder.Finish(table.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


@given(st.data())
@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_table_has_the_bytes_of_flatbuffers_own_builder(name: str, data: st.DataObject) -> None:
    table = getattr(schema, name)()
    for field, default in vars(table).items():
        if isinstance(default, bool):
            setattr(table, field, data.draw(st.booleans(), field))
        elif isinstance(default, int):
            setattr(table, field, data.draw(st.integers(0, 100), field))
        elif isinstance(default, float):
            setattr(table, field, data.draw(st.floats(-8, 8, width=32), field))
    assert ours(table) == theirs(table)


VECTORS: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "ReshapeOptionsT": ("newShape", st.integers(-1, 99)),
    "SqueezeOptionsT": ("squeezeDims", st.integers(-4, 4)),
    "BucketizeOptionsT": ("boundaries", st.floats(-8, 8, width=32)),
    "StablehloPadOptionsT": ("edgePaddingLow", st.integers(-(2**40), 2**40)),
    "StablehloConvolutionOptionsT": ("windowReversal", st.booleans()),
    "StablehloDotGeneralOptionsT": ("precisionConfig", st.integers(0, 2**32 - 1)),
}


@given(st.data())
@pytest.mark.parametrize("name", VECTORS)
def test_vectors_of_options_have_the_bytes_of_flatbuffers_own_builder(name: str, data: st.DataObject) -> None:
    table, (field, numbers) = getattr(schema, name)(), VECTORS[name]
    setattr(table, field, data.draw(st.lists(numbers, max_size=5)))
    assert ours(table) == theirs(table)


@pytest.mark.parametrize("numbers", [[1.5], [2**31]])
def test_a_number_that_a_vector_cannot_hold_is_an_error_and_no_other_number(numbers: list[Any]) -> None:
    table = schema.ReshapeOptionsT()
    table.newShape = numbers
    with pytest.raises(Exception, match=r"integer|format"):
        ours(table)


def test_a_string_of_options_has_the_bytes_of_flatbuffers_own_builder() -> None:
    table = schema.VarHandleOptionsT()
    table.container, table.sharedName = "one", "other"
    assert ours(table) == theirs(table)


def test_a_file_that_no_runtime_reads_is_refused_in_words() -> None:
    buffer = FlatBuffer()
    buffer._size = (1 << 31) - 16
    with pytest.raises(BadInputError, match="wanted a model of less than 2 GiB"):
        buffer.vector(np.zeros(8, np.int32))


KINDS = {"?": st.booleans(), "b": st.integers(-9, 9), "H": st.integers(0, 9), "i": st.integers(), "q": st.integers()}
NUMBERS = {"?": "BoolFlags", "b": "Int8Flags", "H": "Uint16Flags", "i": "Int32Flags", "q": "Int64Flags"}
LIMITS = {"i": 2**31 - 1, "q": 2**63 - 1}


@st.composite
def fields(draw: st.DrawFn) -> list[tuple[int, str, Any]]:
    slots = draw(st.lists(st.integers(0, 12), unique=True, max_size=8))
    kinds = [draw(st.sampled_from(sorted(KINDS))) for _ in slots]
    values = [draw(KINDS[kind].map(lambda value, kind=kind: value % LIMITS.get(kind, 99) or 1)) for kind in kinds]
    return list(zip(slots, kinds, values, strict=True))


@given(st.lists(fields(), min_size=1, max_size=5), st.lists(st.text(max_size=9), max_size=3))
def test_tables_strings_and_references_are_read_by_flatbuffers_accessors(
    tables: list[list[tuple[int, str, Any]]], texts: list[str]
) -> None:
    buffer = FlatBuffer()
    places = [buffer.table(one) for one in tables]
    strings = [buffer.string(text) for text in texts]
    numbers = buffer.vector(np.arange(3, dtype=np.int64))
    root = buffer.table(
        [(slot, OFFSET, place) for slot, place in enumerate([buffer.references(places), numbers, *strings])]
    )
    content = buffer.finished(root, IDENTIFIER)
    read = flatbuffers.table.Table(content, flatbuffers.encode.Get(flatbuffers.packer.uoffset, content, 0))
    assert content[4:8] == IDENTIFIER
    assert [read.String(read.Pos + at(read, 2 + slot)).decode() for slot in range(len(texts))] == texts
    assert read.GetVectorAsNumpy(flatbuffers.number_types.Int64Flags, at(read, 1)).tolist() == [0, 1, 2]
    assert read.Vector(at(read, 1)) % 8 == 0
    first = read.Vector(at(read, 0))
    assert read.VectorLen(at(read, 0)) == len(tables)
    for number, one in enumerate(tables):
        table = flatbuffers.table.Table(content, read.Indirect(first + 4 * number))
        for slot, kind, value in one:
            flags = getattr(flatbuffers.number_types, NUMBERS[kind])
            assert table.Get(flags, table.Pos + at(table, slot)) == value
            assert (table.Pos + at(table, slot)) % flags.bytewidth == 0


@given(st.lists(fields(), min_size=1, max_size=5), st.text(max_size=9))
def test_a_read_table_gives_what_was_written_and_nothing_for_what_was_not(
    tables: list[list[tuple[int, str, Any]]], text: str
) -> None:
    buffer = FlatBuffer()
    places = [buffer.table(one) for one in tables]
    numbers = buffer.vector(np.arange(3, dtype=np.int16))
    references = buffer.references(places)
    root = buffer.table(
        [(0, OFFSET, places[0]), (1, OFFSET, references), (2, OFFSET, buffer.string(text)), (5, OFFSET, numbers)]
    )
    read = ReadTable(buffer.finished(root, IDENTIFIER))
    assert [read.has(slot) for slot in range(8)] == [True, True, True, False, False, True, False, False]
    assert (read.table(3), read.tables(4), read.text(6), read.vector(3, np.dtype("<i2")).tolist()) == (
        None,
        [],
        b"",
        [],
    )
    assert read.text(2).decode() == text
    assert read.vector(5, np.dtype("<i2")).tolist() == [0, 1, 2]
    one = read.table(0)
    assert one is not None
    for found, fields_of in [(one, tables[0]), *zip(read.tables(1), tables, strict=True)]:
        assert {slot: found.number(slot, kind) for slot, kind, _ in fields_of} == {
            slot: value for slot, _, value in fields_of
        }
        assert found.number(13, "i", default=7) == 7


@given(st.data())
def test_a_damaged_flatbuffer_is_an_error_of_its_reading_and_nothing_else(data: st.DataObject) -> None:
    buffer = FlatBuffer()
    inner = buffer.table([(0, "i", 1), (1, OFFSET, buffer.string("name"))])
    root = buffer.table([(0, OFFSET, buffer.references([inner, inner])), (1, OFFSET, buffer.vector(np.arange(5)))])
    content = bytearray(buffer.finished(root, IDENTIFIER))
    place = data.draw(st.integers(0, len(content) - 4))
    content[place : place + 4] = data.draw(st.binary(min_size=4, max_size=4))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        read = ReadTable(cut)
        for one in read.tables(0):
            assert isinstance(one.text(1), bytes)
            assert isinstance(one.number(0, "i"), int)
        assert read.vector(1, np.dtype("<i8")).nbytes <= len(content)
    except (struct.error, ValueError):
        pass


def test_a_description_before_the_beginning_is_refused() -> None:
    content = struct.pack("<I4si", 8, IDENTIFIER, 100)
    with pytest.raises(ValueError, match="before the file's beginning"):
        ReadTable(content)


def at(table: Any, slot: int) -> int:
    return int(table.Offset(4 + 2 * slot))


def test_equal_parts_are_stored_once_and_bytes_are_aligned() -> None:
    buffer = FlatBuffer()
    content = np.arange(100, dtype=np.uint8)
    places = [*(buffer.vector(content.copy()) for _ in range(2)), buffer.octets(bytes(content))]
    assert places[0] == places[1] == places[2] != buffer.vector(content[::-1].astype(np.int8))
    assert buffer.string("one") == buffer.string("one") != buffer.string("other")
    written = buffer.finished(buffer.table([(0, OFFSET, places[0])]), IDENTIFIER)
    assert written.index(bytes(content)) % BYTES_ALIGNMENT == 0


def test_a_number_beyond_its_type_is_an_error_and_no_other_number() -> None:
    with pytest.raises(Exception, match="format"):
        FlatBuffer().table([(0, "b", 1000)])
