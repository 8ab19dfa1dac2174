"""One line of the lab's table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is as promised, and the figure."""

    promise: str
    is_kept: bool
    seen: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.is_kept else 'FAIL'}  {self.promise:<64} {self.seen}"


def within(promise: str, took_s: float | None, most_s: float) -> Finding:
    """A promise that something comes in time; None is what did not come at all."""
    if took_s is None:
        return Finding(promise, is_kept=False, seen=f"did not come within {most_s:g} s")
    return Finding(promise, is_kept=took_s <= most_s, seen=f"{took_s:.1f} s")
