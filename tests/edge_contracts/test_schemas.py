"""The published schemas are the code's own, and real messages satisfy them."""

import json

import jsonschema
import pytest

from edge_contracts.alert import Alert, AlertEvent
from tools import write_reference


@pytest.mark.parametrize("name", sorted(write_reference.CONTRACTS))
def test_each_published_schema_is_what_the_code_says(name):
    published = (write_reference.SCHEMAS / f"{name}.json").read_text("utf-8")
    assert published == write_reference.schema_text(write_reference.CONTRACTS[name]), "run 'make docs'"


def test_an_alert_on_the_wire_satisfies_the_published_schema():
    alert = Alert(
        point="gate", part="7", outcome="defect", cause="threshold", reason="score above", score=2.0, latency_ms=3.0
    )
    event = AlertEvent(
        id="018f3c1e-0000-7000-8000-000000000000",
        source="lepton/1/acme/berlin/line-3",
        time="2026-01-01T00:00:00Z",
        epoch="00ff00ff00ff00ff",
        seq=1,
        mono=5,
        data=alert,
    )
    schema = json.loads((write_reference.SCHEMAS / "alert.json").read_text("utf-8"))
    document = json.loads(event.model_dump_json())
    jsonschema.validate(document, schema)
    document["data"]["outcome"] = "good"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)
