"""Whether TensorFlow Lite Micro can run a bundle's network at all, asked before anything is written.

Which operators run, in which types, is said by the rules of `device_profiles`; `lepton delegate check --for tflm` gives
the same answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from device_profiles.delegate_files import load_delegate
from device_profiles.placement import Node, Value, check_delegate
from edge_contracts.errors import RefusedError
from firmware_tools.carray.network import read_network
from firmware_tools.carray.widen import widened

if TYPE_CHECKING:
    from device_profiles.placement import OperatorFate
    from edge_contracts.bundle import Bundle
    from firmware_tools.carray.network import Network, Tensor

MICRO = "tflm"
"""The runtime's name among the rules."""

_RUNS = "accelerator"

REMEDIES = (
    ("CUSTOM", "export the model without custom operators"),
    (
        "TOPK_V2",
        "a detector that looks for several places at once has it: train one with '--detector student --side 64'",
    ),
    ("wanted axes of at least 1", "export the model with fixed shapes"),
    ("is computed", "export the model with fixed shapes, the batch too, and convert it again"),
    ("wanted int32 as", "export the model with int32 indices, axes and counts"),
    ("found int4", "convert without '--int4' for this operator"),
    ("weights beside", "give 'lepton convert' the float model"),
    ("wanted one type", "give 'lepton convert' the float model"),
    ("found uint8", "give 'lepton convert' the float model"),
    ("found int8", "give 'lepton convert' the float model"),
    ("found int16", "convert without '--activations int16'"),
    ("found float16", "export the model in float32"),
)
"""Words of an operator's kind and reason, and what helps then; the first that fits."""

_NOTHING_ELSE = "leave it out of the network, or run the bundle on a board"


class UnfitForMicrocontrollers(RefusedError, ValueError):
    """The network needs what the microcontroller's runtime has not, or what nobody knows it to have."""


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
    report = check_delegate(load_delegate(MICRO), "tflite", network_nodes(network))
    if problems := sorted({_problem(one) for one in report.operators if one.fate != _RUNS}):
        raise UnfitForMicrocontrollers(
            "wanted operators that TensorFlow Lite Micro is known to run, found:\n  " + "\n  ".join(problems)
        )
    return content, network


def network_nodes(network: Network) -> tuple[Node, ...]:
    """The operators of a network as its runtime's rules see them: kinds, types and shapes, no options and no values."""
    values = [_value(tensor) for tensor in network.tensors]
    return tuple(
        Node(
            operator.kind,
            tuple(None if place < 0 else values[place] for place in operator.inputs),
            tuple(values[place] for place in operator.outputs),
        )
        for operator in network.operators
    )


def _value(tensor: Tensor) -> Value:
    return Value(tensor.name, tensor.shape, tensor.type_name, constant=tensor.is_constant, quantised=tensor.scales > 0)


def _problem(operator: OperatorFate) -> str:
    """What keeps one operator from running, and what to change."""
    return f"{operator.kind} ({operator.output}) is {operator.fate}: {operator.reason}; {_advice(operator)}"


def _advice(operator: OperatorFate) -> str:
    told = f"{operator.kind} {operator.reason}"
    return next((advice for words, advice in REMEDIES if words in told), _NOTHING_ELSE)
