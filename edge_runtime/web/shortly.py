"""What was found, for a refusal."""

from __future__ import annotations

import json
import reprlib


def shortly(value: object, most: int = 60) -> str:
    """The beginning of what came in JSON, at most `most` characters, however deep or long it is."""
    told = reprlib.repr(value) if isinstance(value, list | dict) else json.dumps(value)
    return told[:most]
