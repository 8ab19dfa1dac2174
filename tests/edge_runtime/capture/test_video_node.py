from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from edge_contracts.station import V4l2Source
from edge_runtime.capture.source import SourceLost
from edge_runtime.capture.video_node import find_camera, video_nodes
from tests.fakes.cameras import Cameras
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> Cameras:
    return Cameras(tmp_path, FakeClock())


def found(machine: Cameras, camera: str, node: int = 0) -> str:
    return find_camera(camera, node, video_nodes(machine.sysfs, machine.dev)).path.name


@pytest.mark.parametrize("camera", ["usb:1-1.2", "serial:A1"])
def test_a_camera_is_found_whatever_number_the_kernel_gave_it(machine: Cameras, camera: str) -> None:
    machine.plug_in(0, "1-1.1", serial="B2")
    mine = machine.plug_in(2, "1-1.2", serial="A1")
    assert found(machine, camera) == "video2"
    machine.unplug(mine)
    machine.plug_in(7, "1-1.2", serial="A1")
    assert found(machine, camera) == "video7"


def test_the_node_with_metadata_is_not_taken_for_the_camera(machine: Cameras) -> None:
    machine.plug_in(0)
    assert found(machine, "usb:1-1.2") == "video0"
    assert found(machine, "usb:1-1.2", node=1) == "video1"


def test_numbers_are_ordered_as_numbers(machine: Cameras) -> None:
    machine.plug_in(10, "1-1")
    machine.plug_in(2, "1-2")
    assert [node.path.name for node in video_nodes(machine.sysfs, machine.dev)] == [
        "video2", "video3", "video10", "video11",
    ]  # fmt: skip


def test_a_link_of_udev_is_followed(machine: Cameras) -> None:
    machine.plug_in(4)
    link = machine.dev / "by-id"
    link.symlink_to("video4")
    assert found(machine, str(link)) == "video4"
    link.unlink()
    with pytest.raises(SourceLost, match=r"wanted the camera .*by-id"):
        found(machine, str(link))


def test_what_is_there_instead_is_listed_with_what_to_write(machine: Cameras) -> None:
    machine.plug_in(0, "3-2", serial="B2")
    with pytest.raises(
        SourceLost, match=r"wanted the camera serial:A1, found .*video0 \(C270, 046d:0825, usb:3-2, serial:B2\)"
    ):
        found(machine, "serial:A1")
    with pytest.raises(SourceLost, match="found no camera at all; check"):
        find_camera("usb:1-1", 0, [])


def test_two_cameras_with_one_serial_number_are_told_apart_by_a_person(machine: Cameras) -> None:
    machine.plug_in(0, "1-1", serial="0001")
    machine.plug_in(2, "1-2", serial="0001")
    with pytest.raises(SourceLost, match=r"wanted one camera serial:0001, found .*usb:1-1.*usb:1-2.*name its port"):
        found(machine, "serial:0001")


def test_a_machine_without_video_has_no_nodes(tmp_path: Path) -> None:
    assert video_nodes(tmp_path / "nothing", tmp_path) == []


@pytest.mark.parametrize("camera", ["/dev/video0", "/dev/v4l/by-id/usb-046d-video-index0", "serial:A 1", "usb:2-1.4.3"])
def test_the_ways_to_name_a_camera(camera: str) -> None:
    assert V4l2Source(kind="v4l2", camera=camera).camera == camera


@pytest.mark.parametrize("camera", ["0", "video0", "/dev/v4l/by-id/../../sda", "usb:", "usb:1", "serial: ", "/dev/sda"])
def test_what_names_no_camera_is_refused(camera: str) -> None:
    with pytest.raises(ValidationError):
        V4l2Source(kind="v4l2", camera=camera)
