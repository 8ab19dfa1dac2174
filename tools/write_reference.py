"""Write the reference pages that are made from the code: one JSON Schema per contract. `--check` only compares."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from edge_contracts.ack import Ack
from edge_contracts.alert import AlertEvent
from edge_contracts.card import Card
from edge_contracts.device import Birth, State, Status
from edge_contracts.gap import GapEvent
from edge_contracts.manifest import Manifest
from edge_contracts.station import StationConfig
from edge_contracts.verdict import Verdict

SCHEMAS = Path(__file__).resolve().parents[1] / "docs" / "reference" / "schemas"

CONTRACTS: dict[str, Any] = {
    "ack": Ack,
    "alert": AlertEvent,
    "birth": Birth,
    "card": Card,
    "gap": GapEvent,
    "manifest": Manifest,
    "state": State,
    "station": StationConfig,
    "status": Status,
    "verdict": Verdict,
}


def schema_text(contract: Any) -> str:
    """The JSON Schema of one contract, as it stands in the file."""
    is_model = isinstance(contract, type) and issubclass(contract, BaseModel)
    schema = contract.model_json_schema() if is_model else TypeAdapter(contract).json_schema()
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def stale() -> list[Path]:
    """The schema files that differ from the code or are missing."""
    wanted = {SCHEMAS / f"{name}.json": schema_text(contract) for name, contract in CONTRACTS.items()}
    return [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]


def main() -> int:
    """Write the files, or with `--check` say which are stale and return 1."""
    if "--check" in sys.argv:
        for path in stale():
            print(f"{path} is stale; run 'make docs'", file=sys.stderr)
        return int(bool(stale()))
    SCHEMAS.mkdir(parents=True, exist_ok=True)
    for name, contract in CONTRACTS.items():
        (SCHEMAS / f"{name}.json").write_text(schema_text(contract), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
