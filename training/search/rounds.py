"""Trial after trial, until the minutes are over or nothing is left to try; every one is kept in the study.

A trial that runs when the time is over is finished. One whose process was killed is taken for dead when its heartbeat
has stopped for a minute; its candidate counts as untried again, and so does that of a trial that was stopped by hand.
"""

from __future__ import annotations

import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.study import require_optuna
from edge_contracts.errors import BadInputError
from training.search.judged import Judged, Limits, judged_of
from training.search.proposal import proposed
from training.search.space import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training.search.space import Params, Space

JUDGED, REFUSED, SECONDS = "judged", "refused", "seconds"
"""Attributes of a trial."""

DOUBLED = "doubled"
"""That of one that another process was a moment earlier with; it does not count."""

MOST_ATTEMPTS = 3
"""A candidate whose trials died so often may be what kills them, by its memory for one."""

PAUSE_S = 1.0
"""Between two looks at what other processes still try."""

SEEDS_PER_SEARCH = 100_003
"""A prime: the seeds of different searches do not meet."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A finished trial. judged: None where its candidate was refused, for the reason `refused`."""

    number: int
    params: Params
    judged: Judged | None
    refused: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Clock:
    """Time: `now` in seconds, never going back, and what waits for some."""

    now: Callable[[], float]
    pause: Callable[[float], object]


def tried_of(study: Any) -> list[Tried]:
    """The finished trials of a study, in order."""
    return [_tried(one) for one in _ended(study)]


def search(
    study: Any,
    space: Space,
    *,
    seconds: float,
    clock: Clock,
    seed: int,
    limits: Limits,
    tell: Callable[[Tried], object] = lambda _tried: None,
) -> bool:
    """Try candidates; whether nothing is left to try.

    Args:
        study: of `open_study`.
        space: what to try.
        seconds: no trial begins later.
        clock: the time.
        seed: of what is picked, together with the trials that are there already.
        limits: told to the sampler, which then looks where they hold.
        tell: called with each trial that ended here.

    Raises:
        BadInputError: the usual candidate cannot be trained, so the data is at fault.
    """
    until = clock.now() + seconds
    while True:
        standing = _standing(study)
        seed_now = seed * SEEDS_PER_SEARCH + standing.trials
        candidate = None if standing.waits else proposed(_ended(study), space, standing.taken, seed_now)
        is_left = candidate is not None or standing.waits
        if clock.now() >= until or not (is_left or standing.runs):
            return not (is_left or standing.runs)
        if not is_left:
            clock.pause(PAUSE_S)
            continue
        if candidate is not None:
            study.enqueue_trial(candidate)
        with _may_have_ended_elsewhere():
            study.optimize(
                lambda trial: _try(trial, space, limits, clock),
                n_trials=1,
                callbacks=[lambda _study, trial: None if _is_doubled(trial) else tell(_tried(trial))],
            )


@contextmanager
def _may_have_ended_elsewhere() -> Iterator[None]:
    """Of two processes that took the same waiting trial, which SQLite does not prevent, the later has nothing to tell.

    Nor has one that was silent for so long that its trial was taken for dead.
    """
    try:
        yield
    except require_optuna().exceptions.UpdateFinishedTrialError:
        return
    except ValueError as error:
        # Optuna's own word for a trial that failed elsewhere; ours are of their own types.
        if type(error) is not ValueError or "Cannot tell" not in str(error):
            raise


@dataclass(frozen=True, slots=True)
class _Standing:
    """trials: how many there are. taken: candidates that need not be tried. waits, runs: whether any trial does."""

    trials: int
    taken: frozenset[str]
    waits: bool
    runs: bool


def _standing(study: Any) -> _Standing:
    optuna = require_optuna()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.storages.fail_stale_trials(study)
    everything = study.get_trials(deepcopy=False)
    trials = [
        (one.state.name, _key(one))
        for one in everything
        # One that runs without parameters was killed before its first heartbeat, or has them in a moment.
        if not _is_doubled(one) and (one.params or one.state.name != "RUNNING")
    ]
    dead = Counter(key for state, key in trials if state == "FAIL")
    states = {state for state, _ in trials}
    taken = {key for state, key in trials if state != "FAIL" or dead[key] >= MOST_ATTEMPTS}
    return _Standing(len(everything), frozenset(taken), "WAITING" in states, "RUNNING" in states)


def _ended(study: Any) -> list[Any]:
    trials = study.get_trials(deepcopy=False)
    return [one for one in trials if one.state.name in {"COMPLETE", "PRUNED"} and not _is_doubled(one)]


def _try(trial: Any, space: Space, limits: Limits, clock: Clock) -> float:
    began_s = clock.now()
    # Optuna's thread beats for the first time when it likes; a trial without a beat would never be taken for dead.
    trial.storage.record_heartbeat(trial._trial_id)  # noqa: SLF001 - no public name
    params = _parameters(trial, space)
    if any(one.number < trial.number and _stands_for(one, params) for one in trial.study.get_trials(deepcopy=False)):
        trial.set_user_attr(DOUBLED, True)
        raise require_optuna().TrialPruned(DOUBLED)
    try:
        judged = space.judge(params)
    except BadInputError as error:
        if params == space.usual:
            raise
        trial.set_user_attr(REFUSED, str(error))
        raise require_optuna().TrialPruned(str(error)) from error
    trial.set_user_attr(JUDGED, judged.document())
    trial.set_user_attr(SECONDS, round(clock.now() - began_s, 3))
    for name, excess in limits.excess(judged).items():
        trial.set_constraint(name, excess)
    return judged.quality


def _parameters(trial: Any, space: Space) -> Params:
    return {
        **{name: trial.suggest_categorical(name, values) for name, values in space.choices.items()},
        **{name: trial.suggest_float(name, *ends, log=True) for name, ends in space.ranges.items()},
    }


def _key(trial: Any) -> str:
    """Of a trial, also of one that waits."""
    return key_of(trial.system_attrs.get("fixed_params", trial.params))


def _is_doubled(trial: Any) -> bool:
    return DOUBLED in trial.user_attrs


def _stands_for(trial: Any, params: Params) -> bool:
    """Whether the candidate is tried, or will be, by this trial."""
    return trial.state.name != "FAIL" and not _is_doubled(trial) and _key(trial) == key_of(params)


def _tried(trial: Any) -> Tried:
    found = trial.user_attrs.get(JUDGED)
    return Tried(
        trial.number,
        dict(trial.params),
        None if found is None else judged_of(found),
        trial.user_attrs.get(REFUSED, ""),
        trial.user_attrs.get(SECONDS, 0.0),
    )
