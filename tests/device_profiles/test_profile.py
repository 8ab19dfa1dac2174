"""A file of one's own: what is accepted, and what is said when it is not."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from device_profiles import load_profile
from edge_contracts.errors import BadInputError, LeptonError

if TYPE_CHECKING:
    from pathlib import Path

RPI_4B = files("device_profiles").joinpath("boards", "rpi-4b.toml").read_text("utf-8")
CLOCK = re.compile(r"^clock = .*$", re.MULTILINE)


def own(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(BadInputError) as caught:
        load_profile(own(folder, text))
    return str(caught.value)


def test_a_file_of_ones_own_is_a_profile(tmp_path: Path) -> None:
    path = own(tmp_path, RPI_4B.replace('name = "rpi-4b"', 'name = "line-3"'))
    assert load_profile(path).name == "line-3"
    assert load_profile(str(path)) == load_profile(path)


def test_an_unknown_board_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInputError, match=r"wanted one of .*rpi-4b.*, found 'rpi-4', did you mean 'rpi-4b'\?"):
        load_profile("rpi-4")


def test_a_name_like_no_board_gets_the_list_and_no_guess() -> None:
    with pytest.raises(BadInputError, match="found 'toaster'; see") as caught:
        load_profile("toaster")
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize("name", ["", ".", "..", "../boards/rpi-4b", "RPI-4B"])
def test_a_name_is_no_way_into_the_file_system(name: str) -> None:
    with pytest.raises(BadInputError):
        load_profile(name)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="found: No such file or directory; 'lepton profile list'"):
        load_profile(tmp_path / "absent.toml")


def test_a_folder_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="Is a directory"):
        load_profile(tmp_path)


def test_a_binary_file_is_no_profile(tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    path.write_bytes(b"\x1c\x00\x00\x00TFL3\xff\xfe")
    with pytest.raises(BadInputError, match="not UTF-8 text"):
        load_profile(path)


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    assert "line 1" in refusal(tmp_path, "name = = 1\n")


def test_a_bare_figure_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, CLOCK.sub("clock = 1800", RPI_4B))
    assert "cpu.clock: " in said
    assert "every figure names its source; found 1800" in said


def test_a_figure_without_a_source_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, CLOCK.sub('clock = { value = 1800, unit = "MHz" }', RPI_4B))
    assert "cpu.clock.source: missing" in said


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, CLOCK.sub('clock = { value = 1800, unit = "MHz", source = "hearsay" }', RPI_4B))
    assert "cpu.clock.source: wanted a key of [sources]" in said
    assert "found 'hearsay'" in said


def test_a_latency_series_needs_its_source_too(tmp_path: Path) -> None:
    said = refusal(tmp_path, RPI_4B.replace('source = "xnnpack"', 'source = "xnpack"'))
    assert re.search(r"latency\.\d\.source: wanted a key", said)


def test_a_wrong_unit_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, CLOCK.sub('clock = { value = 1.8, unit = "GHz", source = "pi-clocks" }', RPI_4B))
    assert "wanted the unit MHz, found GHz" in said


@pytest.mark.parametrize("value", ["-1", "nan", "inf", '"fast"'])
def test_a_figure_is_a_finite_number_that_is_not_negative(tmp_path: Path, value: str) -> None:
    said = refusal(tmp_path, CLOCK.sub(f'clock = {{ value = {value}, unit = "MHz", source = "pi-clocks" }}', RPI_4B))
    assert "cpu.clock.value" in said


def test_an_unknown_key_is_an_error_with_the_nearest(tmp_path: Path) -> None:
    said = refusal(tmp_path, RPI_4B.replace("max_auroc_loss", "max_auroc_los"))
    assert "limits.max_auroc_los: unknown key; did you mean 'max_auroc_loss'?" in said


def test_all_errors_come_at_once(tmp_path: Path) -> None:
    text = CLOCK.sub('clock = { value = 1800, unit = "MHz", source = "hearsay" }', RPI_4B)
    text = text.replace("max_accuracy_loss", "max_accuracy_lost").replace('weights = "per_channel"', 'weights = "x"')
    said = refusal(tmp_path, text)
    for piece in ("hearsay", "max_accuracy_lost", "limits.max_accuracy_loss: missing", "quantisation.weights"):
        assert piece in said


def test_an_old_python_without_a_note_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, RPI_4B.replace('python = "3.13"', 'python = "3.9"'))
    assert "wanted python_note" in said
    assert "has Python 3.9" in said


def test_a_runtime_twice_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, RPI_4B.replace('name = "tflite"', 'name = "litert"'))
    assert "wanted each runtime once, found litert, litert, onnx" in said


def test_sources_that_are_no_table_are_refused_without_a_crash(tmp_path: Path) -> None:
    head = RPI_4B[: RPI_4B.index("[cpu]")]
    assert "sources" in refusal(tmp_path, f"sources = 3\n{head}")


def test_a_profile_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_profile("rpi-4b").name = "other"  # type: ignore[misc]


def test_a_refusal_is_the_projects_and_pythons_kind() -> None:
    assert issubclass(BadInputError, LeptonError)
    assert issubclass(BadInputError, ValueError)
