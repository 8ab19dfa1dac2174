"""The primary host application's word on whether it is online; the older of two words is ignored."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_contracts.errors import BadInputError


class HostWord(BaseModel):
    """The JSON under `spBv1.0/STATE/{host}` (tck-id-host-topic-phid-birth-payload); timestamp in Unix milliseconds."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    online: bool
    timestamp: int = Field(ge=0)


class HostState:
    """Attributes: is_online: None before any word of this connection."""

    def __init__(self) -> None:
        self.is_online: bool | None = None
        self._timestamp_ms = -1

    def hear(self, body: bytes) -> None:
        """Take a word.

        Raises:
            BadInputError: it is not one of Sparkplug 3.0.
        """
        try:
            word = HostWord.model_validate_json(body)
        except ValidationError as err:
            raise BadInputError(
                f'wanted {{"online": true, "timestamp": 0}} of the host, found {body[:80]!r}: is it of Sparkplug 3.0?'
            ) from err
        if word.timestamp >= self._timestamp_ms:
            self.is_online, self._timestamp_ms = word.online, word.timestamp
