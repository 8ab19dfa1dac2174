"""What a model's file or folder is, by its content: names lie."""

from __future__ import annotations

import zipfile
from enum import Enum
from typing import TYPE_CHECKING

from edge_contracts.bundle import MANIFEST
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

MODEL_SUFFIXES = frozenset({".bundle", ".tflite", ".onnx", ".keras", ".h5", ".pt2"})
"""Of files that a person may have meant who named their folder."""

SHOWN = 5

HEAD_BYTES = 512
"""So many bytes tell every kind apart."""

_ZIP_MARK = b"PK\x03\x04"
_HDF5_MARK = b"\x89HDF\r\n\x1a\n"
_TFLITE_MARK = b"TFL3"
_PICKLE_PROTOCOLS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_ONNX_FIRST_FIELDS = (0x08, 0x0A, 0x12, 0x3A)
_BLANK = 0x20


class FileKind(Enum):
    """The kinds that are told apart."""

    BUNDLE = "a bundle"
    TFLITE = "a TFLite file"
    ONNX = "an ONNX file"
    KERAS = "a Keras archive"
    HDF5 = "an HDF5 file"
    SAVED_MODEL = "a SavedModel folder"
    EXPORTED_PROGRAM = "a program of torch.export"
    PICKLE = "a pickle of PyTorch"


def file_kind(path: Path) -> FileKind:
    """Look into a file or folder.

    Raises:
        BadInputError: it is not there, or is none of the kinds; the message says what it looks like.
    """
    if path.is_dir():
        return _folder_kind(path)
    head = _head(path)
    if head.startswith(_ZIP_MARK):
        return _archive_kind(path)
    if head.startswith(_HDF5_MARK):
        return FileKind.HDF5
    if head[4:8] == _TFLITE_MARK:
        return FileKind.TFLITE
    if head.startswith(_PICKLE_PROTOCOLS):
        return FileKind.PICKLE
    if head[:1] and head[0] in _ONNX_FIRST_FIELDS and not _is_text(head):
        return FileKind.ONNX
    raise BadInputError(
        f"wanted a bundle, a .tflite or an .onnx model, found {_impression(head)} in {path}; 'lepton convert' reads "
        "Keras files, SavedModel folders and programs of torch.export, too: export the float model to one of them, or "
        "make one with 'lepton train'"
    )


def _folder_kind(path: Path) -> FileKind:
    if (path / "saved_model.pb").is_file():
        return FileKind.SAVED_MODEL
    if (path / MANIFEST).is_file():
        return FileKind.BUNDLE
    models = sorted(one.name for one in path.iterdir() if one.suffix.lower() in MODEL_SUFFIXES)
    if not models:
        raise BadInputError(
            f"wanted a model to convert, found the folder {path}, which is neither a bundle (no {MANIFEST}) nor a "
            "SavedModel (no saved_model.pb); check the path"
        )
    more = f" and {len(models) - SHOWN} more" if len(models) > SHOWN else ""
    raise BadInputError(
        f"wanted one model to convert, found the folder {path} with {', '.join(models[:SHOWN])}{more}; name one of them"
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise BadInputError(
            f"wanted a model to convert, found none at {path} ({error.strerror}); check the path"
        ) from error


def _archive_kind(path: Path) -> FileKind:
    """Anything that is not recognised is a bundle, whose reader says what is wrong with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return FileKind.BUNDLE
    members = {name.rpartition("/")[2] for name in names}
    if {"config.json", "metadata.json"} <= set(names):
        return FileKind.KERAS
    if "archive_format" in members or {"serialized_exported_program.json", "version"} <= members:
        return FileKind.EXPORTED_PROGRAM
    return FileKind.PICKLE if "data.pkl" in members else FileKind.BUNDLE


def _is_text(head: bytes) -> bool:
    return bool(head) and all(byte in b"\t\n\r\f" or byte >= _BLANK for byte in head)


def _impression(head: bytes) -> str:
    if not head:
        return "an empty file"
    return "a text file" if _is_text(head) else f"a file that begins with {head[:4].hex(' ')}"
