"""A fault script: read whole, refused in words, never with a traceback."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from edge_runtime.rehearsal.fault import STAGES, Fault, FaultKind
from edge_runtime.rehearsal.fault_script import FaultScript, ScriptedFault, check_points, load_script
from tests.fakes.toml_documents import documents, mutations, replacements

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "how-to" / "rehearse.md").read_text("utf-8")
SCRIPT = """
pictures = "good"
pictures_per_s = 20
part_every_s = 0.5
recovery_s = 4
lasts_s = 30

[[faults]]
fault = "source-lags"
at_s = 8
for_s = 2
by_s = 4

[[faults]]
fault = "backend-hangs"
at_s = 2.5
for_s = 3
point = "gate"
"""


def written(folder: Path, text: str) -> Path:
    (folder / "good").mkdir(exist_ok=True)
    path = folder / "faults.toml"
    path.write_text(text, "utf-8")
    return path


def test_faults_come_in_the_order_of_their_time(tmp_path: Path) -> None:
    script = load_script(written(tmp_path, SCRIPT))
    assert script.acted() == (
        Fault(FaultKind.BACKEND_HANGS, 2.5, 3, "gate", 3600),
        Fault(FaultKind.SOURCE_LAGS, 8, 2, None, 4),
    )
    assert script.pictures == str(tmp_path / "good")
    assert script.end_s == 30


def test_a_script_lasts_until_the_last_fault_can_have_been_recovered_from(tmp_path: Path) -> None:
    assert load_script(written(tmp_path, SCRIPT.replace("lasts_s = 30", ""))).end_s == 8 + 2 + 4 + 5


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("backend-hangs", "backend-sulks", "faults.1.fault"),
        ("lasts_s = 30", "lasts_s = 9", "wanted lasts_s to reach the end of each fault, found 9 s and source-lags"),
        ("at_s = 8", "at_s = 4", "backend-hangs ends at 5.5 s and source-lags begins at 4 s"),
        ("for_s = 3", "for_s = 0", "faults.1.for_s"),
        ("for_s = 3", "for_s = nan", "faults.1.for_s"),
        ("recovery_s", "recover_s", "did you mean 'recovery_s'"),
        ('"good"', '"gone"', "wanted a folder of pictures"),
        ("[[faults]]", "[[faults", "wanted TOML"),
        ('"good"', '"~nobody-here/good"', "wanted a folder of pictures"),
        ('"good"', f'"{"x" * 300}"', "wanted a folder of pictures"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(BadInputError, match="wanted") as caught:
        load_script(written(tmp_path, SCRIPT.replace(old, new, 1)))
    assert says in str(caught.value)


def test_mistakes_of_time_are_told_together(tmp_path: Path) -> None:
    crossed = SCRIPT.replace("at_s = 8", "at_s = 4").replace("lasts_s = 30", "lasts_s = 5")
    with pytest.raises(BadInputError) as caught:
        load_script(written(tmp_path, crossed))
    told = str(caught.value)
    assert all(f"{kind} until" in told for kind in ("backend-hangs", "source-lags"))
    assert "faults must follow each other" in told


def test_a_point_that_the_station_does_not_have_is_a_mistake(tmp_path: Path) -> None:
    script = load_script(written(tmp_path, SCRIPT))
    check_points(script, ["cam", "gate"])
    with pytest.raises(BadInputError, match=r"faults\.1\.point: wanted a point among cam, drop, found gate"):
        check_points(script, ["cam", "drop"])


def test_the_how_to_tells_every_key_and_every_fault() -> None:
    told = set(re.findall(r"`([a-z_-]+)`", "".join(re.findall(r"^\|[^|]*\|", PAGE, re.MULTILINE))))
    assert told == {*FaultScript.model_fields, *ScriptedFault.model_fields, *(kind.value for kind in FaultKind)}


def test_the_how_to_s_script_is_accepted(tmp_path: Path) -> None:
    (example,) = re.findall(r"```\n(# faults.toml\n.*?)```", PAGE, re.DOTALL)
    assert len(load_script(written(tmp_path, example)).faults) == 3


def test_every_fault_has_its_stage() -> None:
    assert set(STAGES) == set(FaultKind)


@given(st.one_of(documents(), replacements(SCRIPT), mutations(SCRIPT)))
def test_whatever_a_script_holds_it_is_read_or_refused_in_words(text: str) -> None:
    with TemporaryDirectory() as folder, suppress(BadInputError):
        assert load_script(written(Path(folder), text)).faults
