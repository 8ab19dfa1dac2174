"""What a face is: a translation without clock or connection, which a runner drives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_manager.adapters.news import News
    from fleet_manager.adapters.publication import Publication


@dataclass(frozen=True, slots=True)
class Terms:
    """How the next connection is made.

    will: what the broker says when it is cut; None = nothing.
    filters: what is subscribed to.
    """

    will: Publication | None = None
    filters: tuple[str, ...] = ()


class Face(Protocol):
    """Called by one thread; times are Unix milliseconds of the manager's clock.

    News that come before a connection stands are told all the same; what they give is not said then, because
    `connected` says everything anew.
    """

    name: str

    def terms(self, now_ms: int) -> Terms:
        """A connection is about to be made."""

    def connected(self, now_ms: int) -> Iterable[Publication]:
        """It stands, and the filters are subscribed to: say everything."""

    def tell(self, news: News, now_ms: int) -> Iterable[Publication]:
        """Something is new."""

    def heard(self, topic: str, body: bytes, now_ms: int) -> Iterable[Publication]:
        """A message came that a filter asked for; it may hold anything."""

    def farewell(self, now_ms: int) -> Iterable[Publication]:
        """The connection is about to be closed."""

    @property
    def wants_out(self) -> bool:
        """Whether this connection is to be given up, and another made."""
