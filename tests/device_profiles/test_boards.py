"""What every built-in board promises."""

from __future__ import annotations

import csv
import os
import re
import sys
from pathlib import Path

import pytest

from device_profiles import Anchor, Figure, Profile, load_profile, profile_names
from device_profiles.figures import Table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parents[2]
BOARDS = ("jetson-nano", "jetson-orin-nano", "rpi-3b-plus", "rpi-4b", "rpi-5", "rpi-zero-2w", "x86-64")


@pytest.fixture(scope="module")
def published() -> list[dict[str, str]]:
    """The rows of the published latencies (`LEPTON_FIGURES`); skips by name where the folder is absent."""
    folder = Path(os.environ.get("LEPTON_FIGURES", REPOSITORY.parent / "shared" / "figures")).resolve()
    table = folder / "device_latency.csv"
    if not table.is_file():
        pytest.skip(f"needs the published latencies; set LEPTON_FIGURES (looked at {table})")
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> Profile:
    return load_profile(request.param)


def nodes(table: Table) -> list[Table]:
    """The table and every table in it."""
    values = [getattr(table, key) for key in type(table).model_fields]
    inner = [item for value in values for item in (value if isinstance(value, tuple) else (value,))]
    return [table, *(deep for item in inner if isinstance(item, Table) for deep in nodes(item))]


def as_published(row: dict[str, str]) -> Anchor:
    threads: int | str | None = int(row["threads"]) if row["threads"].isdigit() else row["threads"] or None
    return Anchor(
        device=row["device"],
        framework=row["framework"],
        threads=threads,
        model=row["model"],
        precision=row["precision"],
        input=row["input"] or None,
        ms=float(row["ms"]),
        note=row["note"] or None,
        source=row["source"],
    )


def test_the_package_knows_the_seven_boards() -> None:
    assert profile_names() == BOARDS


def test_a_board_has_the_name_of_its_file(board: Profile) -> None:
    assert board.name in BOARDS
    assert load_profile(board.name) == board


def test_each_figure_names_a_source_that_is_there(board: Profile) -> None:
    figures = [node for node in nodes(board) if isinstance(node, Figure)]
    assert len(figures) >= 3
    assert {figure.source for figure in figures} <= set(board.sources)


def test_no_source_stands_unused(board: Profile) -> None:
    cited = {node.source for node in nodes(board) if hasattr(node, "source")}
    assert cited == set(board.sources)


def test_each_source_says_where_it_is(board: Profile) -> None:
    for key, source in board.sources.items():
        local = REPOSITORY / source.at
        assert source.at.startswith("https://") or local.is_file(), f"{key}: {source.at}"


def test_each_latency_is_a_row_of_the_published_table(board: Profile, published: list[dict[str, str]]) -> None:
    known = {as_published(row) for row in published}
    assert board.anchors
    assert set(board.anchors) <= known


def test_each_latency_in_a_sentence_is_a_published_one(board: Profile) -> None:
    sentences = f"{board.threads.note or ''} {board.quantisation.why}"
    told = {float(number) for number in re.findall(r"([\d.]+)(?: ms| against)", sentences)}
    assert told <= {anchor.ms for anchor in board.anchors}


def test_every_latency_of_one_kind_stands_once(board: Profile) -> None:
    kinds = [(a.device, a.framework, a.threads, a.model, a.precision, a.input) for a in board.anchors]
    assert len(set(kinds)) == len(kinds)


def test_a_board_without_python_3_10_says_what_to_do() -> None:
    lacking = [load_profile(name) for name in BOARDS if load_profile(name).lacks_python]
    assert [profile.name for profile in lacking] == ["jetson-nano"]
    note = lacking[0].python_note or ""
    assert "container" in note
    assert "uv venv --python 3.10" in note
    assert any("docker run" in command for command in lacking[0].install)


def test_the_commands_install_the_extras_and_those_exist(board: Profile) -> None:
    wanted = f"lepton-edge[{','.join(board.extras)}]"
    assert any(wanted in command for command in board.install)
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    runtimes = {runtime.extra for runtime in board.runtimes} - {None}
    assert {*board.extras, *runtimes} <= set(project["project"]["optional-dependencies"])


def test_the_first_runtime_is_the_one_that_gets_installed(board: Profile) -> None:
    first = board.runtimes[0]
    assert first.extra in board.extras if first.extra else "onnxruntime-gpu" in " ".join(board.install)


def test_no_command_puts_the_cpu_wheel_over_the_one_of_the_orin() -> None:
    orin = load_profile("jetson-orin-nano")
    assert "onnx" not in orin.extras
    assert [runtime.extra for runtime in orin.runtimes if runtime.name == "onnx"] == [None]


def test_a_detector_may_lose_five_thousandths_of_auroc_and_no_more(board: Profile) -> None:
    assert board.limits.max_auroc_loss.value == pytest.approx(0.005)


def test_an_anchor_is_given_with_the_address_of_its_source() -> None:
    anchor = next(a for a in load_profile("rpi-4b").anchors if (a.model, a.precision) == ("mobilenet", "int8"))
    assert anchor.source == "https://github.com/Tencent/ncnn benchmark/README.md @a4d2ea1d4"
    assert (anchor.threads, anchor.ms) == (4, 34.19)
