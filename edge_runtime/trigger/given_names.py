"""Which names a point has given to its parts, so that none is given twice while it is remembered."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from edge_contracts.verdict import PART_MAX_BYTES, told_part

REMEMBERED: Final = 4096
"""So many last names are never given again; a part that asks for one of them gets `~2`."""


class GivenNames:
    """The memory of one point; who keeps it over a reload keeps the names apart over the reload too.

    Attributes:
        parts: numbered so far, named ones too.
        unseen: intervals numbered so far in which parts may have passed unseen.
        faults: numbered so far, of a trigger that named no part.
    """

    def __init__(self) -> None:
        self.parts = 0
        self.unseen = 0
        self.faults = 0
        self._times: OrderedDict[str, int] = OrderedDict()

    def fresh(self, wanted: str) -> str:
        """The wanted name as a verdict tells it, with `~n` when it was given; never longer than a verdict's."""
        name = told_part(wanted)
        times = self._times.pop(name, 0) + 1
        given = name if times == 1 else _numbered(name, times)
        while times > 1 and given in self._times:
            times += 1
            given = _numbered(name, times)
        self._times[given] = 1
        self._times[name] = times
        while len(self._times) > REMEMBERED:
            self._times.popitem(last=False)
        return given


def _numbered(name: str, times: int) -> str:
    suffix = f"~{times}"
    return name.encode()[-(PART_MAX_BYTES - len(suffix)) :].decode("utf-8", "ignore") + suffix
