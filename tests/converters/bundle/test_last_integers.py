"""An ONNX output that is stored integers moves by their scale; one that is computed in float is left out."""

import onnx
import pytest
from onnx import helper

from converters.bundle.last_integers import last_steps
from tests.fakes.onnx_models import brightness_classifier, largest_int8_products


def test_an_output_of_integers_moves_by_their_scale():
    assert last_steps(largest_int8_products()) == {"y": pytest.approx(8 * 127)}


@pytest.mark.parametrize(("kind", "is_found"), [("Flatten", True), ("Identity", True), ("Softmax", False)])
def test_what_only_lays_values_out_is_looked_through(kind, is_found):
    model = onnx.load_from_string(largest_int8_products())
    model.graph.node.append(helper.make_node(kind, ["y"], ["last"]))
    model.graph.output[0].name = "last"
    assert set(last_steps(model.SerializeToString())) == ({"last"} if is_found else set())


def test_a_float_model_has_no_steps():
    assert last_steps(brightness_classifier()) == {}
