"""An identity provider on loopback that does as OpenID Connect says, until a test makes it lie."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON_S = 1_700_000_000
CLIENT = "lepton"


@cache
def signing_key(name: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": name, "use": "sig"})


@dataclass
class HostileProvider:
    """What it says: each field may be made wrong.

    holds: cleared, nothing is answered until it is set.
    key: what signs; published: the names of the keys that it publishes. forged: a whole token instead of a signed one.
    """

    issuer: str = ""
    key: str = "first"
    published: list[str] = field(default_factory=lambda: ["first"])
    claims: dict[str, Any] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    forged: str | None = None
    token_answer: tuple[int, bytes] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    holds: threading.Event = field(default_factory=threading.Event)
    challenges: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def code_for(self, address: str) -> str:
        """What a person who agrees to a log-in brings back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["code_challenge_method"] == "S256"
        assert query["response_type"] == "code"
        code = f"code-{len(self.challenges)}-{len(self.asked)}"
        self.challenges[code] = (query["code_challenge"], query["nonce"])
        return code

    def document(self) -> dict[str, Any]:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
        }
        return told | self.metadata

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        challenge, nonce = self.challenges.pop(form.get("code", ""), ("", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
            return 400, {"error": "invalid_grant"}
        claims = {"iss": self.issuer, "sub": "0042", "aud": CLIENT, "nonce": nonce, "iat": NOON_S, "exp": NOON_S + 300}
        claims = {name: value for name, value in (claims | self.claims).items() if name not in self.left_out}
        header = {"alg": "ES256", "kid": self.key}
        raw = self.forged or jwt.encode(header, claims, signing_key(self.key))
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": raw}


@contextmanager
def hostile_provider() -> Iterator[HostileProvider]:
    """A provider for the length of the block."""
    provider = HostileProvider()
    provider.holds.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append((self.path, {}, ""))
            provider.holds.wait(10)
            if self.path == "/keys":
                keys = [signing_key(name).as_dict(private=False) for name in provider.published]
                self.answer(200, {"keys": keys})
            else:
                self.answer(200, provider.document())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            provider.asked.append((self.path, form, self.headers.get("authorization", "")))
            if provider.token_answer is not None:
                self.send(*provider.token_answer)
            else:
                self.answer(*provider.token(form))

        def answer(self, status: int, content: dict[str, Any]) -> None:
            self.send(status, json.dumps(content).encode())

        def send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="hostile-provider")
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
