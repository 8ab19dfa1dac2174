"""stm32loader as a program on a pseudo-terminal: what it does to DTR and RTS is told beside, for a pty has none.

Its pauses, which real crystals and capacitors want, are left out, and it waits no longer for an answer than it is told.
"""

import os
import runpy
import socket
import sys
import termios
import time

import serial

side = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)


def tell(port):
    side.sendto(bytes([port._dtr_state, port._rts_state]), os.environ["CHIP_LINES"])


def without_parity(*wanted, apply=termios.tcsetattr):
    """A pty has no parity, and says so where nothing else was asked of it."""
    try:
        apply(*wanted)
    except termios.error:
        return


def soon(port, timeout_s, of=serial.Serial.timeout.fset):
    of(port, timeout_s and min(timeout_s, float(os.environ["CHIP_ANSWER_S"])))


termios.tcsetattr = without_parity
serial.Serial.timeout = serial.Serial.timeout.setter(soon)
serial.Serial._update_dtr_state = serial.Serial._update_rts_state = tell
time.sleep = lambda _: None
sys.argv[0] = "stm32loader"
runpy.run_module("stm32loader", run_name="__main__")
