"""What a network takes and gives, whatever file it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Interface:
    """What a network takes and gives, batch 1.

    outputs: tensor name to shape, in the network's order.
    last: what computes its first output, what only gives values another shape aside.
    layout: where a picture's channels stand.
    """

    input_name: str
    input_shape: tuple[int, ...]
    outputs: dict[str, tuple[int, ...]]
    last: Literal["softmax", "sigmoid", "other"]
    layout: Literal["NHWC", "NCHW"]
