"""A certificate's file, as the checks of every connection look at it: whether it is one, and valid for a while yet."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from edge_runtime.doctor.certificate_end import certificate_end
from edge_runtime.doctor.finding import Finding, Standing

_SOON_DAYS: Final = 30


def judge_file(check: str, file: str) -> Finding:
    """What a check says of a file."""
    try:
        end = certificate_end(Path(file).read_text("ascii", "replace"))
    except (OSError, ValueError) as error:
        found = f"{file}: {error}"
        return Finding(check, "", Standing.FAILED, found, "a certificate (PEM)", "correct the path or the file")
    return judge_end(check, file, end, datetime.fromtimestamp(time.time(), timezone.utc))


def judge_end(check: str, file: str, end: datetime, now: datetime) -> Finding:
    """Whether a certificate is valid for a while yet."""
    days = (end - now).days
    found = f"{file} ends {end:%Y-%m-%d}, in {days} days"
    if end <= now:
        step = "give the board a new certificate: the other side refuses this one"
        return Finding(check, "", Standing.FAILED, f"{file} ended {end:%Y-%m-%d}", "a valid certificate", step)
    if days < _SOON_DAYS:
        step = "renew it before that day"
        return Finding(check, "", Standing.WARNING, found, f"more than {_SOON_DAYS} days", step)
    return Finding(check, "", Standing.OK, found)
