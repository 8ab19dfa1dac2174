"""What every test may ask for: the folder of real data, by name, or a named skip."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real models, images and sounds (`LEPTON_DATA`); skips by name where it is absent."""
    folder = Path(os.environ.get("LEPTON_DATA", REPOSITORY.parent / "shared" / "data")).resolve()
    if not folder.is_dir():
        if os.environ.get("LEPTON_REQUIRE_DATA") == "1":
            pytest.fail(f"LEPTON_REQUIRE_DATA=1 and there is no data folder at {folder}")
        pytest.skip(f"needs the real data folder; set LEPTON_DATA (looked at {folder})")
    return folder
