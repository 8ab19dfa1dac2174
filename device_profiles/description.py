"""A profile in plain text, for a terminal on the board: no colours, no library, one fact per line."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from device_profiles.delegate_files import delegates_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from device_profiles.board import Profile
    from device_profiles.figures import Figure

_WIDTH = 100
_HEADER = ("NAME", "BOARD", "PROCESSOR", "MEMORY", "STOCK SYSTEM", "PYTHON", "RUNTIMES")
_ABSENT = "-"


def board_table(profiles: Iterable[Profile]) -> str:
    """One line per board under a header; columns are as wide as their longest cell."""
    return align([_HEADER, *(_row(profile) for profile in profiles)])


def describe(profile: Profile) -> str:
    """Everything that a person decides by: what to install, in commands, then what the board is and may lose.

    Each figure ends with the number of its source in the list at the end.
    """
    numbers = {key: index for index, key in enumerate(profile.sources, start=1)}
    parts = [
        f"{profile.title} ({profile.name})",
        _install(profile),
        _section("Runtimes, best first", [f"{r.name}: {r.why} [{numbers[r.source]}]" for r in profile.runtimes]),
        _section("Systems", [f"{s.name}: Python {s.python} [{numbers[s.source]}]" for s in profile.systems]),
        "Figures\n" + align([(f"  {label}", _told(figure, numbers)) for label, figure in figures_of(profile)]),
        _section("Converter", _converter(profile, numbers)),
        _section("Accelerators whose rules are known: lepton delegate check MODEL --for NAME", _accelerators(profile)),
        _latency(profile, numbers),
        "Sources\n" + "\n".join(f"  [{numbers[key]}] {s.title}: {s.at}" for key, s in profile.sources.items()),
    ]
    return "\n\n".join(part for part in parts if part)


def figures_of(profile: Profile) -> list[tuple[str, Figure]]:
    """Every figure of the board that it has, under the words that a person knows it by."""
    power = profile.power
    candidates = [
        ("cores", profile.cpu.cores),
        ("clock", profile.cpu.clock),
        ("memory", profile.memory),
        ("threads of the backend", profile.threads),
        ("power, idle", power.idle if power else None),
        ("power, all cores busy", power.load if power else None),
        ("price", profile.price),
        ("accuracy that the gate lets go", profile.limits.max_accuracy_loss),
        ("AUROC that the gate lets go", profile.limits.max_auroc_loss),
    ]
    return [(label, figure) for label, figure in candidates if figure is not None]


def align(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as columns, two spaces apart, without trailing blanks."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _row(profile: Profile) -> tuple[str, ...]:
    cores = f"{profile.cpu.cores.value:g} x {profile.cpu.core}" if profile.cpu.cores else profile.cpu.core
    return (
        profile.name,
        profile.title,
        cores,
        str(profile.memory or _ABSENT),
        profile.stock_system.name,
        profile.stock_system.python + (" (see show)" if profile.lacks_python else ""),
        ", ".join(runtime.name for runtime in profile.runtimes),
    )


def _install(profile: Profile) -> str:
    note = [] if profile.python_note is None else [_wrap(profile.python_note, "  "), ""]
    return "\n".join(["Install", *note, *(f"  {command}" for command in profile.install)])


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(_wrap(line, "  ") for line in lines)])


def _told(figure: Figure, numbers: dict[str, int]) -> str:
    note = f", {figure.note}" if figure.note else ""
    return f"{figure}{note} [{numbers[figure.source]}]"


def _converter(profile: Profile, numbers: dict[str, int]) -> list[str]:
    wanted = profile.quantisation
    return [
        f"weights {wanted.weights.replace('_', ' ')}; activations {', '.join(wanted.activations)}",
        f"{wanted.why} [{numbers[wanted.source]}]",
        *([f"{profile.accelerator.name}: {profile.accelerator.why}"] if profile.accelerator else []),
    ]


def _accelerators(profile: Profile) -> list[str]:
    """Built in, or to be had; a board without any is told so."""
    told = []
    for delegate in delegates_of(profile):
        ways = [carrier.how for carrier in delegate.carriers if carrier.board == profile.name]
        told.append(f"{delegate.name}: {delegate.title}, {'; '.join(ways) or 'built in'}")
    return told or ["none"]


def _latency(profile: Profile, numbers: dict[str, int]) -> str:
    if not profile.latency:
        return ""
    rows = [
        (
            f"  {series.framework}",
            _threads(series.threads),
            f"{len(series.rows)} models and precisions",
            f"{min(row.ms for row in series.rows):g} to {max(row.ms for row in series.rows):g} ms",
            f"{series.device} [{numbers[series.source]}]",
        )
        for series in profile.latency
    ]
    return "Published latencies\n" + align(rows)


def _threads(threads: int | str | None) -> str:
    if threads is None:
        return "threads not said"
    return f"{threads} threads" if isinstance(threads, int) else threads


def _wrap(text: str, indent: str) -> str:
    return fill(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
