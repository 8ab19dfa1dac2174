"""Whether TensorFlow Lite Micro can run a bundle's network at all, asked before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device_profiles.delegate_files import load_delegate
from edge_contracts.errors import RefusedError
from firmware_tools.carray.network import read_network
from firmware_tools.carray.widen import widened

if TYPE_CHECKING:
    from device_profiles.delegate import Rules
    from edge_contracts.bundle import Bundle
    from firmware_tools.carray.network import Network, Operator, Tensor

MICRO = "tflm"
"""The rules of `device_profiles` that say what the runtime has; `lepton delegate check --for tflm` reads the same."""

FLOAT_ONLY = frozenset({
    "CEIL", "COS", "FLOOR", "FLOOR_DIV", "FLOOR_MOD", "L2_POOL_2D", "LOG", "NEG", "ROUND", "SIN", "SQRT", "SQUARE",
})  # fmt: skip
"""Kernels that are registered and know float32 alone: so they answered when tflite-micro 0.dev20261023 ran each."""


class UnfitForMicrocontrollers(RefusedError, ValueError):
    """The network needs what the microcontroller's runtime has not."""


def fitting_model(bundle: Bundle) -> tuple[bytes, Network]:
    """The bundle's model as the runtime takes it, and its network, where the runtime has everything that it needs.

    Raises:
        UnfitForMicrocontrollers: with every operator that is in the way, and what to change.
        BadInputError: the model is damaged.
    """
    if bundle.manifest.runtime != "tflite":
        raise UnfitForMicrocontrollers(
            f"wanted a bundle with a TFLite model, found {bundle.manifest.name} with an ONNX one, which no "
            "microcontroller's runtime reads; convert the model again with '--format tflite'"
        )
    content = widened(bundle.model, read_network(bundle.model))
    network = read_network(content)
    rules = load_delegate(MICRO).rules["tflite"]
    if problems := sorted({problem for one in network.operators if (problem := _problem(rules, network, one))}):
        raise UnfitForMicrocontrollers(
            "wanted operators that TensorFlow Lite Micro has kernels for, found:\n  " + "\n  ".join(problems)
        )
    return content, network


def _problem(rules: Rules, network: Network, operator: Operator) -> str | None:
    """What keeps one operator from running, and what to change; None where nothing does."""
    name = network.tensors[operator.outputs[0]].name if operator.outputs else "?"
    rule = rules.rule_for(operator.kind)
    if rule is None or rule.verdict != "runs":
        return f"{operator.kind} ({name}): it has none; {_advice(operator.kind)}"
    flowing = _flowing(network, operator)
    known = rules.every.types or ()
    if strange := sorted({tensor.type_name for tensor in flowing if tensor.type_name not in known}):
        return f"{operator.kind} ({name}): it has none for {', '.join(strange)}; convert the float model to int8"
    if operator.kind in FLOAT_ONLY and any(tensor.type_name != "float32" for tensor in flowing):
        return f"{operator.kind} ({name}): it has one for float32 alone; keep this operator in float, or leave it out"
    if any(not size for tensor in flowing for size in tensor.shape):
        return f"{operator.kind} ({name}): a tensor has an empty axis; export the model with fixed shapes"
    return None


def _advice(kind: str) -> str:
    if kind.startswith("CUSTOM"):
        return "export the model without custom operators"
    if kind == "TOPK_V2":
        return "a detector that looks for several places at once has it: train one with '--detector student --side 64'"
    return "change the network so that it is not needed, or run the bundle on a board"


def _flowing(network: Network, operator: Operator) -> list[Tensor]:
    """What flows in and out, without the constants."""
    places = [place for place in (*operator.inputs, *operator.outputs) if place >= 0]
    return [network.tensors[place] for place in places if not network.tensors[place].is_constant]
