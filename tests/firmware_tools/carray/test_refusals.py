"""What a microcontroller cannot run is refused in words, and nothing is written."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from converters.graph import Graph, Operator, Tensor
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from firmware_tools.carray.c_text import require_name
from firmware_tools.carray.export import files_of, plan_export, write_folder
from firmware_tools.carray.fit import UnfitForMicrocontrollers
from lepton.cli import main
from tests.fakes.micro_bundles import micro_bundle
from tests.fakes.models import brightness_graph, write_brightness_bundle

F4 = np.dtype(np.float32)


def lepton(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def one_operator(kind, shape=(1, 4), dtype=F4, constants=(), outputs=(), **options):
    names = [f"c{place}" for place in range(len(constants))]
    tensors = {"in": Tensor("in", shape, np.dtype(dtype)), "out": Tensor("out", shape, np.dtype(dtype))}
    tensors |= {name: Tensor(name, one.shape, one.dtype, one) for name, one in zip(names, constants, strict=True)}
    tensors |= {one.name: one for one in outputs}
    ends = ["out", *(one.name for one in outputs)]
    return write_tflite(Graph(tensors, [Operator(kind, ["in", *names], ends, options)], ["in"], ["out"]))


@pytest.fixture
def sound(tmp_path):
    micro_bundle(write_tflite(brightness_graph()), tmp_path / "part.bundle", goldens=1)
    return tmp_path / "part.bundle"


def test_an_operator_that_the_runtime_lacks_is_named_with_what_to_change(tmp_path):
    where = Tensor("where", (1, 4), np.dtype(np.int32))
    content = one_operator("TOPK_V2", constants=[np.array(4, np.int32)], outputs=[where])
    bundle = micro_bundle(content, tmp_path / "b.bundle")
    with pytest.raises(UnfitForMicrocontrollers, match=r"TOPK_V2 \(out\) is refused: .* \'--detector"):
        plan_export(bundle)


def test_an_operator_whose_kernel_knows_float_alone_is_refused_in_integers(tmp_path):
    content = one_operator("FLOOR_DIV", dtype=np.int32, constants=[np.full((1, 4), 2, np.int32)])
    with pytest.raises(UnfitForMicrocontrollers, match=r"FLOOR_DIV \(out\) is refused: wanted float32, found int32"):
        plan_export(micro_bundle(content, tmp_path / "b.bundle"))


def test_an_onnx_bundle_is_refused(sound):
    found = plan_export(micro_bundle(write_tflite(brightness_graph()), sound))
    manifest = found.bundle.manifest.model_copy(update={"runtime": "onnx"})
    with pytest.raises(UnfitForMicrocontrollers, match="convert the model again with '--format tflite'"):
        plan_export(type(found.bundle)(manifest, found.bundle.digest, found.bundle.members))


def test_a_bundle_without_goldens_is_refused(tmp_path):
    write_brightness_bundle(tmp_path / "b.bundle")
    done = lepton("firmware", "carray", tmp_path / "b.bundle", "-o", tmp_path / "c")
    assert (done.exit_code, "wanted goldens" in done.output) == (2, True)
    assert not (tmp_path / "c").exists()


def test_goldens_that_name_no_output_are_refused(tmp_path):
    """A self-test made of them would compare nothing and say that all is as recorded."""
    bundle = micro_bundle(write_tflite(brightness_graph()), tmp_path / "b.bundle", goldens=2)
    recorded = bundle.manifest.golden
    silent = (recorded.goldens[0].model_copy(update={"outputs": {}}), recorded.goldens[1])
    manifest = bundle.manifest.model_copy(update={"golden": recorded.model_copy(update={"goldens": silent})})
    export = plan_export(type(bundle)(manifest, bundle.digest, bundle.members))
    with pytest.raises(BadInputError, match="wanted an output that every golden names, found none in part"):
        files_of(export)


@pytest.mark.parametrize("name", ["Model", "3d", "for", "a__b", "part-model", "class", "a" * 20, ""])
def test_a_name_that_c_does_not_take_is_refused(name):
    with pytest.raises(BadInputError, match="wanted a name"):
        require_name(name)


@pytest.mark.parametrize("name", ["int", "class"])
def test_a_word_of_the_language_is_told_as_such(name):
    with pytest.raises(BadInputError, match=f"found '{name}', which is a word of C or C[+][+]; give another"):
        require_name(name)


def test_a_manifest_that_speaks_of_another_tensor_is_refused(sound):
    bundle = plan_export(micro_bundle(write_tflite(brightness_graph()), sound)).bundle
    outputs = (bundle.manifest.outputs[0].model_copy(update={"tensor": "elsewhere"}),)
    manifest = bundle.manifest.model_copy(update={"outputs": outputs})
    with pytest.raises(BadInputError, match="wanted the tensor 'elsewhere'"):
        plan_export(type(bundle)(manifest, bundle.digest, bundle.members))


def test_the_command_writes_eight_files_and_says_what_they_cost(tmp_path, sound):
    done = lepton("firmware", "carray", sound, "-o", tmp_path / "c", "--json")
    document = json.loads(done.output)
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == document["files"]
    assert document["operators"] == ["AVERAGE_POOL_2D", "DEQUANTIZE", "DIV", "MEAN"]
    assert document["arena"]["host_bytes"] > document["arena"]["microcontroller_bytes"] > 0
    told = lepton("firmware", "carray", sound, "-o", tmp_path / "d", "--name", "gate")
    assert "bytes of RAM with 4-byte pointers (estimated)" in told.output
    assert (tmp_path / "d" / "gate_selftest.cc").is_file()


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path, sound):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "main.c").write_text("int main(void) { return 0; }\n")
    done = lepton("firmware", "carray", sound, "-o", tmp_path / "c")
    assert (done.exit_code, "holds something already" in done.output) == (2, True)
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["main.c"]


def test_a_disk_that_fails_leaves_nothing_behind(tmp_path, sound, monkeypatch):
    files = files_of(plan_export(micro_bundle(write_tflite(brightness_graph()), sound)))
    monkeypatch.setattr("os.fsync", lambda _file: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write_folder(tmp_path / "c", files)
    assert [path.name for path in tmp_path.iterdir()] == ["part.bundle"]
