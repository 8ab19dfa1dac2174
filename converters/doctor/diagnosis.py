"""From layers to sentences: where the signal is lost, and to what."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from converters.quantize.candidate import CLEAR_DB, MARGIN_DB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.doctor.findings import Cause, Islands, Layer, Tried
    from converters.doctor.pair import Pair

SOUND_DB = 40.0
"""At so much signal over noise at the outputs nobody need ask what the noise comes from: it is 1 % of the values."""

MOSTLY = 2 / 3
"""A share of the noise from which on it is called the cause."""

WORST = 3
"""Layers that are named."""

EXACT_DB = 60.0
"""What an exact value counts as where decibels are subtracted."""


def worst_output(pair: Pair, layers: Sequence[Layer]) -> Layer:
    """The layer that gives the output with the least signal over noise; the last layer where none gives one itself."""
    made = {name: operator.outputs[0] for operator in pair.operators for name in operator.outputs}
    giving = {made[name] for name in pair.original.outputs if name in made}
    return min((layer for layer in layers if layer.name in giving), key=lambda one: one.noise_db, default=layers[-1])


def cause(layer: Layer) -> Cause:
    """What the noise of an output comes from."""
    if layer.noise_db >= SOUND_DB:
        return "none"
    if layer.weight_share >= MOSTLY:
        return "weights"
    return "activations" if layer.weight_share <= 1 - MOSTLY else "both"


def lost_db(pair: Pair, layers: Sequence[Layer]) -> dict[str, float]:
    """Decibels that each operator loses between the noisiest value that it reads and what it gives."""
    noise = {layer.name: min(layer.noise_db, EXACT_DB) for layer in layers}
    makers = {name: operator.outputs[0] for operator in pair.operators for name in operator.outputs}
    lost = {}
    for operator in pair.operators:
        read = [noise[makers[name]] for name in operator.inputs if name in makers]
        lost[operator.outputs[0]] = min(read, default=EXACT_DB) - noise[operator.outputs[0]]
    return lost


def sentences(
    output: Layer, lost: dict[str, float], tried: Sequence[Tried], islands: Islands | None = None
) -> tuple[str, ...]:
    """At most three lines: the loss and its cause, the worst layers, what was done about it.

    The first is of what the model gives, the last of what trials are compared by: logits where it ends in a softmax.
    """
    lines = [f"{_at_output(output.noise_db)}; {_because(output)}"]
    worst = [name for name in sorted(lost, key=lambda one: -lost[one]) if lost[name] >= 1][:WORST]
    if worst and output.noise_db < SOUND_DB:
        lines.append("most is lost at " + ", ".join(f"{name} ({-lost[name]:.1f} dB)" for name in worst))
    done = _done(tried, islands)
    return (*lines, done) if done else tuple(lines)


def _because(output: Layer) -> str:
    share = 100 * output.weight_share
    return {
        "none": "rounding costs this model nothing that counts",
        "weights": f"rounded weights make {share:.0f} % of the noise: more bits for activations would not help",
        "activations": f"rounded weights make {share:.0f} % of the noise, rounded activations the rest",
        "both": f"rounded weights make {share:.0f} % of the noise, rounded activations the rest",
    }[cause(output)]


def _done(tried: Sequence[Tried], islands: Islands | None) -> str:
    if islands is not None:
        return islands.reason
    told = [f"{one.name} {_decibels(one.xnnpack_db)}{' (kept)' if one.kept else ''}" for one in tried]
    return f"tried (before any softmax): {', '.join(told)}{_margin(tried)}" if told else ""


def _margin(tried: Sequence[Tried]) -> str:
    """Why what was kept is not the best of all, where it is not."""
    kept = max((one.xnnpack_db for one in tried if one.kept), default=math.inf)
    if all(one.xnnpack_db <= kept for one in tried):
        return ""
    return (
        f"; on few inputs a difference is chance: a later one must win by {MARGIN_DB:g} dB, "
        f"and by {CLEAR_DB:g} dB where fewer answers agree"
    )


def _at_output(noise_db: float) -> str:
    if math.isfinite(noise_db):
        return f"{_decibels(noise_db)} of signal over noise at the output (after any softmax)"
    return f"the output is {_decibels(noise_db)} on these inputs"


def _decibels(value: float) -> str:
    return f"{value:.1f} dB" if math.isfinite(value) else ("exact" if value > 0 else "not finite")
