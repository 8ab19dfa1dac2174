"""What a rehearsal found, as tables for a terminal and as one JSON document."""

from __future__ import annotations

from collections import Counter
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_runtime.rehearsal.judgement import Judgement
    from edge_runtime.rehearsal.performance import Performance
    from edge_runtime.rehearsal.replay import Changed, Replay
    from edge_runtime.rehearsal.verdict_tape import Told

_NS_PER_S = 1_000_000_000
_HEADINGS = ("fault", "point", "from", "for", "parts", "good", "defect", "unknown", "causes", "then", "back", "kept")
_SHOWN_CHANGES = 20


def line(told: Told, began_at_ns: int) -> str:
    """One verdict of the time line."""
    at_s = (told.decided_at_ns - began_at_ns) / _NS_PER_S
    return f"{at_s:8.2f} s  {told.point}  {told.outcome.value:<7}  {told.cause.value:<14}  {told.reason}"


def fault_table(performance: Performance) -> str:
    """One line per fault and point, the broken promises below, and whether all were kept."""
    rows = [_HEADINGS, *(_row(judgement) for judgement in performance.judgements)]
    lines = aligned(rows)
    for judgement in performance.judgements:
        lines += [f"BROKEN {judgement.fault.kind.value} at {judgement.point}: {broken}" for broken in judgement.broken]
    lines += [
        f"BROKEN {point}: wanted a part judged before the first fault, found none; are these its pictures?"
        for point in performance.unfit
    ]
    lines += ["", *performance.staged]
    end = "every promise was kept" if performance.is_kept else "promises were BROKEN"
    return "\n".join([*lines, "", f"{end}; {performance.summary}"])


def fault_document(performance: Performance) -> dict[str, Any]:
    """The JSON document of a fault script: `kept`, `faults`, `verdicts`."""
    return {
        "kept": performance.is_kept,
        "staged": list(performance.staged),
        "unfit": list(performance.unfit),
        "faults": [
            {
                "fault": judgement.fault.kind.value,
                "point": judgement.point,
                "at_s": judgement.fault.at_s,
                "for_s": judgement.fault.for_s,
                "outcomes": {outcome.value: judgement.outcomes[outcome] for outcome in Outcome},
                "causes": dict(judgement.causes),
                "first_after": judgement.first_after.value if judgement.first_after else None,
                "recovery_s": judgement.recovery_s,
                "broken": list(judgement.broken),
            }
            for judgement in performance.judgements
        ],
        "verdicts": [_verdict(told, performance.began_at_ns) for told in performance.told],
        "summary": str(performance.summary),
    }


def replay_text(replay: Replay, changed: Sequence[Changed] | None) -> str:
    """The counts and times of a recording, and what another bundle judges otherwise."""
    figures = replay_document(replay, changed)
    counts = ", ".join(f"{figures['outcomes'][outcome.value]} {outcome.value}" for outcome in Outcome)
    causes = ", ".join(f"{count} {cause}" for cause, count in sorted(figures["causes"].items()))
    lines = [f"{len(replay.told)} parts: {counts} ({causes})"]
    lines.append(f"latency p50 {figures['latency_p50_ms']:.1f} ms, p95 {figures['latency_p95_ms']:.1f} ms")
    if changed is None:
        return "\n".join(lines)
    rows = [(one.before.part, one.before.outcome.value, "→", one.after.outcome.value, *_scores(one)) for one in changed]
    lines.append(f"the other bundle judges {len(changed)} of {len(replay.told)} parts otherwise")
    lines += [f"  {text}" for text in aligned(rows[:_SHOWN_CHANGES])]
    if len(rows) > _SHOWN_CHANGES:
        lines.append(f"  … and {len(rows) - _SHOWN_CHANGES} more; --json names them all")
    return "\n".join(lines)


def replay_document(replay: Replay, changed: Sequence[Changed] | None) -> dict[str, Any]:
    """The JSON document of a recording: `parts`, `outcomes`, `causes`, latencies, `verdicts`, `changed`."""
    times_ms = [told.latency_ms for told in replay.told]
    steps = quantiles(times_ms * 2, n=20) if times_ms else [0.0] * 19
    counted = Counter(told.outcome for told in replay.told)
    document: dict[str, Any] = {
        "parts": len(replay.told),
        "outcomes": {outcome.value: counted[outcome] for outcome in Outcome},
        "causes": dict(Counter(told.cause.value for told in replay.told)),
        "latency_p50_ms": steps[9],
        "latency_p95_ms": steps[18],
        "verdicts": [_verdict(told, 0) for told in replay.told],
    }
    if changed is not None:
        document["changed"] = [{"before": _verdict(one.before, 0), "after": _verdict(one.after, 0)} for one in changed]
    return document


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells in columns."""
    if not rows:
        return []
    wide = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(f"{cell:<{size}}" for cell, size in zip(row, wide, strict=True)).rstrip() for row in rows]


def _row(judgement: Judgement) -> tuple[str, ...]:
    counts, fault = judgement.outcomes, judgement.fault
    return (
        fault.kind.value,
        judgement.point,
        f"{fault.at_s:g} s",
        f"{fault.for_s:g} s",
        str(sum(counts.values())),
        *(str(counts[outcome]) for outcome in (Outcome.GOOD, Outcome.DEFECT, Outcome.UNKNOWN)),
        ", ".join(sorted(judgement.causes)) or "-",
        judgement.first_after.value if judgement.first_after else "-",
        "-" if judgement.recovery_s is None else f"{judgement.recovery_s:.2f} s",
        "no" if judgement.broken else "yes",
    )


def _scores(changed: Changed) -> tuple[str, str, str]:
    one, other = changed.before.score, changed.after.score
    return ("-" if one is None else f"{one:.4g}", "→", "-" if other is None else f"{other:.4g}")


def _verdict(told: Told, began_at_ns: int) -> dict[str, Any]:
    return {
        "point": told.point,
        "part": told.part,
        "outcome": told.outcome.value,
        "cause": told.cause.value,
        "reason": told.reason,
        "score": told.score,
        "at_s": (told.decided_at_ns - began_at_ns) / _NS_PER_S if began_at_ns else None,
        "latency_ms": told.latency_ms,
    }
