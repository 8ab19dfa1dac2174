from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from edge_runtime.freed_memory import keep_freed_memory

if sys.argv[1] == "kept" and not keep_freed_memory():
    sys.exit("not glibc")

def pictures(count):
    for _ in range(count):
        one, two = np.ones((480, 640, 3), np.uint8), np.ones((480, 640, 3), np.uint8)

pictures(5)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
pictures(100)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=False)
    if "not glibc" in ended.stderr:
        pytest.skip("needs glibc")
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout)


def test_pictures_that_come_and_go_use_the_same_memory_again() -> None:
    assert faults("kept") * 10 < faults("given back")
