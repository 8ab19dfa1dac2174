"""The virtual device's disk: a Debian, its kernel's cameras, sound and USB, and the wheels that a board installs.

Made once, in a cache folder: what a run changes comes over a shared folder, so the image is never written to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.lab.debian import WHEEL_PYTHON, board_requirements, debootstrap, install_tools, lab_folder

TOOLS = {
    "debootstrap": "debootstrap",
    "qemu-system-x86_64": "qemu-system-x86",
    "mke2fs": "e2fsprogs",
    "modprobe": "kmod",
    "cpio": "cpio",
}
"""What must be on the PATH, and the Debian package that brings it."""

DEBIAN_PACKAGES = ("python3", "udev", "kmod", "libportaudio2", "libasound2-plugins", "alsa-utils", "libgomp1")
BOARD_EXTRAS = ("litert", "camera", "serial", "sound")
TEST_WHEELS = ("pytest", "pytest-timeout", "hypothesis")
BOOT_MODULES = ("virtio_pci", "virtio_blk", "ext4")
MODULES = (
    *BOOT_MODULES,
    *("9p", "9pnet_virtio", "xhci_pci", "ftdi_sio"),
    *("vivid", "uvcvideo", "dummy_hcd", "libcomposite", "usb_f_uvc", "snd-aloop"),
)
DISK_BYTES = 2 << 30
SBIN = "/usr/sbin:/sbin"

INIT = """#!/bin/sh
/bin/busybox mount -t devtmpfs dev /dev
for module in /modules/*; do /bin/busybox insmod $module; done
for wait in 1 2 3 4 5 6 7 8 9; do [ -b /dev/vda ] || /bin/busybox sleep 0.5; done
/bin/busybox mount -t ext4 /dev/vda /mnt
exec /bin/busybox switch_root /mnt /init
"""
"""What the kernel starts: modules for the disk, and then the disk's own."""


@dataclass(frozen=True, slots=True)
class Image:
    """What a virtual machine boots."""

    kernel: Path
    initrd: Path
    disk: Path


def cache_folder() -> Path:
    """Where the lab keeps what it made."""
    return lab_folder("device")


def make_image(folder: Path) -> Image:
    """The image in a cache folder; made anew where it is not whole or what it is made of has changed."""
    os.environ["PATH"] = f"{os.environ['PATH']}:{SBIN}"
    install_tools(TOOLS)
    folder.mkdir(parents=True, exist_ok=True)
    image = Image(folder / "vmlinuz", folder / "initrd", folder / "disk.img")
    wheels = [*board_requirements(BOARD_EXTRAS), *TEST_WHEELS]
    wanted = "\n".join([*DEBIAN_PACKAGES, *MODULES, *wheels, INIT, _guest()])
    stamp = folder / "image.whole"
    if not stamp.exists() or stamp.read_text() != wanted:
        root = _unpacked_debian(folder)
        kernel = _unpacked_package(folder, "kernel", _kernel_package())
        version = _take_modules(kernel, root)
        shutil.copy(kernel / "boot" / f"vmlinuz-{version}", image.kernel)
        _fetch_wheels(root / "opt" / "wheels", wheels)
        _write_initrd(folder, kernel, version, image.initrd)
        _write_disk(root, image.disk)
        stamp.write_text(wanted)
    return image


def _guest() -> str:
    return Path(__file__).with_name("guest.sh").read_text("utf-8")


def _unpacked_debian(folder: Path) -> Path:
    root, whole = folder / "root", folder / "root.whole"
    if whole.exists() and whole.read_text() == " ".join(DEBIAN_PACKAGES):
        return root
    print("fetching Debian", flush=True)
    debootstrap(root, DEBIAN_PACKAGES)
    whole.write_text(" ".join(DEBIAN_PACKAGES))
    return root


def _kernel_package() -> str:
    """The package that Debian's newest kernel of this release comes in."""
    command = ["apt-cache", "depends", "linux-image-amd64"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    images = [line.split()[-1] for line in told.splitlines() if "Depends: linux-image-" in line]
    if not images:
        sys.exit("wanted Debian's linux-image-amd64, found no such package; apt-get update")
    return images[0]


def _unpacked_package(folder: Path, name: str, package: str) -> Path:
    """A package's files, unpacked into a folder and not installed."""
    target = folder / name
    if not target.exists():
        print(f"fetching {package}", flush=True)
        debs = folder / f"{name}.debs"
        shutil.rmtree(debs, ignore_errors=True)
        debs.mkdir()
        subprocess.run(["apt-get", "download", "-qq", package], check=True, cwd=debs, stderr=subprocess.DEVNULL)
        subprocess.run(["dpkg-deb", "--extract", str(next(debs.glob("*.deb"))), str(target)], check=True)
    return target


def _take_modules(kernel: Path, root: Path) -> str:
    """Copy the modules that the device needs, and theirs, into its file system; the kernel's version."""
    version = next((kernel / "lib" / "modules").iterdir()).name
    subprocess.run(["depmod", "-b", str(kernel), version], check=True)
    target = root / "lib" / "modules" / version
    shutil.rmtree(target, ignore_errors=True)
    for path in _with_what_they_need(kernel, version, MODULES):
        copy = target / path.relative_to(kernel / "lib" / "modules" / version)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for listed in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
        shutil.copy(kernel / "lib" / "modules" / version / listed, target)
    subprocess.run(["depmod", "-b", str(root), version], check=True)
    return version


def _with_what_they_need(kernel: Path, version: str, names: tuple[str, ...]) -> list[Path]:
    """Files of modules in the order in which they are loaded."""
    found: list[Path] = []
    for name in names:
        command = ["modprobe", "-d", str(kernel), "-S", version, "--show-depends", name]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        paths = [Path(line.split()[1]) for line in told.splitlines() if line.startswith("insmod")]
        found += [path for path in paths if path not in found]
    return found


def _fetch_wheels(folder: Path, wanted: list[str]) -> None:
    print("fetching wheels", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "--only-binary=:all:"]
    done = subprocess.run(
        [*command, f"--python-version={WHEEL_PYTHON}", *wanted], check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"wanted wheels for Python {WHEEL_PYTHON}, found that pip fails:\n{done.stderr[-2000:]}")


def _write_initrd(folder: Path, kernel: Path, version: str, initrd: Path) -> None:
    busybox = _unpacked_package(folder, "busybox", "busybox-static")
    tree = folder / "initrd.tree"
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("bin", "dev", "mnt", "modules"):
        (tree / name).mkdir(parents=True)
    shutil.copy(busybox / "bin" / "busybox", tree / "bin" / "busybox")
    (tree / "bin" / "sh").symlink_to("busybox")
    for number, path in enumerate(_with_what_they_need(kernel, version, BOOT_MODULES)):
        shutil.copy(path, tree / "modules" / f"{number:03}-{path.name}")
    (tree / "init").write_text(INIT)
    (tree / "init").chmod(0o755)
    names = "\0".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    with initrd.open("wb") as packed:
        subprocess.run(
            ["cpio", "--quiet", "-0", "-o", "-H", "newc"], cwd=tree, input=names.encode(), stdout=packed, check=True
        )


def _write_disk(root: Path, disk: Path) -> None:
    print("writing the disk", flush=True)
    (root / "init").write_text(_guest())
    (root / "init").chmod(0o755)
    (root / "lab").mkdir(exist_ok=True)
    disk.unlink(missing_ok=True)
    with disk.open("wb") as file:
        file.truncate(DISK_BYTES)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(disk)], check=True)
