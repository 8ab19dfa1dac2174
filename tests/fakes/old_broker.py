"""A broker that answers the first CONNECT with a refusal of its MQTT version."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S: Final = 10.0
REFUSED_AS_OLD: Final = bytes.fromhex("20020001")
"""CONNACK of MQTT 3.1.1, 3.2.2.3: unacceptable protocol version."""
REFUSED_AS_NEW: Final = bytes.fromhex("2003008400")
"""CONNACK of MQTT 5, 3.2.2.2: unsupported protocol version."""


@contextmanager
def old_broker(answer: bytes) -> Iterator[int]:
    """The port of one that answers the first CONNECT so, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, name="old broker")
        thread.start()
        yield server.getsockname()[1]
        thread.join(PATIENCE_S)
