"""What is tried of detectors, and what makes two searches different."""

from pathlib import Path

import pytest

from edge_contracts.errors import BadInputError
from training.dataset import Sample
from training.search.detectors import DetectorSpace, Lot

NOTHING = Lot((), (), ())


def space(**more):
    return DetectorSpace((), Path("parts"), NOTHING, **more)


def test_every_combination_is_tried_but_the_finer_layer_that_gabor_features_lack():
    found = space().all
    assert len(found) == 3 * (6 + 4)
    assert space().usual == {"backbone": "own", "detector": "auto", "side": "own", "augment": "usual"}
    assert found[0] == space().usual
    assert not [one for one in found if one["backbone"] == "none" and one["detector"].endswith("/8")]


def test_a_recipe_of_other_content_makes_another_search(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[light]\nbrightness = 0.1\n")
    before = space(recipes=("usual", str(recipe))).about
    assert before == space(recipes=("usual", str(recipe))).about
    recipe.write_text("[light]\nbrightness = 0.2\n")
    assert before["options"] != space(recipes=("usual", str(recipe))).about["options"]
    recipe.write_text("[light]\nbrightnes = 0.2\n")
    with pytest.raises(BadInputError, match="brightnes"):
        assert space(recipes=("usual", str(recipe))).about


def test_defects_that_are_relatives_do_not_decide():
    good = tuple(Sample(Path(f"{number}.png"), "good") for number in range(8))
    defects = tuple(Sample(Path(f"d{number}.png"), "dent") for number in range(6))
    alone = tuple(str(number) for number in range(14))
    related = (*alone[:8], *["one"] * 6)
    spaces = [DetectorSpace((), Path("parts"), Lot(good, defects, names)) for names in (alone, related)]
    assert [one.criterion for one in spaces] == ["auroc", "separation"]
    assert [bool(one.note) for one in spaces] == [False, True]
