"""What an emulated board says of its processor is what runtimes look for."""

from __future__ import annotations

import re

import pytest

from tests.lab.arm64.cores import CORES, CORES_PER_BOARD, Core, cpuinfo


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_each_processor_tells_its_part_and_features(core: Core) -> None:
    blocks = cpuinfo(core).strip().split("\n\n")
    assert [re.match(r"processor\t: (\d+)", block).group(1) for block in blocks] == [
        str(number) for number in range(CORES_PER_BOARD)
    ]
    assert all(f"CPU part\t: {core.part:#x}" in block for block in blocks)
    assert all(re.search(r"Features\t: .*\basimd\b", block) for block in blocks)


def test_only_the_newest_has_dot_products() -> None:
    assert [core.name for core in CORES if "asimddp" in core.features] == ["cortex-a76"]
