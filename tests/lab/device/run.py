"""`make lab-device`: the tests that need a board's own hardware, on a virtual device with a camera, sound and USB.

A Debian kernel in QEMU, without KVM: vivid is the camera, a UVC gadget on a dummy controller is a USB camera, snd-aloop
the microphone, an emulated FTDI the serial line. For correctness only: it is about twenty times slower than the host.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.debian import REPOSITORY
from tests.lab.device.image import cache_folder, make_image
from tests.lab.device.machine import run_device

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S = 900.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test."""

    file: str
    name: str
    outcome: str
    seconds: float
    said: str


def main() -> int:
    """Make the image, install the wheel, run the tests on the device, print a table; 1 where one failed or none ran."""
    given = _arguments()
    folder = cache_folder()
    image = make_image(folder)
    share = folder / "share"
    _fill(share)
    command = f"python3 -m pytest -q -p no:cacheprovider -m device --junitxml=/lab/results.xml {' '.join(given.tests)}"
    run = run_device(image, share, command, timeout_s=TIMEOUT_S, show=given.verbose)
    results = share / "results.xml"
    if not results.exists():
        print(run.said[-6000:])
        sys.exit("wanted the results of the device's tests, found none; the console is above")
    outcomes = _outcomes(results)
    _print_table(outcomes, run.said)
    return int(run.code != 0 or not outcomes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tests", nargs="*", default=["tests/device"], help="what pytest is given")
    parser.add_argument("--verbose", action="store_true", help="print the device's console as it comes")
    return parser.parse_args()


def _fill(share: Path) -> None:
    """The wheel, unpacked by pip as on a board, and the tests without the code that they test."""
    shutil.rmtree(share, ignore_errors=True)
    work = share / "work"
    shutil.copytree(REPOSITORY / "tests", work / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", work)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(share / "dist"), str(REPOSITORY)], check=True)
    wheel = next((share / "dist").glob("*.whl"))
    subprocess.run([*pip, "install", "--no-deps", "--target", str(share / "site"), str(wheel)], check=True)


def _outcomes(results: Path) -> list[Outcome]:
    found = []
    for case in ET.parse(results).getroot().iter("testcase"):  # noqa: S314 - our own pytest wrote it
        trouble = next((child for child in case if child.tag in {"failure", "error", "skipped"}), None)
        outcome = "passed" if trouble is None else {"failure": "FAILED", "error": "ERROR"}.get(trouble.tag, "SKIPPED")
        said = "" if trouble is None else (trouble.get("message") or "").splitlines()[0]
        parts = case.get("classname", "").split(".")
        file = ".".join(part for part in parts if part not in {"tests", "device"})
        found.append(Outcome(file, case.get("name", ""), outcome, float(case.get("time", 0)), said))
    return found


def _print_table(outcomes: list[Outcome], said: str) -> None:
    print(next((line for line in said.splitlines() if line.startswith("lab: ")), ""))
    width = max((len(one.name) for one in outcomes), default=0)
    file = ""
    for one in outcomes:
        if one.file != file:
            file = one.file
            print(f"\n{file}")
        print(f"  {one.name:{width}}  {one.outcome:8} {one.seconds:6.1f} s  {one.said}"[:220].rstrip())
    counted = Counter(one.outcome for one in outcomes)
    print("\n" + ", ".join(f"{count} {outcome}" for outcome, count in counted.items()))


if __name__ == "__main__":
    sys.exit(main())
