"""The options by which a command is told where the broker is and who we are to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from edge_contracts.errors import BadInputError
from edge_contracts.tls_files import check_tls_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_manager.ingest.broker_link import BrokerOptions

DEFAULT_PORT: Final = 1883
_LAST_PORT: Final = 65_535
_FILE: Final = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class BrokerChoice:
    """What the options said; `host` is empty where no broker was named."""

    host: str
    port: int
    mqtt: Literal["auto", "5", "3.1.1"]
    username: str | None
    password: str | None
    ca: str | None
    certificate: str | None
    key: str | None

    def options(self, client_id: str) -> BrokerOptions:
        """As a link is opened with."""
        from fleet_manager.ingest.broker_link import BrokerOptions  # noqa: PLC0415 - `--help` does not wait for paho

        return BrokerOptions(
            self.host,
            self.port,
            client_id,
            self.username,
            self.password,
            self.ca,
            self.certificate,
            self.key,
            self.mqtt,
        )


def broker_options(default: str, help_text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options, and one argument `broker`, a `BrokerChoice`.

    Args:
        default: where the broker is when nothing is said; empty for nowhere.
        help_text: of `--broker`.
    """

    def give(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_choice(
            broker: str,
            mqtt: Any,
            username: str | None,
            password_file: Path | None,
            ca: Path | None,
            certificate: Path | None,
            key: Path | None,
            **others: Any,
        ) -> None:
            host, port = parse_broker(broker) if broker else ("", DEFAULT_PORT)
            password = read_text(password_file).strip() if password_file else None
            authority, own, own_key = (str(_readable(path)) if path else None for path in (ca, certificate, key))
            check_tls_files(authority, own, own_key)
            if password and authority is None:
                click.echo("the password travels in plain text: give --ca to encrypt the connection", err=True)
            command(BrokerChoice(host, port, mqtt, username, password, authority, own, own_key), **others)

        for option in reversed(_options(default, help_text)):
            with_choice = option(with_choice)
        return with_choice

    return give


def parse_broker(text: str) -> tuple[str, int]:
    """`host`, `host:port`, `v6` or `[v6]:port` as host and port.

    Raises:
        BadInputError: it is none of these, or an IPv6 address whose last group may be a port.
    """
    from edge_contracts.station.address import HOST  # noqa: PLC0415 - `--help` does not wait for pydantic

    _refuse_two_readings(text)
    host, port = text, str(DEFAULT_PORT)
    if not text.endswith("]") and not HOST.fullmatch(text):
        host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not HOST.fullmatch(host) or not port.isdecimal() or not 1 <= int(port) <= _LAST_PORT:
        found = "one with an @: a user has --username and --password-file" if "@" in text else repr(text)
        raise BadInputError(f"wanted --broker host:port, found {found}; for example 192.168.1.10:{DEFAULT_PORT}")
    return host, int(port)


def _refuse_two_readings(text: str) -> None:
    """`::1:1883` is an address, and `::1` with a port to whoever wrote it."""
    host, _, port = text.rpartition(":")
    try:
        ip_address(host), ip_address(text)
    except ValueError:
        return
    if port.isdecimal() and 1 <= int(port) <= _LAST_PORT:
        raise BadInputError(
            f"wanted --broker with brackets around IPv6, found {text}: write [{host}]:{port} or [{text}]"
        )


def read_text(path: Path) -> str:
    """A file that the user named.

    Raises:
        BadInputError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise BadInputError(f"wanted a readable text file at {path}, found {err}: correct the path") from err


def _options(default: str, help_text: str) -> list[Callable[[Callable[..., None]], Callable[..., None]]]:
    return [
        click.option("--broker", default=default, show_default=bool(default), help=help_text),
        click.option(
            "--mqtt",
            type=click.Choice(["auto", "5", "3.1.1"]),
            default="auto",
            show_default=True,
            help="auto offers 5 first, and 3.1.1 where it is refused.",
        ),
        click.option("--username", help="User name at the broker."),
        click.option("--password-file", type=_FILE, help="File that holds the password."),
        click.option("--ca", type=_FILE, help="TLS: the authority that signed the broker, PEM."),
        click.option("--certificate", type=_FILE, help="TLS: our certificate, PEM."),
        click.option("--key", type=_FILE, help="TLS: our key, PEM."),
    ]


def _readable(path: Path) -> Path:
    read_text(path)
    return path
