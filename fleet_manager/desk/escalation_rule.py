"""When somebody is called about alerts that nobody looks at, and who: a rule is data, and its judgement is pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from edge_contracts.alert import Severity
from edge_contracts.errors import BadInputError
from edge_contracts.verdict import Cause  # noqa: TC001 - pydantic reads it when rules are kept
from fleet_manager.desk.case import GRAVITY

if TYPE_CHECKING:
    from fleet_manager.desk.followed_alert import FollowedAlert

SECRET_FIRST: Final = "whsec_"  # noqa: S105 - the mark of a secret, not one
_SECRET_BYTES: Final = range(24, 65)
MOST_WAIT_S: Final = 30 * 86_400
_LEAST_PAUSE_S: Final = 60
_MOST_NAME: Final = 64
RULE_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$"
"""Of a rule that is made or changed: such a name stands in an address as it is. One that is kept may be another."""
_MOST_RECIPIENTS: Final = 50
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,253}")
_CLOCK_SLACK_MS: Final = 60_000
"""An alert that was stored later than now by more than this was stored by a clock that has been set back since."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A call by HTTP POST, signed.

    url: `https://…` or `http://…`.
    secret: `whsec_` and the base64 of 24 to 64 bytes; `new_secret` makes one.
    """

    url: str
    secret: str = field(repr=False)
    kind: Literal["webhook"] = "webhook"

    def __post_init__(self) -> None:
        """Hold the promises."""
        if not _is_url(self.url):
            raise BadInputError(f"wanted a URL as https://HOST/PATH without a user, found {self.url!r}")
        secret_bytes(self.secret)

    @property
    def where(self) -> str:
        """Where it goes, without the path, which may hold a receiver's own secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail to these addresses."""

    to: tuple[str, ...]
    kind: Literal["mail"] = "mail"

    def __post_init__(self) -> None:
        """Hold the promises."""
        if not 1 <= len(self.to) <= _MOST_RECIPIENTS:
            raise BadInputError(f"wanted 1 to {_MOST_RECIPIENTS} addresses, found {len(self.to)}")
        for one in self.to:
            if not _ADDRESS.fullmatch(one) or not one.isascii():
                raise BadInputError(f"wanted an address such as night-shift@example.com, found {one!r}")

    @property
    def where(self) -> str:
        """Where it goes."""
        return ", ".join(self.to)


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """One rule.

    name: unique.
    target: who is called.
    severity: alerts of this severity or a graver one.
    sites: `org/site` each; None for every one.
    causes: alerts with one of these; empty for every one.
    after_s: seconds that an alert must have been stored and still be new.
    every_s: seconds between two calls at least; what comes meanwhile is told by the next call.
    """

    name: str
    target: Webhook | Mail
    severity: Severity = Severity.CRITICAL
    sites: tuple[str, ...] | None = None
    causes: tuple[Cause, ...] = ()
    after_s: int = 300
    every_s: int = 900

    def __post_init__(self) -> None:
        """Hold the promises."""
        if not self.name.strip() or len(self.name) > _MOST_NAME or not self.name.isprintable():
            raise BadInputError(f"wanted a name of 1 to {_MOST_NAME} printable characters, found {self.name!r}")
        if self.sites is not None and not self.sites:
            raise BadInputError("wanted the sites that a rule is about, found an empty list: name one, or none for all")
        if not 0 <= self.after_s <= MOST_WAIT_S:
            raise BadInputError(f"wanted after_s from 0 to {MOST_WAIT_S}, found {self.after_s}")
        if not _LEAST_PAUSE_S <= self.every_s <= MOST_WAIT_S:
            raise BadInputError(f"wanted every_s from {_LEAST_PAUSE_S} to {MOST_WAIT_S}, found {self.every_s}")

    def concerns(self, alert: FollowedAlert) -> bool:
        """Whether the rule is about this alert, were it old enough."""
        is_grave = GRAVITY[alert.severity] >= GRAVITY[self.severity]
        is_here = self.sites is None or alert.site in self.sites
        return is_grave and is_here and (not self.causes or alert.cause in self.causes)

    def is_ripe(self, alert: FollowedAlert, now_ms: int) -> bool:
        """Whether the alert has waited long enough, by the manager's clock."""
        age_ms = now_ms - alert.stored_ms
        return age_ms >= self.after_s * 1000 or age_ms < -_CLOCK_SLACK_MS

    def may_call(self, called_ms: int, now_ms: int) -> bool:
        """Whether the last call is long enough ago; a clock that was set back holds up no call."""
        return not 0 <= now_ms - called_ms < self.every_s * 1000


def one_by_one(target: Webhook | Mail) -> tuple[Webhook | Mail, ...]:
    """Everybody whom a rule calls, by themselves: what one receiver refuses ends no call to another."""
    return (target,) if isinstance(target, Webhook) else tuple(Mail((one,)) for one in target.to)


def new_secret(random_bytes: bytes) -> str:
    """A webhook's secret from 32 bytes of `os.urandom`."""
    return SECRET_FIRST + base64.b64encode(random_bytes).decode()


def check_rule_name(name: str) -> None:
    """Refuse a name that the interface could not say again.

    Raises:
        BadInputError: it is one.
    """
    if not re.fullmatch(RULE_NAME, name) or name.endswith("\n"):
        raise BadInputError(
            f"wanted a name of 1 to {_MOST_NAME} of A-Z, a-z, 0-9, space and . _ -, found {name[:80]!r}"
        )


def secret_bytes(secret: str) -> bytes:
    """The key that a secret holds.

    Raises:
        BadInputError: it holds none. The message does not repeat it.
    """
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_FIRST), validate=True)
    except (binascii.Error, ValueError) as err:
        raise BadInputError(f"wanted a secret of {SECRET_FIRST} and base64, found another text") from err
    if not secret.startswith(SECRET_FIRST) or len(key) not in _SECRET_BYTES:
        raise BadInputError(f"wanted a secret of {SECRET_FIRST} and the base64 of 24 to 64 bytes, found another text")
    return key


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_place = bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an end, a port that is none
        return False
    return is_place and parts.scheme in {"http", "https"} and parts.username is None and text.isprintable()
