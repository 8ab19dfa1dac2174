from __future__ import annotations

import subprocess
import sys

import pytest

PICTURES = """
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

THREADS = """
import re, sys, threading
import numpy as np
from edge_runtime.freed_memory import keep_freed_memory

if not keep_freed_memory():
    sys.exit("not glibc")

def sees_a_picture(seen, end):
    np.ones((480, 640, 3), np.uint8)
    seen.set()
    end.wait()

def own_kb():
    with open("/proc/self/smaps_rollup") as sizes:
        return int(re.search("Anonymous: +([0-9]+)", sizes.read())[1])

before, end = own_kb(), threading.Event()
for _ in range(8):
    seen = threading.Event()
    threading.Thread(target=sees_a_picture, args=(seen, end)).start()
    seen.wait()
print(own_kb() - before)
end.set()
"""


def printed(program: str, *how: str) -> int:
    ended = subprocess.run([sys.executable, "-c", program, *how], capture_output=True, text=True, check=False)
    if "not glibc" in ended.stderr:
        pytest.skip("needs glibc")
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout)


def test_pictures_that_come_and_go_use_the_same_memory_again() -> None:
    assert printed(PICTURES, "kept") * 10 < printed(PICTURES, "given back")


def test_threads_one_after_the_other_use_the_same_memory() -> None:
    picture_kb = 480 * 640 * 3 // 1024
    assert printed(THREADS) < 2 * picture_kb
