"""`lepton bundle inspect` tells what a bundle needs and what was found when it was made."""

import json
from datetime import datetime, timezone

import pytest
from click.testing import CliRunner

from edge_contracts.bundle import CARD, read_bundle, write_bundle
from edge_contracts.card import Card, GateResult
from lepton.cli import main
from tests.converters.report.findings import details
from tests.fakes.models import BundleRecipe, write_brightness_bundle


@pytest.fixture
def inspected(tmp_path):
    """Writes a bundle whose card has these details, and gives what `inspect` prints of it."""

    def inspect(found, *options):
        path = tmp_path / "part.bundle"
        write_brightness_bundle(path, BundleRecipe(changes={"arena_bytes": 12_345}))
        bundle = read_bundle(path)
        card = Card(
            created=datetime(2025, 3, 1, tzinfo=timezone.utc),
            tool="t",
            profile="rpi-4b",
            calibration="8 pictures",
            gate=GateResult(verdict="forced", samples=8, reasons=("wanted at most 1 point, found 7",)),
            notes=("the float model itself calls every input 'bad'",),
            details=found,
        )
        content = {name: data for name, data in bundle.members.items() if name != "manifest.json"}
        write_bundle(path, bundle.manifest, {**content, CARD: card.model_dump_json().encode()})
        done = CliRunner().invoke(main, ["bundle", "inspect", str(path), *options])
        assert done.exit_code == 0, done.output
        return done.stdout

    return inspect


def test_arena_gate_weights_layers_and_accelerators_are_told(inspected):
    text = inspected(details())
    assert "arena  12,345 bytes of activations" in text
    assert "gate   forced on 8 pictures" in text
    assert "wanted at most 1 point, found 7" in text
    assert "notes\n  the float model itself calls every input 'bad'" in text
    assert "rounding\n  " in text
    assert "12.0 % in zero filters, 7.0 % zero among others; 31 dead channels taken out" in text
    assert "24.0 dB   62 % by weights  CONV_2D  block_0/conv" in text
    assert "Hailo-8: its compiler refuses this network" in text
    assert "TensorFlow Lite Micro: all operators run on it" in text


def test_a_card_without_details_has_none_of_it(inspected):
    text = inspected({})
    assert "accelerators" not in text
    assert "weights" not in text


def test_details_in_a_form_that_is_not_known_are_no_failure(inspected):
    foreign = {"doctor": [1, 2], "sparsity": "none"}
    assert "not known here" in inspected(foreign)
    assert json.loads(inspected(foreign, "--json"))["card"]["details"] == foreign


def test_what_was_packed_by_force_says_so_wherever_it_is_checked(inspected, tmp_path):
    inspected({})
    checked = CliRunner().invoke(main, ["bundle", "verify", str(tmp_path / "part.bundle")])
    document = json.loads(
        CliRunner().invoke(main, ["bundle", "verify", str(tmp_path / "part.bundle"), "--json"]).stdout
    )
    assert checked.exit_code == 0
    assert (
        "by its card: packed by force, the gate refused it on 8 pictures: wanted at most 1 point, fou" in checked.stdout
    )
    assert document["gate"]["verdict"] == "forced"


def test_a_bundle_without_a_card_is_said_to_have_none(tmp_path):
    write_brightness_bundle(tmp_path / "bare.bundle")
    checked = CliRunner().invoke(main, ["bundle", "verify", str(tmp_path / "bare.bundle")])
    assert "by its card: there is none, and nothing else says what a gate found" in checked.stdout


@pytest.mark.parametrize("command", ["inspect", "verify"])
def test_a_card_that_is_none_is_refused_in_words(tmp_path, command):
    write_brightness_bundle(tmp_path / "part.bundle")
    bundle = read_bundle(tmp_path / "part.bundle")
    content = {name: data for name, data in bundle.members.items() if name != "manifest.json"}
    write_bundle(tmp_path / "part.bundle", bundle.manifest, {**content, CARD: b'{"tool": 3}'})
    done = CliRunner().invoke(main, ["bundle", command, str(tmp_path / "part.bundle")])
    assert done.exit_code in {1, 2}
    assert "wanted a model card in card.json, found: created: missing" in done.output
