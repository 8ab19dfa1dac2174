"""A skip cannot hide where everything is required."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def house(pytester):
    source = (Path(__file__).parent / "conftest.py").read_text("utf-8")
    pytester.makeconftest(source)
    pytester.mkdir("tests")
    pytester.makepyfile(test_skipping="import pytest\ndef test_skips():\n    pytest.skip('no camera here')\n")
    return pytester


@pytest.mark.parametrize(("required", "failed"), [("", 0), ("all", 1)])
def test_a_skip_fails_only_where_everything_is_required(house, monkeypatch, required, failed):
    monkeypatch.setenv("LEPTON_REQUIRE", required)
    monkeypatch.chdir(house.path)
    (house.path.parent / "tests").mkdir(exist_ok=True)
    (house.path.parent / "tests" / "allowed_skips.txt").write_text("")
    result = house.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=failed, skipped=1 - failed)


def test_a_listed_skip_is_allowed(house, monkeypatch):
    monkeypatch.setenv("LEPTON_REQUIRE", "all")
    (house.path.parent / "tests").mkdir(exist_ok=True)
    (house.path.parent / "tests" / "allowed_skips.txt").write_text("test_skipping.py::test_skips: has no camera\n")
    house.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(skipped=1)
