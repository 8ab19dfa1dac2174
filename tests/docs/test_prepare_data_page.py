"""The page on data names what is read."""

import re
from pathlib import Path

import cv2
import numpy as np

from training.augmentation.recipe import Recipe, read_recipe
from training.dataset.manifest import COLUMNS, MANIFESTS
from training.dataset.reading import ANNOTATED, FILES, PLAIN

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "how-to" / "prepare-data.md").read_text("utf-8")


def test_every_layout_and_file_is_told():
    for layout in (*PLAIN, *ANNOTATED):
        assert f"| {layout.name.partition(' (')[0]}" in PAGE, layout.name
    for name in (*MANIFESTS, *(end for end in FILES if end not in {".yaml", ".yml"})):
        assert name in PAGE, name


def test_every_column_of_a_manifest_is_told():
    assert ",".join(COLUMNS) in PAGE


def test_every_check_is_told():
    code = "".join(path.read_text("utf-8") for path in (REPOSITORY / "training" / "checks").glob("*.py"))
    named = set(re.findall(r'Finding\(\s*"([a-z -]+)"', code))
    assert named == set(re.findall(r"^\| ([a-z -]+) \|.*\| (?:yes|no|below.*|the former) \|$", PAGE, re.MULTILINE))


def test_every_key_of_a_recipe_is_told_and_the_recipe_is_one(tmp_path):
    (told,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    path = tmp_path / "recipe.toml"
    path.write_text(told)
    recipe = read_recipe(path)
    for name in Recipe.model_fields:
        assert getattr(recipe, name).model_fields_set == set(type(getattr(recipe, name)).model_fields), name


def test_the_python_of_the_page_runs(tmp_path, monkeypatch, capsys):
    (tmp_path / "parts").mkdir()
    for place in range(3):
        cv2.imwrite(str(tmp_path / "parts" / f"{place}.png"), np.full((40, 60, 3), 90 + place, np.uint8))
    (tmp_path / "recipe.toml").write_text("".join(re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)))
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for block in blocks:
        exec(compile(block, "prepare-data.md", "exec"), {})  # noqa: S102 - the page's own code
    printed = capsys.readouterr().out
    assert len(blocks) == 2
    assert "good () (40, 60, 3)" in printed
    assert "amount 3 different good parts" in printed
