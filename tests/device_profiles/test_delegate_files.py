"""The rules of every accelerator are whole, sourced, and speak of boards that exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema

from device_profiles import load_profile, profile_names
from device_profiles.delegate_files import delegate_names, delegates_of, load_delegate, parse_delegate
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from device_profiles.delegate import Delegate

KNOWN = ("edgetpu", "hailo", "rknn", "tensorrt", "tflm", "verisilicon")
TFLITE_KINDS = {name for name in vars(schema.BuiltinOperator) if name.isupper()}
ONNX_KINDS = {schema.name for schema in onnx.defs.get_all_schemas_with_history()}
NO_LONGER_IN_ONNX = {"ImageScaler", "ParametricSoftplus", "ScaledTanh"}

RULES = """
name = "mine"
title = "My accelerator"
release = "1"
partition = "anywhere"
source = "here"
[rules.tflite]
unlisted = "falls_back"
source = "here"
[[rules.tflite.operators]]
kinds = ["CONV_2D"]
source = "here"
[[carriers]]
title = "my board"
how = "built in"
source = "here"
[sources.here]
title = "my own knowledge"
at = "here"
"""


@pytest.fixture(params=KNOWN)
def delegate(request: pytest.FixtureRequest) -> Delegate:
    return load_delegate(request.param)


def test_the_accelerators_are_known_by_name() -> None:
    assert delegate_names() == KNOWN


def test_a_file_bears_its_own_name(delegate: Delegate) -> None:
    assert load_delegate(delegate.name) == delegate


def test_each_source_is_named_somewhere_and_has_an_address(delegate: Delegate) -> None:
    told = delegate.model_dump_json(exclude={"sources"})
    assert [key for key in delegate.sources if f'"{key}"' not in told] == []
    assert all(source.at for source in delegate.sources.values())


def test_each_rule_is_about_an_operator_that_exists(delegate: Delegate) -> None:
    for form, rules in delegate.rules.items():
        kinds = {kind for rule in rules.operators for kind in rule.kinds}
        assert kinds - (TFLITE_KINDS if form == "tflite" else ONNX_KINDS | NO_LONGER_IN_ONNX) == set()


def test_no_words_stand_beside_a_yes(delegate: Delegate) -> None:
    """What is in words limits nothing, so it may only say why an operator does not run."""
    rules = [rule for form in delegate.rules.values() for rule in form.operators]
    assert [rule.kinds for rule in rules if rule.verdict == "runs" and rule.note] == []
    assert [rule.kinds for rule in rules if rule.verdict != "runs" and not rule.note] == []


def test_each_board_that_carries_one_has_a_profile(delegate: Delegate) -> None:
    assert {carrier.board for carrier in delegate.carriers} <= {None, *profile_names()}


def test_a_board_names_its_own_accelerator_first() -> None:
    assert [each.name for each in delegates_of(load_profile("jetson-orin-nano"))] == ["tensorrt"]
    assert [each.name for each in delegates_of(load_profile("rpi-4b"))] == ["edgetpu"]
    assert delegates_of(load_profile("jetson-nano")) == ()


def test_rules_of_ones_own_are_read() -> None:
    assert parse_delegate(RULES, "mine.toml").rules["tflite"].rule_for("CONV_2D") is not None


def test_a_rule_without_a_source_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"rules\.tflite\.operators\.0.*source"):
        parse_delegate(RULES.replace('kinds = ["CONV_2D"]\nsource = "here"', 'kinds = ["CONV_2D"]'), "mine.toml")


RULE = 'kinds = ["CONV_2D"]\n'


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ('note = "strides of 1"', "wanted what limits CONV_2D as data in limits, found it as a note"),
        ('verdict = "unknown"', "wanted a note that says why CONV_2D does not run"),
        ('verdict = "falls_back"', "wanted a note that says why CONV_2D does not run"),
        ('verdict = "refused"\nnote = "never"\nlimits = { max_rank = 4 }', "found 'refused'"),
        ('beyond = "runs"\nlimits = { max_rank = 4 }', "beyond"),
    ],
)
def test_a_limit_in_words_alone_is_refused(instead: str, said: str) -> None:
    with pytest.raises(BadInputError, match=re.escape(said)):
        parse_delegate(RULES.replace(RULE, f"{RULE}{instead}\n"), "mine.toml")


@pytest.mark.parametrize("place", ["unlisted", "beyond"])
def test_a_yes_to_what_no_rule_tells_of_is_refused(place: str) -> None:
    told = RULES.replace(
        'unlisted = "falls_back"', f'{place} = "runs"' + '\nunlisted = "unknown"' * (place == "beyond")
    )
    with pytest.raises(BadInputError, match=f"rules.tflite.*{place}"):
        parse_delegate(told, "mine.toml")


def test_words_may_stand_beside_an_unknown_with_limits() -> None:
    depends = 'verdict = "unknown"\nnote = "it depends"\nlimits = { max_rank = 4 }\n'
    rule = parse_delegate(RULES.replace(RULE, RULE + depends), "mine.toml").rules["tflite"].rule_for("CONV_2D")
    assert rule is not None
    assert (rule.limits.max_rank, rule.note) == (4, "it depends")


def test_a_source_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadInputError, match=re.escape("carriers.0.source: wanted a key of [sources] (here)")):
        parse_delegate(RULES.replace('"built in"\nsource = "here"', '"built in"\nsource = "there"'), "mine.toml")


def test_an_operator_in_two_rules_is_refused() -> None:
    twice = RULES + '[[rules.tflite.operators]]\nkinds = ["CONV_2D"]\nsource = "here"\n'
    with pytest.raises(BadInputError, match="CONV_2D in several"):
        parse_delegate(twice, "mine.toml")


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one() -> None:
    with pytest.raises(BadInputError, match="did you mean 'edgetpu'"):
        load_delegate("EdgeTPU2")


def test_a_file_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(BadInputError, match="No such file"):
        load_delegate("nowhere/mine.toml")
