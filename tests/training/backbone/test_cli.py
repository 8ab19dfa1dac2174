"""`lepton backbone`: list, add, fetch from a real server, and what is asked for when PyTorch is missing."""

import dataclasses
import hashlib
import http.server
import json
import sys
import threading

import pytest
from click.testing import CliRunner

from edge_contracts.errors import BadInputError, MissingExtraError, OutageError, RefusedError
from tests.fakes.patience import free_port
from training.backbone import published as table
from training.backbone.cli import backbone
from training.backbone.own import own_backbone


@pytest.fixture(autouse=True)
def shelf_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LEPTON_BACKBONES", str(tmp_path / "shelf"))
    return tmp_path / "shelf"


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    """A server that publishes our own backbone as `test-net`; its folder may be changed."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "net.tflite").write_bytes(own_backbone())

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path / "site"))

        def log_message(self, *_): ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/net.tflite"
        digest = hashlib.sha256(own_backbone()).hexdigest()
        entry = table.Published("test-net", "A net", url, len(own_backbone()), digest, "MIT", "https://licence")
        monkeypatch.setattr(table, "PUBLISHED", (entry,))
        yield tmp_path / "site" / "net.tflite"
        server.shutdown()


def run(*words, **more):
    return CliRunner().invoke(backbone, list(words), catch_exceptions=False, **more)


def test_fetching_shows_the_licence_first_and_then_trains_with_it(publisher, shelf_folder):
    told = run("fetch", "test-net", input="y\n").output
    assert told.index("licence: MIT") < told.index("fetch it under this licence?") < told.index("next: lepton train")
    assert (shelf_folder / "test-net.tflite").read_bytes() == publisher.read_bytes()
    assert "test-net: 96 channels, MIT" in run("list").output


def test_who_does_not_agree_gets_nothing(publisher, shelf_folder):
    assert publisher.exists()
    assert run("fetch", "test-net", input="n\n").exit_code == 1
    assert not shelf_folder.exists()


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"\0", lambda _: b"gone"])
def test_another_file_than_the_known_one_is_not_kept(publisher, shelf_folder, change):
    publisher.write_bytes(change(publisher.read_bytes()))
    with pytest.raises(RefusedError, match="nothing was kept"):
        run("fetch", "test-net", "--yes")
    assert not shelf_folder.exists()


def test_a_publisher_that_is_away_is_said_with_the_other_way(monkeypatch):
    lost = dataclasses.replace(table.PUBLISHED[0], url=f"http://127.0.0.1:{free_port()}/net.tflite")
    monkeypatch.setattr(table, "PUBLISHED", (lost,))
    with pytest.raises(OutageError, match="download it elsewhere and use lepton backbone add"):
        run("fetch", lost.name, "--yes")


def test_a_misspelt_name_is_answered_with_the_right_one():
    with pytest.raises(BadInputError, match=r"did you mean mobilenet-v2\?"):
        run("fetch", "mobilnet-v2", "--yes")


def test_a_users_own_classifier_gets_the_name_of_its_file(tmp_path):
    (tmp_path / "My Net_v2.tflite").write_bytes(own_backbone())
    assert run("add", str(tmp_path / "My Net_v2.tflite")).output.startswith("my-net-v2: ")
    document = json.loads(run("list", "--json").output)
    assert [one["name"] for one in document["shelf"]] == ["my-net-v2"]
    assert document["own"]["bytes"] == len(own_backbone())


def test_training_one_without_pytorch_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "training.backbone.own_backbone", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'lepton-edge\[torch\]'"):
        run("train", "-o", str(tmp_path / "a.tflite"), "--teacher", "x.tflite", "--work", str(tmp_path / "work"))
