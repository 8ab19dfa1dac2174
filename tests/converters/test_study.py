"""Where trials are kept, and that only what can be compared is kept together."""

import sys

import pytest

from converters.study import find_study, open_study, shown
from edge_contracts.errors import BadInputError, MissingExtraError

ABOUT = {"data": "one", "options": "two"}


def test_a_study_is_made_and_found_again(tmp_path):
    open_study(str(tmp_path / "s"), "parts", ABOUT)
    assert open_study(str(tmp_path / "s"), "parts", ABOUT).user_attrs == {"about": ABOUT}
    assert find_study(str(tmp_path / "s"), "parts").study_name == "parts"


def test_a_study_of_other_data_is_refused_and_says_what_differs(tmp_path):
    open_study(str(tmp_path / "s"), "parts", ABOUT)
    with pytest.raises(BadInputError, match=r"differ in data; .* give another --name or another --study"):
        open_study(str(tmp_path / "s"), "parts", {**ABOUT, "data": "other"})
    open_study(str(tmp_path / "s"), "other parts", {**ABOUT, "data": "other"})


def test_what_is_no_study_is_refused_in_words(tmp_path):
    (tmp_path / "text").write_text("no database, but long enough to be looked at\n" * 100)
    with pytest.raises(BadInputError, match="cannot be used"):
        open_study(str(tmp_path / "text"), "parts", ABOUT)
    with pytest.raises(BadInputError, match="give a file whose folder exists"):
        open_study(str(tmp_path / "none" / "s"), "parts", ABOUT)
    with pytest.raises(BadInputError, match="found no such file"):
        find_study(str(tmp_path / "none"), "parts")
    open_study(str(tmp_path / "s"), "parts", ABOUT)
    with pytest.raises(BadInputError, match="found parts; name one with --name"):
        find_study(str(tmp_path / "s"), "search")
    with pytest.raises(BadInputError, match="cannot be used"):
        open_study("nonsense://somewhere", "parts", ABOUT)


def test_a_password_is_not_printed():
    assert shown("postgresql://me:secret@host/lepton") == "postgresql://me:***@host/lepton"


def test_without_optuna_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"install lepton-edge\[search\]"):
        open_study(str(tmp_path / "s"), "parts", ABOUT)
