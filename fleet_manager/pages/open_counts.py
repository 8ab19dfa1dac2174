"""How many alerts wait for a person, by how grave they are; counted among the newest alone, and it says so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """Alerts that nobody has closed yet.

    is_floor: there are older alerts that were not looked at, so that it may be more.
    """

    critical: int = 0
    warning: int = 0
    info: int = 0
    is_floor: bool = False

    @property
    def total(self) -> int:
        """All of them."""
        return self.critical + self.warning + self.info

    def told(self, count: int) -> str:
        """A count as it is shown: `12`, or `12+` where it may be more."""
        return f"{count:,}" + ("+" if self.is_floor else "")

    @property
    def total_told(self) -> str:
        """All of them, as it is shown."""
        return self.told(self.total)

    def __add__(self, other: OpenCounts) -> OpenCounts:
        return OpenCounts(
            self.critical + other.critical,
            self.warning + other.warning,
            self.info + other.info,
            self.is_floor or other.is_floor,
        )
