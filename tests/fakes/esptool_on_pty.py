"""esptool as a program on a pseudo-terminal: what it does to DTR and RTS is told beside, for a pty has none.

Its pauses, which real capacitors want, are left out.
"""

import fcntl
import os
import runpy
import socket
import struct
import sys
import termios
import time

side = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
lines = 0
CHANGES = {
    termios.TIOCMSET: lambda _, bits: bits,
    termios.TIOCMBIS: lambda held, bits: held | bits,
    termios.TIOCMBIC: lambda held, bits: held & ~bits,
}


def ioctl(end, request, argument=0, *rest, ask=fcntl.ioctl):
    global lines  # noqa: PLW0603 - a process of its own
    if request == termios.TIOCMGET:
        return struct.pack("I", lines)
    if request not in CHANGES:
        return ask(end, request, argument, *rest)
    lines = CHANGES[request](lines, struct.unpack("I", argument)[0])
    told = bytes([bool(lines & termios.TIOCM_DTR), bool(lines & termios.TIOCM_RTS)])
    side.sendto(told, os.environ["CHIP_LINES"])
    return argument


fcntl.ioctl = ioctl
time.sleep = lambda _: None
sys.argv[0] = "esptool"
runpy.run_module("esptool", run_name="__main__")
