"""Children that are forked end, refuse, hang and swell as those do that start from nothing."""

import signal
import time
from pathlib import Path

import pytest

from converters.isolation import fork_server
from converters.isolation.child import run_child
from converters.isolation.fork_server import ForkServer, ServerLostError, forked_children, server_in_use
from edge_contracts.errors import BadInputError


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a child of one statement, which may use `home`; gives its name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(statement):
        (tmp_path / "mischief.py").write_text(
            "import os, sys, time\nfrom converters.isolation.child import serve\n"
            f"from edge_contracts.errors import BadInputError\ndef work(home):\n    {statement}\nserve(work)\n",
            "utf-8",
        )
        return "mischief"

    return write


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("pass", None),
        ("os.abort()", "it ended with SIGABRT"),
        ("b'x' * (64 << 30)", "it ended with exit code 1: MemoryError"),
        ("sys.exit(3)", "it ended with exit code 3: no message"),
        ("time.sleep(600)", "it did not end within 1 s"),
    ],
)
def test_a_fork_ends_as_a_process_of_its_own_does(module, home, statement, sentence):
    name, timeout_s = module(statement), 1.0 if "sleep" in statement else 60.0
    assert run_child(name, home, 1, timeout_s) == sentence
    with forked_children():
        assert run_child(name, home, 1, timeout_s) == sentence


def test_one_server_serves_a_whole_conversion_and_outlives_its_children(module, home):
    deadly = module("os.abort()")
    with forked_children():
        server = server_in_use()
        run_child(deadly, home, 1)
        module("(home / 'done').touch()")
        with forked_children():
            assert server_in_use() is server
            assert run_child(deadly, home, 1) is None
    assert (home / "done").exists()
    assert server_in_use() is None


def test_a_refusal_keeps_its_kind_and_its_sentence(module, home):
    name = module("raise BadInputError('wanted bread, found stone')")
    with forked_children(), pytest.raises(BadInputError, match="wanted bread, found stone"):
        run_child(name, home, 1)


def test_a_child_does_not_outlive_the_conversion(module, home):
    name = module("(home / 'pid').write_text(str(os.getpid())); time.sleep(600)")
    server = ForkServer()
    asked = server._process.stdin
    asked.write(f'{{"module": "{name}", "home": "{home}", "limit": {1 << 33}, "timeout_s": 600}}\n')
    asked.flush()
    _until(lambda: (home / "pid").exists() and (home / "pid").read_text())
    server.close()
    child = Path("/proc", (home / "pid").read_text())
    assert not child.exists()


def test_what_is_asked_early_does_not_wait_for_all_that_is_loaded(module, home, tmp_path, monkeypatch):
    monkeypatch.setattr(fork_server, "CLOSING_S", 0.1)
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(600)\n", "utf-8")
    server = ForkServer(["slow"])
    assert server.run(module("pass"), home, 1 << 33, 30) == (0, "")
    server.close()


def test_a_step_is_done_without_a_server_that_is_gone(module, home):
    name = module("(home / 'done').touch()")
    with forked_children():
        server_in_use()._process.kill()
        server_in_use()._process.wait()
        assert run_child(name, home, 1) is None
    assert (home / "done").exists()


def test_a_server_that_falls_silent_is_not_waited_for_for_ever(module, home, monkeypatch):
    monkeypatch.setattr(fork_server, "LATE_S", 0.1)
    server = ForkServer()
    server._process.send_signal(signal.SIGSTOP)
    with pytest.raises(ServerLostError, match="did not answer"):
        server.run(module("pass"), home, 1 << 33, 0.1)
    server.close()


def test_after_an_interrupt_no_step_gets_the_answer_of_the_one_before(module, home, monkeypatch):
    real = fork_server.select.select

    def interrupted(reading, *others):
        real(reading, *others)
        raise KeyboardInterrupt

    with forked_children():
        with monkeypatch.context() as patched:
            patched.setattr(fork_server.select, "select", interrupted)
            with pytest.raises(KeyboardInterrupt):
                run_child(module("sys.exit(3)"), home, 1)
        assert run_child(module("(home / 'done').touch()"), home, 1) is None
    assert (home / "done").exists()


def test_a_server_that_is_gone_is_an_error_and_no_silence(module, home):
    server = ForkServer()
    server._process.kill()
    server._process.wait()
    with pytest.raises(ServerLostError, match="the server that forks children"):
        server.run(module("pass"), home, 1 << 33, 10)
    server.close()


def test_what_is_preloaded_exists():
    for name in (*fork_server.PRELOADED, *fork_server.PRELOADED_FOR_ONNX):
        __import__(name)


def _until(is_so):
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
