"""Tests that need a board's own hardware: `make lab-device` runs them on a virtual one, elsewhere nobody does."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("LEPTON_DEVICE_LAB") == "1" else ["test_*.py"]
