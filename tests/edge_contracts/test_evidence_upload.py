from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from edge_contracts.evidence_upload import ContentRange, parse_content_range, parse_offset
from edge_contracts.message import SEQ_MAX


@given(st.integers(0, SEQ_MAX), st.integers(0, SEQ_MAX), st.integers(0, SEQ_MAX))
def test_a_range_is_read_as_it_was_written(a: int, b: int, c: int) -> None:
    first, last, total = sorted((a, b, c))
    piece = ContentRange(first, last, total + 1)
    assert piece.length == last - first + 1
    if piece.total <= SEQ_MAX:
        assert parse_content_range(piece.header) == piece


@given(st.text(max_size=60))
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadInputError, match="Content-Range"):
        parse_content_range(text + "!")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes */10",
        "bytes 0-9/*",
        "bytes 5-4/10",
        "bytes 0-10/10",
        "bytes 0-1/2, 3-4/5",
        "bytes \u0660-\u0661/\u0662",
        "0-1/2",
    ],
)
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInputError):
        parse_content_range(text)


@given(st.text(max_size=30))
def test_an_offset_is_a_plain_number_or_none(text: str) -> None:
    found = parse_offset(text)
    assert found is None or (found >= 0 and text.isascii() and text.isdigit())


def test_offsets() -> None:
    assert [parse_offset(text) for text in ("0", "17", "-1", "1.5", "", None, "9" * 17)] == [
        0,
        17,
        None,
        None,
        None,
        None,
        None,
    ]
