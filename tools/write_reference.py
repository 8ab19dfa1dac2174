"""Write what is made from the code: a JSON Schema per contract, pages of commands and boards, the C header's messages.

`--check` only compares.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, TypeAdapter

from converters.conversion_document import ConversionDocument
from converters.lower.reference import reference as operators_page
from device_profiles.delegate_reference import reference as delegates_page
from device_profiles.reference import reference as boards_page
from edge_contracts.ack import Ack
from edge_contracts.alarm import Alarm
from edge_contracts.alert import AlertEvent
from edge_contracts.card import Card
from edge_contracts.command import Command, Reply
from edge_contracts.configuration import Desired, Reported
from edge_contracts.device import Birth, State, Status
from edge_contracts.gap import GapEvent
from edge_contracts.manifest import Manifest
from edge_contracts.serial_link.reference import reference as serial_link_page
from edge_contracts.station import StationConfig
from edge_contracts.stats import StatsEvent
from edge_contracts.topics_reference import reference as topics_page
from edge_contracts.verdict import Verdict
from firmware_tools.flash.wiring import WIRINGS
from firmware_tools.flash.wiring import picture as wiring_picture
from firmware_tools.link_header import renewed as link_header
from fleet_manager.adapters.face_topics import reference as face_topics_page
from fleet_manager.api.metric_reference import metric_reference
from fleet_manager.api.openapi_document import openapi_document
from fleet_manager.api.problem_reference import problem_reference
from fleet_manager.api.routes import all_routes
from fleet_manager.people.reference import reference as people_page
from lepton.cli import COMMANDS
from lepton.cli import main as lepton

REPOSITORY = Path(__file__).resolve().parents[1]
REFERENCE = REPOSITORY / "docs" / "reference"
LINK_HEADER = REPOSITORY / "firmware_tools" / "c" / "lepton_link.h"
SCHEMAS = REFERENCE / "schemas"
PICTURES = REFERENCE.parent / "pictures"
HELP_WIDTH = 100

CONTRACTS: dict[str, Any] = {
    "ack": Ack,
    "alarm": Alarm,
    "alert": AlertEvent,
    "birth": Birth,
    "card": Card,
    "cmd": Command,
    "convert": ConversionDocument,
    "desired": Desired,
    "gap": GapEvent,
    "manifest": Manifest,
    "reported": Reported,
    "res": Reply,
    "state": State,
    "station": StationConfig,
    "stats": StatsEvent,
    "status": Status,
    "verdict": Verdict,
}


def schema_text(contract: Any) -> str:
    """The JSON Schema of one contract, as it stands in the file."""
    is_model = isinstance(contract, type) and issubclass(contract, BaseModel)
    schema = contract.model_json_schema() if is_model else TypeAdapter(contract).json_schema()
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def openapi_text() -> str:
    """The manager's HTTP interface, as it stands in the file."""
    return json.dumps(openapi_document(all_routes()), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def commands_page() -> str:
    """Every command's own `--help`, one after the other."""
    codes = "0 done, 1 the answer is no, or not now, 2 wrong use or input, 130 stopped by Ctrl-C (`lepton run`: 0)."
    parts = ["# Commands", f"Each command's own `--help`. Exit codes: {codes}"]
    for name in COMMANDS:
        command = lepton.get_command(click.Context(lepton), name)
        if command is not None:
            parts += _help_of(command, f"lepton {name}")
    return "\n\n".join(parts) + "\n"


def _help_of(command: click.Command, path: str) -> list[str]:
    context = click.Context(command, info_name=path, max_content_width=HELP_WIDTH, terminal_width=HELP_WIDTH)
    context.help_option_names = ["-h", "--help"]
    sections = [f"## {path}", f"```text\n{command.get_help(context)}\n```"]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            sections += _help_of(child, f"{path} {name}") if child else []
    return sections


def pages() -> dict[Path, str]:
    """Every generated file and what must stand in it."""
    schemas = {SCHEMAS / f"{name}.json": schema_text(contract) for name, contract in CONTRACTS.items()}
    wirings = {PICTURES / f"wiring-{family}.svg": wiring_picture(family) for family in WIRINGS}
    return (
        schemas
        | wirings
        | {REFERENCE / "commands.md": commands_page(), REFERENCE / "profiles.md": boards_page()}
        | {REFERENCE / "topics.md": topics_page(), REFERENCE / "face-topics.md": face_topics_page()}
        | {REFERENCE / "manager-metrics.md": metric_reference(), REFERENCE / "problems.md": problem_reference()}
        | {REFERENCE / "openapi.json": openapi_text()}
        | {REFERENCE / "delegates.md": delegates_page()}
        | {REFERENCE / "onnx-operators.md": operators_page()}
        | {REFERENCE / "people.md": people_page(), REFERENCE / "serial-link.md": serial_link_page()}
        | {LINK_HEADER: link_header(LINK_HEADER.read_text("utf-8"))}
    )


def stale() -> list[Path]:
    """The files that differ from the code or are missing."""
    return [path for path, text in pages().items() if not path.is_file() or path.read_text("utf-8") != text]


def main() -> int:
    """Write the files, or with `--check` say which are stale and return 1."""
    if "--check" in sys.argv:
        for path in stale():
            print(f"{path} is stale; run 'make docs'", file=sys.stderr)
        return int(bool(stale()))
    SCHEMAS.mkdir(parents=True, exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
