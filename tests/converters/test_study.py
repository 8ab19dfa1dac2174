"""Where trials are kept, and that only what can be compared is kept together."""

import errno
import os
import resource
import sqlite3
import sys
from contextlib import closing

import pytest
from optuna.trial import create_trial

from converters.study import find_study, open_study, shown
from edge_contracts.errors import BadInputError, MissingExtraError, OutageError

ABOUT = {"data": "one", "options": "two"}


def opened(where, name="parts", about=ABOUT):
    with open_study(str(where), name, about) as study:
        return study.user_attrs


def found(where, name="parts"):
    with find_study(str(where), name) as study:
        return study.study_name


def test_a_study_is_made_and_found_again(tmp_path):
    opened(tmp_path / "s?")
    assert opened(tmp_path / "s?") == {"about": ABOUT}
    assert found(tmp_path / "s?") == "parts"


def test_a_study_of_other_data_is_refused_and_says_what_differs(tmp_path):
    opened(tmp_path / "s")
    with pytest.raises(BadInputError, match=r"differ in data; .* give another --name or another --study"):
        opened(tmp_path / "s", about={**ABOUT, "data": "other"})
    opened(tmp_path / "s", "other parts", {**ABOUT, "data": "other"})


def test_what_is_no_study_is_refused_in_words(tmp_path):
    (tmp_path / "text").write_text("no database, but long enough to be looked at\n" * 100)
    with pytest.raises(BadInputError, match="cannot be used: file is not a database"):
        opened(tmp_path / "text")
    with pytest.raises(BadInputError, match="give a file whose folder exists"):
        opened(tmp_path / "none" / "s")
    with pytest.raises(BadInputError, match="found no such file"):
        found(tmp_path / "none")
    with pytest.raises(BadInputError, match="cannot be used"):
        opened("nonsense://somewhere")
    opened(tmp_path / "s")
    with pytest.raises(BadInputError, match="found parts; name one with --name"):
        found(tmp_path / "s", "search")


def test_a_full_disk_leaves_no_study_that_is_none(tmp_path):
    """A file may not grow beyond a part of its tables, as on a disk that fills up meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(BadInputError, match="cannot be used: "):
            opened(tmp_path / "s")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())
    assert opened(tmp_path / "s") == {"about": ABOUT}
    assert [one.name for one in tmp_path.iterdir()] == ["s"]


def test_where_files_cannot_be_linked_a_study_is_made_all_the_same(tmp_path, monkeypatch):
    def no_links(_file, _path):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert opened(tmp_path / "s") == {"about": ABOUT}


def test_of_two_that_begin_together_the_first_file_stands(tmp_path, monkeypatch):
    linked = os.link

    def be_late(file, path):
        monkeypatch.setattr(os, "link", linked)
        opened(tmp_path / "s", "the other's")
        linked(file, path)

    monkeypatch.setattr(os, "link", be_late)
    opened(tmp_path / "s")
    assert found(tmp_path / "s", "the other's") == "the other's"
    assert found(tmp_path / "s") == "parts"


def test_a_place_that_stops_answering_is_an_outage(tmp_path):
    def lose_it():
        with open_study(str(tmp_path / "s"), "parts", ABOUT) as study:
            with closing(sqlite3.connect(tmp_path / "s", isolation_level=None)) as database:
                database.execute("DROP TABLE trials")
            study.add_trial(create_trial(value=1.0))

    with pytest.raises(OutageError, match=r"no such table.*; the same command goes on once it does"):
        lose_it()


def test_a_password_is_not_printed():
    assert shown("postgresql://me:secret@host/lepton") == "postgresql://me:***@host/lepton"


def test_without_optuna_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"install lepton-edge\[search\]"):
        opened(tmp_path / "s")
