"""What goes into the network and what comes out, with its place among the model's own inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from firmware_tools.carray.c_text import C_TYPES

if TYPE_CHECKING:
    from edge_contracts.bundle import Bundle
    from edge_contracts.manifest import TensorQuantisation
    from firmware_tools.carray.network import Network


@dataclass(frozen=True, slots=True)
class End:
    """One input or output tensor.

    place: its number among the model's inputs or outputs. role: what the manifest says that it means.
    """

    name: str
    place: int
    role: str
    shape: tuple[int, ...]
    type_name: str
    quantisation: TensorQuantisation | None

    @property
    def count(self) -> int:
        """How many values it holds."""
        return prod(self.shape)

    @property
    def c_type(self) -> str:
        """What C calls one of its values."""
        return C_TYPES[self.type_name]


def input_of(bundle: Bundle, network: Network) -> End:
    """The model's one input.

    Raises:
        BadInputError: manifest and model speak of different ones.
    """
    spec = bundle.manifest.input
    if len(network.inputs) != 1:
        raise BadInputError(f"wanted a model with one input, found {len(network.inputs)}; split it, or join its inputs")
    return _end(network, network.inputs, spec.tensor, spec.kind, spec.quantisation)


def outputs_of(bundle: Bundle, network: Network) -> tuple[End, ...]:
    """The outputs that the manifest speaks of, in its order.

    Raises:
        BadInputError: the model has no output of that name.
    """
    return tuple(
        _end(network, network.outputs, spec.tensor, spec.role, spec.quantisation) for spec in bundle.manifest.outputs
    )


def _end(
    network: Network, places: tuple[int, ...], name: str, role: str, quantisation: TensorQuantisation | None
) -> End:
    names = [network.tensors[place].name for place in places]
    if name not in names:
        raise BadInputError(
            f"wanted the tensor {name!r} that the manifest speaks of at the model's end, found {', '.join(names)}; "
            "make the bundle again"
        )
    tensor = network.tensors[places[names.index(name)]]
    return End(name, names.index(name), role, tensor.shape, tensor.type_name, quantisation)
