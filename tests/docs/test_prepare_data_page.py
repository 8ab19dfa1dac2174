"""The page on data names what is read."""

from pathlib import Path

from training.dataset.manifest import COLUMNS, MANIFESTS
from training.dataset.reading import ANNOTATED, FILES, PLAIN

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "prepare-data.md").read_text("utf-8")


def test_every_layout_and_file_is_told():
    for layout in (*PLAIN, *ANNOTATED):
        assert f"| {layout.name.partition(' (')[0]}" in PAGE, layout.name
    for name in (*MANIFESTS, *(end for end in FILES if end not in {".yaml", ".yml"})):
        assert name in PAGE, name


def test_every_column_of_a_manifest_is_told():
    assert ",".join(COLUMNS) in PAGE
