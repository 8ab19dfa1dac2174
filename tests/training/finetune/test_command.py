import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lepton.cli import main
from training.finetune.outcome import outcome_text


def test_without_pytorch_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    told = CliRunner().invoke(
        main, ["train", str(tmp_path), "--network", "resnet-18", "-o", str(tmp_path / "n.bundle")]
    )
    assert told.exit_code == 2
    assert "install lepton-edge[torch]" in told.stderr


@pytest.mark.parametrize("option", ["--course", "--checkpoints", "--curves"])
def test_options_of_a_network_without_one_are_refused(option: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["train", str(tmp_path), option, "x", "-o", str(tmp_path / "n.bundle")])
    assert told.exit_code == 2
    assert "beside --network" in told.stderr


def test_options_for_good_parts_are_refused_beside_a_network(tmp_path: Path) -> None:
    arguments = ["--network", "resnet-18", "--good-only", "--overkill", "0.1", "-o", str(tmp_path / "n.bundle")]
    told = CliRunner().invoke(main, ["train", str(tmp_path), *arguments])
    assert told.exit_code == 2
    assert "found --good-only, --overkill; leave it out" in told.stderr


def test_which_tensors_began_afresh_is_told() -> None:
    weights = {"source": "net.pt", "sha256": "ab", "tensors": 8, "fresh": ["classify.weight", "classify.bias"]}
    told = outcome_text(document(weights))
    assert "began with 8 tensors of net.pt (SHA-256 ab); the last layer is for other classes" in told
    assert "(classify.weight, classify.bias)" in told
    assert "afresh" not in outcome_text(document(weights | {"fresh": []}))
    assert "began" not in outcome_text(document(None))


def document(weights: dict[str, object] | None) -> dict[str, Any]:
    return {
        "bundle": "n.bundle",
        "network": "ds-cnn",
        "parameters": 4,
        "input": {"height_px": 8, "width_px": 8},
        "labels": ["a", "b"],
        "medium": "pictures",
        "pictures": {"learned": 8, "held_out": 2},
        "weights": weights,
        "device": "cpu",
        "stages": [],
        "measure": "accuracy",
        "model_bytes": 1,
        "seconds": 1.0,
        "note": "",
    }
