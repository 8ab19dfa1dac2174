"""Fields of a filter: what may be chosen, and what is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_manager.people.roles import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a list: its value in the address, its name for people."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class FilterField:
    """One list: its key in the address, its name, its entries, and the value that is chosen."""

    key: str
    name: str
    choices: tuple[Choice, ...]
    chosen: str


def filter_field(key: str, name: str, choices: Iterable[Choice], query: Mapping[str, str], default: str) -> FilterField:
    """A list with what the address chose; a value that is not in it is added, so that nothing is dropped unseen."""
    entries, chosen = tuple(choices), query.get(key, default)
    if chosen not in {one.value for one in entries}:
        entries += (Choice(chosen, chosen),)
    return FilterField(key, name, entries, chosen)


def site_choices(sites: Collection[str]) -> tuple[Choice, ...]:
    """The sites of a person, all of them first."""
    named = sorted(site for site in sites if site != EVERYWHERE)
    return (Choice("", "all sites"), *(Choice(site, site) for site in named))


def sites_wanted(chosen: str, seen: Collection[str]) -> tuple[str, ...] | None:
    """The sites to read: the chosen one as far as it may be seen, else all that may; None for every one there is."""
    if chosen:
        return (chosen,) if EVERYWHERE in seen or chosen in seen else ()
    return None if EVERYWHERE in seen else tuple(sorted(seen))
