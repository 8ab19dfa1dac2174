from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError, MissingExtraError
from edge_contracts.station import Web
from edge_runtime.clock import MonotonicClock
from edge_runtime.web import face
from edge_runtime.web.face import WebFace

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_library_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face, "find_spec", lambda name: None if name == "uvicorn" else name)
    with pytest.raises(MissingExtraError, match=r"found uvicorn missing; pip install 'lepton-edge\[web\]'"):
        WebFace(Web(), tmp_path, MonotonicClock())


def test_a_token_that_keeps_nobody_out_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("short")
    with pytest.raises(BadInputError, match="at least 20"):
        WebFace(Web(token_file=str(tmp_path / "token")), tmp_path, MonotonicClock())


def test_a_page_that_never_started_stops(tmp_path: Path) -> None:
    assert WebFace(Web(), tmp_path, MonotonicClock()).stop(1)
