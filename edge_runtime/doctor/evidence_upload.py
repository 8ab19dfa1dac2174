"""The way of pictures to the manager, gone as the daemon goes it: certificates, token, site, room, and both clocks.

What is sent is one byte under the address of another content. A manager that keeps its word hashes it and throws it
away (422), so this answer alone says that everything before it is in order, and nothing stays behind.
"""

from __future__ import annotations

import hashlib
import re
import time
from contextlib import closing
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from edge_contracts.evidence_upload import OTHER_CONTENT, ContentRange
from edge_runtime.doctor.certificate_file import judge_file
from edge_runtime.doctor.finding import Finding, Standing
from edge_runtime.evidence.upload.link import UploadLost
from edge_runtime.units.upload import check_upload_files, evidence_link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.station import Station, Upload
    from edge_runtime.doctor.patient import Chart, Patient
    from edge_runtime.evidence.upload.answer import Reply

CHECK: Final = "upload"
APART_S: Final = 60
"""A request that is on its way for so long fails; clocks that are farther apart are wrong."""
_BYTE: Final = b"\0"
_DETAIL: Final = re.compile(r'"detail":\s*"([^"]+)')
_MS_PER_S: Final = 1000
_MEANWHILE: Final = "pictures wait on the board meanwhile; alerts do not depend on them"
_NEW_ONE: Final = "make a token of the role device at {site}, and write it into upload.token_file"
_TROUBLES: Final[dict[int, tuple[Standing, str, str]]] = {
    HTTPStatus.UNAUTHORIZED: (Standing.FAILED, "a token that is good", _NEW_ONE),
    HTTPStatus.FORBIDDEN: (Standing.FAILED, "a token that may send evidence", _NEW_ONE),
    HTTPStatus.NOT_FOUND: (Standing.FAILED, "a token for {site}", _NEW_ONE),
    HTTPStatus.TOO_MANY_REQUESTS: (Standing.WARNING, "a manager with a free hand", "ask again in a minute"),
    HTTPStatus.SERVICE_UNAVAILABLE: (Standing.WARNING, "a manager with a free hand", "ask again in a minute"),
    HTTPStatus.INSUFFICIENT_STORAGE: (Standing.FAILED, "room at the manager", f"make some there; {_MEANWHILE}"),
}
_STRANGE: Final = (Standing.FAILED, "an answer of a manager", "correct upload.url: is that address a manager's?")


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """The files, then a request, and the clock that its answer shows."""
    del chart
    settings = patient.config.upload
    if settings is None:
        yield Finding(CHECK, "", Standing.SKIPPED, "no [upload] in the file: pictures stay on the board")
        return
    for file in (settings.tls.certificate, settings.tls.ca) if settings.tls else ():
        if file is not None:
            yield judge_file(CHECK, file)
    try:
        check_upload_files(settings)
    except BadInputError as error:
        yield Finding(CHECK, "", Standing.FAILED, str(error), "files that can be used", _MEANWHILE)
        return
    if not patient.network:
        yield Finding(CHECK, "", Standing.SKIPPED, "--no-network")
        return
    yield from _asked(settings, patient.config.station)


def judge_reply(reply: Reply, where: str, site: str) -> Finding:
    """What the manager's answer to the byte means.

    Args:
        reply: the answer.
        where: the address and how long it took, for a person.
        site: `org/site` of the station.
    """
    if reply.status == OTHER_CONTENT:
        return Finding(CHECK, "", Standing.OK, where)
    standing, wanted, step = _TROUBLES.get(reply.status, _STRANGE)
    found = f"{where}: {reply.status} {_detail(reply.text)}"
    return Finding(CHECK, "", standing, found, wanted.format(site=site), step.format(site=site))


def judge_clock(date: str | None, now: datetime) -> Finding:
    """Whether the board and the manager live at the same time.

    Args:
        date: the answer's `Date`.
        now: by the board's clock.
    """
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return Finding(CHECK, "", Standing.SKIPPED, "the manager does not tell its time")
    apart_s = (now - theirs.replace(tzinfo=timezone.utc)).total_seconds()
    if abs(apart_s) <= APART_S:
        return Finding(CHECK, "", Standing.OK, f"the manager's clock is less than {APART_S} s away")
    found = f"the board's clock is {abs(apart_s):.0f} s {'ahead of' if apart_s > 0 else 'behind'} the manager's"
    step = "let NTP set both: certificates and the times of alerts depend on it"
    return Finding(CHECK, "", Standing.WARNING, found, f"at most {APART_S} s", step)


def _asked(settings: Upload, station: Station) -> Iterator[Finding]:
    nobodys = hashlib.sha256(f"{station.device} {time.time_ns()}".encode()).hexdigest()
    begun_s = time.monotonic()
    try:
        with closing(evidence_link(settings, station)) as link:
            reply = link.send(nobodys, ContentRange(0, 0, 1), "application/octet-stream", [_BYTE])
    except UploadLost as error:
        yield Finding(
            CHECK, "", Standing.FAILED, str(error), "a manager that answers, signed by upload.tls.ca", _MEANWHILE
        )
        return
    took_ms = (time.monotonic() - begun_s) * _MS_PER_S
    how = "TLS" if settings.url.startswith("https:") else "plain text"
    yield judge_reply(reply, f"{settings.url}, {how}, {took_ms:.0f} ms", f"{station.org}/{station.site}")
    yield judge_clock(reply.date, datetime.fromtimestamp(time.time(), timezone.utc))


def _detail(text: str) -> str:
    """The sentence of a problem document (RFC 9457), also of one that was cut off, or the beginning of what came."""
    told = _DETAIL.search(text)
    return told[1] if told else " ".join(text.split())[:120]
