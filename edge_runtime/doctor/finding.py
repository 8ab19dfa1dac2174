"""What a check says: how it stands, what was found, what was wanted, and what a person does next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Standing(str, Enum):
    """How a thing stands; only `failed` keeps parts from being inspected, or alerts from being told."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    subject: the inspection point or file that it is about, empty for the whole board.
    found: a sentence or figures.
    wanted, next_step: empty when all is well.
    """

    check: str
    subject: str
    standing: Standing
    found: str
    wanted: str = ""
    next_step: str = ""
