"""A trained network as a program of `torch.export`: its arithmetic and weights without any code, gradients included.

It takes bytes: what the network gets for them is part of the program, so that nobody need know it.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from edge_contracts.whole_file import write_whole
from training.finetune.bundle import example_of
from training.finetune.loop import scaled

if TYPE_CHECKING:
    from pathlib import Path

    from training.finetune.lesson import Scaling
    from training.networks.network import NetworkSpec

_TRACED_BATCH = 2


class OfBytes(nn.Module):
    """A network that takes N×C×H×W float32 bytes, 0 to 255."""

    def __init__(self, network: Any, scaling: Scaling) -> None:
        super().__init__()
        self.network, self.scaling = network, scaling

    def forward(self, x: Any) -> Any:
        """What the network answers to them."""
        return self.network(scaled(x, self.scaling))


def save_program(network: Any, spec: NetworkSpec, scaling: Scaling, path: Path) -> None:
    """Write the file, whole or not at all; it takes any number of pictures at once.

    Raises:
        OSError: the disk said no.
    """
    example = example_of(spec).expand(_TRACED_BATCH, -1, -1, -1).clone()
    batch = torch.export.Dim("batch", min=1, max=4096)
    program = torch.export.export(OfBytes(network, scaling).eval(), (example,), dynamic_shapes=({0: batch},))
    content = io.BytesIO()
    torch.export.save(program, content)
    write_whole(path, content.getvalue())
