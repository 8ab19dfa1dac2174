"""A serial server on the network (RFC 2217) with a chip at its port: a pseudo-terminal that has DTR and RTS."""

from __future__ import annotations

import select
import socket
import threading

import serial
from serial.rfc2217 import PortManager


class LinedPty(serial.Serial):
    """The port at the server: what is done to its control lines is told to the chip."""

    def __init__(self, path: str, lines_path: str) -> None:
        self._side = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._lines_path = lines_path
        super().__init__(path, timeout=0)

    def _update_dtr_state(self) -> None:
        self._side.sendto(bytes([self._dtr_state, self._rts_state]), self._lines_path)

    _update_rts_state = _update_dtr_state
    cts = dsr = ri = cd = False

    def close(self) -> None:
        super().close()
        self._side.close()


class SerialServer:
    """Serves one port to one client at a time; `url` is what the client opens."""

    def __init__(self, chip) -> None:
        self._chip = chip
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rfc2217://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, name="serial-server", daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, LinedPty(self._chip.path, self._chip.lines_path) as port:
                self._serve(client, port)

    def _serve(self, client: socket.socket, port: LinedPty) -> None:
        class Connection:
            write = staticmethod(client.sendall)

        manager = PortManager(port, Connection())
        while True:
            ready, _, _ = select.select([client, port.fd], [], [])
            try:
                if client in ready:
                    data = client.recv(4096)
                    if not data:
                        return
                    port.write(b"".join(manager.filter(data)))
                if port.fd in ready:
                    client.sendall(b"".join(manager.escape(port.read(4096))))
            except OSError:
                return
