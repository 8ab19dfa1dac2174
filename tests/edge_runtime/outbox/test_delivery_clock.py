from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import TypeAdapter

from edge_contracts.identifiers import Boot
from edge_runtime.outbox.delivery_clock import this_boot

if TYPE_CHECKING:
    from pathlib import Path


def test_a_boot_is_named_as_the_contract_wants_it(tmp_path: Path) -> None:
    file = tmp_path / "boot_id"
    file.write_text("0F1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\n", "ascii")
    assert this_boot(file) == "0f1e2d3c4b5a6978"
    assert TypeAdapter(Boot).validate_python(this_boot()) == this_boot()


@pytest.mark.parametrize("content", [None, b"", b"0f1e2d3c", b"not-a-boot-id-at-all", b"\xff" * 36])
def test_where_the_system_tells_no_boot_there_is_none(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "boot_id"
    if content is not None:
        file.write_bytes(content)
    assert this_boot(file) is None
