"""`lepton bundle diff | extract`: what changed is told in every respect; unpacking is whole or nothing."""

import json
import os

import pytest
from click.testing import CliRunner

from converters.bundle.difference import difference
from converters.bundle.extract import extract
from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput
from lepton.cli import main
from tests.fakes.models import BundleRecipe, write_brightness_bundle

MIDDLE = 128 / 255
"""What the brightness model answers to its golden input."""


def lepton(*arguments):
    return CliRunner().invoke(main, ["bundle", *map(str, arguments)])


@pytest.fixture
def written(tmp_path):
    """Writes a brightness bundle by name and recipe, gives its path."""

    def write(name, **recipe):
        path = tmp_path / f"{name}.bundle"
        write_brightness_bundle(path, BundleRecipe(golden_score=recipe.pop("golden_score", 0.5), **recipe))
        return path

    return write


def test_a_bundle_does_not_differ_from_itself_and_answers_its_own_goldens(written):
    path = written("a", golden_score=MIDDLE)
    told = lepton("diff", path, path, "--json")
    found = json.loads(told.stdout)
    assert told.exit_code == 0
    assert (found["same"], found["manifest"], found["files"]) == (True, [], [])
    assert (found["replay"]["goldens"], found["replay"]["within"]) == (1, True)


def test_another_digest_is_exit_code_1_and_every_change_is_named(written):
    one, other = written("a", threshold=0.5), written("b", threshold=0.25, changes={"sequence": 2})
    told = lepton("diff", one, other, "--json")
    document = json.loads(told.stdout)
    assert told.exit_code == 1
    assert {change["field"]: (change["before"], change["after"]) for change in document["manifest"]} == {
        "rule.threshold": (0.5, 0.25),
        "sequence": (1, 2),
    }
    assert [file["path"] for file in document["files"]] == ["manifest.json"]


def test_the_text_says_what_the_document_says(written):
    text = lepton("diff", written("a", threshold=0.5), written("b", threshold=0.25)).stdout
    assert any(line.split() == ["rule.threshold", "0.5", "0.25"] for line in text.splitlines())
    assert "goldens" in text


def test_goldens_that_the_other_answers_otherwise_are_told_with_the_distance(written):
    one, other = read_bundle(written("a", golden_score=0.9)), read_bundle(written("b", golden_score=0.1))
    replay = difference(one, other).replay
    assert replay.goldens == 1
    assert not replay.is_within
    score = next(output for output in replay.outputs if output.tensor == "score")
    assert score.distance > score.tolerance


def test_an_answer_that_is_not_finite_is_no_answer_and_stays_json(written):
    found = difference(read_bundle(written("a")), read_bundle(written("b", divide_by=0.0)))
    assert not found.replay.is_within
    assert json.loads(json.dumps(found.as_document(), allow_nan=False))["replay"]["outputs"][0]["distance"] is None


def test_a_bundle_that_prepares_its_input_otherwise_is_not_asked(written):
    one = read_bundle(written("a"))
    fields = one.manifest.input.model_dump() | {"resize": "nearest"}
    other = read_bundle(written("b", changes={"input": ImageInput(**fields)}))
    assert "prepare their input differently: resize" in difference(one, other).replay.refusal


def test_the_unpacked_bundle_is_the_bundle(written, tmp_path):
    path = written("a")
    assert lepton("extract", path, "-o", tmp_path / "folder").exit_code == 0
    assert read_bundle(tmp_path / "folder").members == read_bundle(path).members
    assert lepton("diff", path, tmp_path / "folder").exit_code == 0


def test_only_the_part_that_was_asked_for_is_written(written, tmp_path):
    told = lepton("extract", written("a"), "-o", tmp_path / "m", "--only", "model", "--only", "manifest", "--json")
    assert json.loads(told.stdout)["files"] == ["manifest.json", "model.tflite"]
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["manifest.json", "model.tflite"]


def test_an_empty_folder_is_filled_and_a_full_one_is_refused_untouched(written, tmp_path):
    bundle, folder = written("a"), tmp_path / "folder"
    folder.mkdir()
    assert lepton("extract", bundle, "-o", folder).exit_code == 0
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    refused = lepton("extract", bundle, "-o", folder)
    assert refused.exit_code == 2
    assert "holds something already" in refused.output
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_file_where_the_folder_should_be_is_told_as_one(written, tmp_path):
    (tmp_path / "model.tflite").write_text("mine")
    refused = lepton("extract", written("a"), "-o", tmp_path / "model.tflite")
    assert refused.exit_code == 2
    assert "found a file at" in refused.output
    assert (tmp_path / "model.tflite").read_text() == "mine"


def test_a_part_that_the_bundle_lacks_is_refused_before_anything_is_written(written, tmp_path):
    with pytest.raises(BadInputError, match=r"wanted the report of .* without it"):
        extract(read_bundle(written("a")), tmp_path / "page", ("report",))
    assert not (tmp_path / "page").exists()


def test_a_disk_that_fails_in_the_middle_leaves_no_folder(written, tmp_path, monkeypatch):
    bundle = read_bundle(written("a"))
    calls = iter(range(100))
    synced = os.fsync

    def fails_at_the_second(descriptor):
        if next(calls) == 1:
            raise OSError(28, "No space left on device")
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", fails_at_the_second)
    with pytest.raises(OSError, match="No space left") as caught:
        extract(bundle, tmp_path / "folder")
    assert caught.value.filename == str(tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bundle"]


def test_a_damaged_bundle_is_never_unpacked(written, tmp_path):
    path = written("a")
    content = bytearray(path.read_bytes())
    content[content.index(b"TFL3") + 500] ^= 0xFF
    path.write_bytes(bytes(content))
    assert lepton("extract", path, "-o", tmp_path / "folder").exit_code == 2
    assert not (tmp_path / "folder").exists()
