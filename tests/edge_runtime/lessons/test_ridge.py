"""Ridge regression in closed form against the same fit without the row."""

from __future__ import annotations

import numpy as np
import pytest

from edge_runtime.lessons.ridge import fit_ridge


def rows(good: int, defective: int, width: int = 40) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    found = random.normal(size=(good + defective, width))
    found[good:, :5] += 2
    return found, np.arange(good + defective) >= good


def test_what_was_defective_answers_more_than_what_was_good() -> None:
    given, is_defective = rows(20, 5)
    ridge = fit_ridge(given, is_defective)
    answers = np.asarray([ridge.answer(row) for row in given])
    assert answers[is_defective].min() > answers[~is_defective].max()
    unseen, kinds = rows(40, 40)
    answers = np.asarray([ridge.answer(row) for row in unseen])
    assert answers[kinds].mean() > answers[~kinds].mean() + 0.1


@pytest.mark.parametrize("place", [0, 7, 21])
def test_the_left_out_answer_is_that_of_a_fit_without_the_row(place: int) -> None:
    given, is_defective = rows(20, 5)
    whole = fit_ridge(given, is_defective)
    # The weights of the rows stay those of the whole: the row is left out by giving it the answer that it gets.
    wanted = is_defective.astype(float)
    share = np.where(is_defective, 0.5 / 5, 0.5 / 20)
    kept = np.arange(len(given)) != place
    design = np.concatenate([given / np.sqrt(given.shape[1]), np.ones((len(given), 1))], axis=1)
    costs = np.diag([*np.ones(given.shape[1]), 0.0])
    weighed = design[kept].T * share[kept]
    alone = np.linalg.solve(weighed @ design[kept] + costs, weighed @ wanted[kept])
    assert whole.left_out[place] == pytest.approx(float(design[place] @ alone), abs=1e-9)
