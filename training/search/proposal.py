"""The next candidate: first the usual one, then what a tree of Parzen estimators expects most of.

Optuna's sampler is asked on a copy of the study, in memory, until it names a candidate that nobody has tried; so a
small space is tried to its end and no trial is spent on what is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.study import require_optuna
from training.search.space import key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from training.search.space import Params, Space

MOST_ASKED = 20
"""Names of the sampler that were tried already, before one is drawn from the rest."""


def proposed(trials: Sequence[Any], space: Space, taken: Collection[str], seed: int) -> Params | None:
    """A candidate that is not taken; None where there is none left.

    Args:
        trials: those that ended, as Optuna has them.
        space: what there is.
        taken: `key_of` candidates that need not be tried.
        seed: of the sampler and the draw.
    """
    if key_of(space.usual) not in taken:
        return space.usual
    left = None if space.all is None else [one for one in space.all if key_of(one) not in taken]
    if left is not None and not left:
        return None
    optuna = require_optuna()
    copy = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    copy.add_trials(trials)
    distributions = _distributions(space)
    for _ in range(MOST_ASKED):
        named: Params = copy.ask(distributions).params
        if left is None or named in left:
            return named
    return left[np.random.default_rng(seed).integers(len(left))] if left else None


def _distributions(space: Space) -> dict[str, Any]:
    kinds = require_optuna().distributions
    return {
        **{name: kinds.CategoricalDistribution(values) for name, values in space.choices.items()},
        **{name: kinds.FloatDistribution(*ends, log=True) for name, ends in space.ranges.items()},
    }
