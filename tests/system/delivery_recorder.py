"""The witness: makes durable what the station says through a pipe, so that "emitted" outlives it."""

from __future__ import annotations

import os
import sys


def main() -> None:
    pipe, path = int(sys.argv[1]), sys.argv[2]
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    while chunk := os.read(pipe, 65_536):
        os.write(out, chunk)
        os.fsync(out)
    os.close(out)


if __name__ == "__main__":
    main()
