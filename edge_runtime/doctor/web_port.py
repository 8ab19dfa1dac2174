"""Whether the page's port is free for the daemon, or served by it already."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from edge_runtime.doctor.finding import Finding, Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "web"
_PATIENCE_S = 2.0


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """Listen on the port for a moment; while a daemon runs, knock at it instead."""
    del chart
    settings = patient.config.web
    if settings is None:
        yield Finding(CHECK, "", Standing.SKIPPED, "no [web] in the file: no page is served")
        return
    where = f"{settings.host}:{settings.port}"
    if patient.daemon_pid is not None:
        yield _answered(settings.host, settings.port, where)
        return
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[
            0
        ]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        step = "stop what uses it ('ss -ltnp' names it), or choose another host or port in [web]"
        yield Finding(CHECK, "", Standing.FAILED, f"{where} cannot be served ({error.strerror})", "a free port", step)
        return
    yield Finding(CHECK, "", Standing.OK, f"{where} is free")


def _answered(host: str, port: int, where: str) -> Finding:
    try:
        with socket.create_connection((host, port), _PATIENCE_S):
            return Finding(CHECK, "", Standing.OK, f"{where} is served by the daemon")
    except OSError as error:
        step = "look into its log: journalctl -u lepton-edge"
        return Finding(CHECK, "", Standing.FAILED, f"{where} does not answer ({error})", "the daemon's page", step)
