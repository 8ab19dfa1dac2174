"""A call by e-mail: plain text, through a server of the site's own, encrypted unless it is said otherwise."""

from __future__ import annotations

import json
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final, Literal

from fleet_manager.desk.outlet import CallFailed

if TYPE_CHECKING:
    from fleet_manager.desk.escalation_rule import Mail

TIMEOUT_S: Final = 20.0
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


def call_mail(server: MailServer, target: Mail, name: str, at_s: int, body: str) -> None:
    """Hand a call to the mail server.

    Raises:
        CallFailed: it was not taken; for good when the server refuses it with a reply that will not change.
    """
    try:
        with _session(server) as smtp:
            refused = smtp.send_message(letter(server, target, name, at_s, body))
    except smtplib.SMTPRecipientsRefused as err:
        codes = {code for code, _ in err.recipients.values()}
        for_good = codes <= set(_REFUSED_FOR_GOOD)
        raise CallFailed(
            f"wanted recipients that {server.host} takes, found {sorted(codes)}", for_good=for_good
        ) from err
    except smtplib.SMTPResponseException as err:
        raise CallFailed(
            f"wanted {server.host} to take a letter, found {err.smtp_code} {_plain(err.smtp_error)}"
        ) from err
    except (OSError, smtplib.SMTPException) as err:
        raise CallFailed(f"wanted to reach {server.host}:{server.port}, found {type(err).__name__}: {err}") from err
    if refused:
        raise CallFailed(f"{server.host} took the letter for some, but not for {', '.join(refused)}", for_good=True)


def _session(server: MailServer) -> smtplib.SMTP:
    context = None if server.security == "none" else ssl.create_default_context(cafile=server.ca)
    if server.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        if server.security == "starttls":
            smtp.starttls(context=context)
        if server.username is not None:
            smtp.login(server.username, server.password or "")
    except BaseException:
        smtp.close()
        raise
    return smtp


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
