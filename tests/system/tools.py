"""Tools that a system test needs: found, or skipped by name."""

from __future__ import annotations

import os
import shutil

import pytest

SBIN = "/usr/sbin"


def require_tool(name: str) -> str:
    """The tool's path; the test is skipped by name where this machine has none."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), SBIN]))
    if found is None:
        pytest.skip(f"needs {name}, which this machine does not have")
    return found
