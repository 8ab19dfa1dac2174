"""The outcome of a run, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.plan import Sizes
    from tests.chaos.trial import Outcome

HEADS = ("", "offered", "stored", "lost", "in the ledger", "duplicates", "caught in hand", "kills", "seconds")


def table(sizes: Sizes, seed: int, outcomes: Sequence[Outcome]) -> str:
    """A table, what was done, what is amiss, and the ledger line of each."""
    rows = [HEADS, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = [f"seed {seed}, {sizes.stations} stations, {sizes.rate:g} alerts per second together", ""]
    lines += ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.append("")
    for one in outcomes:
        deaths = f"; ended by themselves {one.deaths}" if one.deaths else ""
        lines.append(f"{one.name}: {_counts(one.kills)}; {_counts(one.deeds)}{deaths}")
        lines += [f"  AMISS: {trouble}" for trouble in one.reckoning.troubles]
    lines.append("")
    lines += [f"{one.name}: {one.reckoning.sentence()}" for one in outcomes]
    return "\n".join(lines)


def _row(one: Outcome) -> tuple[str, ...]:
    found = one.reckoning
    figures = (found.offered, found.stored, found.lost, sum(found.ledger.values()), found.duplicates)
    caught = f"{found.in_hand_stored} of {found.in_hand}"
    return (one.name, *map(str, figures), caught, str(sum(one.kills.values())), f"{one.seconds:.0f}")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "nothing else"
