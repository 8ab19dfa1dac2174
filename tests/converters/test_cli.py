"""What is wrong in the words of a command is said with the option's own name, and leaves with code 2."""

import codecs

import pytest
from click.testing import CliRunner

from converters.tflite import write_tflite
from edge_contracts.bundle import read_bundle
from lepton.cli import main
from tests.fakes.models import undecided_graph


def convert(*words, model="net.onnx"):
    command = ["convert", model, "--profile", "rpi-4b", "--calibration", "random", *words, "-o", "x.bundle"]
    return CliRunner().invoke(main, [str(word) for word in command])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--pixel-range", "255"],
            "wanted numbers as in --pixel-range LOW HIGH, found '255 -o' after --pixel-range; give each",
        ),
        (["--mean", "0.5", "--std", "0.5"], "wanted numbers as in --mean C1 C2 C3, found '0.5 --std 0.5' after"),
        (["--std", "1", "1", "nan"], "wanted numbers as in --std C1 C2 C3, found '1 1 nan'"),
        (["--input-size", "0", "96"], "wanted whole numbers from 1 on as in --input-size HEIGHT WIDTH, found '0 96'"),
        (["--input-size", "9.5", "96"], "as in --input-size HEIGHT WIDTH, found '9.5 96'"),
        (["--labels", "none.txt"], "found that none.txt cannot be read (No such file or directory); check --labels"),
        (["--name", "Teil ä/ö 1"], "found 'Teil ä/ö 1'; call it teil-1"),
    ],
)
def test_a_wrong_option_is_named_with_what_it_wants(tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    said = convert(*words)
    assert said.exit_code == 2, said.output
    assert sentence in said.output
    assert said.output.startswith("lepton: wanted ")


def test_labels_that_are_not_utf_8_are_said_to_be_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels.txt").write_bytes("schön\n".encode("latin-1"))
    said = convert("--labels", "labels.txt")
    assert said.exit_code == 2
    assert "found labels.txt not to be in UTF-8" in said.output


def test_a_byte_order_mark_is_no_part_of_the_first_label(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.tflite").write_bytes(write_tflite(undecided_graph()))
    names = [f"class {index}" for index in range(read_width())]
    (tmp_path / "labels.txt").write_bytes(codecs.BOM_UTF8 + "\r\n".join(names).encode())
    said = convert("--labels", "labels.txt", "--good", names[0], "--mean", "0", "0", "0", model="net.tflite")
    assert said.exit_code == 0, said.output
    manifest = read_bundle(tmp_path / "x.bundle").manifest
    assert manifest.labels == tuple(names)
    assert manifest.rule.good == (names[0],)


def read_width():
    graph = undecided_graph()
    return graph.tensors[graph.outputs[0]].shape[-1]
