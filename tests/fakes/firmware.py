"""Firmware on the host: `lepton_link.h` and a main, compiled with sanitizers, in simulated time or on a port."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.serial_link import Frame, ReliableLink, StreamDecoder, crc16, encode
from tests.system.required import require_tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCES = Path(__file__).resolve().parents[1] / "firmware_tools" / "link"
HEADERS = Path(__file__).resolve().parents[2] / "firmware_tools" / "c"
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def built(name: str, folder: Path, flags: Sequence[str] = SANITIZED, compiler: str = "gcc") -> Path:
    """The program of `SOURCES/name.c`, made once in this folder."""
    program = folder / name
    if not program.exists():
        source = SOURCES / f"{name}.c"
        command = [require_tool(compiler), *STRICT, *flags, f"-I{HEADERS}", str(source), "-o", str(program)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return program


def sealed(whole: bytes) -> bytes:
    """Any header and body as a frame, under a right CRC."""
    raw = whole + crc16(whole).to_bytes(2, "big")
    return b"".join(bytes([len(run) + 1]) + run for run in raw.split(b"\0")) + b"\0"


@dataclass
class Told:
    """What came of one step: frames that were said, and the reject pin as it is now."""

    frames: list[Frame]
    rejects: bool


@dataclass
class SimulatedFirmware:
    """The model in lockstep: time stands still between two calls."""

    process: subprocess.Popen
    tick: int = 0
    count: int = 0
    rejects: bool = True
    lamps: list[tuple[int, int]] = field(default_factory=list)
    hello: Told = field(init=False)

    def __post_init__(self) -> None:
        self.hello = self._answer()

    def at(self, tick: int, count: int | None = None) -> Told:
        """Move on to this tick, and the encoder to this count."""
        self.tick, self.count = tick, self.count if count is None else count
        return self._ask(f"t {self.tick & 0xFFFFFFFF} {self.count & 0xFFFFFFFF}")

    def part(self) -> Told:
        return self._ask("p")

    def hear(self, *frames: Frame) -> Told:
        return self.hear_bytes(b"".join(map(encode, frames)))

    def hear_bytes(self, data: bytes) -> Told:
        return self._ask(f"h {data.hex()}")

    def _ask(self, line: str) -> Told:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> Told:
        assert self.process.stdout is not None
        decoder, frames = StreamDecoder(), []
        for line in iter(self.process.stdout.readline, ".\n"):
            assert line, "the model has died: " + (self.process.stderr.read() if self.process.stderr else "")
            if line.startswith("r "):
                self.rejects = line == "r 1\n"
            if line.startswith("l "):
                lamp, light = line[2:].split()
                self.lamps.append((int(lamp), int(light)))
            if line.startswith("s "):
                frames += decoder.feed(bytes.fromhex(line[2:]))
        assert not decoder.refused
        return Told(frames, self.rejects)


@contextmanager
def simulated_firmware(program: Path) -> Iterator[SimulatedFirmware]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([program, "-"], text=True, **pipes) as process:
        yield SimulatedFirmware(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@contextmanager
def running_firmware(program: Path, port: str) -> Iterator[subprocess.Popen]:
    """The model in real time on a port; the test writes its standard input and reads its standard output."""
    with subprocess.Popen([program, port], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def exchange(link: ReliableLink, firmware: SimulatedFirmware) -> list:
    """Say what waits, and what came back."""
    data = link.poll(firmware.tick * 1000)
    frames = firmware.hear_bytes(data).frames if data else []
    return [heard for frame in frames if (heard := link.hear(frame)) is not None]
