"""Buckets for tests: moto's S3 server, in a process of its own, which a test may also let go away."""

from __future__ import annotations

import itertools
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_manager.evidence.bucket_settings import BucketSettings
from tests.fakes.patience import eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_numbers = itertools.count(1)
KEY, SECRET = "AKIADRAWN", "of the bucket alone"


@dataclass
class BucketServer:
    """moto's server on a port of its own."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._answers, 30)

    def stop(self) -> None:
        """At once, with all that it holds."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def new_bucket(self) -> str:
        name = f"evidence-{next(_numbers)}"
        self.make_bucket(name)
        return name

    def make_bucket(self, name: str) -> None:
        self._ask("PUT", f"/{name}")

    def _answers(self) -> bool:
        try:
            self._ask("GET", "/moto-api/data.json")
        except (urllib.error.URLError, OSError):
            return False
        return True

    def _ask(self, method: str, path: str) -> bytes:
        request = urllib.request.Request(self.address + path, method=method)  # noqa: S310 - our own, on loopback
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
            content: bytes = answer.read()
            return content


def bucket_settings(server: BucketServer, bucket: str, folder: Path) -> BucketSettings:
    """`[evidence]` for a bucket of the server."""
    secret = folder / "s3-secret"
    secret.write_text(SECRET, "utf-8")
    told = {"s3": f"s3://{bucket}/fleet", "endpoint": server.address, "region": "us-east-1"}
    return BucketSettings.model_validate({**told, "access_key": KEY, "secret_key_file": str(secret)})


def running_bucket_server() -> Iterator[BucketServer]:
    """A server until the generator is closed."""
    server = BucketServer()
    server.start()
    yield server
    server.stop()
