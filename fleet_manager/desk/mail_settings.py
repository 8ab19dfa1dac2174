"""`[mail]` of `site.toml`: through which server calls go out by e-mail."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from edge_contracts.station.settings import PathText, Settings
from edge_contracts.tls_files import check_tls_files
from fleet_manager.desk.escalation_rule import Mail
from fleet_manager.desk.mail import MailServer
from fleet_manager.secret_file import SecretFile

PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
"""The usual port of each way (RFC 6409, RFC 8314, RFC 5321)."""
_OWN: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def _one_address(text: str) -> str:
    Mail((text,))
    return text


def _authority(path: str) -> str:
    check_tls_files(path, None, None)
    return path


class MailSettings(Settings):
    """The server, who we are there, and whom letters come from."""

    server: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,253}$")]
    sender: Annotated[str, Field(alias="from"), AfterValidator(_one_address)]
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    password: Annotated[SecretFile | None, Field(alias="password_file")] = None
    ca: Annotated[PathText, AfterValidator(_authority)] | None = None

    @model_validator(mode="after")
    def _password_is_whole_and_hidden(self) -> MailSettings:
        if (self.user is None) != (self.password is None):
            raise ValueError(
                "wanted user and password_file together, found one of them: add the other or leave both out"
            )
        if self.user and self.tls == "none" and self.server not in _OWN:
            raise ValueError(
                f"wanted tls = 'starttls' or 'tls' where a password goes to {self.server}, found 'none': encrypt it"
            )
        if self.ca and self.tls == "none":
            raise ValueError("wanted no ca where tls is 'none', found one: encrypt the connection or leave it out")
        return self

    def mail_server(self) -> MailServer:
        """The server as the courier takes it."""
        return MailServer(
            host=self.server,
            sender=self.sender,
            port=self.port or PORTS[self.tls],
            security=self.tls,
            username=self.user,
            password=None if self.password is None else self.password.get_secret_value(),
            ca=self.ca,
        )
