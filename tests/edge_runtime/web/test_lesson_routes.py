"""Teaching over HTTP: only what the present bundle has seen, by somebody with a name on one line."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.bundle import read_bundle
from edge_contracts.verdict import Cause
from edge_runtime.lessons.lesson import Impression
from tests.fakes.models import BundleRecipe, known_rows, write_brightness_bundle
from tests.fakes.parts import inspected, verdict
from tests.fakes.stations import THRESHOLD
from tests.fakes.web import Served, served_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATH = "/points/gate/lessons"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Served]:
    write_brightness_bundle(tmp_path / "part.bundle", BundleRecipe(threshold=THRESHOLD, teachable=True))
    with served_page(tmp_path) as served:
        yield served


def show(page: Served, digest: str) -> int:
    seen = Impression(known_rows()[3] + np.float32(0.1), np.zeros((4, 4), np.float32), 0.4, THRESHOLD, digest)
    part = replace(inspected(verdict(Cause.CLEAN, part="42", score=0.4, threshold=THRESHOLD)), impression=seen)
    for sink in page.face.sinks:
        sink.take(part)
    return int(page.get("/points/gate/picture.jpg").headers["x-number"])


def test_a_part_that_another_bundle_saw_is_a_conflict(page: Served, tmp_path: Path) -> None:
    number = show(page, "ef" * 32)
    for answer in (
        page.post(PATH, {"number": number, "kind": "defective"}),
        page.get(f"/points/gate/alike?number={number}"),
    ):
        assert (answer.status, "that another saw" in answer.error) == (409, True)
    assert not (tmp_path / "lessons").exists()


def test_a_name_cannot_forge_a_line(page: Served, tmp_path: Path) -> None:
    number = show(page, read_bundle(tmp_path / "part.bundle").digest)
    assert page.post(PATH, {"number": number, "kind": "defective", "name": "An\nna\x1b"}).status == 200
    assert page.ask("DELETE", f"{PATH}/1?name=Be%0An%0D").status == 200
    audited = [json.loads(line)["name"] for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert audited == ["Anna", "Ben"]
