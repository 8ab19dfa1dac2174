"""What is in force where lessons are lost: no fault may read as good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from edge_runtime.lessons.taught_head import TaughtHead


@dataclass(frozen=True, slots=True)
class LostLessons:
    """Something was taught as defective and cannot be read, so nobody knows which parts are good.

    reason: one sentence for a person. revision: of the lessons when they were last read, as far as it is known.
    """

    reason: str
    revision: int


Taught: TypeAlias = TaughtHead | LostLessons
