"""The manager's word that alerts are stored: the only thing that frees a row of the spool."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_contracts.identifiers import Epoch
from edge_contracts.message import SEQ_MAX, Payload


class Ack(Payload):
    """Every sequence up to and including `seq` of this epoch is committed in the manager's database.

    Attributes:
        seq: highest contiguous stored sequence; 0 when nothing of the epoch is stored yet.
    """

    epoch: Epoch
    seq: Annotated[int, Field(ge=0, le=SEQ_MAX)]
