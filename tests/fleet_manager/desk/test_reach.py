from __future__ import annotations

from ipaddress import ip_network

import pytest

from fleet_manager.desk.reach import Reach


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::"),  # noqa: S104 - the machine itself, written otherwise
        *("169.254.169.254", "fe80::1", "fe80::1%lo", "224.0.0.1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
        *("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    ],
)
def test_the_managers_own_machine_and_its_cloud_are_out_of_reach(address: str) -> None:
    assert not Reach().holds(address)


@pytest.mark.parametrize(
    "address", ["10.0.0.7", "192.168.1.20", "172.16.0.1", "fd12::1", "93.184.216.34", "2001:db8::1"]
)
def test_receivers_of_the_plant_and_beyond_are_in_reach(address: str) -> None:
    assert Reach().holds(address)


def test_a_site_may_name_what_is_in_reach_all_the_same() -> None:
    reach = Reach((ip_network("127.0.0.1"), ip_network("169.254.7.0/24")))
    assert reach.holds("127.0.0.1")
    assert reach.holds("::ffff:127.0.0.1")
    assert reach.holds("169.254.7.9")
    assert not reach.holds("127.0.0.2")
    assert not reach.holds("::1")
