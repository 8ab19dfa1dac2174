"""A validation error becomes a sentence that a person can act on."""

import pytest
from pydantic import ValidationError

from edge_contracts.explain import explain
from edge_contracts.station import Source, StationConfig

STATION = {"org": "acme", "site": "berlin", "device": "line-3"}

KINDS = " or ".join(repr(kind.model_fields["kind"].annotation.__args__[0]) for kind in Source.__args__[0].__args__)


def problems(source, **point):
    document = {"station": STATION, "points": [{"name": "gate", "bundle": "b", "source": source} | point]}
    with pytest.raises(ValidationError) as caught:
        StationConfig.model_validate(document)
    return explain(caught.value, StationConfig)


def test_an_unknown_kind_names_the_kinds_that_there_are():
    assert problems({"kind": "camera"}) == [f"points.0.source.kind: wanted {KINDS}, found 'camera'"]


def test_the_kinds_begin_with_the_simplest():
    assert KINDS.startswith("'folder' or 'video' or 'rtsp'")


def test_a_missing_kind_names_them_too():
    assert problems({"path": "parts"}) == [f"points.0.source.kind: wanted {KINDS}, found none"]


def test_a_misspelt_key_inside_a_kind_is_met_with_the_right_one():
    assert "did you mean 'path'?" in " ".join(problems({"kind": "folder", "pahth": "parts"}))


def test_every_error_is_told_at_once():
    said = problems({"kind": "folder", "path": ""}, deadline_ms=-1, treads=2)
    assert len(said) == 3
    assert "points.0.treads: unknown key; did you mean 'threads'?" in said
