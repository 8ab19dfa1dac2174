"""A call by e-mail: plain text, through a server of the site's own, encrypted unless it is said otherwise."""

from __future__ import annotations

import json
import smtplib
import ssl
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final, Literal

from fleet_manager.desk.call_connection import connected, cut_after, places
from fleet_manager.desk.outlet import CallFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_manager.desk.escalation_rule import Mail

TIMEOUT_S: Final = 20.0
"""Until the server takes the connection, and for each of its replies."""
LETTER_S: Final = 60.0
"""From the connection until the letter is taken."""
_REFUSED_FOR_GOOD: Final = range(500, 600)
"""Replies of a server that will not change (RFC 5321, 4.2.1)."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes e-mail.

    sender: the address that calls come from.
    security: `starttls` (usually port 587), `tls` from the first byte (465), or `none`.
    username, password: None where the server asks for none.
    ca: a file with the authority that signed the server's certificate, PEM; None for those that the machine trusts.
    """

    host: str
    sender: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None


def letter(server: MailServer, target: Mail, name: str, at_s: int, body: str) -> EmailMessage:
    """A call as an e-mail; its Message-ID is the same at each attempt."""
    told: dict[str, Any] = json.loads(body)["data"]
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = ", ".join(target.to)
    message["Date"] = formatdate(at_s)
    message["Message-ID"] = f"<{name}@{server.sender.rpartition('@')[2] or 'lepton'}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Subject"] = f"[{told['severity']}] {_waiting(told['alerts'])} ({told['rule']})"
    message.set_content(_text(told))
    return message


def call_mail(server: MailServer, target: Mail, name: str, at_s: int, body: str, letter_s: float = LETTER_S) -> None:
    """Hand a call to the mail server.

    Args:
        server: who takes it.
        target: whom it is for.
        name: the call's id.
        at_s: now, seconds since 1970-01-01 UTC.
        body: what, as JSON.
        letter_s: from the connection until the letter is taken.

    Raises:
        CallFailed: it was not taken. For good when the server refuses its recipient or the letter itself with a reply
            that will not change (5xx). What it has against the manager, its password or its sender, `site.toml` mends,
            and the call goes out then.
    """
    try:
        with ExitStack() as ends:
            session = _Session(server, letter_s, ends)
            refused = session.send_message(letter(server, target, name, at_s, body))
            with suppress(smtplib.SMTPException):  # it has the letter
                session.quit()
    except smtplib.SMTPRecipientsRefused as err:
        raise _not_taken(server, err.recipients) from err
    except smtplib.SMTPResponseException as err:
        told = f"wanted {server.host} to take a letter, found {err.smtp_code} {_plain(err.smtp_error)}"
        for_good = isinstance(err, smtplib.SMTPDataError) and err.smtp_code in _REFUSED_FOR_GOOD
        raise CallFailed(told, for_good=for_good) from err
    except (OSError, smtplib.SMTPException) as err:
        raise CallFailed(f"wanted to reach {server.host}:{server.port}, found {type(err).__name__}: {err}") from err
    if refused:
        raise _not_taken(server, refused)


class _Session(smtplib.SMTP):
    """A session that ends in time, however slowly the server speaks; `ends` closes it."""

    def __init__(self, server: MailServer, letter_s: float, ends: ExitStack) -> None:
        self._server, self._letter_s, self._ends = server, letter_s, ends
        ends.callback(self.close)
        self._tls = None if server.security == "none" else ssl.create_default_context(cafile=server.ca)
        super().__init__(server.host, server.port, timeout=TIMEOUT_S)
        if server.security == "starttls":
            self.starttls(context=self._tls)
        if server.username is not None:
            self.login(server.username, server.password or "")

    def connect(self, *_: object, **__: object) -> tuple[int, bytes]:
        """By a connection that is cut in time, as `smtplib.LMTP` has one of its own."""
        line = connected(places(self._server.host, self._server.port), TIMEOUT_S)
        self.sock = line
        self._ends.enter_context(cut_after(line, self._letter_s))
        if self._server.security == "tls" and self._tls is not None:
            self.sock = self._tls.wrap_socket(line, server_hostname=self._server.host)
        self.file = None
        return self.getreply()


def _not_taken(server: MailServer, refused: Mapping[str, tuple[int, bytes]]) -> CallFailed:
    """For good where no answer of the server about a recipient will change."""
    told = ", ".join(f"{code} {_plain(why)} for {who}" for who, (code, why) in refused.items())
    for_good = all(code in _REFUSED_FOR_GOOD for code, _ in refused.values())
    return CallFailed(f"wanted recipients that {server.host} takes, found {told}", for_good=for_good)


def _waiting(alerts: int) -> str:
    if not alerts:
        return "a trial, no alert waits"
    return f"{alerts} alert{'s' if alerts > 1 else ''} that nobody has looked at"


def _text(told: dict[str, Any]) -> str:
    gravest = f", gravest: {told['severity']}" if told["alerts"] else ""
    lines = [f"{_waiting(told['alerts'])}{gravest}.", ""]
    for one in told["first"]:
        what = " ".join(filter(None, (one["outcome"], one["cause"], one["label"])))
        lines.append(f"{one['stored']}  {one['address']}  {one['point']}  {what}  part {one['part']}")
        lines += [f"    {one['url']}"] if "url" in one else []
    more = told["alerts"] - len(told["first"])
    lines += [f"… and {more} more."] if more else []
    return "\n".join([*lines, "", f"Rule: {told['rule']}"])


def _plain(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
