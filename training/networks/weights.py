"""Weights to begin with, from a file or an address that the user gives; nothing is fetched that he did not name."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

from edge_contracts.errors import BadInputError
from training.networks.network import require_torch

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_BYTES = 512 << 20
TIMEOUT_S = 60.0
_SCHEMES = ("https://", "http://", "file://")
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True, slots=True)
class Weights:
    """A state dict's file, unread. sha256: of its bytes, in hex. source: as the user gave it."""

    source: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a network took from given weights.

    tensors: how many. fresh: names of the last layer's that keep their random start, because it has other classes.
    """

    tensors: int
    fresh: tuple[str, ...]


def fetch_weights(source: str, sha256: str = "") -> Weights:
    """Read a file, or what lies at an address (https, http, file).

    Args:
        source: path or address.
        sha256: what its bytes must hash to, in hex; empty where the user has no hash yet and is shown it.

    Raises:
        BadInputError: nothing there, too large, or another hash.
    """
    try:
        if source.startswith(_SCHEMES):
            with urlopen(source, timeout=TIMEOUT_S) as answer:  # noqa: S310 - the schemes are checked above
                content = answer.read(LARGEST_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                content = file.read(LARGEST_BYTES + 1)
    except (OSError, URLError) as error:
        raise BadInputError(f"wanted weights at {source}, found: {error}; check path or address") from error
    if len(content) > LARGEST_BYTES:
        raise BadInputError(f"wanted weights of at most {LARGEST_BYTES} bytes, found more at {source}; give others")
    found = hashlib.sha256(content).hexdigest()
    if sha256 and found != sha256.lower():
        raise BadInputError(
            f"wanted weights with the SHA-256 {sha256.lower()}, found {found} at {source}; whoever published them "
            "knows which is right"
        )
    return Weights(source, content, found)


def load_weights(network: Any, weights: Weights) -> Taken:
    """Put given weights into a network.

    Tensors go by their names where the names are ours; else by their place, which fits the networks of torchvision
    with the same architecture. A last layer for other classes keeps its random start.

    Raises:
        BadInputError: no state dict of plain tensors, or one of another architecture.
    """
    state = _state_dict(weights)
    own = {name: value for name, value in network.state_dict().items() if not name.endswith(_COUNTER)}
    given = {name: value for name, value in state.items() if not name.endswith(_COUNTER)}
    pairs = _by_name(own, given) or _by_place(own, given)
    fitting = {name: given[other] for name, other in pairs.items() if own[name].shape == given[other].shape}
    fresh = tuple(name for name in own if name not in fitting)
    if not pairs or not set(fresh) <= _last_layer(own):
        raise BadInputError(
            f"wanted weights of this architecture, width and colour, {len(own)} tensors, found {len(given)} in "
            f"{weights.source}, of which {len(fitting)} fit; give others, or leave them out"
        )
    network.load_state_dict(fitting, strict=False)
    return Taken(len(fitting), fresh)


def _state_dict(weights: Weights) -> dict[str, Any]:
    torch = require_torch()
    try:
        state = torch.load(io.BytesIO(weights.content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its unpickler meets
        reason = str(error).partition("\n")[0]
        raise BadInputError(
            f"wanted a state dict of plain tensors in {weights.source}, found: {reason}; write it with "
            "torch.save(network.state_dict(), path)"
        ) from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise BadInputError(f"wanted a state dict of plain tensors in {weights.source}, found something else in it")
    return state


def _by_name(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    return {name: name for name in own} if own.keys() == given.keys() else {}


def _by_place(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    return dict(zip(own, given, strict=True)) if len(own) == len(given) else {}


def _last_layer(own: dict[str, Any]) -> set[str]:
    """Tensors of the last layer: its weights and, by the same name, its bias."""
    last = next(reversed(own)).rpartition(".")[0]
    return {name for name in own if name.rpartition(".")[0] == last}
