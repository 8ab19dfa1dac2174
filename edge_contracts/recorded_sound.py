"""A sound or a stretch of readings as a WAV file that says in itself what it is, as kept pictures do.

32-bit float, because the readings of a sensor have no full scale and a sound that was clipped must show it. The note
is a chunk `lept` behind the samples: a JSON object. It is part of the file, hence of the SHA-256 that names it; every
reader of WAV passes over it.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_FLOAT, _BITS, _BYTES = 3, 32, 4
_NOTE = b"lept"
_RATE_MAX_HZ = 0xFFFFFFFF


def wave_with_note(values: npt.NDArray[np.float32], rate_hz: float, bundle: str) -> bytes:
    """A whole WAV file.

    Args:
        values: samples×channels, in real units.
        rate_hz: samples per second, rounded to whole ones; 1 for readings without a rate. The note has it exactly.
        bundle: digest of the model that judged it, empty where none did.
    """
    channels = values.shape[1]
    whole_hz = min(max(round(rate_hz), 1), _RATE_MAX_HZ)
    form = struct.pack("<HHIIHH", _FLOAT, channels, whole_hz, whole_hz * channels * _BYTES, channels * _BYTES, _BITS)
    told = {"bundle": bundle, "rate_hz": rate_hz}
    chunks = b"".join(
        [
            _chunk(b"fmt ", form),
            _chunk(b"data", np.ascontiguousarray(values, "<f4").tobytes()),
            _chunk(_NOTE, json.dumps(told, separators=(",", ":"), sort_keys=True).encode()),
        ]
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
