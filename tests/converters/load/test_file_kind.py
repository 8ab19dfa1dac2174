"""What a file is, its content says, whatever it is called."""

import zipfile

import pytest

from converters.load import Description, load_model
from converters.load.file_kind import FileKind, file_kind
from edge_contracts.errors import BadInputError

ARCHIVES = {
    FileKind.BUNDLE: ["manifest.json", "model.tflite"],
    FileKind.KERAS: ["config.json", "metadata.json", "model.weights.h5"],
    FileKind.EXPORTED_PROGRAM: ["net/archive_format", "net/models/model.json", "net/data/weights/weight_0"],
    FileKind.PICKLE: ["net/data.pkl", "net/byteorder", "net/data/0"],
}
HEADS = {
    FileKind.HDF5: b"\x89HDF\r\n\x1a\n" + bytes(64),
    FileKind.TFLITE: b"\x1c\0\0\0TFL3" + bytes(64),
    FileKind.ONNX: b"\x08\x08\x12\x07pytorch",
    FileKind.PICKLE: b"\x80\x04\x95\x10",
}


@pytest.mark.parametrize("kind", ARCHIVES, ids=lambda kind: kind.name)
def test_an_archive_is_told_by_its_members(tmp_path, kind):
    path = tmp_path / "misleading.tflite"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ARCHIVES[kind]:
            archive.writestr(name, b"")
    assert file_kind(path) is kind


@pytest.mark.parametrize("kind", HEADS, ids=lambda kind: kind.name)
def test_a_file_is_told_by_its_first_bytes(tmp_path, kind):
    path = tmp_path / "misleading.bundle"
    path.write_bytes(HEADS[kind])
    assert file_kind(path) is kind


def test_a_folder_is_a_saved_model_or_an_unpacked_bundle(tmp_path):
    (tmp_path / "manifest.json").write_bytes(b"")
    assert file_kind(tmp_path) is FileKind.BUNDLE
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert file_kind(tmp_path) is FileKind.SAVED_MODEL


def test_a_folder_of_models_is_answered_with_their_names(tmp_path):
    with pytest.raises(BadInputError, match=r"neither a bundle \(no manifest.json\) nor a SavedModel"):
        file_kind(tmp_path)
    for name in ("b.onnx", "a.tflite", "readme.md"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(BadInputError, match=r"found the folder .* with a.tflite, b.onnx; name one of them"):
        file_kind(tmp_path)


def test_old_programs_of_torch_export_are_known_too(tmp_path):
    path = tmp_path / "old.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("serialized_exported_program.json", "serialized_state_dict.pt", "version"):
            archive.writestr(name, b"")
    assert file_kind(path) is FileKind.EXPORTED_PROGRAM


def test_a_pickle_is_refused_before_anything_of_it_is_read(tmp_path):
    (tmp_path / "model.pth").write_bytes(HEADS[FileKind.PICKLE])
    with pytest.raises(BadInputError, match=r"runs code when it is read; give a state dict with --weights"):
        load_model(tmp_path / "model.pth", Description(), pictures=False)
