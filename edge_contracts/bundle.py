"""Read and write a bundle: an uncompressed zip, or the same files in a folder.

Reading checks everything before anything is used: names, counts, sizes, hashes. Writing is atomic: a bundle is there
whole or not at all, and the same contents give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from edge_contracts.card import Card
from edge_contracts.errors import BadInputError, LeptonError
from edge_contracts.explain import explain
from edge_contracts.manifest import MANIFEST_VERSION, FileEntry, Manifest
from edge_contracts.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

MANIFEST = "manifest.json"
CARD = "card.json"
REPORT = "report.html"
LEARNED = "learned.json"
"""What is kept of the parts that taught it, so that they are known again; absent where nothing was learned."""

OUTSIDE_DIGEST = frozenset({CARD, REPORT})

_ZIP_MEMBER = b"PK\x03\x04"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_DAMAGED = (zipfile.BadZipFile, EOFError, LookupError, OSError, RuntimeError, ValueError, struct.error)
"""What Python's zipfile raises on a damaged or hostile archive."""


@dataclass(frozen=True, slots=True)
class BundleLimits:
    """How large a bundle may be before it is read at all."""

    members: int = 256
    member_bytes: int = 512 << 20
    total_bytes: int = 1 << 30


class BundleRejected(LeptonError, ValueError):
    """The file is not a bundle, is damaged, or does not match its own manifest."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was read whole and found to be what its manifest says.

    digest: SHA-256 of manifest.json, hexadecimal; names the bundle.
    members: path to content, every file of the bundle.
    """

    manifest: Manifest
    digest: str
    members: Mapping[str, bytes]

    @property
    def model(self) -> bytes:
        """The network's file."""
        return self.members[self.manifest.model_path]

    @property
    def card(self) -> Card | None:
        """The model card, None where the bundle carries none.

        Raises:
            BundleRejected: it is no card: no hash covers it.
        """
        content = self.members.get(CARD)
        try:
            return None if content is None else Card.model_validate_json(content)
        except ValidationError as error:
            problems = "; ".join(explain(error, Card))
            raise BundleRejected(
                f"wanted a model card in {CARD}, found: {problems}; convert the model again"
            ) from error


def read_bundle(path: Path, limits: BundleLimits | None = None) -> Bundle:
    """Read a bundle file or an unpacked bundle's folder and check every hash.

    Raises:
        BundleRejected: with what was wanted, found, and what to do next.
    """
    members = _read_members(Path(path), limits or BundleLimits())
    if MANIFEST not in members:
        raise BundleRejected(
            f"wanted a bundle with {MANIFEST}, found {path} without one; make one with 'lepton convert'"
        )
    manifest = parse_manifest(members[MANIFEST], str(path))
    _check_files(manifest, members, path)
    return Bundle(manifest, hashlib.sha256(members[MANIFEST]).hexdigest(), members)


def parse_manifest(content: bytes, where: str) -> Manifest:
    """Parse and check a manifest.

    Raises:
        BundleRejected: lists every error at once.
    """
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        versions = [one["input"] for one in error.errors() if one["loc"] == ("version",)]
        if versions:
            raise BundleRejected(
                f"wanted a version {MANIFEST_VERSION} manifest in {where}, found version {versions[0]!r:.80}: another "
                "release of lepton-edge wrote it; install that one, or convert the model again with this one"
            ) from error
        problems = "\n  ".join(explain(error, Manifest))
        raise BundleRejected(
            f"wanted a manifest in {where} as 'lepton convert' of this release writes it, found:\n  {problems}"
        ) from error


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest's bytes: sorted keys, two spaces, so that the same manifest is the same digest."""
    document: dict[str, Any] = manifest.model_dump(mode="json")
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def file_entries(members: Mapping[str, bytes]) -> tuple[FileEntry, ...]:
    """What the manifest lists of the members that form the digest, in the order of their paths."""
    inside = sorted(set(members) - OUTSIDE_DIGEST - {MANIFEST})
    return tuple(
        FileEntry(path=path, bytes=len(members[path]), sha256=hashlib.sha256(members[path]).hexdigest())
        for path in inside
    )


def write_bundle(path: Path, manifest: Manifest, members: Mapping[str, bytes]) -> str:
    """Write a bundle atomically and return its digest.

    Args:
        path: where; an older file there is replaced only when the new one is whole on disk.
        manifest: lists exactly the members that form the digest.
        members: path to content, without the manifest.

    Raises:
        BundleRejected: manifest and members disagree.
        OSError: the disk said no, with `path` as its file; nothing is left behind.
    """
    content = {MANIFEST: encode_manifest(manifest), **members}
    _check_files(manifest, content, path)
    with whole_file(path) as file:
        _write_zip(file, content)
    return hashlib.sha256(content[MANIFEST]).hexdigest()


def _write_zip(file: BinaryIO, content: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(content, key=lambda member: (member != MANIFEST, member)):
            archive.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), content[name])


def _read_members(path: Path, limits: BundleLimits) -> dict[str, bytes]:
    if path.is_dir():
        return _read_folder(path, limits)
    if not path.is_file():
        raise BundleRejected(f"wanted a bundle file or folder, found nothing at {path}; make one with 'lepton convert'")
    try:
        return _read_zip(path, limits)
    except BundleRejected:
        raise
    except PermissionError as error:
        raise BundleRejected(
            f"wanted a bundle that this user may read, found {path} refused ({error.strerror}); let the user of the "
            "service read it (chmod, chown)"
        ) from error
    except _DAMAGED as error:
        if _starts_as_zip(path):
            raise BundleRejected(
                f"wanted a whole bundle, found {path} cut short or damaged ({error}); copy it again, or make it again"
            ) from error
        raise BundleRejected(
            f"wanted a bundle (an uncompressed zip), found {path} which is none ({error}); "
            "a bare model becomes a bundle with 'lepton convert'"
        ) from error


def _starts_as_zip(path: Path) -> bool:
    """A bundle that was cut short has its beginning still, and no list of members, which stands at the end."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(len(_ZIP_MEMBER)) == _ZIP_MEMBER
    return False


def _read_zip(path: Path, limits: BundleLimits) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        if not all(entry.filename for entry in archive.infolist()):  # Pythons differ in what they make of one
            raise BundleRejected(f"wanted only members with names in {path}, found one without; copy or make it again")
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check_limits([(entry.filename, entry.file_size) for entry in entries], limits, path)
        for entry in entries:
            if entry.compress_type != zipfile.ZIP_STORED:
                raise BundleRejected(f"wanted only uncompressed members in {path}, found {entry.filename} compressed")
        stored, there = sum(entry.file_size for entry in entries), path.stat().st_size
        if stored > there:
            raise BundleRejected(
                f"wanted members that fit into the {there} bytes of {path}, found {stored} bytes of them"
            )
        return {entry.filename: archive.read(entry) for entry in entries}


def _read_folder(path: Path, limits: BundleLimits) -> dict[str, bytes]:
    files = sorted(file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
    _check_limits([(file.relative_to(path).as_posix(), file.stat().st_size) for file in files], limits, path)
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


def _check_limits(sizes: list[tuple[str, int]], limits: BundleLimits, path: Path) -> None:
    names = [name for name, _ in sizes]
    total = sum(size for _, size in sizes)
    if len(sizes) > limits.members or len(set(names)) != len(names):
        raise BundleRejected(f"wanted at most {limits.members} distinct members in {path}, found {len(sizes)}")
    if total > limits.total_bytes or any(size > limits.member_bytes for _, size in sizes):
        raise BundleRejected(f"wanted at most {limits.total_bytes} bytes in {path}, found {total}")


def _check_files(manifest: Manifest, members: Mapping[str, bytes], path: Path) -> None:
    listed = {entry.path: entry for entry in manifest.files}
    inside = set(members) - OUTSIDE_DIGEST - {MANIFEST}
    if strangers := sorted(inside ^ set(listed)):
        raise BundleRejected(
            f"wanted exactly the files that the manifest of {path} lists, found a difference: {strangers}"
        )
    for entry in file_entries(members):
        if entry != listed[entry.path]:
            raise BundleRejected(
                f"wanted {entry.path} with SHA-256 {listed[entry.path].sha256}, found {entry.sha256}; "
                f"{path} is damaged: copy or make it again"
            )


def require_bundle_name(path: Path) -> Path:
    """Say no early to an output path that cannot take a bundle.

    Raises:
        BadInputError: the path is a folder, a device or a pipe, or a file that is no bundle; or its parent does not
            exist or cannot be written to.
    """
    if path.is_dir():
        raise BadInputError(
            f"wanted a file to write the bundle to, found the folder {path}; give a name such as part.bundle"
        )
    if path.exists() and not path.is_file():
        raise BadInputError(
            f"wanted a file to write the bundle to, found a device or pipe at {path}; give another name"
        )
    if not path.parent.is_dir():
        raise BadInputError(f"wanted a folder to write {path.name} into, found none at {path.parent}; create it first")
    if not os.access(path.parent, os.W_OK):
        raise BadInputError(
            f"wanted a folder to write {path.name} into, found that {path.parent} cannot be written to; check its "
            "rights and whether its disk is read-only, or name another"
        )
    digest_at(path)
    return path


def digest_at(path: Path) -> str:
    """The digest of the bundle that a new one would replace; empty where nothing is, or an empty file.

    Only its manifest is read: a bundle that is to be replaced need not be sound.

    Raises:
        BadInputError: the file there is something else, which nobody meant to lose.
    """
    if not path.is_file() or not path.stat().st_size:
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(MANIFEST).file_size > BundleLimits().member_bytes:
                raise ValueError("a manifest of that size")
            return hashlib.sha256(archive.read(MANIFEST)).hexdigest()
    except _DAMAGED as error:
        raise BadInputError(
            f"wanted a new file or an older bundle to replace, found that {path} is no whole bundle; give another "
            "name, or remove it first"
        ) from error
