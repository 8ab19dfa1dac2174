"""A function fits on a screen: the house's rule, for which ruff has no check."""

import ast

import pytest

from tests.packages import PACKAGES
from tests.system.required import REPOSITORY

LONGEST = 40
"""Lines from the name to the end, without the docstring."""


@pytest.mark.parametrize("package", PACKAGES)
def test_no_function_is_longer_than_a_screen(package):
    modules = list((REPOSITORY / package).rglob("*.py"))
    assert modules
    found = {
        f"{path.relative_to(REPOSITORY)}: {one.name}": _lines(one)
        for path in modules
        for one in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and _lines(one) > LONGEST
    }
    assert not found, "part them"


def _lines(function):
    told = function.body[0] if ast.get_docstring(function) is not None else None
    docstring = 0 if told is None else told.end_lineno - told.lineno + 1
    return function.end_lineno - function.lineno + 1 - docstring
