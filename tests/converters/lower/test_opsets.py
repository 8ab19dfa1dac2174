"""Operator sets 11 to 21: each operator that a set changed lowers in the form that it has there."""

import numpy as np
import onnx
import pytest
from onnx import defs, version_converter

from converters.lower.rules import RULES
from tests.converters.lower.onnx_models import OLD_ONNXRUNTIME, agrees, one
from tests.converters.lower.test_older_runtime import CASES, PICTURE, POSITIVE

OLDEST, NEWEST = 11, 21

SCALES = np.array([1, 1, 2, 2], np.float32)
MODELS = [
    *((kind, content, None) for kind, content in CASES),
    *((kind, one(kind, PICTURE), 0.1) for kind in POSITIVE),
    ("Resize", one("Resize", PICTURE, np.zeros(0, np.float32), SCALES, opset=11, mode="linear"), None),
]
"""Operator, a model of it, and the least input that it takes; in some operator set."""


def forms(kind):
    """Where from 11 to 21 the operator stands in another form than before: the first set of each."""
    if not defs.has(kind):
        return []
    history = [schema for schema in defs.get_all_schemas_with_history() if schema.name == kind and not schema.domain]
    reached = {
        max((s.since_version for s in history if s.since_version <= v), default=0) for v in range(OLDEST, NEWEST + 1)
    }
    return sorted(max(s.since_version, OLDEST) for s in history if s.since_version in reached and not s.deprecated)


def in_set(content, version):
    """The model in another operator set: as it is if it may stand so, else converted; None where neither is right."""
    model = onnx.load_from_string(content)
    moved = onnx.ModelProto()
    moved.CopyFrom(model)
    moved.opset_import[0].version = version
    for attempt in (lambda: moved, lambda: version_converter.convert_version(model, version)):
        try:
            tried = attempt()
            onnx.checker.check_model(tried, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, RuntimeError):
            continue
        if {node.op_type for node in model.graph.node} <= {node.op_type for node in tried.graph.node}:
            return tried.SerializeToString()
    return None


@pytest.mark.skipif(OLD_ONNXRUNTIME, reason="ONNX Runtime before 1.24 fails on some forms itself")
@pytest.mark.parametrize("kind", sorted(RULES))
def test_an_operator_lowers_in_every_form_that_it_had(kind):
    for version in forms(kind):
        models = [(in_set(content, version), low) for name, content, low in MODELS if name == kind]
        whole = [(content, low) for content, low in models if content is not None]
        assert whole, f"no model of {kind} in operator set {version}"
        for content, low in whole:
            agrees(content, low=low)
