"""No class folder is left out without a word."""

import pytest

from converters.calibration.class_folders import class_folder_note
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import Manifest


def classes(*labels, task="classification"):
    return Manifest.model_construct(task=task, labels=labels)


def test_folders_called_as_the_classes_need_no_note():
    assert class_folder_note(classes("bad", "good"), ["good", "bad", "good"]) == ""
    assert class_folder_note(classes("bad", "good"), ["", "", ""]) == ""


@pytest.mark.parametrize(
    ("folders", "sentence"),
    [
        (["Good", "bad"], r"found Good beside them; rename Good to good"),
        (["Good", "Bad"], r"rename Bad to bad, Good to good"),
        (["good", "scratched"], r"wanted folders called as the classes \(bad, good\), found scratched"),
    ],
)
def test_a_folder_that_would_be_left_out_is_refused(folders, sentence):
    with pytest.raises(BadInputError, match=sentence):
        class_folder_note(classes("bad", "good"), folders)


def test_a_folder_that_is_called_as_two_classes_are_is_refused():
    labels = classes("crane", "owl", "crane")
    assert class_folder_note(labels, ["owl"]) == ""
    with pytest.raises(BadInputError, match="found crane more than once"):
        class_folder_note(labels, ["crane", "owl"])


def test_folders_that_name_no_class_at_all_are_told():
    assert "none of the folders NG, OK is called as a class (bad, good)" in class_folder_note(
        classes("bad", "good"), ["OK", "NG"]
    )
    assert class_folder_note(classes("0", "1"), ["OK", "NG"]).endswith("names with --labels")


def test_a_detector_wants_one_folder_of_good_parts():
    detector = classes(task="anomaly")
    assert class_folder_note(detector, ["Good", "dent"]) == class_folder_note(detector, []) == ""
    assert class_folder_note(detector, ["OK", "NG"]).startswith("no AUROC: none of the folders NG, OK")
