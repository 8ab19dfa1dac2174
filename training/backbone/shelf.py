"""The user's own shelf of backbones: files that were proven to be usable once, each with its hash and origin.

It is `$LEPTON_BACKBONES`, else `lepton-edge/backbones` in the XDG data folder. A file is whole or not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from training.features.cut import cut_backbone

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER_VARIABLE = "LEPTON_BACKBONES"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
RESERVED = ("own", "none")
"""What `--backbone` means by these is not on the shelf."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One backbone. bytes, sha256: of its file. channels: of the map that detectors see. origin, licence: as told."""

    name: str
    bytes: int
    sha256: str
    channels: int
    origin: str
    licence: str = ""


class Shelf:
    """The backbones in one folder, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, model: bytes, origin: str, licence: str = "") -> Shelved:
        """Prove that detectors can see with it, and keep it; another file of that name is replaced.

        Raises:
            BadInputError: a name that cannot be, or no quantised classifier.
            OSError: the folder cannot be written.
        """
        if not NAME.fullmatch(name) or name in RESERVED:
            raise BadInputError(
                f"wanted a name of small letters, digits and dashes that is not {' or '.join(RESERVED)}, found "
                f"{name!r}; give one with --name"
            )
        part = cut_backbone(model, name=origin)
        channels = part.graph.tensors[part.graph.outputs[0]].shape[3]
        kept = Shelved(name, len(model), hashlib.sha256(model).hexdigest(), channels, origin, licence)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._folder / f"{name}.tflite", model)
        write_whole(self._folder / f"{name}.json", json.dumps(asdict(kept), indent=2))
        return kept

    def entries(self) -> tuple[Shelved, ...]:
        """All of them, by name."""
        files = sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []
        return tuple(self._entry(one.stem) for one in files)

    def read(self, name: str) -> bytes:
        """The file's bytes.

        Raises:
            BadInputError: there is none of that name, or its file is not the one that was put there.
        """
        names = [one.name for one in self.entries()]
        if name not in names:
            raise BadInputError(
                f"wanted a file, own, none or a backbone of the shelf ({', '.join(names) or 'it is empty'}), found "
                f"{name!r}; lepton backbone list shows what can be fetched"
            )
        model = (self._folder / f"{name}.tflite").read_bytes()
        found = hashlib.sha256(model).hexdigest()
        if found != self._entry(name).sha256:
            raise BadInputError(
                f"wanted the backbone {name} as it was put on the shelf, found a file with SHA-256 {found}; "
                "add or fetch it again"
            )
        return model

    def _entry(self, name: str) -> Shelved:
        path = self._folder / f"{name}.json"
        try:
            return Shelved(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise BadInputError(
                f"wanted what is known of a backbone in {path}, found {error}; remove the file"
            ) from error


def users_shelf(environment: Mapping[str, str] = os.environ) -> Shelf:
    """The user's shelf."""
    named = environment.get(FOLDER_VARIABLE)
    below = environment.get("XDG_DATA_HOME") or Path("~/.local/share").expanduser()
    return Shelf(Path(named) if named else Path(below, "lepton-edge", "backbones"))
