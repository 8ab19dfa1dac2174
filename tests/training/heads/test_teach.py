from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from converters.tflite import read_tflite, write_tflite
from edge_runtime.infer.backend import open_backend
from edge_runtime.preprocess import Preprocessor
from training.dataset import Box
from training.features.gabor import gabor_features
from training.heads.cells import add_cells
from training.heads.evidence import gather
from training.heads.fusion import CELL_HEAD, POOLED_HEAD, Fusion, Gain, gains_of
from training.heads.head import fit_heads
from training.heads.head_graph import GOOD_ONLY, joined_graph
from training.heads.learn import Lesson, _seen, teach
from training.heads.outline import BoxOutline
from training.heads.pooled import add_pooled

if TYPE_CHECKING:
    from converters.graph import Graph

DEFECTS = 6


@pytest.fixture(scope="module")
def defects(draw_part) -> list[np.ndarray]:
    return [draw_part(100 + seed, scratch=True) for seed in range(DEFECTS)]


@pytest.fixture(scope="module")
def lesson(good_parts: list[np.ndarray], defects: list[np.ndarray]) -> Lesson:
    parts = [*good_parts, *defects]
    is_defect = np.arange(len(parts)) >= len(good_parts)
    outlines = [BoxOutline([Box(40, 30, 80, 60)]) if defect else None for defect in is_defect]
    return Lesson(parts, is_defect, outlines, [str(place) for place in range(len(parts))])


@pytest.fixture(scope="module")
def part(detector):
    return gabor_features(detector.spec.height_px, detector.spec.width_px)


@pytest.fixture(scope="module")
def branch(part):
    return add_cells(add_pooled(part))


@pytest.fixture(scope="module")
def evidence(branch, lesson: Lesson):
    frames, marks = _seen(branch, lesson, None)
    return gather(branch, frames, lesson.is_defect, marks, lesson.groups)


def _run(graph: Graph, spec, pixels: np.ndarray) -> dict[str, np.ndarray]:
    backend = open_backend(write_tflite(graph), model_format="tflite", runtime="litert", threads=1)
    found = {
        name: values.copy() for name, values in backend.run(lambda one: Preprocessor(spec).write(pixels, one)).items()
    }
    backend.close()
    return found


def test_the_graph_says_what_the_formula_says(
    detector, branch, evidence, lesson: Lesson, defects: list[np.ndarray]
) -> None:
    everyone = np.ones(len(lesson.groups), bool)
    heads = fit_heads(evidence, everyone)
    logits = {name: head.logits(evidence, everyone) for name, head in heads.items()}
    assert set(heads) == {POOLED_HEAD, CELL_HEAD}
    scores = np.array([*detector.good_scores, *[3.0] * DEFECTS])
    gains = gains_of(scores, logits, lesson.is_defect)
    before = _run(detector.graph, detector.spec, defects[-1])
    for choice in ("sum", "cell", "maximum", "good-only"):
        fusion = Fusion(choice, 1.0, gains)
        found = _run(joined_graph(detector.graph, branch.graph, heads, fusion, 1e9), detector.spec, defects[-1])
        wanted = fusion.joined(before["score"], {name: one[-1:] for name, one in logits.items()})
        assert found["score"] == pytest.approx(wanted, rel=2e-3)
        assert found["heat_map"].shape == before["heat_map"].shape
        if choice in {"sum", "maximum"}:
            ratio = found["score"] / before["score"]
            np.testing.assert_allclose(found["heat_map"], before["heat_map"] * ratio, rtol=1e-4)


def test_a_graph_computes_only_what_is_heard(detector, branch, evidence, lesson: Lesson) -> None:
    heads = fit_heads(evidence, np.ones(len(lesson.groups), bool))
    gains = dict.fromkeys(heads, Gain(slope=0.1, centre=0.0, least=-0.2))
    summed = joined_graph(detector.graph, branch.graph, heads, Fusion("sum", 1.0, gains), 9.0)
    assert GOOD_ONLY in summed.tensors
    assert "cells" not in summed.tensors
    assert len(summed.operators) < len(detector.graph.operators) + 20
    assert joined_graph(detector.graph, branch.graph, heads, Fusion("good-only", 1.0, gains), 9.0) is detector.graph


def test_the_map_of_a_flagrant_defect_stays_readable(detector, branch, evidence, lesson: Lesson, defects) -> None:
    heads = fit_heads(evidence, np.ones(len(lesson.groups), bool))
    gains = dict.fromkeys(heads, Gain(slope=10.0, centre=0.0, least=-50.0))
    for choice in ("sum", "cell"):
        graph = joined_graph(detector.graph, branch.graph, heads, Fusion(choice, 1.0, gains), 7.0)
        found = _run(graph, detector.spec, defects[-1])
        assert found["score"][0] > 70
        assert 7.0 < found["heat_map"].max() < 70


def test_defects_are_taught_and_counted(detector, part, lesson: Lesson) -> None:
    taught = teach(detector, part, lesson)
    assert (taught.defects, taught.drawn) == (DEFECTS, DEFECTS)
    assert set(taught.aurocs) == {"good-only", "sum", "cell", "maximum"}
    assert taught.aurocs[taught.choice] >= taught.aurocs["good-only"] - 1e-9
    assert len(taught.detector.good_scores) == len(detector.good_scores)
    assert min(taught.detector.good_scores) > 0
    assert read_tflite(taught.detector.model).outputs == detector.graph.outputs


def test_the_same_lesson_and_seed_give_the_same_bytes(detector, part, lesson: Lesson) -> None:
    assert teach(detector, part, lesson, seed=3).detector.model == teach(detector, part, lesson, seed=3).detector.model


def test_without_boxes_the_places_are_not_asked(detector, part, lesson: Lesson) -> None:
    undrawn = replace(lesson, outlines=[None] * len(lesson.outlines))
    assert "cell" not in teach(detector, part, undrawn).aurocs
