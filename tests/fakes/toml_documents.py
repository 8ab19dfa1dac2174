"""Texts that a person, an editor or a disk might leave where a TOML file should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

_WORDS = ("station", "points", "source", "trigger", "kind", "name", "faults", "pictures", "org", "uplink", "health")
_VALUES = (
    *("0", "-1", "1e400", "nan", "inf", "true", '""', '"a"', '"folder"', '"interval"', "'..'", "[]", "{}", "[1, 'a']"),
    *("1979-05-27", "07:32:00", '"\\u0000"', '"' + "x" * 5000 + '"', '"' + "x" * 300 + '"', "'~nobody-here/x'"),
    *("{ kind = 'rtsp' }", "9223372036854775808", "0x_"),
)
_LINE_MARKS = "[]={}\"'#\n\\.,"


def documents() -> SearchStrategy[str]:
    """Random tables with keys that a station file or a fault script has, and values of every kind; or any text."""
    line = st.builds("{} = {}".format, st.sampled_from(_WORDS), st.sampled_from(_VALUES))
    header = st.builds(
        "{}{}{}".format, st.sampled_from(["[", "[["]), st.sampled_from(_WORDS), st.sampled_from(["]", "]]"])
    )
    return st.one_of(st.lists(st.one_of(line, header), max_size=12).map("\n".join), st.text(max_size=200))


@st.composite
def replacements(draw: DrawFn, text: str) -> str:
    """A complete text in which one or two values are others."""
    for _ in range(draw(st.integers(1, 2))):
        text = _replaced(draw, text)
    return text


@st.composite
def mutations(draw: DrawFn, text: str) -> str:
    """A complete text with up to four wounds: a value replaced, a line lost or doubled, signs put in or cut out."""
    for _ in range(draw(st.integers(1, 4))):
        text = draw(st.sampled_from([_replaced, _lost, _doubled, _inserted, _cut]))(draw, text)
    return text


def _replaced(draw: DrawFn, text: str) -> str:
    lines = text.split("\n")
    places = [place for place, line in enumerate(lines) if "=" in line]
    if not places:
        return text
    place = draw(st.sampled_from(places))
    lines[place] = f"{lines[place].partition('=')[0]}= {draw(st.sampled_from(_VALUES))}"
    return "\n".join(lines)


def _lost(draw: DrawFn, text: str) -> str:
    lines = text.split("\n")
    del lines[draw(st.integers(0, len(lines) - 1))]
    return "\n".join(lines)


def _doubled(draw: DrawFn, text: str) -> str:
    lines = text.split("\n")
    place = draw(st.integers(0, len(lines) - 1))
    return "\n".join([*lines[: place + 1], *lines[place:]])


def _inserted(draw: DrawFn, text: str) -> str:
    at = draw(st.integers(0, len(text)))
    signs = draw(st.one_of(st.text(_LINE_MARKS, min_size=1, max_size=3), st.text(min_size=1, max_size=3)))
    return text[:at] + signs + text[at:]


def _cut(draw: DrawFn, text: str) -> str:
    at = draw(st.integers(0, len(text)))
    return text[:at] + text[at + draw(st.integers(1, 40)) :]
