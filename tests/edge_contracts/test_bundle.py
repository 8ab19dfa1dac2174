"""A bundle is read whole and true, or refused with a sentence; it is written whole or not at all."""

import errno
import json
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_contracts.bundle import (
    MANIFEST,
    BundleLimits,
    BundleRejected,
    digest_at,
    encode_manifest,
    file_entries,
    parse_manifest,
    read_bundle,
    require_bundle_name,
    write_bundle,
)
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule, ClassRule, ImageInput, Manifest, Output, TensorInput

MODEL = b"the network's bytes"
MEMBERS = {"model.tflite": MODEL, "golden/0.npy": b"golden"}


def manifest(**changes):
    values = {
        "name": "part",
        "sequence": 1,
        "task": "anomaly",
        "precision": "float32",
        "profile": "none",
        "runtime": "tflite",
        "input": TensorInput(tensor="x", shape=(1, 4), dtype="float32"),
        "outputs": (Output(tensor="y", role="score", shape=(1,), dtype="float32"),),
        "rule": AnomalyRule(threshold=1.0),
        "files": file_entries(MEMBERS),
    }
    return Manifest(**(values | changes))


def written(folder: Path, **extra):
    path = folder / "part.bundle"
    digest = write_bundle(path, manifest(), MEMBERS | extra)
    return path, digest


def test_a_bundle_comes_back_as_it_was_written(tmp_path):
    path, digest = written(tmp_path, **{"report.html": b"<p>"})
    bundle = read_bundle(path)
    assert (bundle.manifest, bundle.digest, bundle.model) == (manifest(), digest, MODEL)
    assert bundle.members["report.html"] == b"<p>"


def test_the_same_contents_are_the_same_bytes_and_reports_lie_outside_the_digest(tmp_path):
    path, digest = written(tmp_path)
    first = path.read_bytes()
    again, same = written(tmp_path)
    assert (again.read_bytes(), same) == (first, digest)
    _, with_report = written(tmp_path, **{"report.html": b"today's figures"})
    assert with_report == digest


def test_an_unpacked_folder_is_the_same_bundle(tmp_path):
    path, digest = written(tmp_path)
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    assert read_bundle(folder).digest == digest


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    """A bundle's path, digest and bytes."""
    path, digest = written(tmp_path_factory.mktemp("intact"))
    return path.with_name("damaged.bundle"), digest, path.read_bytes()


@settings(max_examples=200, deadline=None)
@given(position=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_harmless(intact, position, bit):
    path, digest, whole = intact
    content = bytearray(whole)
    content[position % len(content)] ^= 1 << bit
    path.write_bytes(content)
    try:
        bundle = read_bundle(path)
    except BundleRejected:
        return
    assert (bundle.digest, bundle.model) == (digest, MODEL)


@settings(deadline=None)
@given(length=st.integers(0, 2000))
def test_a_truncated_bundle_is_refused(intact, length):
    path, _, content = intact
    path.write_bytes(content[: min(length, len(content) - 1)])
    with pytest.raises(BundleRejected, match="wanted"):
        read_bundle(path)


@pytest.mark.parametrize("length", [4, 200])
def test_a_bundle_that_was_cut_short_is_to_be_copied_again(intact, length):
    path, _, content = intact
    path.write_bytes(content[:length])
    with pytest.raises(BundleRejected, match=r"cut short or damaged .* copy it again") as refused:
        read_bundle(path)
    assert "bare model" not in str(refused.value)


def test_a_bundle_that_this_user_may_not_read_is_told_from_one_that_is_none(intact, monkeypatch):
    path, _, content = intact
    path.write_bytes(content)

    def refuses(*_args, **_more):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(zipfile, "ZipFile", refuses)
    with pytest.raises(BundleRejected, match=r"found .* refused \(Permission denied\); let the user"):
        read_bundle(path)


def test_a_member_that_does_not_match_its_hash_is_refused(tmp_path):
    path = tmp_path / "part.bundle"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MANIFEST, encode_manifest(manifest()))
        archive.writestr("model.tflite", b"another network, same name")
        archive.writestr("golden/0.npy", b"golden")
    with pytest.raises(BundleRejected, match="is damaged: copy or make it again"):
        read_bundle(path)


@pytest.mark.parametrize("stranger", ["../outside", "/etc/passwd", "extra.sh"])
def test_a_member_that_the_manifest_does_not_list_is_refused(tmp_path, stranger):
    path, _ = written(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(stranger, b"x")
    with pytest.raises(BundleRejected, match="exactly the files"):
        read_bundle(path)


def test_members_that_overlap_are_refused_before_they_are_read(tmp_path):
    path = tmp_path / "overlap.bundle"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zeros", b"\0" * (1 << 16))
        whole = archive.getinfo("zeros")
        for copy in range(40):
            archive.filelist.append(zipfile.ZipInfo(f"zeros{copy}"))
            archive.filelist[-1].file_size = archive.filelist[-1].compress_size = whole.file_size
            archive.filelist[-1].CRC = whole.CRC
            archive.filelist[-1].header_offset = whole.header_offset
        archive._didModify = True
    with pytest.raises(BundleRejected, match=r"wanted members that fit into the \d+ bytes of .*, found 2686976 bytes"):
        read_bundle(path)


def test_a_member_without_a_name_is_refused(tmp_path):
    path = tmp_path / "nameless.bundle"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"x")
    with pytest.raises(BundleRejected, match="found one without"):
        read_bundle(path)


def test_a_compressed_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.bundle"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, b"\0" * (8 << 20))
    with pytest.raises(BundleRejected, match="at most"):
        read_bundle(path, BundleLimits(total_bytes=1 << 20))
    with pytest.raises(BundleRejected, match="uncompressed"):
        read_bundle(path)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(BundleRejected, match="make one with 'lepton convert'"):
        read_bundle(tmp_path / "none.bundle")


def test_a_manifest_of_another_version_says_what_reads_it_and_nothing_else():
    document = json.loads(encode_manifest(manifest())) | {"version": 2, "news": True}
    with pytest.raises(BundleRejected, match=r"found version 2: .*; install that one, or convert .*again") as caught:
        parse_manifest(json.dumps(document).encode(), "x")
    assert "news" not in str(caught.value)


def test_a_manifest_with_several_errors_names_them_all():
    with pytest.raises(BundleRejected) as caught:
        parse_manifest(b'{"nam": "part", "sequence": 0}', "x")
    message = str(caught.value)
    assert "nam: unknown key; did you mean 'name'?" in message
    assert "sequence:" in message
    assert "outputs: missing" in message


def test_a_rule_that_the_outputs_cannot_serve_is_refused():
    with pytest.raises(ValueError, match="needs an output with the role probabilities"):
        manifest(rule=ClassRule(good=("good",)), labels=("good", "bad"))
    probabilities = (Output(tensor="y", role="probabilities", shape=(1, 2), dtype="float32"),)
    with pytest.raises(ValueError, match="not among the labels"):
        manifest(rule=ClassRule(good=("fine",)), labels=("good", "bad"), outputs=probabilities)


def test_an_image_input_needs_exactly_the_quantisation_that_its_dtype_asks_for():
    with pytest.raises(ValueError, match="needs a quantisation"):
        ImageInput(tensor="x", height_px=8, width_px=8, dtype="int8")
    with pytest.raises(ValueError, match="has no quantisation"):
        ImageInput(tensor="x", height_px=8, width_px=8, dtype="float32", quantisation={"scale": 1, "zero_point": 0})


def test_a_failed_write_leaves_the_old_bundle_and_nothing_else(tmp_path, monkeypatch):
    path, digest = written(tmp_path)

    def full_disk(_file_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space") as caught:
        write_bundle(path, manifest(sequence=2), MEMBERS)
    assert caught.value.filename == str(path)
    assert [p.name for p in tmp_path.iterdir()] == ["part.bundle"]
    assert read_bundle(path).digest == digest


def test_an_impossible_output_path_is_refused_early(tmp_path):
    with pytest.raises(BadInputError, match="found the folder"):
        require_bundle_name(tmp_path)
    with pytest.raises(BadInputError, match="a device or pipe"):
        require_bundle_name(Path("/dev/null"))
    with pytest.raises(BadInputError, match="create it first"):
        require_bundle_name(tmp_path / "missing" / "part.bundle")


def test_a_read_only_disk_is_refused_before_anything_is_learned(tmp_path, monkeypatch):
    monkeypatch.setattr("edge_contracts.bundle.os.access", lambda *_: False)
    with pytest.raises(BadInputError, match="cannot be written to; check its rights"):
        require_bundle_name(tmp_path / "part.bundle")


def test_a_bundle_may_be_replaced_and_is_named(tmp_path):
    path, digest = written(tmp_path)
    assert digest_at(require_bundle_name(path)) == digest
    assert digest_at(tmp_path / "new.bundle") == ""


@pytest.mark.parametrize("content", [b"notes\n", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_bundle_is_never_replaced(tmp_path, content):
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=r"mine\.txt is no whole bundle; give another name, or remove it first"):
        require_bundle_name(path)


def test_a_zip_of_something_else_is_never_replaced(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"a")
    with pytest.raises(BadInputError, match="is no whole bundle"):
        require_bundle_name(path)


def test_an_empty_file_may_be_filled(tmp_path):
    path = tmp_path / "part.bundle"
    path.touch()
    assert require_bundle_name(path) == path
