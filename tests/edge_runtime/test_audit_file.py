from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from edge_runtime.audit_file import BYTES_MAX, AuditFile
from edge_runtime.state_folder import MediumRefused

if TYPE_CHECKING:
    from pathlib import Path


def now() -> datetime:
    return datetime(2026, 5, 4, 9, 12, 31, tzinfo=timezone.utc)


def test_each_change_is_a_line_with_its_moment(tmp_path: Path) -> None:
    audit = AuditFile(tmp_path / "audit.jsonl", now)
    audit.append({"what": "one"})
    audit.append({"what": "zwei\n\udce9"})
    first, second = (tmp_path / "audit.jsonl").read_text("utf-8").splitlines()
    assert json.loads(first) == {"at": "2026-05-04T09:12:31+00:00", "what": "one"}
    assert json.loads(second.replace("\\udce9", ""))["what"] == "zwei\n"


def test_the_file_is_turned_over_and_one_older_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"x" * BYTES_MAX)
    AuditFile(path, now).append({"what": "new"})
    assert json.loads(path.read_text())["what"] == "new"
    assert (tmp_path / "audit.jsonl.1").stat().st_size == BYTES_MAX


def test_a_disk_that_takes_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(MediumRefused, match="nothing was changed"):
        AuditFile(tmp_path / "gone" / "audit.jsonl", now).append({})
