"""docs/reference/station.md cannot drift from the model: every key, every default, every cause, every example."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from edge_contracts import station
from edge_contracts.alarm import AlarmType
from edge_contracts.verdict import Cause
from edge_contracts.verdict_row import COLUMNS
from edge_runtime.outputs.output import OUTPUTS
from edge_runtime.trigger.announcement import WIRES
from fleet_manager.site_file import SiteFile

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "reference" / "station.md").read_text("utf-8")

TABLES: dict[str, type[station.Settings]] = {
    "[station]": station.Station,
    "[[points]]": station.Point,
    "[[points.models]]": station.PointModel,
    "source: folder": station.FolderSource,
    "source: video": station.VideoSource,
    "source: rtsp": station.RtspSource,
    "source: mjpeg": station.MjpegSource,
    "source: sound-files": station.SoundFilesSource,
    "source: microphone": station.MicrophoneSource,
    "source: serial": station.SerialSource,
    "source: v4l2": station.V4l2Source,
    "controls of a v4l2 camera": station.CameraControls,
    "source: csi": station.CsiSource,
    "controls of a csi camera": station.CsiControls,
    "trigger: frame": station.FrameTrigger,
    "trigger: interval": station.IntervalTrigger,
    "trigger: presence": station.PresenceTrigger,
    "trigger: gpio": station.GpioTrigger,
    "trigger: serial": station.SerialTrigger,
    "trigger: modbus": station.ModbusTrigger,
    "trigger: mqtt": station.MqttTrigger,
    "trigger: microcontroller": station.ChipTrigger,
    "part_id: trigger": station.TriggerPartId,
    "part_id: counter": station.CounterPartId,
    "part_id: barcode": station.BarcodePartId,
    "device: tcp": station.ModbusTcp,
    "device: rtu": station.ModbusRtu,
    "broker": station.MqttBroker,
    "output: gpio": station.GpioOutput,
    "output: serial": station.SerialOutput,
    "output: modbus": station.ModbusOutput,
    "output: mqtt": station.MqttOutput,
    "[[microcontrollers]]": station.Microcontroller,
    "output: microcontroller": station.ChipOutput,
    "gate: at-once": station.AtOnce,
    "gate: time": station.TimeGate,
    "gate: encoder": station.EncoderGate,
    "encoder: gpio": station.GpioEncoder,
    "encoder: serial": station.SerialEncoder,
    "encoder: modbus": station.ModbusEncoder,
    "encoder: microcontroller": station.ChipEncoder,
    "region": station.Region,
    "motion": station.Motion,
    "mask": station.Mask,
    "tiles": station.Tiles,
    "alerting": station.Alerting,
    "[[points.grades]]": station.GradeRule,
    "health": station.PictureHealth,
    "signal_health": station.SignalHealth,
    "[spool]": station.Spool,
    "[uplink]": station.Uplink,
    "[uplink.tls]": station.Tls,
    "[commands]": station.Commands,
    "[remote]": station.Remote,
    "[evidence]": station.EvidenceSettings,
    "[upload]": station.Upload,
    "[web]": station.Web,
    "[records]": station.Records,
    "[board]": station.Board,
    "[governor]": station.Governor,
    "[drift]": station.Drift,
    "[[governor.steps]]": station.GovernorStep,
}


IN_WORDS = {
    ("[[points]]", "threshold"),
    ("[[points.models]]", "threshold"),
    ("[[points.models]]", "region"),
}
"""Defaults that are somebody else's."""

REST = tomllib.loads("""
[station]
org = "acme"
site = "north"
device = "line-1"

[[points]]
name = "gate"
bundle = "part.bundle"
source = { kind = "folder", path = "parts" }
""")
"""What stands around an example that shows one table."""


def rows(heading: str) -> dict[str, str]:
    """Key to default, as the section's table gives them."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z_-]+)` \| (.*?) \|", section, re.MULTILINE))


def shown(field: FieldInfo) -> str | None:
    """A default as the page writes it, None where it is a whole table told in words."""
    if field.is_required():
        return "required"
    if isinstance(field.default, station.Settings):
        return None
    if field.default is None or field.default_factory is not None:
        return "none"
    default = str(field.default).lower() if isinstance(field.default, bool) else field.default
    return f'`"{default}"`'.replace("\n", "\\n") if isinstance(field.default, str) else f"`{default}`"


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_is_documented_and_no_other(heading: str) -> None:
    assert set(rows(heading)) == set(TABLES[heading].model_fields)


@pytest.mark.parametrize("heading", TABLES)
def test_every_default_is_documented_as_it_is(heading: str) -> None:
    told = rows(heading)
    for key, field in TABLES[heading].model_fields.items():
        wanted = shown(field)
        if wanted is not None and (heading, key) not in IN_WORDS:
            assert told[key] == wanted, key


def test_every_table_of_the_model_has_its_section() -> None:
    models = {model for model in vars(station).values() if isinstance(model, type)}
    settings = {model for model in models if issubclass(model, station.Settings)}
    assert settings - {station.Settings, station.StationConfig} == set(TABLES.values())


def test_every_cause_is_documented() -> None:
    causes = PAGE.partition("\n## Causes\n")[2]
    assert re.findall(r"^\| `([a-z-]+)` \|", causes, re.MULTILINE) != []
    assert set(re.findall(r"^\| `([a-z-]+)` \|", causes, re.MULTILINE)) == {cause.value for cause in Cause}


def test_every_column_of_the_daily_record_is_documented_in_its_order() -> None:
    page = (DOCS / "reference" / "verdict-csv.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE) == list(COLUMNS)


OF_THE_MANAGER = set(SiteFile.model_fields)
"""Tables of the manager's own configuration, which other tests look at."""
OF_THE_TRAINER = (
    {"geometry", "light", "blur", "noise", "cut_paste", "sound"},
    {"held_out", "network", "train", "prune", "quantise"},
)
"""Tables of a recipe of augmentation and of a course of training; the tests of the trainer look at them."""


def examples(page: Path) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize(
    "page",
    [
        "reference/station.md",
        "how-to/run-on-a-board.md",
        "how-to/commands.md",
        "how-to/configure-from-the-manager.md",
        "how-to/inspect.md",
        "how-to/doctor.md",
        "how-to/rehearse.md",
        "how-to/health-and-evidence.md",
    ],
)
def test_the_pages_that_tell_of_stations_show_a_whole_one(page: str) -> None:
    told = [tomllib.loads(example) for example in examples(DOCS / page)]
    assert any({"station", "points"} <= set(document) for document in told)


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_every_example_of_a_station_is_a_configuration_that_is_accepted(page: Path) -> None:
    for document in map(tomllib.loads, examples(page)):
        if not any(document.keys() <= others for others in (OF_THE_MANAGER, *OF_THE_TRAINER)):
            station.StationConfig.model_validate(REST | document)


def test_every_kind_of_source_has_a_page_of_its_own_with_a_station_that_uses_it() -> None:
    for kind in get_args(get_args(station.Source)[0]):
        name = get_args(kind.model_fields["kind"].annotation)[0]
        told = [tomllib.loads(example) for example in examples(DOCS / "how-to" / "sources" / f"{name}.md")]
        assert told, name
        for document in told:
            assert [point["source"]["kind"] for point in document["points"]] == [name]
            assert "station" in document


def test_every_kind_of_line_trigger_has_a_page_of_its_own_with_a_station_that_uses_it() -> None:
    for kind in WIRES:
        told = [tomllib.loads(example) for example in examples(DOCS / "how-to" / "triggers" / f"{kind}.md")]
        assert kind in [point["trigger"]["kind"] for document in told for point in document["points"]]


def test_every_alarm_is_documented() -> None:
    alarms = PAGE.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", alarms, re.MULTILINE) == [kind.value for kind in AlarmType]


def test_every_kind_of_output_has_a_page_of_its_own_with_a_station_that_uses_it() -> None:
    for kind in OUTPUTS:
        told = [tomllib.loads(example) for example in examples(DOCS / "how-to" / "outputs" / f"{kind}.md")]
        assert kind in [output["kind"] for document in told for output in document["outputs"]]
