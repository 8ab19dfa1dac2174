"""The same inputs have the same fingerprint, and nothing that differs hides."""

from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from converters.cache.key import file_fingerprint, fingerprint, program_fingerprint
from edge_contracts.manifest import TensorInput


@dataclass(frozen=True)
class Settings:
    rule: str = "mse"
    most: float = 0.1


DISTINCT = [
    None,
    False,
    0,
    0.0,
    "0",
    b"0",
    "",
    b"",
    [],
    {},
    [1, 2],
    [[1], 2],
    [1, [2]],
    ["ab", "c"],
    ["a", "bc"],
    {"a": 1},
    {"a": 2},
    Path("a"),
    Path("b"),
    np.zeros(2, np.float32),
    np.zeros(2, np.int32),
    np.zeros((2, 1), np.float32),
    np.zeros(8, np.uint8),
    Settings(),
    Settings(most=0.2),
    TensorInput(tensor="x", shape=(1, 2), dtype="float32"),
    TensorInput(tensor="x", shape=(2, 1), dtype="float32"),
]


def test_values_that_differ_have_fingerprints_that_differ():
    found = [fingerprint(value) for value in DISTINCT]
    assert [(a, b) for (a, x), (b, y) in combinations(zip(DISTINCT, found, strict=True), 2) if x == y] == []


def test_equal_values_have_one_fingerprint():
    assert fingerprint({"a": 1, "b": [2.5]}) == fingerprint({"b": [2.5], "a": 1})
    assert fingerprint(Settings()) == fingerprint(replace(Settings()))
    assert fingerprint(np.arange(6).reshape(2, 3)) == fingerprint(np.asfortranarray(np.arange(6).reshape(2, 3)))


def test_a_value_whose_content_is_unknown_is_no_key():
    with pytest.raises(TypeError, match="object has no fingerprint"):
        fingerprint(object())


def test_a_file_is_its_content_wherever_it_lies(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}.onnx").write_bytes(b"model")
    assert file_fingerprint(tmp_path / "a/a.onnx") == file_fingerprint(tmp_path / "b/b.onnx")


@pytest.mark.parametrize("change", ["content", "name", "another"])
def test_a_folder_is_its_files(tmp_path, change):
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables/0").write_bytes(b"weights")
    before = file_fingerprint(tmp_path)
    assert file_fingerprint(tmp_path) == before
    if change == "content":
        (tmp_path / "variables/0").write_bytes(b"Weights")
    elif change == "name":
        (tmp_path / "variables/0").rename(tmp_path / "variables/1")
    else:
        (tmp_path / "assets").write_bytes(b"")
    assert file_fingerprint(tmp_path) != before


@pytest.mark.parametrize("place", ["device_profiles/delegates/some.toml", "converters/some.py"])
def test_another_rule_of_an_accelerator_is_another_program(monkeypatch, tmp_path, place):
    monkeypatch.setattr("converters.cache.key.__file__", str(tmp_path / "converters/cache/key.py"))
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text("release = 1")
    before = program_fingerprint()
    path.write_text("release = 2")
    assert program_fingerprint() != before


def test_another_version_of_a_tool_is_another_program(monkeypatch):
    before = program_fingerprint()
    assert program_fingerprint() == before
    monkeypatch.setattr("converters.cache.key.version", lambda _name: "0.0.1")
    assert program_fingerprint() != before
