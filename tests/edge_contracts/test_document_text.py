"""What commands print for programs is JSON to every reader."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.document_text import document_text

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
INNER = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3), max_leaves=8)
DOCUMENTS = st.dictionaries(st.text(max_size=3), INNER, max_size=4)


def refuse(word):
    raise AssertionError(f"{word} is no JSON")


@given(DOCUMENTS)
def test_every_reader_takes_it_and_finds_what_was_written(document):
    told = json.loads(document_text(document), parse_constant=refuse)
    assert told == json.loads(json.dumps(document), parse_constant=lambda _: None)


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_none_is_null_wherever_it_stands(figure):
    told = json.loads(document_text({"score": figure, "scores": [1.5, (figure,)]}))
    assert told == {"score": None, "scores": [1.5, [None]]}


def test_what_is_no_document_is_refused():
    with pytest.raises(TypeError):
        document_text({"score": object()})
