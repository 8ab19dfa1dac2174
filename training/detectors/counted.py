"""Items as they are read, one after the other, with somebody told how many."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")


def counted(items: Iterable[Item], progress: Callable[[int], object] | None) -> Iterator[Item]:
    """The items; `progress` is called with the number done, after each."""
    for number, item in enumerate(items, start=1):
        yield item
        if progress is not None:
            progress(number)
