"""Kept results: whole or not at all, within a limit, for several conversions at once."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from converters.cache.record import Record, RecordDamaged
from converters.cache.store import ABANDONED_S, Store, default_store
from edge_contracts.errors import BadInputError

KEY = "ab" * 32

# Writes one result and is killed while its bytes are on their way to the disk.
KILLED = """
import os, signal, sys
from pathlib import Path
import converters.cache.store as store
from converters.cache.record import Record, write_record
def write_and_die(file, record):
    write_record(file, record)
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
store.write_record = write_and_die
store.Store(Path(sys.argv[1])).put("quantize", "ab" * 32, Record({}, {}, {"model": bytes(100_000)}))
"""


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        self.now += 1
        return self.now


def entry(size):
    return Record({}, {}, {"model": bytes(size)})


def test_what_was_put_is_got(tmp_path):
    store = Store(tmp_path / "new" / "folder")
    assert store.get("load", KEY) is None
    assert store.put("load", KEY, Record([1.5], {"x": np.arange(3)}, {"model": b"abc"}))
    found = Store(store.folder).get("load", KEY)
    assert (found.plain, found.arrays["x"].tolist(), found.blobs) == ([1.5], [0, 1, 2], {"model": b"abc"})
    assert store.get("quantize", KEY) is None


def test_only_its_owner_may_read_it(tmp_path):
    store = Store(tmp_path / "cache")
    store.put("load", KEY, entry(1))
    modes = [path.stat().st_mode & 0o077 for path in store.folder.rglob("*.step")]
    assert modes == [0]


def test_a_flipped_byte_is_said_and_the_entry_is_gone(tmp_path):
    store = Store(tmp_path)
    store.put("load", KEY, entry(1000))
    (path,) = tmp_path.rglob("*.step")
    content = bytearray(path.read_bytes())
    content[700] ^= 1
    path.write_bytes(content)
    with pytest.raises(RecordDamaged, match="does not match its digest"):
        store.get("load", KEY)
    assert store.get("load", KEY) is None


def test_a_conversion_that_is_killed_leaves_no_half_of_a_result(tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env=environment, check=False)
    assert child.returncode == -signal.SIGKILL
    store = Store(tmp_path)
    assert store.get("quantize", KEY) is None
    assert list(tmp_path.rglob("*.step")) == []
    (left,) = tmp_path.rglob("*.partial")
    store.put("quantize", KEY, entry(10))
    assert left.exists()  # it could still be another conversion's
    os.utime(left, (0, left.stat().st_mtime - ABANDONED_S - 1))
    store.put("quantize", KEY, entry(10))
    assert not left.exists()
    assert store.get("quantize", KEY).blobs == {"model": bytes(10)}


def test_what_was_not_used_for_longest_goes_first(tmp_path):
    store = Store(tmp_path, limit_bytes=9000, clock=Clock())
    for name in ("first", "second", "third"):
        store.put("load", name, entry(2000))
    assert store.get("load", "first") is not None
    store.put("load", "fourth", entry(2000))
    kept = [name for name in ("first", "second", "third", "fourth") if store.get("load", name) is not None]
    assert kept == ["first", "third", "fourth"]


def test_a_result_beyond_the_limit_is_not_kept_and_pushes_none_out(tmp_path):
    store = Store(tmp_path, limit_bytes=5000)
    store.put("load", "small", entry(1000))
    assert not store.put("load", "large", entry(6000))
    assert store.get("load", "large") is None
    assert store.get("load", "small") is not None
    assert list(tmp_path.rglob("*.partial")) == []


def test_conversions_at_the_same_time_do_not_spoil_each_other(tmp_path):
    def convert(worker):
        store = Store(tmp_path, limit_bytes=20_000)
        for turn in range(40):
            name = f"{(worker + turn) % 5}"
            found = store.get("load", name)
            assert found is None or found.blobs["model"] == name.encode() * 3000
            store.put("load", name, Record({}, {}, {"model": name.encode() * 3000}))
        return worker

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(convert, range(4))) == [0, 1, 2, 3]
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.step")) <= 20_000


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"LEPTON_CACHE": "/srv/one", "XDG_CACHE_HOME": "/srv/two"}, "/srv/one"),
        ({"LEPTON_CACHE": "", "XDG_CACHE_HOME": "/srv/two"}, "/srv/two/lepton-edge"),
        ({}, str(Path("~/.cache/lepton-edge").expanduser())),
    ],
)
def test_the_folder_is_the_users(environment, folder):
    assert str(default_store(environment).folder) == folder


def test_the_limit_is_in_megabytes(tmp_path):
    store = default_store({"LEPTON_CACHE": str(tmp_path), "LEPTON_CACHE_MB": "1"})
    assert store.put("load", KEY, entry(900_000))
    assert not store.put("load", KEY, entry(1_100_000))
    with pytest.raises(BadInputError, match="wanted a whole number of megabytes in LEPTON_CACHE_MB, found '2 GB'"):
        default_store({"LEPTON_CACHE_MB": "2 GB"})
