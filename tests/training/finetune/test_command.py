import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lepton.cli import main


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
