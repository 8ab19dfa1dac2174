"""What the manager asks a device to do and what the device answers: done at most once, in time, and only where allowed.

`id` joins the two, in the payload: MQTT 3.1.1 has no correlation data.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from edge_contracts.identifiers import Slug, Uuid
from edge_contracts.message import SEQ_MAX, Payload

MAX_COMMAND_BYTES: Final = 4096
MAX_REPLY_BYTES: Final = 4096
LONGEST_COMMAND_S: Final = 3600
"""No command is good for longer: what a device did not hear by then, a person should ask for anew."""
REPLY_EXPIRY_S: Final = 60.0
"""A reply that no manager took from the broker by then is of no use."""

ArgumentName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
ArgumentText = Annotated[str, StringConstraints(max_length=256)]
Argument = (
    bool | Annotated[int, Field(ge=-SEQ_MAX, le=SEQ_MAX)] | Annotated[float, Field(allow_inf_nan=False)] | ArgumentText
)
Arguments = Annotated[dict[ArgumentName, Argument], Field(max_length=16)]


CommandName = Literal["ping", "reload", "restart"]
"""What a device may be asked to do."""

MEANINGS: Final[dict[CommandName, str]] = {
    "ping": "answer, with the version and the device's clock",
    "reload": "read station.toml anew, as SIGHUP does; a file with a mistake changes nothing",
    "restart": "end cleanly, so that the service manager starts the daemon anew",
}
"""For people; none of them takes arguments."""


class Command(Payload):
    """One order, under `cmd/{name}`.

    Attributes:
        id: UUIDv7; a device does what stands under one id at most once.
        expires: by the manager's clock, at most an hour ahead; later it is refused.
        arguments: what the command's own meaning asks for; an unknown one is refused.
    """

    id: Uuid
    expires: AwareDatetime
    arguments: Arguments = Field(default_factory=dict)


class ReplyOutcome(str, Enum):
    """What became of a command; `refused` was not begun, `failed` was."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Reply(Payload):
    """The answer to one command, under `res`.

    Attributes:
        id, name: the command's.
        text: for a person: what was done, or why not.
    """

    id: Uuid
    name: Slug
    outcome: ReplyOutcome
    text: Annotated[str, StringConstraints(max_length=512)] = ""
