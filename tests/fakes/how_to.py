"""A how-to page as its reader has it: what stands in its blocks, to be run by a test."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "how-to"


def section(page: str, title: str) -> str:
    """What stands below a heading, up to the next one of its depth or less."""
    text = (FOLDER / f"{page}.md").read_text("utf-8")
    found = re.search(rf"^(#+) {re.escape(title)}$", text, re.MULTILINE)
    assert found is not None, f"{page}.md has no section {title!r}"
    deepest = len(found[1])
    return re.split(rf"^#{{1,{deepest}}} ", text[found.end() :], maxsplit=1, flags=re.MULTILINE)[0]


def blocks(text: str, kind: str) -> list[str]:
    """The blocks that are marked as `kind`, in their order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def command(script: str, beginning: str) -> str:
    """The one command of a block that begins so."""
    (found,) = (line for line in script.splitlines() if line.startswith(beginning))
    return found
