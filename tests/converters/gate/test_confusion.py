"""Every labelled input is counted once per model."""

from types import SimpleNamespace

import numpy as np
import pytest

from converters.calibration.samples import Sample
from converters.gate.confusion import confusion
from converters.gate.verify import Comparison

MANIFEST = SimpleNamespace(labels=("down", "left", "right", "up"))
ONES = np.ones(4)


def compared(before, after):
    return Comparison(4, 30.0, ONES, ONES, classes_float=np.asarray(before), classes=np.asarray(after))


def samples(*labels):
    return [Sample(np.zeros(1, np.float32), "x", label) for label in labels]


def test_hits_and_misses_of_both_models_stand_side_by_side():
    found = confusion(MANIFEST, compared([0, 0, 3, 3], [0, 3, 3, 3]), samples("down", "down", "up", "up"))
    assert found.labels == ("down", "up")
    assert found.as_document()["cells"] == [["down", "down", 2, 1], ["down", "up", 0, 1], ["up", "up", 2, 2]]


def test_inputs_without_a_known_label_are_not_counted():
    found = confusion(MANIFEST, compared([1, 1, 1, 1], [1, 1, 1, 1]), samples("left", "", "sideways", ""))
    assert sum(cell.inputs for cell in found.cells) == 1


@pytest.mark.parametrize("comparison", [compared([0] * 4, [0] * 4), Comparison(4, 30.0, ONES, ONES)])
def test_nothing_is_told_without_labels_or_without_classes(comparison):
    assert confusion(MANIFEST, comparison, samples("", "", "", "")) is None
