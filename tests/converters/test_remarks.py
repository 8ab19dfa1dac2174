"""Each remark is made where it helps and nowhere else."""

import pytest

from converters.remarks import few_inputs, slower_note, verdict_note
from edge_contracts.manifest import ClassRule, Manifest, NoRule


@pytest.mark.parametrize(
    ("task", "labels", "ending"),
    [
        ("classification", ("0", "1"), "name its classes with --labels and the good ones with --good"),
        ("classification", ("bad", "good"), "does not judge: name the good ones with --good"),
        ("raw", (), "no station can inspect with it"),
        ("reconstruction", (), "no station can inspect with it"),
    ],
)
def test_only_what_was_not_said_is_asked_for(task, labels, ending):
    manifest = Manifest.model_construct(task=task, labels=labels, rule=NoRule())
    assert verdict_note(manifest).endswith(ending)


def test_a_model_that_judges_needs_no_remark():
    manifest = Manifest.model_construct(task="classification", labels=("a", "b"), rule=ClassRule(good=("a",)))
    assert verdict_note(manifest) == ""


@pytest.mark.parametrize(
    ("count", "said"), [(1, "compared on 1 input only: give 20 or more"), (19, "compared on 19 inputs only"), (20, "")]
)
def test_few_inputs_are_counted_as_they_were_given(count, said):
    assert few_inputs(count).startswith(said)
    assert bool(few_inputs(count)) == bool(said)


@pytest.mark.parametrize(
    ("before", "after", "is_said"),
    [(6.304, 7.101, True), (6.304, 6.5, False), (0.05, 0.09, False), (7.1, 6.3, False)],
)
def test_a_converted_model_that_is_slower_here_is_said_to_be(before, after, is_said):
    said = slower_note(before, after)
    assert bool(said) == is_said
    assert not said or f"({before:.3f} to {after:.3f} ms)" in said
