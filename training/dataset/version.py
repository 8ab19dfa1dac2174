"""The version of a dataset: a hash of what is in it, wherever it lies and however its files are called."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from training.dataset.sample import Sample


BLOCK_BYTES = 1 << 20
"""An archive of labels may hold more than memory does."""


def dataset_version(samples: Sequence[Sample], known: Mapping[Path, str] | None = None) -> str:
    """SHA-256 over every sample's content, label, group, split, boxes and masks, in no order.

    The same pictures in another folder, under other names, or listed in another order are the same version; another
    label, group or split is another.

    Args:
        samples: the whole dataset.
        known: digests of files that were read already.

    Raises:
        BadInputError: a file cannot be read.
    """
    lines = sorted(_line(one, known or {}) for one in samples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises:
        BadInputError: it cannot be read.
    """
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                found.update(block)
    except OSError as error:
        raise BadInputError(
            f"wanted to read {path}, found that the system refuses: {error.strerror}; check its rights"
        ) from error
    return found.hexdigest()


def _line(one: Sample, known: Mapping[Path, str]) -> str:
    boxes = [(box.x_px, box.y_px, box.width_px, box.height_px, box.label) for box in one.boxes]
    mask = " ".join(sorted(map(file_digest, one.masks)))
    return json.dumps([known.get(one.path) or file_digest(one.path), one.label, one.group, one.split, boxes, mask])
