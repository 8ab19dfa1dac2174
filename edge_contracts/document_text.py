"""What a command prints for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence


def document_text(document: object) -> str:
    """A document as JSON that every reader takes: indented, and null where a figure is NaN or infinite."""
    return json.dumps(_finite(document), indent=2, allow_nan=False)


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(one) for one in value]
    return value
