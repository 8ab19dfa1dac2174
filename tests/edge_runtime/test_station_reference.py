"""docs/reference/station.md cannot drift from the model: every key, every default, every cause, every example."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_contracts import station
from edge_contracts.verdict import Cause
from edge_contracts.verdict_row import COLUMNS

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
    "source: folder": station.FolderSource,
    "source: video": station.VideoSource,
    "source: rtsp": station.RtspSource,
    "trigger: frame": station.FrameTrigger,
    "trigger: interval": station.IntervalTrigger,
    "trigger: presence": station.PresenceTrigger,
    "region": station.Region,
    "health": station.PictureHealth,
    "[spool]": station.Spool,
    "[uplink]": station.Uplink,
    "[uplink.tls]": station.Tls,
    "[evidence]": station.EvidenceSettings,
    "[records]": station.Records,
}


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
    if field.default is None:
        return "none"
    default = str(field.default).lower() if isinstance(field.default, bool) else field.default
    return f'`"{default}"`' if isinstance(field.default, str) else f"`{default}`"


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_is_documented_and_no_other(heading: str) -> None:
    assert set(rows(heading)) == set(TABLES[heading].model_fields)


@pytest.mark.parametrize("heading", TABLES)
def test_every_default_is_documented_as_it_is(heading: str) -> None:
    told = rows(heading)
    for key, field in TABLES[heading].model_fields.items():
        wanted = shown(field)
        if wanted is not None and (heading, key) != ("[[points]]", "threshold"):
            assert told[key] == wanted, key


def test_every_table_of_the_model_has_its_section() -> None:
    models = {model for model in vars(station).values() if isinstance(model, type)}
    settings = {model for model in models if issubclass(model, station.Settings)}
    assert settings - {station.Settings, station.StationConfig} == set(TABLES.values())


def test_every_cause_is_documented() -> None:
    causes = PAGE.partition("\n## Causes\n")[2]
    assert re.findall(r"^\| `([a-z-]+)` \|", causes, re.MULTILINE) != []
    assert set(re.findall(r"^\| `([a-z-]+)` \|", causes, re.MULTILINE)) == {cause.value for cause in Cause}


@pytest.mark.parametrize("page", ["reference/station.md", "how-to/run-on-a-board.md", "how-to/doctor.md"])
def test_the_examples_are_configurations_that_are_accepted(page: str) -> None:
    examples = re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        station.StationConfig.model_validate(tomllib.loads(example))


def test_every_column_of_the_daily_record_is_documented_in_its_order() -> None:
    page = (DOCS / "reference" / "verdict-csv.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE) == list(COLUMNS)
