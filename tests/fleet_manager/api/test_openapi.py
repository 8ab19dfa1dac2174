"""The OpenAPI document is true: schemathesis asks each route for what it allows, and with what it forbids."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance

from fleet_manager.api.routes import all_routes
from tests.fakes.arrivals import birth_arrival
from tests.fleet_manager.api.test_device_routes import told

ROUTES = {f"{method} {route.path}": route for route in all_routes() for method in route.methods}
NOT_ASKED = {"GET /v1/openapi.json"}
"""The document itself: schemathesis has it already."""
WITHOUT_VALUES = {"GET /healthz", "GET /readyz"}
"""Nothing that a caller sends can be wrong."""
ORDERED = "`from` lies before `to`, by 400 days at most"
STEP = "the step follows the state, and the label the step"
BEYOND_A_SCHEMA = {
    "GET /v1/statistics/production": ORDERED,
    "GET /v1/statistics/pareto": ORDERED,
    "GET /v1/sites/{org}/{site}/shifts/production": ORDERED,
    "PUT /v1/sites/{org}/{site}/shifts": "the time zone is one that there is",
    "PUT /v1/evidence/{sha256}": "the range fits the body, and the hash the content",
    "POST /v1/tokens": "the label is printable",
    "POST /v1/missed-defects": "the label names a defect, in a text that a training manifest takes",
    "PUT /v1/rules/{rule}": "a new rule names whom it calls, at an address that a letter or a call can go to",
    "POST /v1/people": "nobody has the name",
    "POST /v1/devices/{org}/{site}/{device}/configuration/revisions": "the text is a station's file, after the latest",
    "POST /v1/devices/{org}/{site}/{device}/configuration/revisions/{revision}/restore": "it follows the latest",
    **{f"POST /v1/alerts/{{alert}}/{word}": STEP for word in ("acknowledge", "confirm", "false-alarm", "close")},
    "POST /v1/alerts/{alert}/comments": "the text says something",
}
"""Rules that a schema cannot say: there, an allowed request may be refused."""


@pytest.fixture(scope="module")
def operations(shared):
    """Every operation of the document, of a manager in which there is something to find."""
    told(shared, birth_arrival())
    for number in range(3):
        shared.desk.store(label="scratch", part=f"p-{number}")
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", shared.client.app)
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


def asked(shared, operation, mode, beyond=()):
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=3, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def ask(case):
        case.call_and_validate(headers={"Authorization": f"Bearer {shared.token()}"}, excluded_checks=list(beyond))

    ask()


@pytest.mark.parametrize("label", sorted(ROUTES.keys() - NOT_ASKED))
def test_what_the_document_allows_is_answered_as_it_says(shared, operations, label):
    beyond = [positive_data_acceptance] if label in BEYOND_A_SCHEMA else []
    asked(shared, operations[label], GenerationMode.POSITIVE, beyond)


@pytest.mark.parametrize("label", sorted(ROUTES.keys() - NOT_ASKED - WITHOUT_VALUES))
def test_what_the_document_forbids_is_refused_as_it_says(shared, operations, label):
    asked(shared, operations[label], GenerationMode.NEGATIVE)


def test_the_document_names_every_route_and_nothing_else(shared):
    document = shared.client.get("/v1/openapi.json").json()
    named = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert named == ROUTES.keys()
