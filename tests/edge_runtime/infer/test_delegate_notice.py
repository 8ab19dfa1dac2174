"""The runtime's notice does not reach the terminal; everything else that is written there does."""

import os
import subprocess
import sys

import pytest

from edge_runtime.infer.delegate_notice import give_notice_unseen

FIRST_MODEL = """
import os
from edge_runtime.infer import delegate_notice
from edge_runtime.infer.litert import open_backend
{before}
open_backend(delegate_notice._ONE_RELU, threads=1, kernels="default").run(lambda buffer: buffer.fill(-1.0))
os.write(2, b"the end")
"""


@pytest.mark.parametrize("before", ["", "os.close(2); os.dup2(1, 2)"])
def test_the_first_model_of_a_process_is_loaded_in_silence(before):
    program = FIRST_MODEL.format(before=before)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    assert done.stdout + done.stderr == b"the end"


def test_a_closed_standard_error_is_no_obstacle():
    program = FIRST_MODEL.format(before="os.close(2)").replace("os.write(2", "os.write(1")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    assert done.stdout == b"the end"


class Outspoken:
    """A runtime with more to say than its notice."""

    def __init__(self, **_options):
        pass

    def allocate_tensors(self):
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nERROR: the cache is damaged\n")


def test_what_is_no_notice_is_passed_on(capfd):
    give_notice_unseen(Outspoken, None)
    assert capfd.readouterr().err == "ERROR: the cache is damaged\n"


def test_a_runtime_that_fails_leaves_standard_error_as_it_was(capfd):
    class Broken(Outspoken):
        def allocate_tensors(self):
            super().allocate_tensors()
            raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        give_notice_unseen(Broken, None)
    os.write(2, b"still here\n")
    assert capfd.readouterr().err == "ERROR: the cache is damaged\nstill here\n"
