"""The child of `converters.doctor.trials`: runs models over feeds, one after the other, or times them in turns.

After each model it says so, that its parent knows which one took the process with it.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from converters.execute import Kernels, Session
from converters.isolation.child import serve
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

    from converters.execute import Feed

FEEDS, WISHES, TIMES = "feeds.npz", "wishes.json", "times.json"
"""The inputs; how often to time each model; nanoseconds of each timed run, by model number."""


def prove_folder(home: Path) -> None:
    """Time every `N.tflite` on feed N, if that is wished; else run over all feeds those that have no `N.npz` yet."""
    feeds = read_feeds(home / FEEDS)
    models = sorted(home.glob("*.tflite"), key=lambda path: int(path.stem))
    turns = json.loads((home / WISHES).read_text("utf-8"))
    if turns:
        times = _times([model.read_bytes() for model in models], feeds, turns)
        (home / TIMES).write_text(json.dumps(times), "utf-8")
        return
    for model in models:
        if not model.with_suffix(".npz").exists():
            (home / "running").write_text(model.stem, "utf-8")
            _answer_or_refuse(model, feeds)
    (home / "running").unlink(missing_ok=True)


def read_feeds(path: Path) -> list[Feed]:
    """What `write_feeds` wrote."""
    feeds: dict[int, dict[str, Any]] = {}
    with np.load(path) as stored:
        for key in stored.files:
            place, name = key.split("|", 1)
            feeds.setdefault(int(place), {})[name] = stored[key]
    return [feeds[place] for place in sorted(feeds)]


def write_feeds(path: Path, feeds: list[Feed]) -> None:
    """All feeds in one file."""
    named = {f"{place}|{name}": value for place, feed in enumerate(feeds) for name, value in feed.items()}
    np.savez(path, **cast(dict[str, Any], named))


def _answer_or_refuse(model: Path, feeds: list[Feed]) -> None:
    try:
        _answer(model, feeds)
    except BadInputError:
        model.unlink()  # it has no answers then, which is what the parent asks for


def _answer(model: Path, feeds: list[Feed]) -> None:
    session = Session(model.read_bytes(), Kernels.XNNPACK)
    answers: list[list[Any]] = []
    for feed in feeds:
        session.run(feed)
        answers.append(session.outputs())
    stacked = {f"{place}": np.stack([answer[place] for answer in answers]) for place in range(len(answers[0]))}
    partial = model.with_suffix(".partial.npz")
    np.savez(partial, **cast(dict[str, Any], stacked))
    partial.rename(model.with_suffix(".npz"))


def _times(contents: list[bytes], feeds: list[Feed], turns: int) -> list[list[int]]:
    """Nanoseconds of `turns` runs of each model; they take turns, so that a machine that slows down slows all."""
    sessions = [Session(content, Kernels.XNNPACK) for content in contents]
    times: list[list[int]] = [[] for _ in sessions]
    for turn in range(turns + 1):
        for session, feed, taken in zip(sessions, feeds, times, strict=True):
            begin = time.perf_counter_ns()
            session.run(feed)
            if turn:
                taken.append(time.perf_counter_ns() - begin)
    return times


if __name__ == "__main__":
    serve(prove_folder)
