"""Whatever stands in an address, a question or a JSON body: the page answers in its own words, and never with 500."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fakes.web import Recorder, Served, served_page

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGITS: Final = "9" * 5000
"""More than Python makes a number of."""
HALF: Final = "\ud800"
"""Half a surrogate pair: JSON can say it, UTF-8 cannot."""
UNENDING: Final = "/events"
PATIENT: Final = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

parts = st.one_of(
    st.sampled_from(["gate", "gate.picture", "1", "0", "..", "%", "\0", "\u0663", DIGITS, "1" * 30]),
    st.text(max_size=20),
)
texts = st.one_of(st.sampled_from(["good", "image", HALF, "a" + HALF, "\n", "=1"]), st.text(max_size=20))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**4000), st.floats(), st.sampled_from([1e308, -0.0]), texts
)
keys = st.one_of(
    st.sampled_from(["threshold", "name", "sure", "number", "kind", "count", "id", "inputs", "outputs", "parameters"]),
    texts,
)
values = st.recursive(scalars, lambda some: st.lists(some, max_size=3) | st.dictionaries(keys, some, max_size=4))
documents = st.one_of(values, st.dictionaries(keys, values, max_size=6))
tensors = st.fixed_dictionaries(
    {},
    optional={
        "name": values,
        "datatype": st.sampled_from(["UINT8", "FP32", "BYTES"]) | values,
        "shape": values,
        "data": values,
        "parameters": values,
    },
)
inferences = st.fixed_dictionaries(
    {"inputs": st.lists(tensors, max_size=2)},
    optional={"id": values, "outputs": st.lists(tensors, max_size=2), "parameters": values},
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_page(tmp_path_factory.mktemp("page"), recorder=Recorder()) as served:
        yield served


def routes(page: Served) -> list[tuple[str, str]]:
    """Every method and address that is served, but the one whose answer has no end."""
    found = page.face._build_app()._app.routes
    return [(method, one.path) for one in found if one.path != UNENDING for method in sorted(one.methods)]


def written(path: str, fill: list[str]) -> str:
    """An address with these parts in the places of its own."""
    for part in fill:
        path = re.sub(r"\{[^}]*\}", lambda _, part=part: quote(part, safe="", errors="surrogatepass"), path, count=1)
    return path


def refused(page: Served, method: str, path: str, body: Any = None) -> str:
    """What the page says; a fault of its own fails here."""
    answer = page.ask(method, path, body)
    assert answer.status < 500, (method, path[:100], str(body)[:200], answer.content[:200])
    return "" if answer.status < 400 or not answer.content else answer.error


@PATIENT
@given(first=parts, second=parts, question=parts)
@example(first="gate", second=DIGITS, question=DIGITS)
@example(first="gate", second="1" * 30, question="1" * 30)
def test_no_address_and_no_question_is_a_fault(page: Served, first: str, second: str, question: str) -> None:
    told = quote(question, safe="", errors="surrogatepass")
    for method, path in routes(page):
        if method != "POST":
            asked = f"?number={told}&which={told}&heat={told}&name={told}&whole={told}"
            refused(page, method, written(path, [first, second]) + asked)


@PATIENT
@given(document=documents | inferences)
@example(document={"inputs": [{"name": HALF, "datatype": "UINT8", "shape": [1], "data": [1]}]})
@example(document={"kind": HALF, "number": 1})
@example(document={"threshold": HALF, "name": HALF})
def test_no_json_is_a_fault(page: Served, document: Any) -> None:
    body = json.dumps(document).encode()
    for method, path in routes(page):
        if method == "POST":
            refused(page, method, written(path, ["gate", "1"]), body)
            refused(page, method, written(path, ["gate.picture", "1"]), body)


@pytest.mark.parametrize("depth", [500, 900, 990, 100_000])
def test_no_depth_is_a_fault(page: Served, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    for key in ("threshold", "number", "count", "inputs", "outputs", "id"):
        body = f'{{"kind": "good", "{key}": {nested}}}'.encode()
        for method, path in routes(page):
            if method == "POST":
                refused(page, method, written(path, ["gate", "1"]), body)
    tensor = f'{{"name": "image", "datatype": "UINT8", "shape": {nested}, "data": {nested}}}'
    refused(page, "POST", "/v2/models/gate/infer", f'{{"inputs": [{tensor}]}}'.encode())


def test_a_wrong_name_is_said_back_whatever_it_is(page: Served, caplog: pytest.LogCaptureFixture) -> None:
    tensor = {"name": HALF, "datatype": "UINT8", "shape": [1], "data": [1]}
    with caplog.at_level(logging.ERROR):
        answer = page.post("/v2/models/gate/infer", {"inputs": [tensor]})
        number = page.get(f"/points/gate/lessons/{DIGITS}/picture.jpg")
        known = page.get(f"/points/gate/known/{DIGITS}.jpg")
    assert answer.status == 400
    assert answer.error.endswith(f"found {HALF}")
    assert (number.status, known.status) == (404, 404)
    assert number.error == "wanted the number of a lesson, found '99999999999999999999'"
    assert caplog.records == []
