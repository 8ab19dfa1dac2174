from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.alarm import AlarmType
from edge_contracts.alert import Severity
from edge_contracts.message import ClockTrust
from edge_contracts.station import Board
from edge_runtime.conditions import Conditions
from edge_runtime.health.board import BoardFiles, BoardHealth
from edge_runtime.health.board_rule import BoardRule
from edge_runtime.outbox.delivery_clock import Moment
from tests.fakes.boards import JETSON_NANO, RASPBERRY_PI_4, disk, plant

if TYPE_CHECKING:
    import os
    from pathlib import Path

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
GB = 1 << 30


def look(root: Path) -> BoardHealth:
    return BoardFiles(root, root, lambda _folder: disk(8 * GB)).look()


def test_a_raspberry_pi_tells_temperature_voltage_memory_and_disk(tmp_path: Path) -> None:
    health = look(plant(tmp_path, RASPBERRY_PI_4))
    assert health == BoardHealth(
        temperature_c=48.312,
        throttled=False,
        throttled_since_boot=False,
        under_voltage=False,
        under_voltage_since_boot=False,
        disk_free_bytes=8 * GB,
        disk_total_bytes=32 * GB,
        disk_read_only=False,
        busy=None,
        memory_free_bytes=2_884_344 * 1024,
    )


@pytest.mark.parametrize(
    ("bits", "throttled", "low"),
    [
        ("50005", (True, True), (True, True)),
        ("50000", (False, True), (False, True)),
        ("80008", (True, True), (False, False)),
        ("0x20002", (True, True), (False, False)),
        ("1", (False, False), (True, False)),
    ],
)
def test_every_bit_of_the_firmwares_word_is_understood_now_and_since_boot(
    tmp_path: Path, bits: str, throttled: tuple[bool, bool], low: tuple[bool, bool]
) -> None:
    health = look(plant(tmp_path, RASPBERRY_PI_4 | {THROTTLED: bits}))
    assert (health.throttled, health.throttled_since_boot) == throttled
    assert (health.under_voltage, health.under_voltage_since_boot) == low


def test_a_jetson_is_as_hot_as_its_hottest_processor_not_as_its_power_chip_pretends(tmp_path: Path) -> None:
    health = look(plant(tmp_path, JETSON_NANO))
    assert health.temperature_c == 43.5
    assert (health.throttled, health.under_voltage) == (False, None)


def test_a_jetson_that_slows_its_processor_is_throttled_and_one_with_a_fast_fan_is_not(tmp_path: Path) -> None:
    hot = JETSON_NANO | {"sys/class/thermal/cooling_device1/cur_state": "2\n"}
    assert look(plant(tmp_path, hot)).throttled is True


def test_without_the_firmwares_word_the_voltage_sensor_tells(tmp_path: Path) -> None:
    files = {name: text for name, text in RASPBERRY_PI_4.items() if name != THROTTLED}
    low = files | {"sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n"}
    assert look(plant(tmp_path, low)).under_voltage is True


def test_a_board_without_any_sensor_says_nothing_instead_of_guessing(tmp_path: Path) -> None:
    def no_disk(_folder: Path) -> os.statvfs_result:
        raise OSError(5, "Input/output error")

    assert BoardFiles(tmp_path, tmp_path, no_disk).look() == BoardHealth()


def test_a_sensor_that_says_nonsense_is_passed_over(tmp_path: Path) -> None:
    files = {"sys/class/thermal/thermal_zone0/temp": "-2147483648\n", "sys/class/thermal/thermal_zone1/temp": "n/a\n"}
    assert look(plant(tmp_path, files | {"proc/stat": "cpu x y\n", "proc/meminfo": "MemAvailable: lots\n"})) == (
        BoardHealth(disk_free_bytes=8 * GB, disk_total_bytes=32 * GB, disk_read_only=False)
    )


def test_the_load_is_what_was_busy_between_two_looks(tmp_path: Path) -> None:
    files = BoardFiles(tmp_path, plant(tmp_path, RASPBERRY_PI_4), lambda _folder: disk(GB))
    assert files.look().busy is None
    plant(tmp_path, {"proc/stat": "cpu  150 0 125 825 0 0 0 0 0 0\n"})
    assert files.look().busy == pytest.approx(0.75)
    assert files.look().busy is None


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    health = BoardFiles(tmp_path).look()
    assert health.memory_free_bytes
    assert health.disk_free_bytes


class Ruled:
    """A board rule and what it told."""

    def __init__(self) -> None:
        self.conditions = Conditions(lambda: Moment(0, 0, ClockTrust.NONE))
        self.rule = BoardRule(Board(hot_c=80, disk_free_bytes=GB, memory_free_bytes=100), self.conditions)

    def judge(self, **health: float | bool) -> tuple[AlarmType, ...]:
        self.rule.judge(BoardHealth(**health))
        return self.conditions.active()


def test_a_hot_board_is_told_until_it_is_five_degrees_cooler() -> None:
    ruled = Ruled()
    found = [bool(ruled.judge(temperature_c=one)) for one in (79.9, 80.0, 76.0, 75.1, 74.9, 79.0)]
    assert found == [False, True, True, True, False, False]


@pytest.mark.parametrize(
    ("health", "kind"),
    [
        ({"throttled": True}, AlarmType.TEMPERATURE),
        ({"under_voltage": True}, AlarmType.POWER),
        ({"under_voltage": False, "under_voltage_since_boot": True}, AlarmType.POWER),
        ({"disk_free_bytes": GB - 1}, AlarmType.DISK),
        ({"disk_free_bytes": 2 * GB, "disk_read_only": True}, AlarmType.DISK),
        ({"memory_free_bytes": 99}, AlarmType.MEMORY),
    ],
)
def test_what_is_wrong_with_a_board_is_an_alarm(health: dict[str, float | bool], kind: AlarmType) -> None:
    assert Ruled().judge(**health) == (kind,)


def test_what_cannot_be_read_any_more_keeps_its_alarm() -> None:
    ruled = Ruled()
    assert ruled.judge(disk_free_bytes=0, temperature_c=99) == (AlarmType.DISK, AlarmType.TEMPERATURE)
    assert ruled.judge() == (AlarmType.DISK, AlarmType.TEMPERATURE)
    assert ruled.judge(disk_free_bytes=2 * GB, temperature_c=20) == ()


def test_a_voltage_that_is_too_low_now_is_worse_than_one_that_was() -> None:
    ruled = Ruled()
    severities = []
    for low in (False, True):
        ruled.judge(under_voltage=low, under_voltage_since_boot=True)
        severities += [alarm.severity for alarm in ruled.conditions.alarms() if alarm.type is AlarmType.POWER]
    assert severities == [Severity.WARNING, Severity.CRITICAL]
