"""The emulated board installs what pyproject.toml gives a board."""

from __future__ import annotations

from tests.lab.arm64.rootfs import BOARD_EXTRAS
from tests.lab.debian import board_requirements


def test_the_board_gets_its_core_and_both_runtimes() -> None:
    names = " ".join(board_requirements(BOARD_EXTRAS))
    assert all(name in names for name in ("numpy", "pydantic", "ai-edge-litert", "onnxruntime", "opencv"))
    assert "tensorflow" not in names
