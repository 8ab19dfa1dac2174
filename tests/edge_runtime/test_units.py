"""What the units of a station stand on, and who is told first."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from edge_contracts.station import StationConfig
from edge_runtime.infer.predictor import Predictor
from edge_runtime.outbox.spool_errors import SpoolRefused
from edge_runtime.state_folder import MediumRefused
from edge_runtime.units.outputs import OUTPUTS
from edge_runtime.units.page import PAGE
from edge_runtime.units.plan import plan_of
from edge_runtime.units.points import _identity
from edge_runtime.units.records import RECORDS
from edge_runtime.units.running import Running
from edge_runtime.units.spool import DELIVERY, OUTBOX
from edge_runtime.units.uplink import UPLINK
from edge_runtime.units.upload import UPLOAD
from tests.fakes.stations import opens

if TYPE_CHECKING:
    from pathlib import Path

    from edge_runtime.supervisor import Unit

WHO = {"org": "acme", "site": "north", "device": "line-1"}
POINT = {"name": "gate", "bundle": "b", "source": {"kind": "video", "path": "belt.avi"}}


def units(around: Any = None, **more: Any) -> dict[str, Unit]:
    config = StationConfig.model_validate({"station": WHO, "points": [POINT], **more})
    return {unit.name: unit for unit in plan_of(config, around, opens(Predictor))}


@pytest.mark.parametrize(
    "error",
    [PermissionError(errno.EACCES, "Permission denied"), SpoolRefused("attempt to write a readonly database")],
)
def test_a_spool_of_another_user_is_to_be_owned_by_the_one_of_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refuses(*_: object, **__: object) -> NoReturn:
        raise error

    monkeypatch.setattr("edge_runtime.units.spool.Outbox", refuses)
    around: Any = SimpleNamespace(delivery_clock=None)
    made = units(around, station={**WHO, "state_folder": str(tmp_path)})[OUTBOX].prepare()
    with pytest.raises(MediumRefused, match=r"let the user of the daemon own the folder and its files \(chown -R\)"):
        made.start()


def test_a_state_folder_that_came_to_hold_something_is_let_go_of_without_a_word(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    made = units(station={**WHO, "state_folder": str(folder)})[OUTBOX].prepare()
    (folder / "kept").touch()
    made.discard()
    assert (folder / "kept").exists()
    (folder / "kept").unlink()
    made.discard()
    assert not folder.exists()


def test_a_point_stands_on_whatever_must_hear_of_every_part() -> None:
    assert {OUTPUTS, DELIVERY, RECORDS, "source of gate"} <= set(units()["point gate"].needs)


def test_each_unit_stands_on_units_before_it() -> None:
    seen: set[str] = set()
    for unit in units().values():
        assert set(unit.needs) <= seen, unit.name
        seen.add(unit.name)


def test_what_rejects_a_part_is_told_before_anybody_else() -> None:
    log: Any = "log"
    panel: Any = "panel"
    running = Running(sinks=[log])
    running.first = (panel,)
    running.sinks.insert(0, "delivery")  # type: ignore[arg-type]
    assert running.told() == ("panel", "delivery", "log")


def test_other_bytes_under_the_same_name_are_another_bundle(tmp_path: Path) -> None:
    path = tmp_path / "part.bundle"
    path.write_bytes(b"one")
    before = _identity(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert _identity(path) != before


def tables_with(secret: str) -> dict[str, dict[str, Any]]:
    """Of each unit that reads secrets from files: tables that name this one."""
    broker = {"host": "broker", "username": "line", "password_file": secret}
    tls = {"ca": "ca.pem", "certificate": "line.pem", "key": secret}
    trigger = {"kind": "mqtt", "broker": broker, "topic": "line/parts"}
    output = {"name": "reject", "kind": "mqtt", "broker": broker, "topic": "line/reject"}
    return {
        PAGE: {"web": {"token_file": secret}},
        UPLINK: {"uplink": {"host": "broker", "username": "line", "password_file": secret}},
        f"{UPLINK} with TLS": {"uplink": {"host": "broker", "tls": tls}},
        UPLOAD: {"upload": {"url": "https://fleet", "token_file": secret}},
        OUTPUTS: {"outputs": [output]},
        "point gate": {"points": [POINT | {"trigger": trigger}]},
    }


@pytest.mark.parametrize("table", tables_with(""))
def test_another_secret_in_the_same_file_is_a_change_of_its_unit_and_stands_nowhere_in_clear(
    tmp_path: Path, table: str
) -> None:
    path, unit = tmp_path / "secret", table.removesuffix(" with TLS")
    path.write_text("first-secret-of-the-line")
    tables = tables_with(str(path))[table]
    before, again = units(**tables), units(**tables)
    path.write_text("other-secret-of-the-line")
    after = units(**tables)
    assert before[unit].settings == again[unit].settings
    assert {name for name, one in after.items() if one.settings != before[name].settings} == {unit}
    assert "secret-of-the-line" not in repr([one.settings for one in after.values()])
