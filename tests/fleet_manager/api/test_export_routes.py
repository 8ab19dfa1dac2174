"""Exports: every alert once, harmless to spreadsheets, sent as it is made, written down."""

import builtins
import csv
import hashlib
import io
import zipfile
from collections import deque

import pytest

from fleet_manager.api.alert_columns import COLUMNS, alert_pages
from fleet_manager.api.training_archive import training_archive
from fleet_manager.desk.inbox import MOST_ON_A_PAGE, Filter
from fleet_manager.desk.teaching import lessons
from fleet_manager.desk.true_labels import true_labels
from fleet_manager.evidence.evidence_store import EvidenceAway
from tests.fakes.leaving_shelf import LeavingShelf
from tests.fakes.pictures import picture, write_picture
from tests.fleet_manager.api.conftest import HALL, YARD, made
from tests.fleet_manager.api.test_problem_answers import assert_problem
from training.dataset import dataset_version, read_dataset


def rows(answer):
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_csv_has_every_alert_once_newest_first(manager):
    ids = [manager.desk.store(part=f"p-{number}", label="scratch") for number in range(3)]
    answer = manager.ask("GET", "/v1/exports/alerts.csv", "operator")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    found = rows(answer)
    assert list(found[0]) == list(COLUMNS)
    assert [int(one["id"]) for one in found] == ids[::-1]
    assert found[0]["state"] == "new"
    assert found[0]["stored"] == "2023-11-14T22:13:20+00:00"


def test_an_export_follows_its_filter_and_the_sites_of_the_caller(manager):
    here = manager.desk.store()
    there = manager.desk.store("plant/yard/station-2")
    dark = manager.desk.store(outcome="unknown")

    def found(query="", site="*"):
        return [int(one["id"]) for one in rows(manager.ask("GET", f"/v1/exports/alerts.csv?{query}", "operator", site))]

    assert found() == [dark, there, here]
    assert found(site=YARD) == [there]
    assert found(f"site={HALL}&outcome=defect") == [here]
    assert found("until=2000-01-01T00:00:00Z") == []


@pytest.mark.parametrize("part", ["=cmd|' /C calc'!A0", "+1", "-1", "@sum", "\tx"])
def test_a_text_that_is_a_formula_is_harmless_to_a_spreadsheet(manager, part):
    manager.desk.store(part=part)
    (found,) = rows(manager.ask("GET", "/v1/exports/alerts.csv", "operator"))
    assert found["part"] == "'" + part


def test_an_export_longer_than_a_page_is_read_page_by_page(manager, monkeypatch):
    monkeypatch.setattr("fleet_manager.api.alert_columns.MOST_ON_A_PAGE", 2)
    ids = [manager.desk.store() for _ in range(5)]
    pages = list(alert_pages(manager.services.engine, Filter()))
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row[0] for page in pages for row in page] == ids[::-1]
    assert MOST_ON_A_PAGE > 2


def test_parquet_holds_the_same_rows(manager):
    parquet = pytest.importorskip("pyarrow.parquet")
    ids = [manager.desk.store(score=0.5), manager.desk.store(outcome="unknown")]
    answer = manager.ask("GET", "/v1/exports/alerts.parquet", "operator")
    assert answer.headers["Content-Type"] == "application/vnd.apache.parquet"
    table = parquet.read_table(io.BytesIO(answer.content))
    assert table.column_names == list(COLUMNS)
    assert table["id"].to_pylist() == ids[::-1]
    assert table["score"].to_pylist() == [None, 0.5]


def test_parquet_of_nothing_is_a_file_without_rows(manager):
    parquet = pytest.importorskip("pyarrow.parquet")
    answer = manager.ask("GET", "/v1/exports/alerts.parquet", "operator")
    assert parquet.read_table(io.BytesIO(answer.content)).num_rows == 0


def test_without_pyarrow_the_extra_is_named(manager, monkeypatch):
    imported = builtins.__import__

    def missing(name, *more, **named):
        if name.startswith("pyarrow"):
            raise ModuleNotFoundError(name)
        return imported(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    problem = assert_problem(manager.ask("GET", "/v1/exports/alerts.parquet", "operator"), 501, "missing-extra")
    assert problem["extra"] == "parquet"
    assert "pip install 'lepton-edge[parquet]'" in problem["detail"]


def test_labels_are_what_people_said(manager):
    alert = manager.desk.store(label="scratch")
    path = f"/v1/alerts/{alert}/confirm"
    assert manager.ask("POST", path, "operator", json={"expected": "new", "label": "dent"}).status_code == 200
    wish = {"device": "plant/hall/station-1", "point": "line-1", "part": "p-9", "label": "crack", "sha256": "0" * 64}
    assert manager.ask("POST", "/v1/missed-defects", "operator", json=wish).status_code == 201
    lines = manager.ask("GET", "/v1/exports/labels.jsonl", "operator").text.splitlines()
    assert ['"label": "dent"' in lines[0], '"label": "crack"' in lines[1]] == [True, True]
    (row,) = rows(manager.ask("GET", "/v1/exports/labels.csv", "operator"))
    assert (row["label"], row["path"]) == ("crack", f"evidence/{'0' * 64}.bin")
    assert manager.ask("GET", "/v1/exports/labels.jsonl", "operator", YARD).text == ""


def test_a_missed_defect_of_another_site_is_not_taken(manager):
    wish = {"device": "plant/hall/station-1", "point": "line-1", "part": "p-9"}
    assert_problem(manager.ask("POST", "/v1/missed-defects", "operator", YARD, json=wish), 404, "not-found")


def test_an_export_is_written_down(manager):
    manager.ask("GET", f"/v1/exports/alerts.csv?site={HALL}", "operator")
    entries = manager.ask("GET", "/v1/audit").json()["items"]
    (entry,) = [one for one in entries if one["action"] == "export"]
    assert (entry["object"], entry["site"]) == ("alerts.csv", HALL)


def missed(manager, sha256, label="crack", part="p-9"):
    wish = {"device": "plant/hall/station-1", "point": "line-1", "part": part, "label": label, "sha256": sha256}
    assert manager.ask("POST", "/v1/missed-defects", "operator", json=wish).status_code == 201


def keep_picture(manager, path, seed):
    """Store a picture as evidence of the hall; gives its digest."""
    write_picture(path, picture(90, seed=seed))
    body = path.read_bytes()
    sha256 = hashlib.sha256(body).hexdigest()
    receipt = manager.services.evidence.receive(HALL, sha256, 0, len(body))
    receipt.write(body)
    assert receipt.close().is_whole
    return sha256


def test_the_archive_of_labels_is_trained_on_as_it_comes(manager, tmp_path):
    one, other, torn = (keep_picture(manager, tmp_path / f"{seed}.png", seed) for seed in (1, 2, 3))
    missed(manager, one, "crack")
    missed(manager, other, "dent")
    missed(manager, torn, "dent")
    missed(manager, torn, "crack", "p-8")
    missed(manager, "0" * 64)
    answer = manager.ask("GET", "/v1/exports/labels.zip", "operator")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"evidence/{one}.png", f"evidence/{other}.png", "labels.csv", "left-out.csv"]
        archive.extractall(tmp_path / "labels")
    (tmp_path / "labels.zip").write_bytes(answer.content)
    samples = read_dataset(tmp_path / "labels.zip")
    assert dataset_version(read_dataset(tmp_path / "labels")) == dataset_version(samples)
    assert [(sample.path.name, sample.label) for sample in samples] == [
        (f"{one}.png", "crack"),
        (f"{other}.png", "dent"),
    ]
    left_out = list(csv.DictReader((tmp_path / "labels/left-out.csv").read_text("utf-8").splitlines()))
    assert [(row["sha256"], row["label"], row["why"]) for row in left_out] == [
        (torn, "dent", "its picture has two labels that differ"),
        (torn, "crack", "its picture has two labels that differ"),
        ("0" * 64, "crack", "its picture has not come, or was swept away"),
    ]


def test_the_archive_holds_no_picture_of_another_site(manager, tmp_path):
    missed(manager, keep_picture(manager, tmp_path / "1.png", 1))
    answer = manager.ask("GET", "/v1/exports/labels.zip", "operator", YARD)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["labels.csv", "left-out.csv"]
        assert archive.read("left-out.csv").count(b"\n") == 1


@pytest.mark.parametrize("name", ["alerts.csv", "labels.csv", "labels.jsonl", "labels.zip"])
def test_every_export_is_written_down(manager, name):
    assert manager.ask("GET", f"/v1/exports/{name}", "operator", HALL).status_code == 200
    entries = [one for one in manager.office.people.audit.page(["*"]) if one.action == "export"]
    assert [name in f"{one.object} {one.detail}" for one in entries] == [True]


@pytest.fixture
def leaving(tmp_path):
    shelf = LeavingShelf(tmp_path / "evidence")
    for manager in made(tmp_path, shelf=shelf):
        yield manager, shelf


def test_while_the_pictures_are_away_the_archive_is_asked_for_later(leaving, tmp_path):
    manager, shelf = leaving
    missed(manager, keep_picture(manager, tmp_path / "1.png", 1))
    shelf.is_away = True
    assert_problem(manager.ask("GET", "/v1/exports/labels.zip", "operator"), 503, "unavailable")


def test_an_archive_that_breaks_off_does_not_open(leaving, tmp_path):
    manager, shelf = leaving
    for seed in (1, 2):
        missed(manager, keep_picture(manager, tmp_path / f"{seed}.png", seed))
    with manager.services.engine.connect() as con:
        archive = training_archive(lessons(true_labels(con), ()), manager.services.evidence)
        came = bytearray(next(archive))
        shelf.is_away = True
        with pytest.raises(EvidenceAway):
            deque(map(came.extend, archive))
    assert not zipfile.is_zipfile(io.BytesIO(came))


def test_a_picture_of_which_a_part_has_come_is_left_out(manager):
    body = b"\xff\xd8\xff" + bytes(997)
    sha256 = hashlib.sha256(body).hexdigest()
    receipt = manager.services.evidence.receive(HALL, sha256, 0, len(body))
    receipt.write(body[:500])
    assert not receipt.close().is_whole
    missed(manager, sha256)
    with zipfile.ZipFile(io.BytesIO(manager.ask("GET", "/v1/exports/labels.zip", "operator").content)) as archive:
        assert archive.namelist() == ["labels.csv", "left-out.csv"]
        assert "has not come" in archive.read("left-out.csv").decode()
