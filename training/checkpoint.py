"""The state of a training on the disk: whole or not there, and never taken for another training's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The file of one stage.

    path: where it lies; its folder exists.
    fingerprint: of everything that the stage's result depends on; see `fingerprint_of`.
    """

    path: Path
    fingerprint: str

    def read(self) -> dict[str, Any] | None:
        """What was saved last, None where nothing was.

        Raises:
            BadInputError: damaged, or another training's.
        """
        if not self.path.exists():
            return None
        try:
            state: Any = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises whatever its unpickler meets
            raise BadInputError(
                f"wanted a checkpoint at {self.path}, found: {str(error).partition(chr(10))[0]}; delete it "
                "to begin anew"
            ) from error
        if not isinstance(state, dict) or state.get("fingerprint") != self.fingerprint:
            raise BadInputError(
                f"wanted a checkpoint of this very training, found {self.path} of other pictures, another course, seed "
                "or start, or of another PyTorch; give a folder of its own, or delete it to begin anew"
            )
        return state

    def write(self, state: dict[str, Any]) -> None:
        """Save durably: a kill or a power cut leaves the last one or this one.

        Raises:
            OSError: the disk said no; the last one is still there.
        """
        with whole_file(self.path) as file:
            torch.save({**state, "fingerprint": self.fingerprint}, file)


def fingerprint_of(facts: Iterable[object], networks: Iterable[Any] = ()) -> str:
    """SHA-256, in hex, of what decides a result: facts, networks as they are, PyTorch and its number of threads.

    Args:
        facts: values whose `repr` says all that matters.
        networks: modules; all their tensors count.
    """
    whole = hashlib.sha256(repr((torch.__version__, torch.get_num_threads(), *facts)).encode())
    for network in networks:
        whole.update(repr(network).encode())  # dropout has no tensor
        for name, value in network.state_dict().items():
            whole.update(f"{name}{tuple(value.shape)}".encode())
            whole.update(value.detach().cpu().contiguous().numpy().tobytes())
    return whole.hexdigest()
