"""What a person at the terminal is told when a conversion is done: figures under each other, and every note in full.

What the doctor says and which steps were reused fills up fifteen lines, whole sentences alone; the rest is in the card.
"""

from __future__ import annotations

import shlex
import textwrap
from typing import TYPE_CHECKING

from converters.operator_name import with_short_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from edge_contracts.card import Card, Measurement

MOST_LINES = 15
LABEL_WIDTH = 11
FIGURE_WIDTH = 14
WIDTH = 120
MEGABYTE = 1e6
SHARES = ("accuracy", "auroc", "agreement", "score_shift")
"""What the gate compares, by the card's names; some have a `_float`, and a `_builtin` beside them."""

NOISE = "signal_to_noise_db"
PART_NOISE = "part_signal_to_noise_db"


def told(path: Path, digest: str, card: Card, steps: Sequence[str] = (), replaced: str = "") -> str:
    """The lines, joined.

    Args:
        path: where the bundle lies.
        digest: its name.
        card: what was measured.
        steps: what each step took and whether it was reused, a phrase each.
        replaced: the digest of the bundle that lay there before; empty where none did.
    """
    metrics = {metric.name: metric for metric in card.metrics}
    before = f", replaced {replaced[:16]}" if replaced else ""
    head = [f"{path}  {digest[:16]}  for {card.profile}{before}", _row("", "float", "converted")]
    head += [*_costs(metrics), *_answers(metrics), *_gate(card)]
    head += [line for note in card.notes for line in _wrapped("note", note)]
    room = MOST_LINES - len(head) - 1
    more = [list(_wrapped(label, text)) for label, text in _findings(card, steps)]
    rest = [line for finding in more for line in finding]
    if len(rest) > room:
        rest = [*_whole(more, room - 1), _row("", f"and more: lepton bundle inspect {shlex.quote(str(path))}")]
    folder = shlex.quote(f"{path.stem}-report")
    page = f"lepton bundle extract {shlex.quote(str(path))} -o {folder} --only report"
    return "\n".join([*head, *rest, _row("report", page)])


def _findings(card: Card, steps: Sequence[str]) -> Iterable[tuple[str, str]]:
    """What was reused and what the doctor remarks, a label and a text each."""
    if steps:
        yield "steps", ", ".join(steps)
    for place, sentence in enumerate(card.details.get("doctor", {}).get("sentences", ())):
        yield "layers" if not place else "", with_short_names(sentence)


def _whole(findings: Iterable[Sequence[str]], room: int) -> Iterable[str]:
    """The lines of the first findings that fit whole."""
    for lines in findings:
        room -= len(lines)
        if room < 0:
            return
        yield from lines


def _wrapped(label: str, text: str) -> Iterable[str]:
    """The text under its label, no line longer than a terminal is wide, where words allow it."""
    parts = textwrap.wrap(text, WIDTH - LABEL_WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return [_row("" if place else label, part) for place, part in enumerate(parts)]


def _row(label: str, *cells: str) -> str:
    """A label, the first cell right-aligned where others follow it."""
    if len(cells) == 1:
        return f"  {label:<{LABEL_WIDTH}}{cells[0]}"
    figures = "".join(f"{cell:>{FIGURE_WIDTH}}" for cell in cells[:2])
    return f"  {label:<{LABEL_WIDTH}}{figures}  {'  '.join(cells[2:])}".rstrip()


def _costs(metrics: dict[str, Measurement]) -> Iterable[str]:
    """Size, latency and memory, float beside artefact."""
    if {"float_model_bytes", "model_bytes"} <= set(metrics):
        before, after = metrics["float_model_bytes"].value, metrics["model_bytes"].value
        form = metrics["float_model_bytes"].where
        change = f"{100 * (after / before - 1):+.1f} %{f'; float {form}' if form else ''}"
        yield _row("size", f"{before:,.0f}", f"{after:,.0f}", f"bytes, {change}")
    if {"float_latency_ms", "latency_ms"} <= set(metrics):
        before, after = metrics["float_latency_ms"].value, metrics["latency_ms"].value
        yield _row("latency", f"{before:.3f}", f"{after:.3f}", f"ms on {metrics['latency_ms'].where}")
    if "peak_memory_bytes" in metrics:
        yield _row("memory", "", f"{metrics['peak_memory_bytes'].value / MEGABYTE:.1f}", "MB at most where it runs")


def _answers(metrics: dict[str, Measurement]) -> Iterable[str]:
    """What the gate compared, with either kernels."""
    for name in SHARES:
        if name not in metrics:
            continue
        before = metrics.get(f"{name}_float")
        float_share = "" if before is None else _share(before)
        yield _row(name.replace("_", " "), float_share, _share(metrics[name]), _either(metrics, name, _share))
    if not set(SHARES) & set(metrics) and NOISE in metrics:
        noise = f"dB above the noise {_either(metrics, NOISE, _decibels)}"
        yield _row("signal", "", _decibels(metrics[NOISE]), noise)
        if PART_NOISE in metrics:
            yield from _wrapped("", f"{_decibels(metrics[PART_NOISE])} dB in {metrics[PART_NOISE].where}")


def _either(metrics: dict[str, Measurement], name: str, text: Callable[[Measurement], str]) -> str:
    """Whose kernels gave the figure, and what the others gave."""
    other = metrics.get(f"{name}_builtin")
    beside = "" if other is None else f"; {text(other)} with {_kernels(other)}"
    return f"with {_kernels(metrics[name])}{beside}"


def _decibels(metric: Measurement) -> str:
    return f"{metric.value:.1f}"


def _share(metric: Measurement) -> str:
    return f"{metric.value:.4f}" if metric.name.startswith("auroc") else f"{100 * metric.value:.2f} %"


def _kernels(metric: Measurement) -> str:
    """`litert 2.3.0, xnnpack kernels` becomes `xnnpack`."""
    return metric.where.rpartition(", ")[2].removesuffix(" kernels") or "the runtime's kernels"


def _gate(card: Card) -> Iterable[str]:
    """The verdict and its reasons."""
    if card.gate is None:
        yield _row("gate", "did not run")
        return
    judge = f", judged with {card.gate.kernels}" if card.gate.kernels else ""
    yield _row("gate", f"{card.gate.verdict} on {card.calibration}{judge}")
    for reason in card.gate.reasons:
        yield from _wrapped("", reason)
