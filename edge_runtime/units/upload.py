"""`[upload]`: the thread that brings evidence to the manager."""

from __future__ import annotations

import logging
import random
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from edge_runtime.outbox.delivery_clock import this_boot
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.secret_files import secret_files
from edge_runtime.units.spool import DELIVERY, EVIDENCE, address

if TYPE_CHECKING:
    import ssl

    from edge_contracts.station import Station, StationConfig
    from edge_contracts.station import Upload as Settings
    from edge_runtime.evidence.upload.link import EvidenceLink
    from edge_runtime.evidence.upload.uploader import Uploader
    from edge_runtime.units.running import Running
    from edge_runtime.units.surroundings import Surroundings

UPLOAD = "the evidence upload"
ALERTS_FIRST_S: Final = 5.0
"""While an alert has waited longer for its acknowledgement over a connected uplink, evidence gives way."""

_STOP_S = 2.0
_SOURCE_FIRST = "lepton/1/"
_log = logging.getLogger(__name__)


def upload(config: StationConfig, around: Surroundings) -> Unit:
    """What brings evidence to the manager; nothing where the file has no such table."""
    settings, station = config.upload, config.station

    def start() -> Part:
        running = around.running
        if settings is None or running.evidence is None:
            return Part(lambda _: True)
        made = _uploader(settings, station, around)
        running.evidence.follow(made.kept, made.removed)
        made.start()
        running.uploader = made
        store = running.evidence

        def stop(timeout_s: float) -> bool:
            running.uploader = None
            store.follow()
            return made.stop(timeout_s)

        return Part(stop)

    def prepare() -> Prepared:
        if settings is not None:
            check_upload_files(settings)
        return Prepared(start)

    needs, made_from = (EVIDENCE, DELIVERY), (station, settings, secret_files(settings))
    return Unit(UPLOAD, "upload", made_from, prepare, _STOP_S, needs=needs, needs_restart=False)


def _uploader(settings: Settings, station: Station, around: Surroundings) -> Uploader:
    from edge_runtime.evidence.upload.budget import UploadBudget  # noqa: PLC0415 - a station without needs none of it
    from edge_runtime.evidence.upload.memory import UploadMemory  # noqa: PLC0415 - the same
    from edge_runtime.evidence.upload.uploader import Uploader  # noqa: PLC0415 - the same
    from edge_runtime.evidence.upload.waiting import Waiting  # noqa: PLC0415 - the same

    folder = Path(station.state_folder)
    memory = UploadMemory(folder / "uploaded", this_boot())
    return Uploader(
        evidence_link(settings, station),
        Waiting(folder / "evidence", settings.kinds, memory.__contains__),
        memory,
        UploadBudget(settings.bytes_per_s, settings.bytes_per_day, memory.spent),
        around.clock,
        draw=random.random,
        gives_way=lambda: alerts_wait(around.running),
        counts=around.running.upload_counts,
    )


def evidence_link(settings: Settings, station: Station) -> EvidenceLink:
    """A connection to the manager, not opened yet, with the station's own name, token and certificates."""
    from edge_runtime.evidence.upload.link import EvidenceLink, UploadAddress  # noqa: PLC0415 - as above

    token = Path(settings.token_file).read_text("utf-8").strip() if settings.token_file else None
    device = address(station).source.removeprefix(_SOURCE_FIRST)
    return EvidenceLink(UploadAddress(settings.url, device, token), _context(settings))


def _context(settings: Settings) -> ssl.SSLContext | None:
    if settings.url.startswith("http:"):
        _log.warning("evidence travels to %s in plain text: use https to encrypt the connection", settings.url)
        return None
    import ssl  # noqa: PLC0415 - a station without an upload needs none of it

    from edge_contracts.tls_files import tls_context  # noqa: PLC0415 - the same

    if settings.tls is None:
        return ssl.create_default_context()
    return tls_context(settings.tls.ca, settings.tls.certificate, settings.tls.key)


def check_upload_files(settings: Settings) -> None:
    """Look at the files of `[upload]` before they are needed.

    Raises:
        BadInputError: one is missing, or is not what it should be.
    """
    if settings.tls is not None:
        from edge_contracts.tls_files import check_tls_files  # noqa: PLC0415 - a station without an upload needs no TLS

        check_tls_files(settings.tls.ca, settings.tls.certificate, settings.tls.key)
    if settings.token_file is None:
        return
    try:
        token = Path(settings.token_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"wanted the token for the upload in {settings.token_file}, found: {error}; correct upload.token_file"
        ) from error
    if not token.isascii() or not token.isprintable() or not token:
        raise BadInputError(f"wanted one line of ASCII in {settings.token_file}, found something else; write it anew")


def alerts_wait(running: Running) -> bool:
    """Whether alerts are being sent just now that have waited for a while."""
    if running.uplink is None or running.outbox is None or not running.uplink.counters.connected:
        return False
    return running.outbox.depth().age_s > ALERTS_FIRST_S
