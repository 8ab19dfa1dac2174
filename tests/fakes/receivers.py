"""Receivers of calls: a real HTTP server and a real SMTP server on loopback, which do what a test tells them."""

from __future__ import annotations

import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.fakes.patience import free_port

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class HttpReceiver:
    """Keeps every request; answers with `statuses` one after the other, and 204 when they are used up."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    calls: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook?line=1") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def http_receiver(tls: ssl.SSLContext | None = None) -> Iterator[HttpReceiver]:
    """A server for the length of the block."""
    receiver = HttpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.calls.append((self.path, headers, body))
            status = receiver.statuses.pop(0) if receiver.statuses else 204
            self.send_response(status)
            if status // 100 == 3:
                self.send_header("location", receiver.url("/elsewhere"))
            self.send_header("content-length", "0")
            self.end_headers()
            receiver.came.set()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="http-receiver")
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@contextmanager
def dripping_receiver(first: bytes = b"HTTP/1.1 ", drip: bytes = b"2") -> Iterator[int]:
    """The port of a server that says `first` to whoever comes, and then never stops dripping."""
    is_over = threading.Event()

    def serve(line: socket.socket) -> None:
        with line, suppress(OSError):
            line.sendall(first)
            while not is_over.wait(0.01):
                line.sendall(drip)

    def listen() -> None:
        while not is_over.is_set():
            with suppress(TimeoutError):
                line, _ = server.accept()
                threads.append(threading.Thread(target=serve, args=(line,), name="dripping"))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.02)
        threads = [threading.Thread(target=listen, name="dripping-receiver")]
        threads[0].start()
        try:
            yield server.getsockname()[1]
        finally:
            is_over.set()
            for thread in threads:
                thread.join(10)


@dataclass
class MailReceiver:
    """Keeps every letter with who gave it; refuses with `replies` one after the other, then takes all.

    No mailbox and no sender begins with `nobody`; a mailbox that begins with `later` takes its second letter only.
    """

    port: int = 0
    replies: list[str] = field(default_factory=list)
    letters: list[Envelope] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    waited: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        del server
        if self.replies:
            return self.replies.pop(0)
        self.letters.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        del server, session
        if address.startswith("nobody"):
            return "550 no such sender"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        del server, session
        if address.startswith("nobody"):
            return "550 no such mailbox"
        if address.startswith("later") and address not in self.waited:
            self.waited.append(address)
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@contextmanager
def mail_receiver(tls: ssl.SSLContext | None = None, user: tuple[str, str] | None = None) -> Iterator[MailReceiver]:
    """A server for the length of the block; with `tls` it takes nothing before STARTTLS, with `user` only from them."""
    receiver = MailReceiver(free_port())

    def known(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        is_right = (given.login.decode(), given.password.decode()) == user
        receiver.users += [given.login.decode()] * is_right
        return AuthResult(success=is_right)

    rights = {"authenticator": known, "auth_required": True, "auth_require_tls": tls is not None} if user else {}
    secure = {"tls_context": tls, "require_starttls": True} if tls else {}
    controller = Controller(receiver, hostname="127.0.0.1", port=receiver.port, **secure, **rights)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()


def make_certificate(openssl: str, folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signed itself, and its key."""
    certificate, key = folder / "server.pem", folder / "server.key"
    request = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [*request, *names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return certificate, key
