"""The files that browsers get: as published, without inline code, in colours that can be read."""

from __future__ import annotations

import hashlib
import re
import sys
from importlib import resources

import pytest

from fleet_manager.pages.drawing import Drawing
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.static_files import StaticFiles

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGES = resources.files("fleet_manager.pages")
STATIC, TEMPLATES = PAGES.joinpath("static"), PAGES.joinpath("templates")
AA_TEXT = 4.5
AA_EDGES = 3.0


def test_files_of_other_people_are_as_they_were_published() -> None:
    for file in tomllib.loads(STATIC.joinpath("vendored.toml").read_text("utf-8"))["files"]:
        content = STATIC.joinpath(file["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"], file["name"]


def test_an_address_changes_with_the_files_and_an_old_one_is_gone() -> None:
    files = StaticFiles()
    _, _, digest, name = files.href("page.css").split("/")
    assert files.found(digest, name).media_type == "text/css"
    assert files.found("0" * 12, name) is None
    assert files.found(digest, "vendored.toml") is None
    with pytest.raises(KeyError):
        files.href("other.css")


@pytest.mark.parametrize("template", sorted(entry.name for entry in TEMPLATES.iterdir()))
def test_no_template_has_code_or_style_within(template: str) -> None:
    text = TEMPLATES.joinpath(template).read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert "|safe" not in text


def test_the_policy_lets_no_inline_code_run() -> None:
    policy = PAGE_HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_texts_of_strangers_are_escaped() -> None:
    said = '"><script>x</script>'
    drawn = Drawing(StaticFiles()).page("login", None, title="t", next=said, name=said, provider=said, is_out=True)
    assert "<script>x" not in drawn


def palettes() -> list[dict[str, str]]:
    css = STATIC.joinpath("page.css").read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in blocks]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark"])
def test_every_text_can_be_read_on_its_ground(palette: dict[str, str]) -> None:
    pairs = [
        (text, ground)
        for text in ("ink", "soft", "accent", "good", "defect", "unknown")
        for ground in ("ground", "card")
    ]
    pairs += [(name, f"{name}-ground") for name in ("good", "defect", "unknown", "accent")]
    pairs += [("accent-ink", "accent"), ("ink", "accent-ground"), ("soft", "accent-ground")]
    for text, ground in pairs:
        assert contrast(palette[text], palette[ground]) >= AA_TEXT, (text, ground)
    for ground in ("card", "ground"):
        assert contrast(palette["edge"], palette[ground]) >= AA_EDGES
