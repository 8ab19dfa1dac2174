"""Children end, refuse, hang and swell without harm to who asked for them, and none is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from converters.isolation import forking
from converters.isolation.child import run_child
from converters.isolation.forking import (
    MOST_BYTES,
    MOST_FILES,
    ForkServer,
    ServerLostError,
    forked_children,
    server_in_use,
)
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


@pytest.fixture
def begin(home):
    """Starts a module in a fork of a server; what it is given beside 0, 1 and 2 follows them."""
    with ExitStack() as ends:
        nothing = ends.enter_context(Path(os.devnull).open("r+b")).fileno()

        def started(server, name, asked=nothing, told=nothing):
            child = server.start(name, [str(home), str(1 << 33)], [asked, nothing, told])
            return ends.enter_context(closing(child))

        yield started


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


def test_a_child_does_not_outlive_the_conversion(module, home, begin):
    name = module("(home / 'pid').write_text(str(os.getpid())); time.sleep(600)")
    server = ForkServer()
    begin(server, name)
    _until(lambda: (home / "pid").exists() and (home / "pid").read_text())
    server.close()
    assert not Path("/proc", (home / "pid").read_text()).exists()


def test_two_children_live_side_by_side_and_each_has_its_own_files(module, begin):
    name = module("os.write(3, os.read(0, 5)), os.read(0, 1), sys.exit(7)")
    with closing(ForkServer()) as server, ExitStack() as ends:
        ours, theirs = zip(*[socket.socketpair() for _ in range(2)], strict=True)
        for end in (*ours, *theirs):
            ends.enter_context(end)
        children = [begin(server, name, end.fileno(), end.fileno()) for end in theirs]
        for end, word in zip(ours, (b"first", b"other"), strict=True):
            end.send(word)
        assert [end.recv(10) for end in ours] == [b"first", b"other"]
        assert [child.wait(0) for child in children] == [None, None]
        children[0].kill()
        assert [children[0].wait(30), children[1].wait(0)] == [-9, None]
        ours[1].send(b".")
        assert children[1].wait(30) == 7


def test_how_a_child_ended_can_be_asked_again(module, begin):
    with closing(ForkServer()) as server:
        child = begin(server, module("sys.exit(3)"))
        assert [child.wait(30), child.wait(30)] == [3, 3]


def test_what_is_asked_early_does_not_wait_for_all_that_is_loaded(module, begin, tmp_path, monkeypatch):
    monkeypatch.setattr(forking, "CLOSING_S", 0.1)
    asked = tmp_path / "asked"
    (tmp_path / "patient.py").write_text(
        f"import os, time\nwhile not os.path.exists({str(asked)!r}):\n    time.sleep(0.01)\n", "utf-8"
    )
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(600)\n", "utf-8")
    name = module("pass")
    server = ForkServer(["patient", "slow"])
    child = begin(server, name)
    asked.touch()
    assert child.wait(30) == 0
    server.close()


def test_a_module_that_cannot_be_loaded_ends_no_child_but_those_that_need_it(module, begin):
    with closing(ForkServer(["no_such_module", "json"])) as server:
        assert begin(server, module("pass")).wait(30) == 0


def test_a_step_is_done_without_a_server_that_is_gone(module, home):
    name = module("(home / 'done').touch()")
    with forked_children():
        _end(server_in_use())
        assert run_child(name, home, 1) is None
    assert (home / "done").exists()


def test_a_step_whose_server_ends_meanwhile_is_begun_anew(module, home):
    name = module("(home / 'second').exists() or ((home / 'second').touch(), os.kill(os.getppid(), 9), time.sleep(60))")
    with forked_children():
        assert run_child(name, home, 1) is None


def test_a_step_that_takes_every_server_with_it_is_told_in_words(module, home):
    name = module("os.kill(os.getppid(), 9); time.sleep(600)")
    assert run_child(name, home, 1) == "it ended with the loss of the process that it was forked from"
    with forked_children():
        assert run_child(name, home, 1) == "it ended with the loss of the process that it was forked from"


def test_a_child_that_closes_all_its_files_is_ended(module, begin):
    with closing(ForkServer()) as server:
        assert begin(server, module("os.closerange(3, 1 << 12); time.sleep(600)")).wait(30) == -signal.SIGKILL


def test_a_caller_that_ignores_the_ends_of_its_children_learns_of_these(module, home):
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert run_child(module("sys.exit(3)"), home, 1) == "it ended with exit code 3: no message"
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_caller_with_many_open_files_has_children(module, home):
    name = module("pass")
    with Path(os.devnull).open("rb") as nothing, ExitStack() as ends:
        for _ in range(1100):
            ends.callback(os.close, os.dup(nothing.fileno()))
        assert run_child(name, home, 1) is None


def test_a_child_of_a_killed_caller_is_killed(module, home):
    name = module("(home / 'pid').write_text(str(os.getpid())); time.sleep(600)")
    program = (
        "import pathlib\nfrom converters.isolation.child import run_child\n"
        f"run_child({name!r}, pathlib.Path({str(home)!r}), 1)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    caller = subprocess.Popen([sys.executable, "-c", program], env=environment)
    _until(lambda: (home / "pid").exists() and (home / "pid").read_text())
    caller.kill()
    caller.wait()
    _until(lambda: not Path("/proc", (home / "pid").read_text()).exists())


def test_what_a_child_has_in_its_folder_is_not_taken_for_its_last_words(module, home):
    name = module("sys.stderr.write('x' * (1 << 20) + chr(10) + 'the last'); sys.exit(3)")
    assert run_child(name, home, 1) == "it ended with exit code 3: the last"
    name = module("[one.unlink() for one in home.iterdir()]; sys.exit(3)")
    assert run_child(name, home, 1) == "it ended with exit code 3: no message"


@pytest.mark.parametrize(("arguments", "files"), [(["x" * MOST_BYTES], 2), ([], MOST_FILES + 1)])
def test_a_wish_that_no_packet_holds_is_refused(arguments, files):
    with closing(ForkServer()) as server, pytest.raises(ValueError, match="wanted at most 65536 bytes and 8 files"):
        server.start("json", arguments, [0] * files)


def test_a_server_that_falls_silent_is_not_waited_for_for_ever(module, home, monkeypatch):
    monkeypatch.setattr(forking, "CLOSING_S", 0.1)
    with forked_children():
        server_in_use()._process.send_signal(signal.SIGSTOP)
        assert run_child(module("pass"), home, 1, 0.1) == "it did not end within 0 s"
        assert server_in_use()._process.wait(30) == -9


def test_after_an_interrupt_no_step_gets_the_answer_of_the_one_before(module, home, monkeypatch):
    real = forking.ready

    def interrupted(*asked):
        real(*asked)
        monkeypatch.undo()
        raise KeyboardInterrupt

    with forked_children():
        name = module("sys.exit(3)")
        monkeypatch.setattr(forking, "ready", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_child(name, home, 1)
        assert run_child(module("(home / 'done').touch()"), home, 1) is None
    assert (home / "done").exists()


def test_a_server_that_is_gone_is_an_error_and_no_silence(module, begin):
    with closing(ForkServer()) as server:
        child = begin(server, module("time.sleep(600)"))
        _end(server)
        with pytest.raises(ServerLostError, match="the process that it was forked from"):
            child.wait(30)
        with pytest.raises(ServerLostError, match="the process that it was forked from"):
            begin(server, module("pass"))


def test_what_is_preloaded_exists():
    for name in (*forking.PRELOADED, *forking.PRELOADED_TO_COMPILE, *forking.PRELOADED_FOR_ONNX):
        __import__(name)


def _end(server):
    server._process.kill()
    server._process.wait()


def _until(is_so):
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
