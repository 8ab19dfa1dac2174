"""The shelf keeps only what detectors can see with, and only as it was put there."""

from importlib.resources import files

import pytest

from edge_contracts.errors import BadInputError
from training.backbone.choice import chosen_backbone
from training.backbone.own import own_backbone
from training.backbone.shelf import Shelf, users_shelf


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "shelf")


def test_what_was_put_there_is_found_again_with_its_hash_and_origin(shelf):
    kept = shelf.put("mine", own_backbone(), "own.tflite", "MIT")
    assert shelf.entries() == (kept,)
    assert shelf.read("mine") == own_backbone()
    assert (kept.channels, kept.licence, kept.bytes) == (96, "MIT", len(own_backbone()))


def test_a_file_that_is_no_classifier_leaves_nothing_behind(shelf, tmp_path):
    with pytest.raises(BadInputError, match="wanted a quantised image classifier"):
        shelf.put("mine", b"no network", "notes.txt")
    assert not (tmp_path / "shelf").exists()


@pytest.mark.parametrize("name", ["own", "none", "../out", "Mine", "", "a" * 41])
def test_a_name_that_means_something_else_or_is_no_file_name_is_refused(shelf, name):
    with pytest.raises(BadInputError, match="give one with --name"):
        shelf.put(name, own_backbone(), "own.tflite")


def test_a_file_that_was_changed_on_the_shelf_is_not_used(shelf, tmp_path):
    shelf.put("mine", own_backbone(), "own.tflite")
    (tmp_path / "shelf" / "mine.tflite").write_bytes(b"other")
    with pytest.raises(BadInputError, match="as it was put on the shelf"):
        shelf.read("mine")


def test_an_entry_that_cannot_be_read_is_named(shelf, tmp_path):
    shelf.put("mine", own_backbone(), "own.tflite")
    (tmp_path / "shelf" / "mine.json").write_text("[1, 2")
    with pytest.raises(BadInputError, match=r"mine\.json.*remove the file"):
        shelf.entries()


def test_a_backbone_is_our_own_none_a_file_or_one_of_the_shelf(shelf, tmp_path):
    shelf.put("mine", own_backbone(), "own.tflite")
    file = tmp_path / "lent.tflite"
    file.write_bytes(own_backbone())
    assert chosen_backbone("none", shelf) is None
    chosen = [chosen_backbone(wanted, shelf) for wanted in ("own", "mine", str(file))]
    assert [one.model for one in chosen] == [own_backbone()] * 3
    with pytest.raises(BadInputError, match=r"\(mine\), found 'other'; lepton backbone list"):
        chosen_backbone("other", shelf)


def test_the_shelf_is_where_the_user_says(tmp_path):
    users_shelf({"LEPTON_BACKBONES": str(tmp_path / "named")}).put("mine", own_backbone(), "own.tflite")
    assert (tmp_path / "named" / "mine.tflite").is_file()
    users_shelf({"XDG_DATA_HOME": str(tmp_path)}).put("mine", own_backbone(), "own.tflite")
    assert (tmp_path / "lepton-edge" / "backbones" / "mine.tflite").is_file()


def test_the_backbone_that_ships_says_where_it_comes_from():
    import hashlib  # noqa: PLC0415

    notice = files("training.backbone").joinpath("lepton-backbone.NOTICE").read_text("utf-8")
    assert hashlib.sha256(own_backbone()).hexdigest() in notice
    assert "drawn pictures" in notice
    assert len(own_backbone()) <= 350_000
