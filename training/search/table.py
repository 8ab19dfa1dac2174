"""The trials of a study as a table, best ones first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.search.outcome import tried_document
from training.search.outcome_text import QUALITIES, candidate_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.search.rounds import Tried

RUNNING = ("RUNNING", "WAITING")


def study_document(name: str, where: str, trials: Sequence[Tried], study: Any) -> dict[str, Any]:
    """Plain values for JSON.

    Args:
        name: the study's.
        where: the place that it is in, as it may be printed.
        trials: those that ended.
        study: for what it is about and how many trials run.
    """
    states = [one.state.name for one in study.get_trials(deepcopy=False)]
    judged = [one for one in trials if one.judged is not None]
    ordered = sorted(judged, key=lambda one: (-(one.judged.quality if one.judged else 0.0), one.number))
    return {
        "name": name,
        "where": where,
        "about": study.user_attrs.get("about", {}),
        "criterion": study.user_attrs.get("about", {}).get("criterion", ""),
        "running": sum(state in RUNNING for state in states),
        "broken_off": states.count("FAIL"),
        "seconds": round(sum(one.seconds for one in trials), 1),
        "trials": [tried_document(one) for one in ordered],
        "refused": [tried_document(one) for one in trials if one.judged is None],
    }


def table_text(document: dict[str, Any]) -> str:
    """Lines for a terminal."""
    quality = QUALITIES.get(document["criterion"], "quality")
    rows = [("trial", quality, "bytes", "ms", "s", "recipe")]
    rows += [
        (
            str(one["number"]),
            f"{one['quality']:.3f}",
            f"{one['model_bytes']:,}",
            f"{one['ms']:.2f}",
            f"{one['seconds']:.1f}",
            candidate_text(one["params"]),
        )
        for one in document["trials"]
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    lines = ["  ".join([*map(str.rjust, row[:5], widths), row[5]]) for row in rows]
    refused = [
        f"refused: trial {one['number']}, {candidate_text(one['params'])}: {one['refused']}"
        for one in document["refused"]
    ]
    return "\n".join([_heading(document), *lines, *refused])


def _heading(document: dict[str, Any]) -> str:
    more = [
        f"{document[key]} {words}"
        for key, words in (("running", "running"), ("broken_off", "broken off"))
        if document[key]
    ]
    return (
        f"study {document['name']} in {document['where']}: "
        + ", ".join([f"{len(document['trials'])} judged", f"{len(document['refused'])} refused", *more])
        + f"; {document['seconds']:.0f} s of trials"
    )
