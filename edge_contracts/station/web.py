"""The page, the inference endpoint and the metrics that the board serves itself."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from edge_contracts.station.settings import PathText, Settings

HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,253}$")]


class Web(Settings):
    """Where the page is served and how much it may use; without this table nothing is served."""

    host: HostName = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8080
    token_file: PathText | None = None
    names: Annotated[
        tuple[HostName, ...], Field(max_length=16, description="further host names that the page is called by")
    ] = ()
    max_upload_bytes: Annotated[int, Field(ge=1 << 16, le=256 << 20)] = 16 << 20
    max_pixels: Annotated[int, Field(ge=1 << 10, le=50_000_000)] = 25_000_000
    max_connections: Annotated[int, Field(ge=4, le=256)] = 32

    @property
    def is_loopback(self) -> bool:
        """Whether only this board can reach the page."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @model_validator(mode="after")
    def _others_need_a_token(self) -> Web:
        if not self.is_loopback and self.token_file is None:
            raise ValueError(
                f"wanted a token_file, because others can reach {self.host}; make one with "
                "'openssl rand -hex 24' or serve on 127.0.0.1"
            )
        return self
