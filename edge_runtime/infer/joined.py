"""The answers to all inputs of one window as the answer to the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.frames import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import numpy.typing as npt

    from edge_contracts.manifest.signal_input import Join


def joined(answers: Sequence[Scores], join: Join) -> Scores:
    """Mean or maximum over the answers, value by value; what is NaN in one of them is NaN in the result.

    Args:
        answers: at least one, all of one shape; a model of windows has no heat map.
        join: `mean` is what the window is like, `max` the worst of it.
    """
    if len(answers) == 1:
        return answers[0]
    outputs = {name: _over([one.outputs[name] for one in answers], join) for name in answers[0].outputs}
    return Scores(_over([one.values for one in answers], join), None, outputs)


def _over(arrays: list[npt.NDArray[Any]], join: Join) -> npt.NDArray[np.float32]:
    stacked = np.stack(arrays)
    found = stacked.max(axis=0) if join == "max" else stacked.mean(axis=0, dtype=np.float64)
    return np.asarray(found, np.float32)
