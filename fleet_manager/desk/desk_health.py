"""How the desk does: which of its parts cannot work just now, and how much it had to leave out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATIENCE: Final = 15
"""Steps in a row that may wait; with the waiting they are about a minute."""


@dataclass(frozen=True, slots=True)
class DeskHealth:
    """At one moment.

    troubles: why a part's last step failed, by the part's name; parts that work are absent.
    left_out: rows that a part could not take since the manager started; each is named in the log.
    """

    troubles: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0

    @property
    def waits_for(self) -> tuple[str, ...]:
        """What is in trouble, in words; empty where all is well."""
        return tuple(f"the desk's {name}: {why}" for name, why in self.troubles.items())


class DeskRecord:
    """What the desk's threads write of themselves, each under its own parts' names; anybody may read it.

    Args:
        say: one line about what went wrong; said once per trouble.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say, self._left_out = say, 0
        self._troubles, self._waited = dict[str, str](), dict[str, int]()

    @property
    def health(self) -> DeskHealth:
        """As it is now."""
        return DeskHealth(dict(self._troubles), self._left_out)

    def failed(self, part: str, err: Exception) -> None:
        """A step of this part failed; it is made again."""
        why = f"{type(err).__name__}: {err}".partition("\n")[0]
        if self._troubles.get(part) != why:
            self._say(f"{part}: {why}")
        self._troubles[part] = why

    def waits(self, part: str, err: Exception) -> None:
        """A step of this part found that it must wait, which is a trouble when it lasts."""
        self._waited[part] = self._waited.get(part, 0) + 1
        if self._waited[part] >= PATIENCE:
            self.failed(part, err)

    def works(self, part: str) -> None:
        """A step of this part was made."""
        self._waited.pop(part, None)
        if self._troubles.pop(part, None) is not None:
            self._say(f"{part}: works again")

    def left_out(self, part: str, row: str, err: Exception) -> None:
        """A row that this part could not take, and passed."""
        self._left_out += 1
        self._say(f"{part}: left out {row}: {type(err).__name__}: {str(err).partition(chr(10))[0]}")
