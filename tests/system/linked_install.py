"""What `pip install 'lepton-edge[…]'` brings, as a fresh virtual environment, in a second and without a network.

The environment holds links to the files of exactly those distributions that the extras ask for, as they are installed
beside the tests; a module that only another extra brings cannot be imported there, nor by a process that it starts.
"""

from __future__ import annotations

import sys
import sysconfig
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parents[2]
OURS = "lepton-edge"


def linked_install(folder: Path, *extras: str) -> Path:
    """Make the environment below `folder`; gives its Python, beside which lies the program `lepton`."""
    venv.create(folder, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    for name in _needed(extras):
        _link(distribution(name), packages)
    _link(distribution(OURS), packages, only=".dist-info")
    (packages / "checkout.pth").write_text(f"{REPOSITORY}\n", "utf-8")
    program = folder / "bin" / "lepton"
    program.write_text(f"#!{folder}/bin/python\nfrom lepton.cli import main\nmain()\n", "utf-8")
    program.chmod(0o755)
    return folder / "bin" / "python"


def _needed(extras: tuple[str, ...]) -> set[str]:
    """Names of the distributions, ours left out."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    known: dict[str, set[str]] = {}
    coming = [*_applying(project["dependencies"], {""}), Requirement(f"{OURS}[{','.join(extras)}]")]
    while coming:
        one = coming.pop()
        if one.name == OURS:
            coming += [two for e in one.extras for two in _applying(project["optional-dependencies"][e], {""})]
        elif one.name not in known or not one.extras <= known[one.name]:
            known.setdefault(one.name, {""}).update(one.extras)
            coming += _applying(distribution(one.name).requires or [], known[one.name])
    return set(known)


def _applying(texts: Iterable[str], extras: set[str]) -> list[Requirement]:
    """Those that hold on this machine, with these extras."""
    asked = map(Requirement, texts)
    return [one for one in asked if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in extras)]


def _link(of: Distribution, packages: Path, only: str = "") -> None:
    for file in of.files or []:
        if ".." not in file.parts and only in file.parts[0]:
            place = packages / file
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.symlink_to(Path(str(of.locate_file(file))))
